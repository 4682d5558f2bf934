"""Reads for ``/performance/`` and the team pages: everything one page shows, as frozen dataclasses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.core.cache import cache
from django.core.paginator import Page
from django.db.models import F, Sum
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from spm.dashboards import access, marks
from spm.dashboards.board import Board, Focus, Row, RowKind, build
from spm.dashboards.bridge import bridge
from spm.dashboards.charts import pacing_chart
from spm.dashboards.columns import COMPARED, LEFT_TO_DO, OF_RATES, TEAM, Shown
from spm.dashboards.facts import Fact, Known, dotted, events, facts
from spm.dashboards.figures import Figures, figures, standing
from spm.dashboards.origin import Holders, origin_of
from spm.dashboards.pacing import Pacing, goal_line, pacing
from spm.dashboards.periods import Leaf, View, Window
from spm.dashboards.queries import (
    CACHE_SECONDS,
    Person,
    Stamp,
    against_baseline,
    leaves_needed,
    names_of,
    read_raw,
    stamped,
    steady,
    trees_of,
    with_those_below,
)
from spm.dashboards.rows import Heat, Names, TableRow, heat, in_order, table_row, table_rows
from spm.dashboards.sentences import Named, Situation, credited_word, opening, second
from spm.dashboards.team_cells import drawn
from spm.dashboards.tiles import Lines, Tile, ahead_words, growth_words, lines_href, notes_of, tiles
from spm.market.models import Assignment
from spm.org.models import Company, User
from spm.org.scopes import history_of
from spm.org.trees import TeamTree, distinct
from spm.ui.bridge import Bridge
from spm.ui.fields import MoneyField
from spm.ui.geometry import shared_scale
from spm.ui.numbers import day, money_compact
from spm.ui.status import Status
from spm.ui.theme import Chart
from targets import baseline, curves, measures
from targets.baseline import Step
from targets.choices import Measure
from targets.models import Attainment


@dataclass(frozen=True, slots=True)
class QuarterRow:
    label: str
    figures: Figures
    status: Status
    href: str


@dataclass(frozen=True, slots=True)
class Performance:
    """One page about the company or a team."""

    view: View
    company: Company
    name: str
    stamp: Stamp
    sentence: str
    second: str
    notes: tuple[str, ...]  # what rates of exchange did to the number; which months alone have a plan
    tiles: tuple[Tile, ...]
    total: TableRow
    rows: list[TableRow]
    page: Page[tuple[Row, str]]
    ordered: list[tuple[Row, str]]
    names: Names
    lines: Pacing
    chart: Chart
    quarters: list[QuarterRow]
    last_quarter: tuple[str, Decimal] | None
    heat: Heat
    facts: list[Fact]
    bridge: Bridge | None
    movers: list[str]
    people_count: int
    has_data: bool
    once_led: str  # for a former manager: which periods are still his to see
    board: Board
    known: Known
    people: Mapping[int, Person]

    @property
    def drawn_rows(self) -> SafeString:
        """The body of the table, the total first."""
        return drawn([self.total, *self.rows], self.columns, self.company.currency)

    @property
    def columns(self) -> Shown:
        left_out = () if self.view.compare_word else COMPARED
        shown = TEAM.shown(self.view.columns).without((*left_out, *(LEFT_TO_DO if self.view.window.is_over else ())))
        return shown.not_offering(() if self.has_effect else OF_RATES)

    @property
    def has_effect(self) -> bool:
        """Whether lines came in other currencies, so that there are two rates to tell."""
        return any(row.figures.effect for row, _level in self.ordered)

    @property
    def paper_rows(self) -> list[TableRow]:
        """Every row of the table, whatever page of it is on screen, the total first."""
        shown = [pair for pair in self.ordered if not pair[0].is_past]
        scale = shared_scale([row.figures.attainment for row, _level in shown])
        rows = [table_row(row, level, self.view, self.names, self.company, scale) for row, level in shown]
        return [self.total, *rows]


def performance(user: User, company: Company, view: View, focus: Focus, name: str) -> Performance:
    """The page of one focus, all of one roll-up."""
    return steady(user, lambda stamp: _read(user, company, view, focus, name, stamp))


def focus_name(user: User, company: Company, focus: Focus) -> str:
    """What a page about the focus calls it: the company, or its teams."""
    teams = history_of(user).teams
    return company.name if focus.is_company else ", ".join(teams[team] for team in focus.teams)


def board_of(user: User, view: View, focus: Focus, stamp: Stamp | None = None) -> tuple[Board, dict[int, TeamTree]]:
    """The figures of everybody in a focus, without words or shapes; ``stamp``: the state, to keep by it what is old."""
    trees = trees_of(user, leaves_needed(view.window))
    raw = read_raw(user, view.measure, focus, view.window, trees, stamp)
    raw = against_baseline(raw, view, trees) if view.is_baseline else raw
    return build(focus, view.window, trees, with_those_below(raw, view), beside_plan=view.beside_plan), trees


def _read(user: User, company: Company, view: View, focus: Focus, name: str, stamp: Stamp) -> Performance:
    board, trees = board_of(user, view, focus, stamp)
    people = names_of(user, {row.pk for row in board.people})
    names = Names({pk: person.name for pk, person in people.items()}, history_of(user).teams, name)
    situation = situation_of(view, company, board, names, is_company=focus.is_company)
    ordered = in_order(board, view, names, company)
    rows, page = table_rows([pair for pair in ordered if not pair[0].is_past], view, names, company)
    known = kept_known(user, company, view, people, stamp)
    lines = curve(focus, view, trees, board.total, stamp)
    steps = steps_of(view)
    seen = [leaf for leaf in view.window.leaves if leaf.pk in board.total.cells]
    scope = marks.of_focus(focus, trees, goal_is_plan=lines.goal_is_plan)
    lines = replace(lines, marks=marks.marks(steps, seen, scope, company.currency))
    words = pacing_words(board.total.figures, lines, view, company)
    total = table_row(board.total, "total", view, names, company)
    origin = origin_of(view, company, stamp, holders_of(focus, names, [leaf.pk for leaf in seen]))
    return Performance(
        once_led=once_led_words(user, focus, name),
        view=view,
        company=company,
        name=name,
        stamp=stamp,
        sentence=opening(situation),
        second=second(situation, people_of_worst(board, names, trees, view)),
        notes=notes_of(board.total, view, company, is_company=focus.is_company),
        tiles=tiles(board.total, view, company, Lines(lines_href(focus, view), origin)),
        total=total,
        rows=rows,
        page=page,
        ordered=ordered,
        names=names,
        lines=lines,
        chart=pacing_chart(lines, view, words, company.currency, _("Pacing")),
        quarters=quarters_of(board.total, view, company),
        last_quarter=last_quarter(board.total, view.window),
        heat=heat(list(page.object_list), board.total, view, names, dotted(events(known), marks.events(steps))),
        facts=facts(board.people, view.window, known),
        bridge=bridge(board.total.figures, _bridge_parts(board, names)),
        movers=sorted({names.of(row) for group in board.groups for row in group.rows if row.is_part}),
        people_count=sum(row.figures.quota is not None for row in board.people),
        has_data=not board.total.figures.is_empty or bool(ordered),
        board=board,
        known=known,
        people=people,
    )


def holders_of(focus: Focus, names: Names, leaves: list[int]) -> Holders:
    """Whose numbers make the goal of a page: those of everybody in it, and its own."""
    teams = {team: names.teams[team] for team in focus.teams}
    return Holders(leaves, people=names.people, teams=teams, has_plan=focus.is_company)


def steps_of(view: View) -> list[Step]:
    """The approved revisions of the year shown; a year without any costs no query."""
    year = view.window.leaves[0].fiscal_year
    return baseline.steps([year], view.measure) if view.is_revised else []


def once_led_words(user: User, focus: Focus, name: str) -> str:
    """Empty for whoever sees all periods of the focus."""
    spans = [span for team in focus.teams for span in access.once_led(user, team)]
    ended = [span.until for span in spans if span.until]
    if not ended:
        return ""
    words = {"team": name, "day": day(max(ended) - timedelta(days=1))}
    return _("You led %(team)s until %(day)s: shown are the team's totals of the periods you led, no others.") % words


def situation_of(view: View, company: Company, board: Board, names: Names, *, is_company: bool) -> Situation:
    return Situation(
        name=names.whole,
        period=view.title,
        figures=board.total.figures,
        measure=view.measure,
        currency=company.currency,
        is_over=view.window.is_over,
        has_begun=view.window.has_begun,
        is_company=is_company,
        people=[Named(names.of(row), row.figures) for row in board.people if row.figures.quota],
        groups=[Named(names.of(row), row.figures) for row in board.heads if row.kind is RowKind.TEAM],
    )


def people_of_worst(board: Board, names: Names, trees: Mapping[int, TeamTree], view: View) -> list[Named]:
    """The people below the team that is furthest behind, whatever the depth."""
    heads = [row for row in board.heads if row.kind is RowKind.TEAM and (row.figures.gap or 0) < 0]
    if not heads:
        return []
    worst = min(heads, key=lambda row: row.figures.gap or Decimal(0))
    those = Focus((worst.pk,), is_company=False)
    different = distinct(trees[leaf.pk] for leaf in view.window.leaves)
    below = {person for tree in different for person in those.people(tree)}
    return [Named(names.of(row), row.figures) for row in board.people if row.pk in below and row.figures.quota]


def stretches(focus: Focus, leaves: Sequence[Leaf], trees: Mapping[int, TeamTree]) -> list[curves.Stretch]:
    """Days and the people who then made up the focus; neighbouring leaf periods of the same people are one."""
    found: list[curves.Stretch] = []
    below = {} if focus.is_company else focus.people_by_leaf({leaf.pk: trees[leaf.pk] for leaf in leaves})
    for leaf in leaves:
        people = None if focus.is_company else frozenset(below[leaf.pk])
        if found and found[-1].people == people and (leaf.starts_on - found[-1].last).days == 1:
            found[-1] = curves.Stretch(found[-1].first, leaf.ends_on, people)
        else:
            found.append(curves.Stretch(leaf.starts_on, leaf.ends_on, people))
    return found


def curve(focus: Focus, view: View, trees: Mapping[int, TeamTree], total: Row, stamp: Stamp) -> Pacing:
    window, seen = view.window, total.cells  # a leaf period whose row the viewer does not see has no days either
    here = stretches(focus, [leaf for leaf in window.leaves if leaf.pk in seen], trees)
    before = stretches(focus, [leaf for leaf in window.before if leaf.pk in seen], trees)
    credited, earlier = daily_of(view.measure, here, before, stamp, overlay=False)
    on_plan = focus.is_company and not view.beside_plan
    lines = pacing(window, total.cells, view.today, credited, earlier, against_plan=on_plan)
    return replace(lines, before=goal_line(window, seen, is_plan=True)) if view.beside_plan else lines


def daily_of(
    measure: Measure, here: list[curves.Stretch], before: list[curves.Stretch], stamp: Stamp, *, overlay: bool
) -> tuple[dict[date, Decimal], dict[date, Decimal]]:
    """Credited by day in the window and in its comparison: one read, kept until the next roll-up is published."""
    days = [(s.first, s.last, sorted(s.people) if s.people is not None else None) for s in here + before]
    key = stamped("curve", stamp, measure, overlay, days)
    read: dict[date, Decimal] | None = cache.get(key)
    if read is None:
        read = curves.daily(measure, here + before, overlay=overlay)
        cache.set(key, read, CACHE_SECONDS)
    inside = {day: amount for day, amount in read.items() if any(s.first <= day <= s.last for s in here)}
    earlier = {day: amount for day, amount in read.items() if any(s.first <= day <= s.last for s in before)}
    return inside, earlier


def pacing_words(total: Figures, lines: Pacing, view: View, company: Company, *, is_person: bool = False) -> str:
    """ "€33.2 M booked: €469 k ahead of plan to date, +7 % on last year." """
    amount = money_compact(total.actual, company.currency)
    parts = [_("%(amount)s %(word)s") % {"amount": amount, "word": credited_word(view.measure)}]
    gap = total.plan_gap if lines.goal_is_plan else total.gap
    if gap is not None and total.expected:
        words = {"gap": money_compact(abs(gap), company.currency)}
        if view.window.is_over:
            parts.append(_gap_at_the_end(gap, is_plan=lines.goal_is_plan) % words)
        elif lines.goal_is_plan:
            parts.append((_("%(gap)s ahead of plan to date") if gap >= 0 else _("%(gap)s behind plan to date")) % words)
        else:
            parts.append(
                (_("%(gap)s ahead of quota to date") if gap >= 0 else _("%(gap)s behind quota to date")) % words
            )
    if total.growth is not None:
        parts.append(growth_words(total, view, is_person=is_person))
    more = [_("%(sentence)s.") % {"sentence": mark.text} for mark in lines.marks]
    return " ".join([", ".join(parts) + ".", *ahead_words(lines.ahead, view, company), *more])


def _gap_at_the_end(gap: Decimal, *, is_plan: bool) -> str:
    if is_plan:
        return _("%(gap)s above plan") if gap >= 0 else _("%(gap)s below plan")
    return _("%(gap)s above quota") if gap >= 0 else _("%(gap)s below quota")


def quarters_of(total: Row, view: View, company: Company) -> list[QuarterRow]:
    """The quarters that have begun, each to date."""
    rows = []
    for quarter in view.window.quarters:
        if not quarter.leaves[0].begun:
            continue
        part = Window(quarter.leaves, (), (), (), ())
        summed = figures(total.cells, part)
        rows.append(QuarterRow(quarter.title, summed, standing(summed, company), view.query(period=quarter.label)))
    return rows


def last_quarter(total: Row, window: Window) -> tuple[str, Decimal] | None:
    """The share of the quota that the last quarter of a running year still carries."""
    if not window.quarters or total.figures.quota is None or len(window.leaves) <= len(window.quarters[-1].leaves):
        return None
    last = window.quarters[-1]
    carried = figures(total.cells, Window(last.leaves, (), (), (), ())).quota
    if last.leaves[-1].over or carried is None or not total.figures.quota:
        return None
    return last.title, carried / total.figures.quota


def _bridge_parts(board: Board, names: Names) -> list[tuple[str, Decimal]]:
    rows = board.heads or [row for group in board.groups for row in group.rows]
    return [(names.of(row), row.figures.actual - row.figures.expected) for row in rows if not row.is_past]


def kept_known(user: User, company: Company, view: View, people: Mapping[int, Person], stamp: Stamp) -> Known:
    """What the facts are told from, kept for this viewer until the next roll-up is published."""
    key = stamped("known", stamp, user.pk, view.measure, view.window.starts_on, view.window.ends_on, sorted(people))
    known: Known | None = cache.get(key)
    if known is None:
        known = known_of(user, company, view, people)
        cache.set(key, known, CACHE_SECONDS)
    return known


def known_of(user: User, company: Company, view: View, people: Mapping[int, Person]) -> Known:
    """What the facts are told from; reads only about people the user sees."""
    window = view.window
    margins, team_margin = _margins(user, people, window.leaves)
    return Known(
        names={pk: person.name for pk, person in people.items()},
        largest=_largest(view, people, window),
        started={pk: person.starts_on for pk, person in people.items() if person.starts_on},
        moved=_moves(user, people, window),
        territories=_territories(user, people, window),
        margins=margins,
        team_margin=team_margin,
        currency=company.currency,
    )


def _largest(view: View, people: Iterable[int], window: Window) -> dict[int, Decimal]:
    if not view.covers_year:
        return {}  # in one month a single order is large as a rule
    return curves.largest(view.measure, list(people), window.starts_on, window.ends_on)


def _moves(user: User, people: Mapping[int, Person], window: Window) -> dict[int, date]:
    """The day each came from one team into another within the window."""
    last: dict[int, int | None] = {}
    moved: dict[int, date] = {}
    for person, team, start in history_of(user).memberships:
        if person in people and last.get(person) and team and start > window.starts_on:
            moved[person] = start
        last[person] = team
    return moved


def _territories(user: User, people: Iterable[int], window: Window) -> dict[int, tuple[str, date]]:
    taken = Assignment.objects.visible_to(user).filter(
        person__in=list(people), starts_on__gt=window.starts_on, starts_on__lte=window.ends_on
    )
    rows = taken.order_by("starts_on").values_list("person", "territory__name", "starts_on")
    return {person: (name, start) for person, name, start in rows}


def _margins(user: User, people: Iterable[int], leaves: Sequence[Leaf]) -> tuple[dict[int, Decimal], Decimal | None]:
    """Margin rate of each person and of all together, from sums."""
    rows = Attainment.objects.visible_to(user).filter(
        measure=Measure.MARGIN, person__in=list(people), period__in=[leaf.pk for leaf in leaves]
    )
    summed = list(
        rows.order_by()
        .values_list("person")
        .annotate(
            margin=Sum(F("actual") - F("overlay"), output_field=MoneyField()),
            sold=Sum(F("base") - F("overlay_base"), output_field=MoneyField()),
        )
    )
    rates = {person: measures.margin_rate(margin, sold) for person, margin, sold in summed}
    whole = measures.margin_rate(
        sum((row[1] for row in summed), Decimal(0)), sum((row[2] for row in summed), Decimal(0))
    )
    return {person: rate for person, rate in rates.items() if rate is not None}, whole
