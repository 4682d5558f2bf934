"""All numbers of one version of a plan as what-if changes them: read once, changed in memory, written as one batch.

Amounts are whole minor units per leaf period that is open: closed ones stay as they are, in every version.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum, Value

from spm.money import minor_unit
from spm.org.choices import PeriodState
from spm.org.models import Company, Period, User
from spm.org.scopes import history_of
from spm.org.trees import TreeHistory
from spm.ui.fields import MoneyField
from targets import judged
from targets.allocation_facts import Calendar, homes, read_calendar
from targets.allotting import COMPANY
from targets.choices import Scope
from targets.goals import HOLDERS, MODEL_OF, Goal, GoalModel, Holder, holder_of, of_person, of_position, of_team
from targets.models import CompanyPlan, OpenPosition, OpenQuota, PlanLine, Quota, Target
from targets.ramps import Presence
from targets.rescaling import Branch

type Row = tuple[int, ...]
"""One number per open leaf period, in order."""
type Stored = dict[Holder, dict[int, int | None]]
"""Holder → leaf period → number; None: taken away."""


@dataclass(frozen=True)
class Places:
    """Who stands where in the plan's year."""

    calendar: Calendar
    history: TreeHistory
    home: dict[int, int]
    presence: dict[int, Presence]
    roots: list[int]
    children: dict[int, list[int]]
    parent: dict[int, int | None]
    leads: frozenset[int]

    def ancestors(self, team: int | None) -> list[int]:
        """The team and those above it."""
        chain: list[int] = []
        while team is not None and team not in chain:
            chain.append(team)
            team = self.parent.get(team)
        return chain


def read_places(plan: CompanyPlan, by: User, today: Any) -> Places:
    """The tree of ``today``, brought into the plan's year, and everybody's team in that year."""
    calendar, history = read_calendar(plan.fiscal_year), history_of(by)
    tree = history.as_of(min(max(today, calendar.year.starts_on), calendar.year.ends_on))
    home, presence = homes(history, tree, calendar)
    leads = frozenset(tree.lead.values())
    return Places(calendar, history, home, presence, sorted(tree.roots), tree.children, tree.parent, leads)


class Numbers:
    """The numbers of a plan, measure by measure; ``put`` changes them, ``goals`` says what is to be written."""

    def __init__(self, plan: CompanyPlan, places: Places, by: User) -> None:
        self.plan, self.places, self.by = plan, places, by
        self.coin = minor_unit(Company.objects.values_list("currency", flat=True).get())
        self.leaves = [leaf for leaf in places.calendar.leaves if leaf.state != PeriodState.CLOSED]
        self.teams = dict(OpenPosition.objects.filter(plan=plan).values_list("pk", "team_id"))
        self.now: dict[str, Stored] = defaultdict(lambda: defaultdict(dict))
        self.new: dict[str, Stored] = defaultdict(lambda: defaultdict(dict))
        for model in HOLDERS:
            self._read(model)
        self.measures = sorted(self.now)

    def _read(self, model: Any) -> None:
        for row in model.objects.filter(plan=self.plan).order_by():
            self.now[row.measure][holder_of(row)][row.period_id] = int(row.amount / self.coin)

    # Reading

    def row(self, measure: str, holder: Holder, leaves: Sequence[Period] | None = None) -> Row:
        """The numbers of a holder as they now stand, 0 where there is none."""
        stored = self.now[measure].get(holder, {})
        return tuple(stored.get(leaf.pk) or 0 for leaf in (self.leaves if leaves is None else leaves))

    def has(self, measure: str, holder: Holder) -> bool:
        return bool(self.now[measure].get(holder))

    def from_(self, starts: Period) -> list[Period]:
        """The open leaf periods from one on."""
        return [leaf for leaf in self.leaves if leaf.starts_on >= starts.starts_on]

    def stays(self, holder: Holder) -> bool:
        """Nobody changes the own number, not in a scenario either."""
        return holder == of_person(self.by.pk)

    def members(self, measure: str, team: int | None) -> list[Holder]:
        """The people of a team who have a number; of None: those without a team."""
        people = sorted(int(one.key) for one in self.now[measure] if one.column == "person_id")
        return [of_person(pk) for pk in people if self.places.home.get(pk) == team]

    def positions(self, measure: str, team: int | None) -> list[Holder]:
        """The open positions of a team that have a number."""
        found = sorted(int(one.key) for one in self.now[measure] if one.column == "position_id")
        return [of_position(pk) for pk in found if self.teams.get(pk) == team and self.has(measure, of_position(pk))]

    def lines(self, measure: str) -> Row:
        """The company's plan: the line of the whole company of a leaf period, else the sum of its segments."""
        whole, segments = self.now[measure].get(Holder("segment", ""), {}), self.segments(measure)
        parts = [self.row(measure, one) for one in segments]
        sums = [sum(column) for column in zip(*parts, strict=True)] if parts else [0] * len(self.leaves)
        found = [whole.get(leaf.pk) for leaf in self.leaves]
        return tuple(below if own is None else own for own, below in zip(found, sums, strict=True))

    def segments(self, measure: str) -> list[Holder]:
        keys = sorted(str(one.key) for one in self.now[measure] if one.column == "segment" and one.key)
        return [Holder("segment", key) for key in keys]

    def territories(self, measure: str) -> list[Holder]:
        keys = sorted(int(one.key) for one in self.now[measure] if one.column == "territory_id")
        return [Holder("territory_id", key) for key in keys]

    # The tree

    def branch(self, measure: str, team: int | None) -> Branch:
        """A team, or the company, with everything below it that has a number; where a team has none it is their sum."""
        holders = [*self.members(measure, team), *self.positions(measure, team)]
        teams = self.places.roots if team is None else sorted(self.places.children.get(team, []))
        children = [Branch(one, self.row(measure, one), stays=self.stays(one)) for one in holders]
        children += [found for below in teams if any((found := self.branch(measure, below)).leaves) or found.children]
        if team is None:
            return Branch(COMPANY, self.lines(measure), tuple(children))
        columns = zip(*(child.leaves for child in children), strict=True)
        sums = tuple(sum(column) for column in columns) if children else (0,) * len(self.leaves)
        given = self.now[measure].get(of_team(team), {})
        own = (given.get(leaf.pk) for leaf in self.leaves)
        row = (judged.quota_of(Scope.TEAM, target, below) for target, below in zip(own, sums, strict=True))
        return Branch(of_team(team), tuple(amount or 0 for amount in row), tuple(children))

    # Changing

    def put(self, measure: str, holder: Holder, leaves: Sequence[Period], row: Sequence[int | None]) -> None:
        """Give a holder these numbers; a zero where there is no number is none."""
        stored = self.now[measure].get(holder, {})
        for leaf, amount in zip(leaves, row, strict=True):
            if amount != stored.get(leaf.pk) and not (amount == 0 and leaf.pk not in stored):
                self.new[measure][holder][leaf.pk] = amount

    def put_all(self, measure: str, found: dict[Any, list[int]]) -> None:
        """What ``rescale`` gave, of holders that have a number of their own; of teams in the leaf periods of theirs."""
        for holder, row in found.items():
            stored = self.now[measure].get(holder, {})
            if holder == COMPANY or not stored:
                continue
            is_team, moved = holder.column == "team_id", zip(self.leaves, row, strict=True)
            kept = [(leaf, amount) for leaf, amount in moved if not is_team or stored.get(leaf.pk) is not None]
            self.put(measure, holder, [leaf for leaf, _amount in kept], [amount for _leaf, amount in kept])

    def goals(self) -> list[tuple[GoalModel, Goal]]:
        """What is to be written, in a fixed order."""
        periods = {leaf.pk: leaf for leaf in self.leaves}
        return [
            (
                MODEL_OF[holder.column],
                Goal(holder, measure, periods[leaf], None if amount is None else amount * self.coin),
            )
            for measure, holders in sorted(self.new.items())
            for holder, row in sorted(holders.items(), key=lambda one: (one[0].column, str(one[0].key)))
            for leaf, amount in sorted(row.items())
        ]


