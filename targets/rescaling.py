"""The mathematics of what-if, pure: numbers that stand are scaled, and what hung together still does.

Amounts are whole minor units; a *matrix* is one row per holder, one column per leaf period. Scaling keeps the
proportions, so that seasons, ramps and the over-assignment of every node stay, and rounds by largest remainder: rows
and columns add up to what was asked for, exactly. Rules: domain.md, Rounding and Over-assignment.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from spm.money import split
from targets.spreading import HELD_TOO_MUCH, NO_WEIGHT, CannotSpread, percent_of

type Matrix = list[list[int]]


@dataclass(frozen=True, slots=True)
class Branch:
    """A number and those below it. ``stays``: nobody may change it, as one's own quota."""

    key: Hashable
    leaves: tuple[int, ...]
    children: tuple["Branch", ...] = ()
    stays: bool = False

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


def fit(rows: Sequence[Sequence[int]], years: Sequence[int], totals: Sequence[int]) -> Matrix:
    """The matrix in the same proportions with exactly these sums of rows and of columns, which have one sum.

    Each column is split first; the few minor units by which rows then miss their sums move within a column.
    """
    if sum(years) != sum(totals):
        raise ValueError(f"rows sum to {sum(years)}, columns to {sum(totals)}")
    found = columns(rows, totals)
    missing = [year - sum(one) for year, one in zip(years, found, strict=True)]
    for giver in range(len(found)):
        for taker in range(len(found)):
            while missing[giver] < 0 < missing[taker]:
                j = _column_to_give(found[giver], rows[taker])
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


def _with_over(parent: Branch, own: int, percent: Decimal) -> int:
    """What the children that may change get together."""
    stays = sum(child.amount for child in parent.children if child.stays)
    total = own + percent_of(own, percent) - stays
    if total < 0:
        raise CannotSpread(parent.key, HELD_TOO_MUCH)
    return total
