"""The mathematics of allocation, pure: a total down a tree and over the periods of a year, in whole minor units.

All amounts are integers of the currency's minor unit. At every node and in every leaf period

    sum of the children + lost capacity = amount of the node + over-assignment

to the minor unit. Largest remainder, ties by the smallest key, so callers sort children by key. Rules: domain.md,
Rounding, Over-assignment, Ramp.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from spm.money import split

HUNDRED = Decimal(100)

type Key = Hashable


class CannotSpread(ValueError):
    """The numbers do not allow it. ``key`` is the node concerned, ``reason`` one of the constants below."""

    def __init__(self, key: Key, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key, self.reason = key, reason


HELD_TOO_MUCH = "held numbers are more than the total"
HELD_TOO_LITTLE = "every number is held and they are less than the total"
NO_WEIGHT = "nobody has a weight"
NEGATIVE = "the total is negative"


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much of a full number somebody can carry: new hires, joiners and leavers.

    ``shares``: 0 to 1 per leaf period. ``whole``: the share of the whole year where the policy counts days; None:
    each leaf period loses what it loses, so the season weighs.
    """

    shares: tuple[Decimal, ...]
    whole: Decimal | None = None

    @property
    def is_full(self) -> bool:
        return all(share == 1 for share in self.shares)


@dataclass(frozen=True, slots=True)
class Node:
    """A person (no children) or a team. ``held``: leaf index → the number that stays.

    ``over_percent``: how much more than its own amount a node gives to its children.
    """

    key: Key
    weight: Decimal = Decimal(0)
    held: dict[int, int] = field(default_factory=dict)
    over_percent: Decimal = Decimal(0)
    capacity: Capacity | None = None
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Allotment:
    """What a node gets per leaf period. ``lost``: what its capacity leaves uncovered of the full number.

    ``over``: what its children get beyond its own amount, lost capacity included.
    """

    leaves: tuple[int, ...]
    lost: tuple[int, ...]
    over: tuple[int, ...] = ()

    @property
    def amount(self) -> int:
        return sum(self.leaves)

    @property
    def full(self) -> tuple[int, ...]:
        return tuple(got + lost for got, lost in zip(self.leaves, self.lost, strict=True))


def allot(node: Node, leaves: Sequence[int], season: Sequence[Decimal | int]) -> dict[Key, Allotment]:
    """Spread the node's ``leaves`` down to every node below; the node itself included. Raises CannotSpread."""
    found: dict[Key, Allotment] = {}
    waiting = [(node, tuple(leaves))]
    while waiting:
        parent, own = waiting.pop()
        full = _children(parent, own, season)
        for child, row in full:
            waiting.append((child, row))
        given = [sum(column) for column in zip(*[row for _child, row in full], strict=True)] if full else list(own)
        over = tuple(total - amount for total, amount in zip(given, own, strict=True))
        found[parent.key] = _reduced(parent, own, season, over)
    return found


def _children(parent: Node, own: Sequence[int], season: Sequence[Decimal | int]) -> list[tuple[Node, tuple[int, ...]]]:
    """Each child with its full number per leaf period, before capacity."""
    if not parent.children:
        return []
    total = sum(own)
    over = percent_of(total, parent.over_percent)
    years = divide(parent.key, total + over, parent.children, len(own))
    extra = split(over, season) if over else [0] * len(own)
    columns = [amount + more for amount, more in zip(own, extra, strict=True)]
    rows: dict[Key, tuple[int, ...]] = {}
    for child, year in zip(parent.children, years, strict=True):
        if child.held:
            rows[child.key] = around_held(child.key, year, child.held, season)
            columns = [left - taken for left, taken in zip(columns, rows[child.key], strict=True)]
    free = [(child, year) for child, year in zip(parent.children, years, strict=True) if not child.held]
    amounts = [year for _child, year in free]
    if columns and min(columns) < 0 and free:  # what is held takes more of a period than the parent has there
        columns = split(sum(amounts), season)
    matrix = cross(amounts, columns)
    rows |= {child.key: tuple(row) for (child, _year), row in zip(free, matrix, strict=True)}
    return [(child, rows[child.key]) for child in parent.children]


