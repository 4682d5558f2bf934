"""Everything an allocation is judged by, read at once: a fixed number of queries, whatever the size of the company.

Who may see what is decided where it is shown (``allocation``); these reads know no users but the tree they hand over.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import F, IntegerField, Max, Q, Sum, Value

from spm.market.choices import AssignmentRole
from spm.market.models import AccountPlacement, Assignment
from spm.money import ZERO, minor_unit
from spm.org.choices import PeriodLevel, PeriodState
from spm.org.clock import company, today
from spm.org.models import Company, FiscalYear, Period, User
from spm.org.trees import TeamTree, TreeHistory
from spm.ui.fields import MoneyField, money
from targets import last_year
from targets.cautions import Limits, limits_of
from targets.choices import Measure
from targets.goals import GoalModel, Holder, of_person, of_team
from targets.last_year import LastYear
from targets.models import CompanyPlan, GoalBatch, Hold, PlanLine, PlanningCycle, Proposal, Quota, Target
from targets.ramps import Presence, Steps, capacity, read_ramps
from targets.seasonality import weights_of
from targets.spreading import Capacity

REVISION = "revision"

type Amounts = Mapping[int, Decimal]
"""Leaf period → amount."""


@dataclass(frozen=True)
class Calendar:
    """The periods of the plan's year in order, the leaves of the year before, and the weight of each leaf."""

    year: Period
    quarters: tuple[Period, ...]
    leaves: tuple[Period, ...]
    before: tuple[Period, ...]
    before_label: str
    weights: Mapping[int, Decimal]

    @property
    def season(self) -> list[Decimal]:
        return [self.weights.get(leaf.number, ZERO) if self.weights else Decimal(1) for leaf in self.leaves]

    def leaves_in(self, period: Period) -> list[Period]:
        """The leaf periods of a leaf, quarter or year of this year."""
        return [leaf for leaf in self.leaves if period.starts_on <= leaf.starts_on <= period.ends_on]

    def __contains__(self, period: Period) -> bool:
        return period.fiscal_year_id == self.year.fiscal_year_id


@dataclass(frozen=True)
class Facts:
    """What stands in the plan for one measure, and what is known about the people. Amounts in company currency."""

    cycle: PlanningCycle
    plan: CompanyPlan
    measure: str
    currency: str
    limits: Limits
    calendar: Calendar
    tree: TeamTree
    team_names: Mapping[int, str]
    people: Mapping[int, str]  # everybody with a team in the year, or with a quota
    home: Mapping[int, int]  # person → team
    presence: Mapping[int, Presence]
    capacity: Mapping[int, Capacity]
    given: Mapping[Holder, Amounts]  # quotas of people, targets of teams
    lines: Amounts
    margins: Mapping[int, tuple[Decimal, Decimal]]  # person → (margin, revenue) of the year
    revision: int  # the newest batch when the numbers were read
    held: Mapping[Holder, frozenset[int]]  # leaf periods that stay
    proposals: Mapping[Holder, tuple[Decimal, str]]
    last: Mapping[int, LastYear]
    left: Mapping[int, int]  # who has no team in the year any more → the last one
    elapsed: Decimal  # the share of last year that has passed
    potential: Mapping[int, Decimal]

    @property
    def coin(self) -> Decimal:
        return minor_unit(self.currency)

    def amount(self, holder: Holder) -> Decimal | None:
        """The year's number of a holder; None where there is none."""
        return self._years.get(holder)

    @cached_property
    def _years(self) -> Mapping[Holder, Decimal]:
        """Asked for several times a person on one page."""
        return {holder: sum(own.values(), ZERO) for holder, own in self.given.items() if own}

    def stays(self, holder: Holder) -> frozenset[int]:
        """Leaf periods whose number cannot be changed: held, or closed."""
        closed = frozenset(leaf.pk for leaf in self.calendar.leaves if leaf.state == PeriodState.CLOSED)
        return closed | self.held.get(holder, frozenset())

    def below(self, team: int | None) -> list[Holder]:
        """Who stands directly below a team: its people and its teams; below the company: root teams, people without."""
        if team not in self._below:
            teams = self.tree.roots if team is None else self.tree.children.get(team, [])
            members = self._members.get(team, [])
            self._below[team] = [of_person(pk) for pk in sorted(members)] + [of_team(pk) for pk in sorted(teams)]
        return self._below[team]

    @cached_property
    def _below(self) -> dict[int | None, list[Holder]]:
        """Asked for once a team and column."""
        return {}

    def directly_below(self, team: int | None) -> set[int]:
        """The people without a team between them and this one, or the company."""
        return {int(holder.key) for holder in self.below(team) if holder.column == "person_id"}

    @cached_property
    def _members(self) -> Mapping[int | None, list[int]]:
        """Team → the people whose home it is; None → those without a team."""
        found: dict[int | None, list[int]] = defaultdict(
            list, {None: [pk for pk in self.people if pk not in self.home]}
        )
        for person, team in self.home.items():
            found[team].append(person)
        return found

    def left_below(self, team: int) -> set[int]:
        """Who left the teams from here on down before the year: what they sold was the team's."""
        teams = self.tree.subtree([team])
        return {person for person, last in self.left.items() if last in teams}

    def people_below(self, team: int | None) -> set[int]:
        if team is None:
            return set(self.people)
        teams = self.tree.subtree([team])
        return {person for person, home in self.home.items() if home in teams}


