"""Before and after of a package, for both sides: accounts, potential, open pipeline, last year's revenue, numbers.

Before is the eve of the effective day, after is the same with every account of the package in the new territory, those
that are held over too: what an account brings does not change by its move, so each sum before equals the sum after to
the minor unit. Potential is a year's amount; the pipeline is what is open as the day begins; last year's revenue is
that of the fiscal year before, whoever it was credited to. Accounts that stand in no territory make a side of their
own, of just these accounts. ``move_numbers`` says which quotas and targets move.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from spm.market.models import Territory
from spm.money import ZERO
from spm.org import clock
from targets.choices import Measure
from territories import move_ground, move_numbers
from territories.models import MovePackage
from territories.move_ground import Ground
from territories.move_numbers import Numbers

NOWHERE = 0
"""The key of the side of accounts that stand in no territory."""


class Pair(NamedTuple):
    before: Decimal
    after: Decimal

    @property
    def moved(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class OwnSide:
    """What its holder reads of a territory that gives or receives; ``land`` NOWHERE = none, ``person`` None = vacant.

    Deals and last year's sales are not in it: others may have been credited with them.
    """

    land: int
    name: str
    person: int | None
    holder: str
    accounts: Pair
    potential: Pair


@dataclass(frozen=True, slots=True)
class Side(OwnSide):
    """All of it, for who handles the package."""

    pipeline: Pair
    last_year: Pair

    @property
    def own(self) -> OwnSide:
        return OwnSide(self.land, self.name, self.person, self.holder, self.accounts, self.potential)


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A quota or target over the year. ``person``: whose it is, of a target who holds the territory."""

    kind: str
    name: str
    person: int | None
    measure: str
    amounts: Pair


@dataclass(frozen=True, slots=True)
class Carried:
    """What an account brings with it."""

    potential: Decimal | None
    pipeline: Decimal
    last_year: Decimal


@dataclass(frozen=True)
class Figures:
    """``year``: whose numbers move; ``since``: the first day of the first month that changes, None = none."""

    sides: Sequence[Side]
    numbers: Sequence[NumberRow]
    year: str = ""
    since: date | None = None
    is_late: bool = False
    carried: Mapping[int, Carried] | None = None  # by account; not kept with the package

    @property
    def totals(self) -> Mapping[str, Pair]:
        """Of all sides together: equal before and after."""
        names = ("accounts", "potential", "pipeline", "last_year")
        return {name: _sum([getattr(side, name) for side in self.sides]) for name in names}

    @property
    def sums(self) -> Sequence[NumberRow]:
        """Of each kind and measure together: equal before and after."""
        kinds = dict.fromkeys((row.kind, row.measure) for row in self.numbers)
        return [
            NumberRow(kind, "", None, measure, _sum([row.amounts for row in self.numbers if _of(row, kind, measure)]))
            for kind, measure in kinds
        ]

    def kept(self) -> dict[str, Any]:
        """As the package keeps it: JSON values, amounts as texts."""
        return {
            "sides": [[one.land, one.name, one.person, one.holder, *map(_texts, pairs(one))] for one in self.sides],
            "numbers": [[row.kind, row.name, row.person, row.measure, _texts(row.amounts)] for row in self.numbers],
            "year": self.year,
            "since": self.since.isoformat() if self.since else None,
            "is_late": self.is_late,
        }


def of_kept(kept: Mapping[str, Any]) -> Figures:
    """What ``kept`` wrote."""
    return Figures(
        [Side(*row[:4], *map(_pair, row[4:])) for row in kept.get("sides", ())],
        [NumberRow(row[0], row[1], row[2], row[3], _pair(row[4])) for row in kept.get("numbers", ())],
        kept.get("year", ""),
        date.fromisoformat(kept["since"]) if kept.get("since") else None,
        kept.get("is_late", False),
    )


@dataclass(frozen=True)
class Reading:
    """What a package would do if it were applied: its figures, the numbers to write, and the ground under both."""

    figures: Figures
    numbers: Numbers
    ground: Ground
    moved: Mapping[int, int | None]  # account → where it stands on the eve