def percent_of(amount: int, percent: Decimal) -> int:
    """``percent`` of ``amount`` to the whole minor unit, half to even."""
    return int((amount * percent / HUNDRED).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def divide(key: Key, total: int, children: Sequence[Node], leaf_count: int) -> list[int]:
    """The year's number of each child: held leaf periods are its least, what is left goes by weight.

    A child with every leaf period held keeps exactly that. Raises CannotSpread.
    """
    if total < 0:
        raise CannotSpread(key, NEGATIVE)
    fixed = {i: sum(child.held.values()) for i, child in enumerate(children) if len(child.held) == leaf_count}
    least = {i: sum(child.held.values()) for i, child in enumerate(children) if child.held and i not in fixed}
    while True:
        free = [i for i in range(len(children)) if i not in fixed]
        rest = total - sum(fixed.values())
        if rest < 0:
            raise CannotSpread(key, HELD_TOO_MUCH)
        parts = _by_weight(key, rest, [children[i].weight for i in free])
        # A number held in single periods may be more than the weight would give for the year: it stands, others give.
        found = fixed | dict(zip(free, parts, strict=True))
        short = {i for i in free if found[i] < least.get(i, 0)}
        if not short:
            return [found[i] for i in range(len(children))]
        fixed |= {i: least[i] for i in short}


def _by_weight(key: Key, rest: int, weights: Sequence[Decimal]) -> list[int]:
    if not rest:
        return [0] * len(weights)
    if not weights:
        raise CannotSpread(key, HELD_TOO_LITTLE)
    if not any(weights):
        raise CannotSpread(key, NO_WEIGHT)
    return split(rest, weights)


def around_held(key: Key, year: int, held: dict[int, int], season: Sequence[Decimal | int]) -> tuple[int, ...]:
    """A year's number over its leaf periods, those in ``held`` as they are. Raises CannotSpread."""
    free = [i for i in range(len(season)) if i not in held]
    rest = year - sum(held.values())
    if rest < 0:
        raise CannotSpread(key, HELD_TOO_MUCH)
    if rest and not free:
        raise CannotSpread(key, HELD_TOO_LITTLE)
    weights = [season[i] for i in free]
    parts = split(rest, weights if any(weights) else [1] * len(free)) if rest else [0] * len(free)
    found = held | dict(zip(free, parts, strict=True))
    return tuple(found[i] for i in range(len(season)))


def cross(rows: Sequence[int], columns: Sequence[int]) -> list[list[int]]:
    """A matrix of whole numbers in proportion, with exactly these sums of rows and of columns.

    Both must have the same sum and nothing negative. Each cell starts at its floor; what is missing in a row goes, one
    each, to the columns that miss most (Gale and Ryser: that always works out, in any order of the rows).
    """
    total = sum(columns)
    if total != sum(rows):
        raise ValueError(f"rows sum to {sum(rows)}, columns to {total}")
    if not total:
        return [[0] * len(columns) for _row in rows]
    cells = [[row * column // total for column in columns] for row in rows]
    missing = [column - sum(taken) for column, taken in zip(columns, zip(*cells, strict=True), strict=True)]
    for row, found in zip(rows, cells, strict=True):
        remainders = [row * column % total for column in columns]
        most = sorted(range(len(columns)), key=lambda j: (-missing[j], -remainders[j], j))
        for j in most[: row - sum(found)]:
            found[j] += 1
            missing[j] -= 1
    return cells


def _reduced(node: Node, full: tuple[int, ...], season: Sequence[Decimal | int], over: tuple[int, ...]) -> Allotment:
    nothing = (0,) * len(full)
    if node.children or node.capacity is None or node.capacity.is_full:
        return Allotment(full, nothing, over if node.children else ())
    leaves = carried(full, node.capacity, node.held, season)
    return Allotment(leaves, tuple(whole - got for whole, got in zip(full, leaves, strict=True)))


def carried(
    full: Sequence[int], capacity: Capacity, held: dict[int, int], season: Sequence[Decimal | int]
) -> tuple[int, ...]:
    """What somebody with this capacity carries of a full number; held periods stay."""
    if capacity.whole is None:
        reduced = [percent_of(amount, share * HUNDRED) for amount, share in zip(full, capacity.shares, strict=True)]
    else:
        weights = [Decimal(weight) * share for weight, share in zip(season, capacity.shares, strict=True)]
        year = percent_of(sum(full), capacity.whole * HUNDRED)
        reduced = split(year, weights) if any(weights) else [0] * len(full)
    return tuple(held.get(i, amount) for i, amount in enumerate(reduced))


def breaches(node: Node, found: dict[Key, Allotment]) -> Iterator[tuple[Key, int]]:
    """(Node, leaf index) wherever children + lost capacity are not the amount + over-assignment: none, ever."""
    for parent in walk(node):
        own = found[parent.key]
        for i in range(len(own.leaves) if parent.children else 0):
            below = sum(found[child.key].full[i] for child in parent.children)
            if below != own.leaves[i] + own.over[i]:
                yield parent.key, i


def walk(node: Node) -> Iterable[Node]:
    """The node and everything below it, parents first."""
    yield node
    for child in node.children:
        yield from walk(child)
