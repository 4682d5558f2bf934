"""Reads for a person's page: the three measures side by side, pacing, months, and what explains them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from spm.dashboards import access, marks
from spm.dashboards.board import PARTIAL, Row, RowKind, before_to_date, keys_before, running_pair
from spm.dashboards.charts import months_chart, pacing_chart
from spm.dashboards.columns import MONTHS, OF_RATES, Shown
from spm.dashboards.facts import falling_since
from spm.dashboards.figures import ZERO, Cell, Cells, Figures, beside_plan, figures, only, standing, units_of
from spm.dashboards.marks import Mark
from spm.dashboards.origin import Holders, Origin, origin_of
from spm.dashboards.pacing import Pacing, pacing
from spm.dashboards.performance import daily_of, pacing_words, steps_of
from spm.dashboards.periods import Leaf, View, Window
from spm.dashboards.queries import Stamp, leaves_needed, same_day, steady, trees_of
from spm.dashboards.rep_accounts import RepAccounts, accounts_of
from spm.dashboards.rows import bar_of
from spm.dashboards.sentences import Situation, about_rep, to_rep
from spm.dashboards.tiles import Math, growth_words, measure_math
from spm.dashboards.wallet import wallet_chart
from spm.market.models import Assignment
from spm.org.models import ALWAYS, Company, User
from spm.org.scopes import history_of, manager_name, scope_of
from spm.org.trees import TeamTree, TreeHistory
from spm.ui.fields import stored
from spm.ui.geometry import Bullet
from spm.ui.numbers import month_name, percent
from spm.ui.status import Status
from spm.ui.theme import Chart
from targets import baseline, curves
from targets.allocation_facts import joined_on
from targets.choices import LetterState, Measure, Stage
from targets.models import Attainment, QuotaLetter
from targets.ramps import ramp_percent, read_ramps
from targets.spreading import HUNDRED

MEASURES = (Measure.BOOKINGS, Measure.REVENUE, Measure.MARGIN)


@dataclass(frozen=True, slots=True)
class MeasureBar:
    measure: Measure
    label: str
    figures: Figures
    status: Status
    bar: Bullet
    href: str
    delta: str
    math: Math
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One leaf period; of the running one the quota is what was expected to date, so that the rows add up."""

    label: str
    figures: Figures
    status: Status
    href: str
    is_running: bool


@dataclass(frozen=True, slots=True)
class Half:
    """The time a mover spent in one team."""

    team: str
    since: date
    figures: Figures


@dataclass(frozen=True, slots=True)
class About:
    """The head of the page. ``manager`` and ``teams`` may be beyond what a viewer could open; names are no secret."""

    team: tuple[int, str] | None
    can_open_team: bool
    manager: str
    territories: tuple[str, ...]
    starts_on: date | None
    left_on: date | None
    once_led: tuple[tuple[int, str], ...]  # on one's own page: teams whose earlier totals stay one's to see
    role: str
    ramp: str  # how much of a full quota is carried in the leaf period shown last


@dataclass(frozen=True, slots=True)
class LetterNote:
    """Where the number of a year that is not locked yet can be read: its quota letter."""

    year: str
    href: str
    is_own: bool

    @property
    def sentence(self) -> str:
        told = (
            _("Your quota of %(year)s is not locked yet")
            if self.is_own
            else _("The quota of %(year)s is not locked yet")
        )
        return told % {"year": self.year}


@dataclass(frozen=True, slots=True)
class RepPage:
    view: View
    company: Company
    person: User
    about: About | None
    stamp: Stamp
    sentence: str
    bars: list[MeasureBar]
    lines: Pacing
    chart: Chart
    months: Chart
    total: MonthRow
    month_rows: list[MonthRow]
    halves: list[Half]
    is_empty: bool
    letter: LetterNote | None  # where the period has no quota yet, and the letter tells what is proposed
    overlay: Decimal
    effect: Decimal
    accounts: RepAccounts | None  # None where the page shows none
    wallet: Chart | None

    @property
    def paper_months(self) -> list[MonthRow]:
        """The total, then each month."""
        return [self.total, *self.month_rows]

    @property
    def not_listed(self) -> Decimal:
        """Of the actual, in no account of the list: credits newer than the roll-up."""
        return (
            self.total.figures.actual - sum((row.actual for row in self.accounts.rows), ZERO) if self.accounts else ZERO
        )

    @property
    def columns(self) -> Shown:
        shown = MONTHS.shown(self.view.columns)
        return shown.not_offering(() if self.has_effect else OF_RATES)

    @property
    def has_effect(self) -> bool:
        """Whether lines came in other currencies, so that there are two rates to tell."""
        return any(row.figures.effect for row in self.month_rows)


def rep_page(user: User, company: Company, view: View, person: User, *, is_whole: bool = True) -> RepPage:
    """The page of one person whom ``user`` may see, of one roll-up. Home takes no part of it about the person alone."""
    return steady(user, lambda stamp: _read(user, company, view, person, stamp, is_whole=is_whole))


