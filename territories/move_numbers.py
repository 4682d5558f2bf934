"""The numbers that go with a package: which month of whose quota, and of which territory's target, by how much.

Person quotas move from those who hold the giving territories on the effective day to the one who holds the receiving
one; targets of territories move between the territories, where whoever acts may set those. Nothing moves between two
territories of one person, out of a territory that is vacant or no territory at all, or where there is no number. Only
months that may still change are touched: of a locked year those that a revision may change, else those not closed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from spm.money import ZERO
from spm.org import clock
from spm.org.choices import PeriodState
from spm.org.models import FiscalYear, Period
from targets import revisions
from targets.choices import Measure, PlanKind
from targets.goals import Goal, GoalModel, Holder, holder_of, of_person, of_territory
from targets.models import CompanyPlan, Quota, Target
from territories import move_shares
from territories.move_ground import Ground

type Cell = tuple[GoalModel, Holder, str, int]  # table, holder, measure, leaf period


@dataclass(frozen=True, slots=True)
class Number:
    """One holder and measure over the year: before and after; ``key`` of a person or a territory."""

    kind: str  # "quota" or "target"
    key: int
    measure: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class Numbers:
    """``plan`` None: the year has no numbers. ``first``: the first month that changes; None = nothing can."""

    year: FiscalYear | None = None
    plan: CompanyPlan | None = None
    first: Period | None = None
    effective: Period | None = None
    goals: Sequence[tuple[GoalModel, Goal]] = ()
    sums: Sequence[Number] = ()

    @property
    def is_late(self) -> bool:
        """Months between the effective day and the first that changes stay as they are."""
        return self.first is not None and self.effective is not None and self.first.pk != self.effective.pk


@dataclass
class _Sheet:
    """Numbers of the plan before, and what moves in each cell."""

    before: dict[Cell, Decimal]
    moved: dict[Cell, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    def give(self, model: GoalModel, giver: Holder, taker: Holder, cell: tuple[str, int], amount: Decimal) -> None:
        self.moved[model, giver, *cell] -= amount
        self.moved[model, taker, *cell] += amount


def read(  # what moves depends on all of it
    ground: Ground, moved: Mapping[int, int | None], to_land: int, currency: str, *, with_targets: bool
) -> Numbers:
    """``moved``: account → territory it comes from. A fixed number of queries."""
    year = ground.year
    plan = CompanyPlan.objects.filter(fiscal_year=year, kind=PlanKind.WORKING).first() if year else None
    if year is None or plan is None:
        return Numbers(year)
    plan.fiscal_year = year
    every = list(Period.objects.leaves().filter(fiscal_year=year).order_by("starts_on"))
    later = [leaf for leaf in every if leaf.ends_on >= ground.day]
    free = changeable(plan, later)
    ways = _ways(ground, moved, to_land, with_targets=with_targets)
    sheet = _Sheet(_stored(plan, {holder for way in ways for holder in way[1:3]}))
    for model, giver, taker, part in ways:
        for measure in Measure.values:
            for leaf in free:
                number = sheet.before.get((model, giver, measure, leaf.pk), ZERO)
                amount = move_shares.moved(number, part[measure], leaf, ground.day, currency)
                sheet.give(model, giver, taker, (measure, leaf.pk), amount)
    goals = [
        (cell[0], Goal(cell[1], cell[2], leaf, sheet.before.get(cell, ZERO) + amount))
        for cell, amount in sorted(sheet.moved.items(), key=_order)
        if amount
        for leaf in free
        if leaf.pk == cell[3]
    ]
    first = free[0] if free else None
    return Numbers(year, plan, first, later[0] if later else None, goals, _sums(sheet, ways))


def changeable(plan: CompanyPlan, leaves: Sequence[Period]) -> list[Period]:
    """Those of the months that may still change, in order."""
    if plan.locked_at is not None:
        return revisions.changeable(leaves, clock.day())
    return [leaf for leaf in leaves if leaf.state != PeriodState.CLOSED]


type _Way = tuple[GoalModel, Holder, Holder, dict[str, Fraction]]


def _ways(ground: Ground, moved: Mapping[int, int | None], to_land: int, *, with_targets: bool) -> list[_Way]:
    """Who gives which share of their number to whom, per measure."""
    taker = ground.owners.get(to_land)
    ways: list[_Way] = []
    by_person: dict[int, set[int]] = defaultdict(set)
    by_land: dict[int, set[int]] = defaultdict(set)
    for account, land in moved.items():
        owner = ground.owners.get(land) if land is not None else None
        if owner is not None and owner != taker:
            by_person[owner].add(account)
        if land is not None:
            by_land[land].add(account)
    potential = ground.potential

    def parts(accounts: set[int], every: frozenset[int]) -> dict[str, Fraction]:
        return {
            measure: move_shares.share(accounts, every, ground.sold[measure], potential) for measure in Measure.values
        }

    if taker is not None:
        for person, accounts in sorted(by_person.items()):
            every = ground.within(ground.held_by(person))
            ways.append((Quota, of_person(person), of_person(taker), parts(accounts, every)))
    for land, accounts in sorted(by_land.items()) if with_targets else ():
        ways.append((Target, of_territory(land), of_territory(to_land), parts(accounts, ground.within({land}))))
    return ways


def _stored(plan: CompanyPlan, holders: set[Holder]) -> dict[Cell, Decimal]:
    """What is in force; two queries."""
    keys: dict[str, set[Any]] = defaultdict(set)
    for holder in holders:
        keys[holder.column].add(holder.key)
    rows: list[Any] = list(Quota.objects.filter(plan=plan, person__in=keys["person_id"]))
    rows += Target.objects.filter(plan=plan, territory__in=keys["territory_id"]) if keys["territory_id"] else []
    return {(type(row), holder_of(row), row.measure, row.period_id): row.amount for row in rows}


def _sums(sheet: _Sheet, ways: Sequence[_Way]) -> list[Number]:
    """Over the year, of everybody who gives or takes and has a number."""
    found: dict[tuple[str, int, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    holders = {(model, holder) for model, giver, taker, _part in ways for holder in (giver, taker)}
    for (model, holder, measure, _leaf), amount in sheet.before.items():
        if (model, holder) in holders:
            found[_kind(model), int(holder.key), measure][0] += amount
    for (model, holder, measure, _leaf), amount in sheet.moved.items():
        if amount or (_kind(model), int(holder.key), measure) in found:
            found[_kind(model), int(holder.key), measure][1] += amount
    order = list(Measure.values)
    rows = sorted(found.items(), key=lambda row: (row[0][0], order.index(row[0][2]), row[0][1]))
    return [Number(*key, before, before + moved) for key, (before, moved) in rows]


def _kind(model: GoalModel) -> str:
    return "quota" if model is Quota else "target"


def _order(row: tuple[Cell, Decimal]) -> tuple[str, str, int, str, int]:
    model, holder, measure, leaf = row[0]
    return model.__name__, holder.column, int(holder.key), measure, leaf
