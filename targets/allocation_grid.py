"""What an allocation grid shows: the number to allocate, and a row per team and person with its cells and cautions.

Frozen dataclasses: a template that has one can run no query. Amounts in company currency, ratios as Decimals (0.08 =
8 %), None = no number. Rows stand in the order of the page: a team, its people by name, its teams by name.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.utils.translation import ngettext

from spm.money import ZERO, total
from spm.org.choices import PeriodState
from spm.org.models import Period
from spm.org.scopes import Scope
from targets import cautions, judged, last_year, measures
from targets.allocation_facts import Facts
from targets.cautions import Caution
from targets.goals import Holder, of_person, of_team
from targets.grid_cells import Cell
from targets.lacking import Lacking, lacking
from targets.last_year import LastYear
from targets.models import CompanyPlan
from targets.spreading import Capacity

MAX_ROWS = 60
"""Teams below the one shown are folded to one row each where all of them would be more rows than this."""
REST = "rest"

type Leaves = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A team or a person. ``amount`` of a team is its target, or without one the sum of what stands below.

    ``below``: sum one level down, ``over``: that ÷ ``amount`` − 1, ``quotas``: the quotas of all people below.
    ``lacking``: who below has no number yet. ``capacity``: share of a full year carried (ramp, part of a year);
    ``lost``: what that leaves uncovered.
    """

    holder: Holder
    name: str
    depth: int
    is_team: bool
    is_open: bool  # of a team: its rows follow
    year: Cell
    cells: tuple[Cell, ...]
    last_year: LastYear | None
    potential: Decimal | None
    growth: Decimal | None
    margin_rate: Decimal | None
    capacity: Decimal | None
    lost: Decimal
    below: Decimal | None
    over: Decimal | None
    lacking: Lacking
    is_half_made: bool  # ``over`` says no more than that people have no number yet
    quotas: Decimal
    proposal: Decimal | None
    proposal_note: str
    difference: Decimal | None  # proposal − amount
    cautions: tuple[Caution, ...]
    can_edit: bool
    can_spread: bool

    @property
    def amount(self) -> Decimal | None:
        return self.year.amount

    @property
    def is_rest(self) -> bool:
        """Whether it stands for all those whom the viewer does not see."""
        return self.holder.column == REST

    @property
    def indent(self) -> int:
        """How far the name stands to the right."""
        return min(self.depth, 6)


@dataclass(frozen=True, slots=True)
class Totals:
    """The bar above the grid. ``allocated``: the quotas of all people below in what is planned, ``quotas``: in
    the year; ``over``: of the former against ``to_allocate``.
    """

    to_allocate: Decimal | None
    allocated: Decimal
    quotas: Decimal
    lost: Decimal
    over: Decimal | None
    lacking: Lacking  # who of all people below has no number yet
    margin_rate: Decimal | None  # of all people below; None where the viewer does not see all of them
    over_min: Decimal
    over_max: Decimal
    in_policy: bool
    blocks: bool
    is_partial: bool  # only the leaf periods that are planned count in what is allocated

    @property
    def is_half_made(self) -> bool:
        """Whether ``over`` says no more than that people have no number yet."""
        return self.to_allocate is not None and self.lacking.explains(self.over, self.over_min)

    @property
    def remaining(self) -> Decimal | None:
        return None if self.to_allocate is None else self.to_allocate - self.allocated


@dataclass(frozen=True, slots=True)
class AllocationGrid:
    """One measure of one version of the plan, for the company (``team`` None) or one team.

    ``revision`` goes back with every write as ``seen``. ``columns``: the periods across; ``totals_by_column``: the
    quotas of all people below, per column.
    """

    year: str
    before: str
    measure: str
    currency: str
    team: int | None
    team_name: str
    path: tuple[tuple[int, str], ...]  # teams above the one shown, from the top
    columns: tuple[Period, ...]
    totals: Totals
    totals_by_column: tuple[Decimal, ...]
    rows: tuple[Row, ...]
    cautions: tuple[Caution, ...]
    revision: int
    is_open: bool  # numbers may be changed
    can_spread: bool
    plan: CompanyPlan
    leaves: tuple[tuple[int, ...], ...]  # of each column
    more: bool = False  # further rows stand on the next page