def _read(  # noqa: PLR0913  # whose page, of whom, at which state
    user: User, company: Company, view: View, person: User, stamp: Stamp, *, is_whole: bool
) -> RepPage:
    window, trees = view.window, trees_of(user, leaves_needed(view.window))
    cells = _cells(user, person, view, list(trees))
    chosen = cells[view.measure]
    row = _row(person.pk, chosen, view)
    mine = frozenset({person.pk})
    here = [curves.Stretch(window.starts_on, window.ends_on, mine)]
    before = [curves.Stretch(leaf.starts_on, leaf.ends_on, mine) for leaf in window.before]
    credited, earlier = daily_of(view.measure, here, before, stamp, overlay=True)
    scope = marks.of_person(person.pk, window.leaves)
    steps = marks.marks(steps_of(view), window.leaves, scope, company.currency)
    lines = pacing(window, chosen, view.today, credited, earlier, against_plan=False)
    lines = replace(lines, marks=steps)
    title = _("Pacing, %(measure)s") % {"measure": view.measure.label}
    words = pacing_words(row.figures, lines, view, company, is_person=True)
    rows = [_month(leaf, chosen, view, company) for leaf in window.leaves if leaf.begun]
    origin = origin_of(view, company, stamp, _holders(person, cells, window))
    accounts = accounts_of(user, person, view) if is_whole else None
    letter = None if row.figures.quota else letter_note(user, person, window)
    return RepPage(
        view=view,
        company=company,
        person=person,
        about=_about(user, person, view) if is_whole else None,
        stamp=stamp,
        sentence=letter.sentence if letter and row.figures.is_empty else sentence_of(user, company, view, person, row),
        bars=[_bar(person, measure, cells[measure], view, company, origin) for measure in MEASURES],
        lines=lines,
        chart=pacing_chart(lines, view, words, company.currency, title),
        months=months_chart(view, chosen, months_words(rows, steps), company, steps),
        total=_month_row(_("Total"), row.figures, view.query(), company),
        month_rows=rows,
        halves=_halves(user, person, trees, chosen, window),
        is_empty=all(figures(cells[measure], window).is_empty for measure in MEASURES),
        letter=letter,
        overlay=sum((chosen[leaf.pk].overlay for leaf in window.leaves if leaf.pk in chosen), ZERO),
        effect=row.figures.effect,
        accounts=accounts,
        wallet=wallet_chart(accounts, company.currency) if accounts else None,
    )


def _cells(user: User, person: User, view: View, leaves: Sequence[int]) -> dict[Measure, Cells]:
    """Leaf figures of the person in each measure, the pseudo-leaf PARTIAL included."""
    window = view.window
    found: dict[Measure, dict[int, Cell]] = {measure: {} for measure in MEASURES}
    rows = Attainment.objects.visible_to(user).filter(person=person, period__in=leaves)
    amounts = map(stored, ("actual", "overlay", "target", "effect"))
    for name, key, actual, overlay, target, effect in rows.values_list("measure", "period", *amounts):
        found[Measure(name)][key] = Cell(actual, overlay, target, target, effect)
    if view.is_baseline:
        _lay_baseline(found, person, {leaf.pk for leaf in leaves_needed(window) if leaf.fiscal_year in view.revised})
    for leaf, before in running_pair(window):
        for measure, amount in curves.of_person(person.pk, before.starts_on, same_day(leaf, before)).items():
            if before.pk in found[measure]:
                found[measure][PARTIAL] = Cell(units_of(amount))
    return dict(found)


def _lay_baseline(found: dict[Measure, dict[int, Cell]], person: User, leaves: Collection[int]) -> None:
    """Put the quotas of the baseline in the place of those in force, in these leaf periods."""
    locked = baseline.of_person(person.pk, leaves)
    for measure, cells in found.items():
        for leaf in cells.keys() & set(leaves):
            amount = locked.get((measure, leaf))
            cells[leaf] = cells[leaf].against(amount, amount)


def _row(person: int, cells: Cells, view: View) -> Row:
    at = figures(cells, view.window, before_to_date(cells, keys_before(view.window)))
    return Row(RowKind.PERSON, person, beside_plan(at, of_person=True) if view.beside_plan else at, cells)


def sentence_of(user: User, company: Company, view: View, person: User, row: Row) -> str:
    """To oneself in the second person, about somebody else in the third."""
    at = Situation(
        name=person.name,
        period=view.title,
        figures=row.figures,
        measure=view.measure,
        currency=company.currency,
        is_over=view.window.is_over,
        has_begun=view.window.has_begun,
    )
    since = falling_since(row, view.window)
    return to_rep(at) if user == person else about_rep(at, month_name(since) if since else "")


def _holders(person: User, cells: Mapping[Measure, Cells], window: Window) -> Holders:
    """The person, in the leaf periods of which the viewer sees a total."""
    known = [leaf.pk for leaf in window.leaves if any(leaf.pk in of_measure for of_measure in cells.values())]
    return Holders(known, people={person.pk: person.name})