def read_facts(
    plan: CompanyPlan,
    cycle: PlanningCycle,
    measure: str,
    history: TreeHistory,
    *,
    deals_of: Collection[int] | None = None,
    with_potential: bool = True,
) -> Facts:
    """Everything about one measure of a version of the plan. ``deals_of``: whose largest deals are looked up;
    ``with_potential``: of accounts, by which a number can be spread.
    """
    calendar = read_calendar(cycle.fiscal_year)
    our_company = company()
    currency = our_company.currency if our_company else Company.objects.values_list("currency", flat=True).get()
    now = today(our_company)
    tree = history.as_of(min(max(now, calendar.year.starts_on), calendar.year.ends_on))
    home, presence = homes(history, tree, calendar)
    numbers = _numbers(plan, measure)
    held, proposals = _marks(cycle, plan, measure, calendar)
    holding = {int(holder.key) for holder in numbers.given if holder.column == "person_id"}
    names = dict(User.objects.people().filter(pk__in=home.keys() | holding).values_list("pk", "name"))
    known_home = {person: team for person, team in home.items() if person in names}
    left = _left(history, calendar, home)
    share = last_year.elapsed(calendar.before, calendar.weights, now)
    return Facts(
        cycle=cycle,
        plan=plan,
        measure=measure,
        currency=currency,
        limits=limits_of(cycle, currency),
        calendar=calendar,
        tree=tree,
        team_names=history.teams,
        people=names,
        home=known_home,
        presence=presence,
        capacity=_capacities(calendar, {person: presence[person] for person in known_home}, cycle.proration),
        given=numbers.given,
        lines=numbers.lines,
        margins=numbers.margins,
        revision=numbers.revision,
        held=held,
        proposals=proposals,
        elapsed=share,
        last=last_year.read(cycle, measure, calendar.before, share, names.keys() | left.keys(), deals_of=deals_of),
        left=left,
        potential=potentials(calendar.year.starts_on) if with_potential else {},
    )


def _capacities(calendar: Calendar, presence: Mapping[int, Presence], proration: str) -> dict[int, Capacity]:
    """Person → what of a full year they carry; worked out once for all who are there on the same days."""
    ramps = read_ramps()
    known: dict[tuple[Presence, Steps, date | None], Capacity] = {}
    found = {}
    for person, days in presence.items():
        ramp = ramps.of(person, days.first)
        if (days, *ramp) not in known:
            known[days, *ramp] = capacity(calendar.leaves, days, proration, *ramp)
        found[person] = known[days, *ramp]
    return found


