"""The rows that credit a line: its loaded shares, or one default credit. Written in bulk, without model instances."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from spm.imports import bulk
from spm.money import to_units
from targets import effects
from targets.crediting import Resolver, divide
from targets.lines import Change
from targets.models import Credit
from targets.rates import Rates

COLUMNS = (
    "actual",
    "kind",
    "date",
    "person",
    "territory",
    "share",
    "is_overlay",
    "is_default",
    "is_placed",
    "amount",
    "cost",
)
ONE = Decimal(1)

type Written = tuple[int, Change]  # the key of a line and what became of it


def insert(written: Sequence[Written], resolver: Resolver, rates: Rates) -> None:
    """Write the credits of lines. Those of a line in another currency carry their part of the currency effect."""
    own = [one for one in written if one[1].worth.rate is None]
    bulk.insert(Credit, COLUMNS, (row for key, change in own for row in rows_of(key, change, resolver)))
    if len(own) < len(written):
        others = (one for one in written if one[1].worth.rate is not None)
        bulk.insert(Credit, (*COLUMNS, *effects.COLUMNS), _converted(others, resolver, rates))


def rows_of(actual: int, change: Change, resolver: Resolver) -> Iterator[tuple[Any, ...]]:
    """The credit rows of a line in the order of ``COLUMNS``, amounts in stored units; none for a tombstone."""
    if change.is_tombstone:
        return
    line, worth = change.line, change.worth
    if not change.shares:
        territory = line.territory or resolver.territory_of(line.person, line.account, line.date)
        yield (
            actual, line.kind, line.date, line.person, territory,
            ONE, False, True, False, _units(worth.amount), _units(worth.cost),
        )  # fmt: skip
        return
    shares = change.shares
    amounts = divide(worth.amount, shares)
    costs = divide(worth.cost, shares) if worth.cost is not None else [None] * len(shares)
    for part, amount, cost in zip(shares, amounts, costs, strict=True):
        given = part.territory or line.territory
        territory = given or resolver.territory_of(part.person, line.account, line.date)
        is_placed = part.territory is not None
        yield (
            actual, line.kind, line.date, part.person, territory,
            part.share, part.is_overlay, False, is_placed, _units(amount), _units(cost),
        )  # fmt: skip


def _converted(written: Iterable[Written], resolver: Resolver, rates: Rates) -> Iterator[tuple[Any, ...]]:
    """The rows of lines in other currencies, each with its part of the effect after ``COLUMNS``."""
    for key, change in written:
        effect = effects.effect_of(change.line, change.worth, rates, resolver.currency)
        parts = effects.parts(effect, change.shares)
        rows = zip(rows_of(key, change, resolver), parts, strict=not change.is_tombstone)
        yield from ((*row, *part) for row, part in rows)


def _units(amount: Decimal | None) -> int | None:
    return None if amount is None else to_units(amount)