def _bar(  # noqa: PLR0913  # all of it stands in the tile
    person: User, measure: Measure, cells: Cells, view: View, company: Company, origin: Origin
) -> MeasureBar:
    row = _row(person.pk, cells, view)
    status = standing(row.figures, company)
    return MeasureBar(
        measure=measure,
        label=str(measure.label),
        figures=row.figures,
        status=status,
        bar=bar_of(str(measure.label), row.figures, status, company.currency),
        href=view.query(measure=str(measure)),
        delta=growth_words(row.figures, view, is_person=True),
        math=measure_math(row, view, company, measure, origin),
        is_chosen=measure is view.measure,
    )


def _month(leaf: Leaf, cells: Cells, view: View, company: Company) -> MonthRow:
    part = figures(only(cells, {leaf.pk}), Window((leaf,), (), (), (), ()))
    return _month_row(leaf.title, part, view.query(period=leaf.label), company, is_running=not leaf.over)


def _month_row(label: str, part: Figures, href: str, company: Company, *, is_running: bool = False) -> MonthRow:
    return MonthRow(label, part, standing(part, company), href, is_running)


def months_words(rows: Sequence[MonthRow], steps: Sequence[Mark]) -> str:
    """How many of the complete months reached their quota, and what was revised."""
    return " ".join([_reached_words(rows), *(_("%(sentence)s.") % {"sentence": mark.text} for mark in steps)])


def _reached_words(rows: Sequence[MonthRow]) -> str:
    done = [row for row in rows if not row.is_running and row.figures.quota]
    if not done:
        return _("Column: actual; line: the month's quota.")
    reached = sum((row.figures.attainment or ZERO) >= 1 for row in done)
    words = {"reached": reached, "all": len(done)}
    return _("Column: actual; line: the month's quota. %(reached)s of %(all)s complete months reached it.") % words


def _halves(user: User, person: User, trees: Mapping[int, TeamTree], cells: Cells, window: Window) -> list[Half]:
    """For whoever changed team within the window: each stay with its own figures; else nothing."""
    stays: list[tuple[int | None, list[Leaf]]] = []
    for leaf in window.leaves:
        team = trees[leaf.pk].team_of.get(person.pk)
        if stays and stays[-1][0] == team:
            stays[-1][1].append(leaf)
        else:
            stays.append((team, [leaf]))
    names = history_of(user).teams
    known = [(team, leaves) for team, leaves in stays if team is not None]
    if len(known) < 2:
        return []
    return [
        Half(names[team], leaves[0].starts_on, figures(cells, Window(tuple(leaves), (), (), (), ())))
        for team, leaves in known
    ]


def letter_note(user: User, person: User, window: Window) -> LetterNote | None:
    """The quota letter of a year in the window that is planned and not locked, if the viewer may read it."""
    years = {leaf.fiscal_year for leaf in window.leaves}
    letters = QuotaLetter.objects.visible_to(user).filter(person=person, cycle__fiscal_year__in=years)
    open_ones = letters.exclude(state=LetterState.UNSENT).exclude(cycle__stage=Stage.MONITOR)
    year = (
        open_ones.values_list("cycle__fiscal_year__label", flat=True).order_by("cycle__fiscal_year__starts_on").last()
    )
    if year is None:
        return None
    return LetterNote(year, reverse("targets:quota", args=[year, person.pk]), is_own=user == person)


def _once_led(user: User) -> list[int]:
    return sorted({span.team for span in scope_of(user).led if access.once_led(user, span.team)})


def _about(user: User, person: User, view: View) -> About:
    history, today = history_of(user), view.today
    tree = history.as_of(today)
    team = tree.team_of.get(person.pk)
    held = Assignment.objects.visible_to(user).as_of(today).filter(person=person).select_related("territory")
    return About(
        team=(team, history.teams[team]) if team else None,
        can_open_team=team is not None and access.can_open_team(user, team),
        manager=manager_name(user, person.pk, today),
        territories=tuple(sorted(row.territory.name for row in held)),
        starts_on=person.starts_on,
        left_on=person.left_on,
        once_led=tuple((pk, history.teams[pk]) for pk in _once_led(user)) if user == person else (),
        role=_role(person, history, tree),
        ramp=_ramp(user, person, view.window),
    )


def _role(person: User, history: TreeHistory, tree: TeamTree) -> str:
    """What the person does in the tree of today."""
    led = sorted(history.teams[team] for team in tree.led_by(person.pk))
    return _("Manager of %(teams)s") % {"teams": ", ".join(led)} if led else _("Rep")


def _ramp(user: User, person: User, window: Window) -> str:
    """In the running leaf period, or the last one shown."""
    leaf = window.current or window.leaves[-1]
    steps, start = read_ramps().of(person.pk, joined_on(history_of(user), person.pk))
    share = ramp_percent(steps, start, leaf) if steps and start and start > ALWAYS else HUNDRED
    words = {"share": percent(share / HUNDRED)}
    return _("Full quota") if share == HUNDRED else _("%(share)s of a full quota") % words
