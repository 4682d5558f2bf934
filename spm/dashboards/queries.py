"""What every performance page reads: the calendar, the newest roll-up, and the figures of a focus.

Everything starts from ``visible_to``. A page reads the stamp of the roll-up first and last and reads again once if it
changed meanwhile (reliability INV-25), so all its figures are of one state.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.db.models import Max, Min, Q
from django.db.models.expressions import Combinable
from django.http import QueryDict

from spm.dashboards.board import PARTIAL, Focus, Raw, running_pair
from spm.dashboards.choosing import Calendar, choose
from spm.dashboards.figures import Cell, units_of
from spm.dashboards.periods import Leaf, View, Window
from spm.org.models import Company, Period, User
from spm.org.scopes import history_of, scope_of
from spm.org.trees import TeamTree, distinct
from spm.ui.fields import stored
from targets import baseline, curves, frozen, judged
from targets.choices import Measure, RunState, Scope
from targets.models import Attainment, RollupRun

MEASURE_SECONDS, CACHE_SECONDS = 300, 3600
TOTALS: tuple[str | Combinable, ...] = (
    *("person", "team", "period"),
    *map(stored, ("actual", "overlay", "target", "quota_sum", "effect")),
)
"""Columns for ``raw_of``; amounts as they are stored, since a page of many people adds up tens of thousands of them."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The state of the roll-up that a page shows. ``waiting_since``: something changed and is not counted yet."""

    newest: int
    finished_at: datetime | None
    waiting_since: datetime | None


def stamp_of(user: User) -> Stamp:
    done = Q(state=RunState.DONE)
    read = RollupRun.objects.visible_to(user).aggregate(
        newest=Max("pk", filter=done),
        finished=Max("finished_at", filter=done),
        waiting=Min("requested_at", filter=~done),
    )
    return Stamp(read["newest"] or 0, read["finished"], read["waiting"])


def steady[Page](user: User, read: Callable[[Stamp], Page]) -> Page:
    """Read a page; when a roll-up was published meanwhile, once more."""
    before = stamp_of(user)
    page = read(before)
    after = stamp_of(user)
    return page if after == before else read(after)


def calendar_of(user: User, company: Company) -> Calendar:
    """Read once per request: kept on the user object, as the scope is."""
    kept: Calendar | None = getattr(user, "_calendar", None)
    if kept is None or kept.today != company.today():
        told = {"locked_at": baseline.locked_when(), "revisions": baseline.revisions_of_year()}
        periods: list[Any] = list(Period.objects.visible_to(user).select_related("fiscal_year").annotate(**told))
        locks = {period.fiscal_year_id: (period.locked_at, period.revisions or 0) for period in periods}
        kept = Calendar(periods, company.today(), locks)
        user._calendar = kept  # type: ignore[attr-defined]  # noqa: SLF001  # cached for the request
    return kept


def default_measure(user: User) -> Measure:
    """Bookings where the company has any, else revenue; looked up every few minutes."""
    key = f"default-measure:{user.pk}"
    known = cache.get(key)
    if known is None:
        booked = Attainment.objects.visible_to(user).filter(measure=Measure.BOOKINGS)
        has_bookings = booked.filter(Q(lines__gt=0) | Q(target__isnull=False)).exists()
        known = Measure.BOOKINGS if has_bookings else Measure.REVENUE
        cache.set(key, str(known), MEASURE_SECONDS if has_bookings else 1)
    return Measure(known)


def view_of(user: User, company: Company, params: QueryDict) -> View | None:
    """The state that the address asks for; None without a calendar."""
    given = params.get("measure", "") in Measure.values
    return choose(calendar_of(user, company), params, Measure.BOOKINGS if given else default_measure(user))


def default_focus(user: User, today: date) -> Focus | None:
    """Admins and whoever leads all root teams in use: the company. Managers: the teams they lead. Others: None."""
    scope = scope_of(user)
    tree = history_of(user).as_of(today)
    led = tuple(team for team in tree.led_by(user.pk) if tree.parent.get(team) not in scope.leads)
    if scope.everything or (led and set(tree.used_roots) <= set(led)):
        return Focus((), is_company=True)
    return Focus(led, is_company=False) if led else None