def read_calendar(year: FiscalYear) -> Calendar:
    """The periods of a year and the leaves of the one before: one query, and one or two for the season."""
    this_or_last = Q(fiscal_year=year) | Q(fiscal_year__ends_on=year.starts_on - timedelta(days=1))
    rows = list(Period.objects.filter(this_or_last).order_by("starts_on", "pk"))
    own = [row for row in rows if row.fiscal_year_id == year.pk]
    levels = {level: tuple(row for row in own if row.level == level) for level in PeriodLevel}
    earlier = [row for row in rows if row.fiscal_year_id != year.pk]
    before = tuple(row for row in earlier if row.level == PeriodLevel.MONTH)
    label = next((row.label for row in earlier if row.level == PeriodLevel.YEAR), "")
    (top,) = levels[PeriodLevel.YEAR]
    return Calendar(top, levels[PeriodLevel.QUARTER], levels[PeriodLevel.MONTH], before, label, weights_of(year))


def homes(history: TreeHistory, tree: TeamTree, calendar: Calendar) -> tuple[dict[int, int], dict[int, Presence]]:
    """Person → team, and the days there, of everybody who has a team at some time of the year."""
    first, last = calendar.year.starts_on, calendar.year.ends_on
    rows: dict[int, list[tuple[date, int | None]]] = defaultdict(list)
    for person, team, start in history.memberships:
        if start <= last:
            rows[person].append((start, team))
    home, presence = {}, {}
    for person, steps in rows.items():
        teams = _teams_in(steps, first)
        if not teams:
            continue
        home[person] = tree.team_of.get(person, teams[-1])
        gone = [start for start, team in steps if team is None and start > first]
        joined = next(start for start, team in reversed(_runs(steps)) if team is not None)
        ended = gone[-1] if gone and gone[-1] > joined else None
        presence[person] = Presence(joined, ended - timedelta(days=1) if ended else None)
    return home, presence


def sellers_of(team: int, history: TreeHistory, calendar: Calendar, day: date) -> tuple[set[int], set[int]]:
    """Whose last year is the team's when its number of the year is judged: who is there in the year, below it too; and
    who left those teams before the year, whose sales were the team's.
    """
    tree = history.as_of(min(max(day, calendar.year.starts_on), calendar.year.ends_on))
    teams, (home, _presence) = tree.subtree([team]), homes(history, tree, calendar)
    gone = _left(history, calendar, home)
    return {one for one, own in home.items() if own in teams}, {one for one, last in gone.items() if last in teams}


def joined_on(history: TreeHistory, person: int) -> date | None:
    """The day from which somebody belongs to a team, moves from team to team aside; None: to none so far."""
    rows = [(start, team) for subject, team, start in history.memberships if subject == person]
    return next((start for start, team in reversed(_runs(rows)) if team is not None), None)


def _left(history: TreeHistory, calendar: Calendar, home: Mapping[int, int]) -> dict[int, int]:
    """Person → the last team, of those who left it in the year before or earlier and have none in this one."""
    last = {person: team for person, team, start in history.memberships if team and start <= calendar.year.starts_on}
    return {person: team for person, team in last.items() if person not in home}


def _runs(steps: list[tuple[date, int | None]]) -> list[tuple[date, int | None]]:
    """The steps at which somebody came or went; a move from team to team is neither."""
    found: list[tuple[date, int | None]] = []
    for start, team in steps:
        if not found or (found[-1][1] is None) != (team is None):
            found.append((start, team))
    return found


def _teams_in(steps: list[tuple[date, int | None]], first: date) -> list[int]:
    """The teams somebody has from ``first`` on, in order."""
    current = [team for start, team in steps if start <= first][-1:]
    return [team for team in (*current, *(team for start, team in steps if start > first)) if team is not None]


