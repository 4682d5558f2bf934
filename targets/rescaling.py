"""The mathematics of what-if, pure: numbers that stand are scaled, and what hung together still does.

Amounts are whole minor units; a *matrix* is one row per holder, one column per leaf period. Scaling keeps the
proportions, so that seasons, ramps and the over-assignment of every node stay, and rounds by largest remainder: rows
and columns add up to what was asked for, exactly. Rules: domain.md, Rounding and Over-assignment.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import lcm

from spm.money import split
from targets.spreading import HELD_TOO_MUCH, NO_WEIGHT, CannotSpread, percent_of

type Matrix = list[list[int]]


@dataclass(frozen=True, slots=True)
class Branch:
    """A number and those below it. ``stays``: nobody may change it, as one's own quota.

    ``held``: leaf index → the number it has afterwards, whatever becomes of those beside it (``prorate`` alone).
    """

    key: Hashable
    leaves: tuple[int, ...]
    children: tuple["Branch", ...] = ()
    stays: bool = False
    held: Mapping[int, int] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        return sum(self.leaves)


def times(amount: int, factor: Fraction) -> int:
    """``amount × factor`` to the whole minor unit, half to even."""
    return round(amount * factor)


def row(leaves: Sequence[int], total: int) -> list[int]:
    """One holder's numbers in the same proportions, with another sum. Raises ValueError where all are zero."""
    return split(total, leaves) if total else [0] * len(leaves)


def columns(rows: Sequence[Sequence[int]], totals: Sequence[int]) -> Matrix:
    """The matrix in the proportions of each column, with these sums of columns; a column of zeros goes by row."""
    years = [sum(one) for one in rows]
    found = []
    for column, total in zip(zip(*rows, strict=True), totals, strict=True):
        weights = column if any(column) else years if any(years) else [1] * len(rows)
        found.append(split(total, weights) if total else [0] * len(rows))
    return [list(one) for one in zip(*found, strict=True)]


def fit(
    rows: Sequence[Sequence[int]], years: Sequence[int], totals: Sequence[int], *, keeps_zeros: bool = False
) -> Matrix:
    """The matrix in the same proportions with exactly these sums of rows and of columns, which have one sum.

    Each column is split first; the few minor units by which rows then miss their sums move within a column. With
    ``keeps_zeros`` a cell that was 0 stays so; where that leaves no way, a row misses its sum by what is left.
    """
    if sum(years) != sum(totals):
        raise ValueError(f"rows sum to {sum(years)}, columns to {sum(totals)}")
    found = columns(rows, totals)
    missing = [year - sum(one) for year, one in zip(years, found, strict=True)]
    for giver in range(len(found)):
        for taker in range(len(found)):
            while missing[giver] < 0 < missing[taker]:
                j = _column_to_give(found[giver], rows[taker])
                if keeps_zeros and not (rows[taker][j] and found[giver][j]):
                    break
                moved = min(-missing[giver], missing[taker], found[giver][j])
                found[giver][j] -= moved
                found[taker][j] += moved
                missing[giver] += moved
                missing[taker] -= moved
    return found


def _column_to_give(giver: Sequence[int], taker: Sequence[int]) -> int:
    """Where the giver has something, if possible where the taker has too: who is absent gets nothing."""
    return max(range(len(giver)), key=lambda j: (giver[j] > 0, taker[j] > 0, giver[j], -j))


def rescale(
    node: Branch, leaves: Sequence[int], factor: Fraction, over: Mapping[Hashable, Decimal]
) -> dict[Hashable, list[int]]:
    """The new numbers of a node and of everything below it, by key.

    ``leaves``: the node's own new number. What stands below is multiplied by ``factor``; below a node of ``over`` the
    children get that percent more than the node instead. Raises CannotSpread where there is nothing to scale.
    """
    found: dict[Hashable, list[int]] = {node.key: list(leaves)}
    waiting = [(node, list(leaves), factor)]
    while waiting:
        parent, own, by = waiting.pop()
        free = [child for child in parent.children if not child.stays]
        before = sum(child.amount for child in free)
        total = times(before, by)
        if parent.key in over:
            total = _with_over(parent, sum(own), over[parent.key])
            if total and not before:
                raise CannotSpread(parent.key, NO_WEIGHT)
            by = Fraction(total, before) if before else by
        if not before:
            continue
        rows = [child.leaves for child in free]
        sums = [sum(column) for column in zip(*rows, strict=True)]
        matrix = fit(rows, split(total, [child.amount for child in free]), split(total, sums))
        for child, new in zip(free, matrix, strict=True):
            found[child.key] = new
            waiting.append((child, new, by))
    return found