def trees_of(user: User, leaves: Iterable[Leaf]) -> dict[int, TeamTree]:
    """For each leaf period the tree of its last day; of a closed one as its closing knew it, by which it was summed."""
    return frozen.trees_by_leaf(leaves, history_of(user))


def leaves_needed(window: Window) -> list[Leaf]:
    """The window, what it is compared with, and the periods behind averages, sparklines and quarters."""
    begun = [leaf for quarter in window.quarters for leaf in quarter.leaves if leaf.begun]
    return list(
        {leaf.pk: leaf for leaf in (*window.leaves, *window.before, *window.recent, *window.trail, *begun)}.values()
    )


def stamped(name: str, stamp: Stamp, *parts: object) -> str:
    """The key in the cache of something that holds until the next roll-up is published."""
    text = f"{stamp.newest} {stamp.finished_at} {parts}"
    return f"{name}:{sha256(text.encode()).hexdigest()}"


def read_raw(  # noqa: PLR0913  # what to read, of whom, when, and of which state
    user: User, measure: Measure, focus: Focus, window: Window, trees: dict[int, TeamTree], stamp: Stamp | None
) -> Raw:
    """All leaf figures the user may see of a focus: one read of totals, one of credits where a leaf period runs."""
    raw = raw_of(_totals(user, measure, focus, trees))
    for leaf, before in running_pair(window):
        credited = _credited(measure, before.starts_on, same_day(leaf, before), stamp)
        return _with_partial(raw, credited, before.pk, trees[before.pk])
    return raw


def _credited(measure: Measure, first: date, last: date, stamp: Stamp | None) -> dict[int, tuple[Decimal, Decimal]]:
    """``curves.by_person`` of everybody, kept until the next roll-up is published; who sees whom is asked elsewhere."""
    if stamp is None:
        return curves.by_person(measure, first, last)
    key = stamped("credited", stamp, measure, first, last)
    read: dict[int, tuple[Decimal, Decimal]] | None = cache.get(key)
    if read is None:
        read = curves.by_person(measure, first, last)
        cache.set(key, read, CACHE_SECONDS)
    return read


def raw_of(totals: Iterable[tuple[Any, ...]]) -> Raw:
    """``totals``: person, team, leaf period, actual, overlay, target, sum of quotas, effect of each row: ``TOTALS``."""
    people: defaultdict[int, dict[int, Cell]] = defaultdict(dict)
    teams: defaultdict[int, dict[int, Cell]] = defaultdict(dict)
    company: dict[int, Cell] = {}
    for person, team, leaf, actual, overlay, target, quota_sum, effect in totals:
        if person is not None:
            people[person][leaf] = Cell(actual, overlay, target, target, effect)
        elif team is not None:
            teams[team][leaf] = Cell(actual, 0, quota_sum, target, effect)
        else:
            company[leaf] = Cell(actual, 0, quota_sum, target, effect)
    return Raw(people, teams, company)


def _totals(user: User, measure: Measure, focus: Focus, trees: dict[int, TeamTree]) -> Iterable[tuple[Any, ...]]:
    """By kind of holder, each of which has an index of its own: one condition on all of them would read every row."""
    rows = Attainment.objects.visible_to(user).filter(measure=measure, period__in=trees)
    people, *others = (rows.filter(whose).values_list(*TOTALS) for whose in _holders(focus, trees))
    return people.union(*others, all=True)


def _holders(focus: Focus, trees: dict[int, TeamTree]) -> list[Q]:
    """Whose rows a focus takes: of people first, then of teams, of the company where it is the focus."""
    if focus.is_company:
        return [Q(person__isnull=False), Q(team__isnull=False), Q(company__isnull=False)]
    different = distinct(trees.values())
    below = {team for tree in different for team in tree.subtree(focus.teams)}
    people = {person for tree in different for person in focus.people(tree)}
    everybody = {person for tree in different for person in tree.team_of}
    # a long list of keys costs more than the rows of the few others, of which the board takes no notice
    whose = Q(person__isnull=False) if 2 * len(people) > len(everybody) else Q(person__in=people)
    return [whose, Q(team__in=below)]