def read(package: MovePackage, accounts: Sequence[int], *, with_targets: bool) -> Reading:
    """``accounts``: keys. A fixed number of queries up to a thousand accounts. Rights are the caller's."""
    day, to_land = package.effective_on, package.to_territory_id
    stand = move_ground.before_of(day, accounts)
    moved = {account: stand[account][0] for account in accounts}
    unplaced = {account: potential for account, (land, potential) in stand.items() if land is None}
    lands = {land for land in moved.values() if land is not None} | {to_land}
    ground = move_ground.read(day, lands, unplaced)
    numbers = Numbers()
    if package.moves_quota:
        company = clock.company()
        currency = company.currency if company else ""
        numbers = move_numbers.read(ground, moved, to_land, currency, with_targets=with_targets)
    return Reading(_figures(ground, moved, to_land, numbers), numbers, ground, moved)


def _figures(ground: Ground, moved: Mapping[int, int | None], to_land: int, numbers: Numbers) -> Figures:
    keys = dict.fromkeys([*sorted({land or NOWHERE for land in moved.values()} - {to_land}), to_land])
    names, called = dict(ground.lands), ground.people
    if unheld := set(keys) - set(names) - {NOWHERE}:  # nobody has ever held them
        names |= dict(Territory.objects.filter(pk__in=unheld).values_list("pk", "name"))
    sides = [_side(ground, moved, key, to_land, names, called) for key in keys]
    rows = [
        NumberRow(row.kind, called.get(row.key, ""), row.key, row.measure, Pair(row.before, row.after))
        if row.kind == "quota"
        else NumberRow(
            row.kind, names.get(row.key, ""), ground.owners.get(row.key), row.measure, Pair(row.before, row.after)
        )
        for row in numbers.sums
    ]
    bills = ground.sold[Measure.REVENUE]
    carried = {
        account: Carried(ground.potential.get(account), ground.pipeline.get(account, ZERO), bills.get(account, ZERO))
        for account in moved
    }
    year, since = numbers.year.label if numbers.year else "", numbers.first.starts_on if numbers.first else None
    return Figures(sides, rows, year, since, numbers.is_late, carried)


def _side(  # noqa: PLR0913, PLR0917  # a side is read off all of these
    ground: Ground,
    moved: Mapping[int, int | None],
    key: int,
    to_land: int,
    names: Mapping[int, str],
    called: Mapping[int, str],
) -> Side:
    before = ground.within({key or None})
    goes = {account for account, land in moved.items() if (land or NOWHERE) == key and key != to_land}
    comes = {account for account, land in moved.items() if land != to_land} if key == to_land else set()
    after = (before - goes) | comes
    person = ground.owners.get(key)

    def pair(amounts: Mapping[int, Decimal]) -> Pair:
        return Pair(move_ground.total(before, amounts), move_ground.total(after, amounts))

    return Side(
        key,
        names.get(key, ""),
        person,
        called.get(person or 0, ""),
        Pair(Decimal(len(before)), Decimal(len(after))),
        pair(ground.potential),
        pair(ground.pipeline),
        pair(ground.sold[Measure.REVENUE]),
    )


def pairs(side: OwnSide) -> tuple[Pair, ...]:
    """Its amounts, in the order of the columns."""
    own = (side.accounts, side.potential)
    return (*own, side.pipeline, side.last_year) if isinstance(side, Side) else own


def _of(row: NumberRow, kind: str, measure: str) -> bool:
    return (row.kind, row.measure) == (kind, measure)


def _sum(pairs: Sequence[Pair]) -> Pair:
    return Pair(sum((pair.before for pair in pairs), ZERO), sum((pair.after for pair in pairs), ZERO))


def _texts(pair: Pair) -> list[str]:
    return [f"{amount:f}" for amount in pair]


def _pair(texts: Sequence[str]) -> Pair:
    return Pair(*map(Decimal, texts))