@dataclass(frozen=True)
class Rights:
    """What the viewer may set, worked out once for the whole grid."""

    people: Collection[int]
    teams: Collection[int]
    spreads: Collection[int]

    def may_set(self, holder: Holder) -> bool:
        return holder.key in (self.teams if holder.column == "team_id" else self.people)


class Sheet:
    """Rows and totals from facts: of people and teams within ``scope``; None is everybody's.

    Numbers add up by the teams of the year; who is named is of today. All others of a team are one row, a sum.
    """

    def __init__(self, facts: Facts, columns: Sequence[Period], scope: Scope | None = None) -> None:
        self.facts, self.columns, self.scope = facts, tuple(columns), scope
        calendar = facts.calendar
        self.leaves = {period.pk: [leaf.pk for leaf in calendar.leaves_in(period)] for period in self.columns}
        self.leaves[calendar.year.pk] = [leaf.pk for leaf in calendar.leaves]
        self._year = tuple(self.leaves[calendar.year.pk])
        self._states = {leaf.pk: leaf.state for leaf in calendar.leaves}
        self._sums: dict[tuple[int | None, Leaves], Decimal | None] = {}  # → the sum one level down
        self._carried: dict[Capacity, Decimal | None] = {}
        self._lost = {person: self._lost_of(person) for person in facts.home}

    def amount(self, holder: Holder, period: Period) -> Decimal | None:
        """The number of a holder for a period; of a team what stands below where it has no target (``judged``)."""
        return self._amount(holder, tuple(self.leaves[period.pk]))

    def _amount(self, holder: Holder, leaves: Leaves) -> Decimal | None:
        if holder.column == "person_id" and leaves == self._year:
            return self.facts.amount(holder)
        own, rest = judged.split(self.facts.given.get(holder, {}), leaves)
        below = self._below(int(holder.key), tuple(rest)) if rest and holder.column == "team_id" else None
        return total([*own, below])

    def below(self, team: int | None, period: Period) -> Decimal | None:
        """The sum one level down."""
        return self._below(team, tuple(self.leaves[period.pk]))

    def _below(self, team: int | None, leaves: Leaves) -> Decimal | None:
        if (team, leaves) not in self._sums:
            self._sums[team, leaves] = total([self._amount(holder, leaves) for holder in self.facts.below(team)])
        return self._sums[team, leaves]

    def _sum(self, holders: Sequence[Holder], period: Period) -> Decimal | None:
        return total(self.amount(holder, period) for holder in holders)

    def quotas(self, people: Collection[int], period: Period) -> Decimal:
        if period is self.facts.calendar.year:
            return sum([self.facts.amount(of_person(pk)) or ZERO for pk in people], ZERO)
        return self._quotas(people, self.leaves[period.pk])

    def _quotas(self, people: Collection[int], leaves: Collection[int]) -> Decimal:
        given = [self.facts.given.get(of_person(pk), {}) for pk in people]
        return sum([own[leaf] for own in given for leaf in leaves if leaf in own], ZERO)

    def _lost_of(self, person: int) -> Decimal:
        """What a full number would be more than the quota, by the capacity of the year."""
        share, amount = self.capacity(person), self.facts.amount(of_person(person))
        if not share or not amount or share == 1:
            return ZERO
        return (amount / share - amount).quantize(self.facts.coin)

    def _lost_of_all(self, people: Collection[int]) -> Decimal:
        return sum([self._lost.get(person, ZERO) for person in people if self.sees(of_person(person))], ZERO)

    def capacity(self, person: int) -> Decimal | None:
        """The share of a full year somebody carries: by season, or by days where the policy says so."""
        found = self.facts.capacity.get(person)
        if found is None or found.whole is not None:
            return found.whole if found else None
        if found not in self._carried:
            self._carried[found] = self._by_season(found)
        return self._carried[found]

    def _by_season(self, found: Capacity) -> Decimal | None:
        season = self.facts.calendar.season
        whole = sum(season, ZERO)
        carried = sum((weight * share for weight, share in zip(season, found.shares, strict=True)), ZERO)
        return carried / whole if whole else None

    def to_allocate(self, team: int | None) -> Decimal | None:
        """The company's plan, or the number of a team that was given one."""
        if team is None:
            return total(self.facts.lines.values())
        return self.amount(of_team(team), self.facts.calendar.year) if self.facts.given.get(of_team(team)) else None

    def planned(self, team: int | None) -> Leaves:
        """The leaf periods in which there is a number to allocate: of the company those of its plan."""
        leaves = self.leaves[self.facts.calendar.year.pk]
        lines = self.facts.lines
        return tuple(leaf for leaf in leaves if leaf in lines) if team is None and lines else tuple(leaves)

    def over_of_company(self) -> Decimal | None:
        """What root teams and people without a team were given, against the company's plan."""
        return measures.over_assignment(self._below(None, self.planned(None)), self.to_allocate(None))

    def totals(self, team: int | None) -> Totals:
        people, limits, leaves = self.facts.people_below(team), self.facts.limits, self.planned(team)
        given, allocated = self.to_allocate(team), self._quotas(people, leaves)
        over = measures.over_assignment(allocated, given)
        return Totals(
            to_allocate=given,
            allocated=allocated,
            quotas=self.quotas(people, self.facts.calendar.year),
            lost=self._lost_of_all(people),
            over=over,
            lacking=self.lacking(people),
            margin_rate=self._margin_rate(self._told(people)),
            over_min=limits.over_min / cautions.HUNDRED,
            over_max=limits.over_max / cautions.HUNDRED,
            in_policy=limits.allows(over),
            blocks=limits.blocks,
            is_partial=len(leaves) < len(self.facts.calendar.leaves),
        )

    def lacking(self, people: Collection[int]) -> Lacking:
        """Who of them has no number yet, of those who are there in the year."""
        numbered = {pk for pk in people if self.facts.given.get(of_person(pk))}
        return lacking({pk for pk in people if pk in numbered or self.capacity(pk) != 0}, self._leads, numbered)

    @cached_property
    def _leads(self) -> set[int]:
        return set(self.facts.tree.lead.values())

    def rows(self, team: int | None, rights: Rights, depth: int = 0, *, all_open: bool) -> Iterator[Row]:
        """What stands below a team, teams with what stands below them where ``all_open``."""
        seen: list[Holder] = []
        unseen: list[Holder] = []
        for holder in self._in_order(self.facts.below(team)):
            (seen if self.sees(holder) else unseen).append(holder)
        for holder in seen:
            yield self.row(holder, rights, depth, is_open=all_open)
            if all_open and holder.column == "team_id":
                yield from self.rows(int(holder.key), rights, depth + 1, all_open=True)
        if any(self._people_of(holder) for holder in unseen) or self._sum(unseen, self.facts.calendar.year):
            yield self._remainder(team, unseen, depth)

    def sees(self, holder: Holder) -> bool:
        """Whether the viewer may know the number of this person or team."""
        if self.scope is None or self.scope.people is None:
            return True
        return holder.key in (self.scope.leads if holder.column == "team_id" else self.scope.people)

    def _remainder(self, team: int | None, holders: Sequence[Holder], depth: int) -> Row:
        """One row for all below a team whom the viewer does not see: their sum, and how many people they are."""
        rest, year = Holder(REST, team or 0), self.facts.calendar.year
        people = {person for holder in holders for person in self._people_of(holder)}
        cells = [
            Cell(rest, self.facts.measure, period, self._sum(holders, period), False, False, False)  # noqa: FBT003  # not held, closed, editable
            for period in (year, *self.columns)
        ]
        return Row(
            holder=rest,
            name=ngettext("%(n)s person whom you do not see", "%(n)s people whom you do not see", len(people))
            % {"n": len(people)},
            depth=depth,
            is_team=False,
            is_open=False,
            year=cells[0],
            cells=tuple(cells[1:]),
            last_year=None,
            potential=None,
            growth=None,
            margin_rate=None,
            capacity=None,
            lost=ZERO,
            below=None,
            over=None,
            lacking=Lacking(),
            is_half_made=False,
            quotas=self.quotas(people, year),
            proposal=None,
            proposal_note="",
            difference=None,
            cautions=(),
            can_edit=False,
            can_spread=False,
        )

    def _told(self, people: set[int]) -> set[int]:
        """With somebody among them whom the viewer does not see, a sum would tell what the others leave of it."""
        return people if all(self.sees(of_person(pk)) for pk in people) else set()

    def _people_of(self, holder: Holder) -> set[int]:
        return self.facts.people_below(int(holder.key)) if holder.column == "team_id" else {int(holder.key)}

    def row(self, holder: Holder, rights: Rights, depth: int, *, is_open: bool) -> Row:
        is_team, key = holder.column == "team_id", int(holder.key)
        people, year = self._people_of(holder), self.facts.calendar.year
        told = self._told(people)
        # Who left is told in the sum of the team alone, as its performance page does.
        last = self._last_year(told | self.facts.left_below(key) if is_team and told else told)
        potential = self._potential(told)
        amount = self.amount(holder, year)
        below = self.below(key, year) if is_team else None
        over = measures.over_assignment(below, amount) if is_team and self.facts.given.get(holder) else None
        without = self.lacking(people) if is_team else Lacking()
        proposal, note = self.facts.proposals.get(holder, (None, ""))
        can_edit = rights.may_set(holder)
        said = cautions.of_number(self.facts.limits, amount, last if not is_team else None, potential)
        return Row(
            holder=holder,
            name=self._name(holder),
            depth=depth,
            is_team=is_team,
            is_open=is_team and is_open,
            year=self._cell(holder, year, can_edit=can_edit),
            cells=tuple(self._cell(holder, period, can_edit=can_edit) for period in self.columns),
            last_year=last,
            potential=potential,
            growth=cautions.growth(amount, last.adjusted) if last else None,
            margin_rate=self._margin_rate(told),
            capacity=None if is_team else self.capacity(key),
            lost=self._lost_of_all(people),
            below=below,
            over=over,
            lacking=without,
            is_half_made=without.explains(over, self.facts.limits.least),
            quotas=self.quotas(people, year),
            proposal=proposal,
            proposal_note=note,
            difference=None if proposal is None else proposal - (amount or ZERO),
            cautions=(*said, *cautions.of_over(self.facts.limits, over, without)),
            can_edit=can_edit,
            can_spread=is_team and key in rights.spreads,
        )

    def _cell(self, holder: Holder, period: Period, *, can_edit: bool) -> Cell:
        leaves = self.leaves[period.pk]
        closed = all(self._states[leaf] == PeriodState.CLOSED for leaf in leaves)
        held = self.facts.held.get(holder, frozenset()).issuperset(leaves)
        return Cell(
            holder, self.facts.measure, period, self.amount(holder, period), held, closed, can_edit and not closed
        )

    def _in_order(self, holders: Sequence[Holder]) -> list[Holder]:
        return sorted(holders, key=lambda holder: (holder.column, self._name(holder), holder.key))

    def _name(self, holder: Holder) -> str:
        names = self.facts.team_names if holder.column == "team_id" else self.facts.people
        return names.get(int(holder.key), "")

    def _last_year(self, people: Collection[int]) -> LastYear | None:
        return last_year.together(self.facts.last.get(person) for person in people)

    def _potential(self, people: Collection[int]) -> Decimal | None:
        known = [self.facts.potential[person] for person in people if person in self.facts.potential]
        return sum(known, ZERO) if known else None

    def _margin_rate(self, people: Collection[int]) -> Decimal | None:
        both = [self.facts.margins[person] for person in people if person in self.facts.margins]
        return measures.margin_rate(sum((one[0] for one in both), ZERO), sum((one[1] for one in both), ZERO))