def sums_of(plans: Sequence[CompanyPlan], measure: str) -> dict[int, dict[Holder, Decimal]]:
    """Plan → holder → the year's number of one measure: teams, people, open positions, and COMPANY. One query."""

    def rows(model: Any, column: str) -> Any:
        held = model._default_manager.filter(plan__in=keys, measure=measure, **{f"{column}__isnull": False})
        summed = held.annotate(table=Value(column)).order_by().values_list("table", "plan_id", column)
        return summed.annotate(sum=Sum("amount", output_field=MoneyField()))

    keys = [plan.pk for plan in plans]
    lines = PlanLine.objects.filter(plan__in=keys, measure=measure).counting().annotate(table=Value(COMPANY.column))
    company = lines.order_by().values_list("table", "plan_id", "plan_id")
    parts = [rows(OpenQuota, "position_id"), rows(Target, "team_id")]
    parts.append(company.annotate(sum=Sum("amount", output_field=MoneyField())))
    found: dict[int, dict[Holder, Decimal]] = {key: {} for key in keys}
    for column, plan, key, amount in rows(Quota, "person_id").union(*parts, all=True):
        found[plan][COMPANY if column == COMPANY.column else Holder(column, key)] = amount
    return found


type Parts = dict[int, dict[Holder, dict[int, Decimal]]]
"""Plan → holder → leaf period → number."""


def parts_of(plans: Sequence[CompanyPlan], measure: str, leaves: Sequence[Period]) -> Parts:
    """The numbers of teams, people and open positions leaf by leaf, where a team has one for some of ``leaves`` only.

    One query, two where that is so; empty where it is not. Of them the year's sums (``sums_of``) say all.
    """

    def rows(model: Any, column: str) -> Any:
        found = model._default_manager.filter(plan__in=plans, measure=measure, **{f"{column}__isnull": False})
        return (
            found.order_by()
            .annotate(table=Value(column))
            .values_list("table", "plan_id", column, "period_id", "amount")
        )

    def read(found: Any) -> Parts:
        parts: Parts = {plan.pk: {} for plan in plans}
        for table, plan, key, leaf, amount in found:
            parts[plan].setdefault(Holder(table, key), {})[leaf] = amount
        return parts

    teams = read(rows(Target, "team_id"))
    if all(len(own) == len(leaves) for given in teams.values() for own in given.values()):
        return {}
    others = read(rows(Quota, "person_id").union(rows(OpenQuota, "position_id"), all=True))
    return {plan: teams[plan] | others[plan] for plan in teams}
