"""From leaf figures to what a row, a tile or a sentence says. Pure: amounts in company currency, one measure.

Ratios come from ``targets.measures`` and from nowhere else.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from spm.dashboards.periods import Leaf, Window
from targets import measures

ZERO = Decimal(0)
EARLY = Decimal("0.15")
"""Below this share of the period elapsed a pace says little (domain.md, Pace)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One holder in one leaf period. ``plan`` is the number given to the holder, ``quota`` what his people carry,
    ``effect`` the part of ``actual`` that came from rates of exchange other than the plan's.
    """

    actual: Decimal = ZERO
    overlay: Decimal = ZERO
    quota: Decimal | None = None
    plan: Decimal | None = None
    effect: Decimal = ZERO

    @property
    def own(self) -> Decimal:
        """What counts for the team as well: overlay credit is the person's alone."""
        return self.actual - self.overlay


type Cells = Mapping[int, Cell]
"""Leaf period → figures of one holder."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One holder over the window. None = there is none ("no quota"); ``before`` is the comparison to the same day."""

    actual: Decimal
    quota: Decimal | None
    expected: Decimal
    plan: Decimal | None
    plan_expected: Decimal
    before: Decimal | None
    recent: Decimal | None  # average of the last complete leaf periods, at most three
    months_left: Decimal
    days_left: int
    effect: Decimal = ZERO

    @property
    def at_plan_rates(self) -> Decimal:
        """The actual with lines in other currencies at the plan rates of their year."""
        return self.actual - self.effect

    @property
    def is_last_month(self) -> bool:
        """Less than one leaf period is left, so that an amount a month would say more than all there is to do."""
        return 0 < self.months_left < 1

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
        return measures.pace(self.actual, self.plan_expected)

    @property
    def plan_gap(self) -> Decimal | None:
        return measures.pace_gap(self.actual, self.plan_expected) if self.plan else None

    @property
    def over_assignment(self) -> Decimal | None:
        return measures.over_assignment(self.quota, self.plan)

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
        return self.actual / self.before - 1 if self.before is not None and self.before > 0 else None

    @property
    def is_empty(self) -> bool:
        return not self.actual and self.quota is None


def figures(cells: Cells, window: Window, before: Decimal | None = None) -> Figures:
    """Sum one holder's leaf figures over the window; ``before`` is given, since it needs days, not leaf periods."""
    inside = [(leaf, cells[leaf.pk]) for leaf in window.leaves if leaf.pk in cells]
    recent = [cells[leaf.pk].actual for leaf in window.recent if leaf.pk in cells]
    return Figures(
        actual=sum((cell.actual for _, cell in inside), ZERO),
        quota=total(cell.quota for _, cell in inside),
        expected=measures.expected_to_date((cell.quota, leaf.elapsed, leaf.days) for leaf, cell in inside),
        plan=total(cell.plan for _, cell in inside),
        plan_expected=measures.expected_to_date((cell.plan, leaf.elapsed, leaf.days) for leaf, cell in inside),
        before=before,
        recent=sum(recent, ZERO) / len(window.recent) if recent else None,
        months_left=months_left(window.leaves),
        days_left=sum(leaf.days - leaf.elapsed for leaf in window.leaves),
        effect=sum((cell.effect for _, cell in inside), ZERO),
    )


def months_left(leaves: Iterable[Leaf]) -> Decimal:
    """Leaf periods still to come, a fraction of the running one included."""
    return sum((1 - Decimal(leaf.elapsed) / leaf.days for leaf in leaves), ZERO)


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what there is; None when there is nothing at all."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


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
        one.actual + other.actual,
        one.overlay + other.overlay,
        total((one.quota, other.quota)),
        total((one.plan, other.plan)),
        one.effect + other.effect,
    )


def minus(one: Cells, other: Cells) -> dict[int, Cell]:
    """What is left of a sum when its known parts are taken away; a quota that cancels out is none."""
    left: dict[int, Cell] = {}
    for leaf, cell in one.items():
        part = other.get(leaf, Cell())
        quota = (cell.quota or ZERO) - (part.quota or ZERO)
        left[leaf] = Cell(cell.actual - part.own, ZERO, quota or None)
    return left


def only(cells: Cells, leaves: Collection[int]) -> dict[int, Cell]:
    return {leaf: cell for leaf, cell in cells.items() if leaf in leaves}


def share_of_quota(leaf: Leaf, cells: Cells) -> Decimal | None:
    """Actual of one leaf period ÷ its quota, the running one against what is expected to date."""
    cell = cells.get(leaf.pk)
    if cell is None or not cell.quota:
        return None
    return measures.pace(cell.actual, measures.expected_to_date([(cell.quota, leaf.elapsed, leaf.days)]))
