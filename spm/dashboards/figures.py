"""From leaf figures to what a row, a tile or a sentence says. Pure: amounts in company currency, one measure.

Ratios come from ``targets.measures`` and from nowhere else.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple, overload

from spm.dashboards.periods import Leaf, Window
from spm.money import from_units
from spm.ui.status import NOT_BEGUN, Status, Thresholds, status_of
from targets import measures

ZERO = Decimal(0)
EARLY = Decimal("0.15")
"""Below this share of the period elapsed a pace says little (domain.md, Pace)."""


class Cell(NamedTuple):
    """One holder in one leaf period, in whole ten-thousandths as stored: a page adds up tens of thousands of them.

    ``plan`` is the number given to the holder, ``quota`` what his people carry, ``effect`` the part of ``actual`` that
    came from rates of exchange other than the plan's. Whoever asks for an amount gets a Decimal.
    """

    actual_units: int = 0
    overlay_units: int = 0
    quota_units: int | None = None
    plan_units: int | None = None
    effect_units: int = 0

    @property
    def actual(self) -> Decimal:
        return from_units(self.actual_units)

    @property
    def overlay(self) -> Decimal:
        return from_units(self.overlay_units)

    @property
    def quota(self) -> Decimal | None:
        return amount_of(self.quota_units)

    @property
    def plan(self) -> Decimal | None:
        return amount_of(self.plan_units)

    @property
    def as_own(self) -> "Cell":
        """What counts for the team as well: overlay credit is the person's alone."""
        if not self.overlay_units and not self.effect_units:
            return self
        return Cell(self.actual_units - self.overlay_units, 0, self.quota_units, self.plan_units)

    def against(self, quota: Decimal | None, plan: Decimal | None) -> "Cell":
        """The same actual, measured against other goals."""
        return Cell(self.actual_units, self.overlay_units, units_of(quota), units_of(plan), self.effect_units)


@overload
def units_of(amount: Decimal) -> int: ...
@overload
def units_of(amount: Decimal | None) -> int | None: ...
def units_of(amount: Decimal | None) -> int | None:
    """Whole ten-thousandths; sums may be larger than one line (``spm.money.to_units``) holds."""
    return None if amount is None else int(amount.scaleb(4))


def amount_of(units: int | None) -> Decimal | None:
    return None if units is None else from_units(units)


type Cells = Mapping[int, Cell]
"""Leaf period → figures of one holder."""


class Planned(NamedTuple):
    """Of one holder, the leaf periods that have a plan alone: with no others a plan is compared."""

    actual: Decimal
    expected: Decimal  # of the quota