def prorate(node: Branch, leaves: Sequence[int]) -> dict[Hashable, list[int]]:
    """The new numbers of everything below a node whose own number becomes ``leaves``, the node included, by key.

    In each leaf period that changes, what stands below keeps its proportion to the number above it, so that seasons,
    ramps and over-assignments stay; cells that are held are left out and the others share the rest, in their own
    proportions. A leaf period that does not change moves nothing below, nor does one where nobody may move. Raises
    CannotSpread where the held numbers are more than there is to spread.
    """
    found: dict[Hashable, list[int]] = {node.key: list(leaves)}
    waiting = [(node, list(leaves))]
    while waiting:
        parent, own = waiting.pop()
        if parent.children:
            for child, row_of_child in zip(parent.children, _prorated(parent, own), strict=True):
                found[child.key] = row_of_child
                waiting.append((child, row_of_child))
    return found


def _prorated(parent: Branch, own: Sequence[int]) -> Matrix:
    """A row per child. ``own``: the new number of the parent. Where nobody may move, nothing does."""
    held = [dict(enumerate(child.leaves)) if child.stays else child.held for child in parent.children]
    both = list(zip(parent.children, held, strict=True))
    found = [[fixed.get(j, amount) for j, amount in enumerate(child.leaves)] for child, fixed in both]
    moving = [j for j, (before, after) in enumerate(zip(parent.leaves, own, strict=True)) if before != after]
    free = [[0 if j in fixed else child.leaves[j] for j in moving] for child, fixed in both]
    years = [sum(one) for one in free]
    if not any(years):
        return found
    wanted = _in_proportion(parent, own, moving)
    taken = [sum(fixed.get(j, 0) for fixed in held) for j in moving]
    totals = _beside_held(parent.key, free, [whole - stays for whole, stays in zip(wanted, taken, strict=True)])
    matrix = fit(free, split(sum(totals), years), totals, keeps_zeros=True)
    for new, child_row, fixed in zip(matrix, found, held, strict=True):
        for amount, j in zip(new, moving, strict=True):
            child_row[j] = fixed.get(j, amount)
    return found


def _in_proportion(parent: Branch, own: Sequence[int], moving: Sequence[int]) -> list[int]:
    """What stands below in each of these leaf periods, as the number above changes; whole numbers, of a whole sum."""
    exact = []
    for j in moving:
        below, before = sum(child.leaves[j] for child in parent.children), parent.leaves[j]
        exact.append(Fraction(below * own[j], before) if before else Fraction(own[j]))
    total, common = round(sum(exact, Fraction(0))), lcm(*(one.denominator for one in exact))
    return split(total, [int(one * common) for one in exact]) if total else [0] * len(exact)


def _beside_held(key: Hashable, free: Sequence[Sequence[int]], left: Sequence[int]) -> list[int]:
    """What the free cells share, per column; by their present numbers where a column cannot take its part."""
    now, rest = [sum(column) for column in zip(*free, strict=True)], sum(left)
    if rest < 0:
        raise CannotSpread(key, HELD_TOO_MUCH)
    if any(amount < 0 or (amount and not present) for amount, present in zip(left, now, strict=True)):
        return split(rest, now)
    return list(left)


def _with_over(parent: Branch, own: int, percent: Decimal) -> int:
    """What the children that may change get together."""
    stays = sum(child.amount for child in parent.children if child.stays)
    total = own + percent_of(own, percent) - stays
    if total < 0:
        raise CannotSpread(parent.key, HELD_TOO_MUCH)
    return total