def against_baseline(raw: Raw, view: View, trees: dict[int, TeamTree]) -> Raw:
    """``raw`` with the numbers of the baseline in the leaf periods of revised years; nothing is shown that was not."""
    revised = {leaf.pk for leaf in leaves_needed(view.window) if leaf.fiscal_year in view.revised}
    given = baseline.numbers(view.measure, {leaf: trees[leaf] for leaf in revised})

    def relaid(cells: Mapping[int, Cell], of: Mapping[Any, baseline.Given], *key: int) -> dict[int, Cell]:
        laid = dict(cells)
        for leaf in revised & cells.keys():
            target, quota_sum = of.get((*key, leaf) if key else leaf, (None, None))
            laid[leaf] = cells[leaf].against(quota_sum, target)
        return laid

    own = {key: (amount, amount) for key, amount in given.people.items()}
    return Raw(
        {pk: relaid(cells, own, pk) for pk, cells in raw.people.items()},
        {pk: relaid(cells, given.teams, pk) for pk, cells in raw.teams.items()},
        relaid(raw.company, given.company),
    )


def with_those_below(raw: Raw, view: View) -> Raw:
    """``raw``, for a comparison with the plan: where a team has a target for some leaf periods of the window only, what
    its people carry in the others (``targets.judged``). A team without any is compared with nothing.
    """
    if not view.beside_plan:
        return raw
    inside, teams = {leaf.pk for leaf in view.window.leaves}, dict(raw.teams)
    for pk, cells in raw.teams.items():
        given = {leaf for leaf in inside & cells.keys() if cells[leaf].plan_units is not None}
        if given and given != inside:
            number = {leaf: judged.quota_of(Scope.TEAM, cell.plan, cell.quota) for leaf, cell in cells.items()}
            teams[pk] = {leaf: cell.against(cell.quota, number[leaf]) for leaf, cell in cells.items()}
    return Raw(raw.people, teams, raw.company)


def _with_partial(raw: Raw, credited: dict[int, tuple[Decimal, Decimal]], leaf: int, tree: TeamTree) -> Raw:
    """``raw`` with the pseudo-leaf PARTIAL: part of ``leaf``, for whoever has figures in it."""
    known = {person: Cell(units_of(amount), units_of(overlay)) for person, (amount, overlay) in credited.items()}
    own = {person: cell.as_own.actual_units for person, cell in known.items()}
    people = {pk: known.get(pk, Cell()) for pk, cells in raw.people.items() if leaf in cells}
    teams = {
        pk: Cell(sum(own.get(person, 0) for person in tree.people_in(tree.subtree([pk]))))
        for pk, cells in raw.teams.items()
        if leaf in cells
    }
    return Raw(
        {pk: {**cells, PARTIAL: people[pk]} if pk in people else cells for pk, cells in raw.people.items()},
        {pk: {**cells, PARTIAL: teams[pk]} if pk in teams else cells for pk, cells in raw.teams.items()},
        {**raw.company, PARTIAL: Cell(sum(own.values()))} if leaf in raw.company else raw.company,
    )


def same_day(leaf: Leaf, before: Leaf) -> date:
    """The day of ``before`` as far in as the clock's day is in ``leaf``, at most its last one."""
    return min(date.fromordinal(before.starts_on.toordinal() + leaf.elapsed - 1), before.ends_on)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a row is about."""

    pk: int
    name: str
    starts_on: date | None


def names_of(user: User, people: Iterable[int]) -> dict[int, Person]:
    """Those of ``people`` whom the user sees, by key."""
    seen = User.objects.visible_to(user).filter(pk__in=list(people)).order_by()
    return {pk: Person(pk, name, starts_on) for pk, name, starts_on in seen.values_list("pk", "name", "starts_on")}