@dataclass
class Numbers:
    """What a version holds of one measure, and which of its batches was the newest then: one and the same reading."""

    given: dict[Holder, dict[int, Decimal]] = field(default_factory=dict)
    lines: dict[int, Decimal] = field(default_factory=dict)
    rated: dict[int, dict[str, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    revision: int = 0

    @property
    def margins(self) -> dict[int, tuple[Decimal, Decimal]]:
        """Person → (margin, revenue) of the year; a rate is recomputed at every level from these."""
        return {pk: (own.get(Measure.MARGIN, ZERO), own.get(Measure.REVENUE, ZERO)) for pk, own in self.rated.items()}


def _numbers(plan: CompanyPlan, measure: str) -> Numbers:
    """Quotas of people, targets of teams, the company's lines, margins and the revision number: one query."""
    read, measures = Numbers(), frozenset(Measure.values)
    given: dict[tuple[str, int], dict[int, Decimal]] = defaultdict(dict)
    for table, key, leaf, amount in _rows_of_plan(plan, measure):
        if table == REVISION:
            read.revision = leaf
        elif table == "period_id":
            read.lines[leaf] = amount
        elif table in measures:
            read.rated[key][table] = amount
        else:
            given[table, key][leaf] = amount
    read.given = {Holder(*key): amounts for key, amounts in given.items()}
    return read


def _rows_of_plan(plan: CompanyPlan, measure: str) -> Any:
    """(column of the holder, holder, leaf period, amount); also (measure, person, person, sum of the year) and
    (REVISION, plan, newest batch, 0).
    """

    def rows(model: GoalModel, column: str) -> Any:
        of_plan = model._default_manager.filter(plan=plan, measure=measure, **{f"{column}__isnull": False})
        return of_plan.annotate(table=Value(column)).order_by()

    def summed(found: Any) -> Any:
        return found.annotate(sum=Sum("amount", output_field=MoneyField()))

    rated = Quota.objects.filter(plan=plan, measure__in=(Measure.MARGIN, Measure.REVENUE)).order_by()
    batches = GoalBatch.objects.filter(plan=plan).order_by().annotate(table=Value(REVISION))
    return (
        rows(Quota, "person_id")
        .values_list("table", "person_id", "period_id", "amount")
        .union(
            rows(Target, "team_id").values_list("table", "team_id", "period_id", "amount"),
            summed(rows(PlanLine, "period_id").counting().values_list("table", "period_id", "period_id")),
            summed(rated.annotate(again=F("person_id")).values_list("measure", "person_id", "again")),
            batches.values_list("table", "plan_id").annotate(newest=Max("pk"), nothing=money(0)),
            all=True,
        )
    )


def _marks(
    cycle: PlanningCycle, plan: CompanyPlan, measure: str, calendar: Calendar
) -> tuple[dict[Holder, frozenset[int]], dict[Holder, tuple[Decimal, str]]]:
    """Holder → leaf periods that are held; and holder → (own proposal, note). One query."""
    periods = {period.pk: period for period in (calendar.year, *calendar.quarters, *calendar.leaves)}
    held: dict[Holder, set[int]] = defaultdict(set)
    proposed: dict[Holder, tuple[Decimal, str]] = {}
    wanted = Proposal.objects.filter(cycle=cycle, measure=measure).annotate(period=Value(None, IntegerField()))
    holds = Hold.objects.filter(plan=plan, measure=measure).annotate(amount=money(0), note=Value(""))
    rows: Any = holds.order_by().values_list("person_id", "team_id", "period_id", "amount", "note")
    for person, team, period, amount, note in rows.union(
        wanted.order_by().values_list("person_id", "team_id", "period", "amount", "note"), all=True
    ):
        if period is None:
            proposed[_holder(person, team)] = (amount, note)
        else:
            held[_holder(person, team)] |= {leaf.pk for leaf in calendar.leaves_in(periods[period])}
    return {holder: frozenset(leaves) for holder, leaves in held.items()}, proposed


def _holder(person: int | None, team: int | None) -> Holder:
    return of_person(person) if person is not None else of_team(team or 0)


def potentials(day: date) -> dict[int, Decimal]:
    """Person → the known potential of the accounts placed in the territories owned on that day."""
    owners = Assignment.objects.as_of(day).filter(role=AssignmentRole.OWNER, person__isnull=False)
    placed = AccountPlacement.objects.as_of(day).filter(
        account__potential__isnull=False, territory__assignments__in=owners.values("pk")
    )
    rows = placed.order_by().values_list("territory__assignments__person")
    return dict(rows.annotate(sum=Sum("account__potential", output_field=MoneyField())))