@dataclass(frozen=True, slots=True)
class Figures:
    """One holder over the window. None = there is none ("no quota").

    ``before`` is what it is compared with: an earlier period to the same day, or the plan to date. ``planned``: what of
    the actual, and of the quota expected, falls into leaf periods that have a plan, where some have none.
    """

    actual: Decimal
    quota: Decimal | None
    expected: Decimal
    plan: Decimal | None
    plan_expected: Decimal
    before: Decimal | None
    recent: Decimal | None  # average of the last complete leaf periods, at most three
    months_left: Decimal
    days_left: int  # after the clock's day: 0 on the last day too
    is_over: bool  # all of the quota was expected, and the pace is the attainment
    effect: Decimal = ZERO
    is_covered: bool = True  # plan and quotas stand in the same leaf periods
    planned: Planned | None = None  # None: every leaf period has a plan
    compared: Decimal | None = None  # laid beside ``before`` in place of the actual

    @property
    def at_plan_rates(self) -> Decimal:
        """The actual with lines in other currencies at the plan rates of their year."""
        return self.actual - self.effect

    @property
    def is_last_month(self) -> bool:
        """Less than one leaf period is left, so that an amount a month would say more than all there is to do."""
        return self.months_left < 1 and not self.is_over

    @property
    def lies_ahead(self) -> bool:
        """There is a quota, of which nothing is expected yet."""
        return bool(self.quota) and self.pace is None and not self.is_over

    @property
    def attainment(self) -> Decimal | None:
        return measures.attainment(self.actual, self.quota)

    @property
    def pace(self) -> Decimal | None:
        return measures.pace(self.actual, self.expected)

    @property
    def gap(self) -> Decimal | None:
        """Behind is negative; None without a quota."""
        return measures.pace_gap(self.actual, self.expected) if self.quota else None

    @property
    def plan_pace(self) -> Decimal | None:
        return measures.pace(self.beside_plan.actual, self.plan_expected)

    @property
    def plan_gap(self) -> Decimal | None:
        return measures.pace_gap(self.beside_plan.actual, self.plan_expected) if self.plan else None

    @property
    def beside_plan(self) -> Planned:
        """What may be compared with the plan."""
        return self.planned or Planned(self.actual, self.expected)

    @property
    def over_assignment(self) -> Decimal | None:
        """None too where the sums are not of the same leaf periods, so that one is no part of the other."""
        return measures.over_assignment(self.quota, self.plan) if self.is_covered else None

    @property
    def to_go(self) -> Decimal | None:
        return measures.to_go(self.actual, self.quota)

    @property
    def needed(self) -> Decimal | None:
        return measures.needed_per_month(self.to_go, self.months_left)

    @property
    def elapsed(self) -> Decimal | None:
        """Season-weighted share of the window that has passed."""
        return measures.share_elapsed(self.expected, self.quota)

    @property
    def run_rate(self) -> Decimal | None:
        return measures.run_rate(self.actual, self.elapsed)

    @property
    def is_early(self) -> bool:
        return self.elapsed is not None and self.elapsed < EARLY

    @property
    def growth(self) -> Decimal | None:
        """Against the comparison to the same day: Decimal("0.07") is 7 % more. None where that was nothing or less."""
        compared = self.actual if self.compared is None else self.compared
        return compared / self.before - 1 if self.before is not None and self.before > 0 else None

    @property
    def is_empty(self) -> bool:
        return not self.actual and self.quota is None


class Adder:
    """Sums of leaf figures over one window, for any number of holders; what does not depend on them is known before."""

    def __init__(self, window: Window) -> None:
        self._over = [leaf.pk for leaf in window.leaves if leaf.over]
        self._others = [leaf.pk for leaf in window.leaves if not leaf.over]
        self._running = [leaf for leaf in window.leaves if leaf.begun and not leaf.over]
        self._recent = [leaf.pk for leaf in window.recent]
        self._months_left = months_left(window.leaves)
        self._days_left = sum(leaf.days - leaf.elapsed for leaf in window.leaves)
        self._is_over = all(leaf.over for leaf in window.leaves)

    def figures(self, cells: Cells, before: Decimal | None = None) -> Figures:
        """One holder; ``before`` is given, since it needs days, not leaf periods."""
        over = [cells[key] for key in self._over if key in cells]
        inside = over + [cells[key] for key in self._others if key in cells]
        recent = [cells[key].actual_units for key in self._recent if key in cells]
        quota = total_units([cell.quota_units for cell in inside])
        running = [(cells[leaf.pk], leaf) for leaf in self._running if leaf.pk in cells]
        expected = _quota_by_now(over, running)
        plan, plan_expected, is_covered = quota, expected, True
        if any([cell.plan_units != cell.quota_units for cell in inside]):  # a person's are one
            plan = total_units([cell.plan_units for cell in inside])
            is_covered = all([(cell.plan_units is None) == (cell.quota_units is None) for cell in inside])
            plan_over = sum([cell.plan_units or 0 for cell in over])
            plan_expected = _expected(plan_over, [(cell.plan, leaf) for cell, leaf in running])
        planned = None
        if any([cell.plan_units is None for cell in inside]):
            planned = _planned(inside, over, running)
        return Figures(
            actual=from_units(sum([cell.actual_units for cell in inside])),
            quota=amount_of(quota),
            expected=expected,
            plan=amount_of(plan),
            plan_expected=plan_expected,
            before=before,
            recent=from_units(sum(recent)) / len(self._recent) if recent else None,
            months_left=self._months_left,
            days_left=self._days_left,
            is_over=self._is_over,
            effect=from_units(sum([cell.effect_units for cell in inside])),
            is_covered=is_covered,
            planned=planned,
        )


def _planned(inside: Iterable[Cell], over: Iterable[Cell], running: Iterable[tuple[Cell, Leaf]]) -> Planned:
    """The same sums over the leaf periods that have a plan."""
    return Planned(
        from_units(sum([cell.actual_units for cell in inside if cell.plan_units is not None])),
        _quota_by_now(
            [cell for cell in over if cell.plan_units is not None],
            [(cell, leaf) for cell, leaf in running if cell.plan_units is not None],
        ),
    )


def _quota_by_now(over: Iterable[Cell], running: Iterable[tuple[Cell, Leaf]]) -> Decimal:
    return _expected(sum([cell.quota_units or 0 for cell in over]), [(cell.quota, leaf) for cell, leaf in running])


def _expected(over: int, running: Sequence[tuple[Decimal | None, Leaf]]) -> Decimal:
    """Of leaf periods that are over all of their quota, of the running one its part, of those to come nothing."""
    parts = [(quota, leaf.elapsed, leaf.days) for quota, leaf in running]
    return measures.expected_to_date([(from_units(over), 1, 1), *parts])


def figures(cells: Cells, window: Window, before: Decimal | None = None) -> Figures:
    """Sum one holder's leaf figures over the window."""
    return Adder(window).figures(cells, before)


def standing(at: Figures, company: Thresholds) -> Status:
    """The status of one holder; a quota that lies ahead is neither kept nor missed, and is no lack of one."""
    return NOT_BEGUN if at.lies_ahead else status_of(at.pace, company)


def beside_plan(at: Figures, *, of_person: bool) -> Figures:
    """Compared with the plan to date in place of an earlier period, in the leaf periods that have one.

    The plan of a person is the quota, against which everything counts that is credited, as pace does.
    """
    compared = None if of_person or at.planned is None else at.planned.actual
    return replace(at, before=at.plan_expected if at.plan else None, compared=compared)


def months_left(leaves: Iterable[Leaf]) -> Decimal:
    """Leaf periods still to come, a fraction of the running one included."""
    return sum((1 - Decimal(leaf.elapsed) / leaf.days for leaf in leaves), ZERO)


def total_units(amounts: Iterable[int | None]) -> int | None:
    """The sum of what there is, in whole ten-thousandths; None when there is nothing at all."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def add(many: Iterable[Cells]) -> dict[int, Cell]:
    """The sum of several holders, leaf period by leaf period."""
    added: dict[int, Cell] = {}
    for cells in many:
        for leaf, cell in cells.items():
            known = added.get(leaf)
            added[leaf] = cell if known is None else plus(known, cell)
    return added


def plus(one: Cell, other: Cell) -> Cell:
    return Cell(
        one.actual_units + other.actual_units,
        one.overlay_units + other.overlay_units,
        total_units((one.quota_units, other.quota_units)),
        total_units((one.plan_units, other.plan_units)),
        one.effect_units + other.effect_units,
    )


def minus(one: Cells, other: Cells) -> dict[int, Cell]:
    """What is left of a sum without its known parts, overlay credit left out; a quota that cancels out is none."""
    left: dict[int, Cell] = {}
    for leaf, cell in one.items():
        part = other.get(leaf, Cell()).as_own
        quota = (cell.quota_units or 0) - (part.quota_units or 0)
        left[leaf] = Cell(cell.actual_units - part.actual_units, 0, quota or None)
    return left


def only(cells: Cells, leaves: Collection[int]) -> dict[int, Cell]:
    return {leaf: cell for leaf, cell in cells.items() if leaf in leaves}


def share_of_quota(leaf: Leaf, cells: Cells) -> Decimal | None:
    """Actual of one leaf period ÷ its quota, the running one against what is expected to date.

    A ratio of units is that of the amounts; a page asks for two thousand of them.
    """
    cell = cells.get(leaf.pk)
    if cell is None or not cell.quota_units:
        return None
    quota = Decimal(cell.quota_units)
    expected = quota if leaf.over else measures.expected_to_date([(quota, leaf.elapsed, leaf.days)])
    return measures.pace(Decimal(cell.actual_units), expected)
