"""Imported lines as plain values: as a file gives them, as they are stored, and as an ActualVersion keeps them."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.db.models.functions import Length

from spm.imports import bulk
from spm.imports.choices import RowOutcome
from spm.imports.zeros import bare, is_digits, reason
from spm.keys import normalise
from spm.money import to_units
from targets.crediting import Share
from targets.models import Actual, ActualVersion, Credit
from targets.rates import Worth

COLUMNS = (
    "external_id",
    "kind",
    "date",
    "person",
    "account",
    "territory",
    "product_family",
    "partner",
    "amount",
    "cost",
    "currency",
)
GIVEN_COLUMNS = ("given_amount", "given_cost", "rate")
RATE, PERIOD = "rate", "period"
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, names already resolved to primary keys; the fields stand in the order of ``COLUMNS``.

    ``kind`` is an ActualKind value. ``person`` is ``Resolver.house`` for a house sale. ``territory`` is the explicit
    column alone. ``amount`` and ``cost``: in the line's own ``currency``, at most four decimals; ``cost`` None =
    unknown. Two lines are equal whatever the spelling of their id.
    """

    external_id: str = field(compare=False)
    kind: str
    date: date
    person: int
    account: int | None
    territory: int | None
    product_family: int | None
    partner: str
    amount: Decimal
    cost: Decimal | None
    currency: str

    @property
    def key(self) -> str:
        return normalise(self.external_id)

    def row(self, worth: Worth) -> tuple[Any, ...]:
        """The values as stored, in the order of ``COLUMNS`` and ``GIVEN_COLUMNS``: money in ten-thousandths."""
        values = [getattr(self, name) for name in COLUMNS[:-3]]
        given = (None, None, None) if worth.rate is None else (to_units(self.amount), _units(self.cost), worth.rate)
        return (*values, to_units(worth.amount), _units(worth.cost), self.currency, *given)


def _units(amount: Decimal | None) -> int | None:
    return None if amount is None else to_units(amount)


@dataclass(frozen=True, slots=True)
class CreditSet:
    """The credits of one line as loaded: they replace its default credit as a set."""

    external_id: str
    shares: tuple[Share, ...]

    @property
    def key(self) -> str:
        return normalise(self.external_id)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a row: ``reason`` is a sentence for refused and parked rows, ``column`` what it is about.

    ``rule``: the one of "why does it not count" that keeps the row out, where it is one: RATE or PERIOD.
    ``before``, ``after``: of a goal that is new or changes, the sum over its leaf periods; None = no number. Of one
    that is parked, ``leaf`` is the first closed leaf period that it would change, and ``before`` the number of that.
    ``parts``: what each leaf period would hold, of a goal that is new or changes; ``stored``: what each holds.
    """

    outcome: RowOutcome
    reason: str = ""
    column: str = ""
    rule: str = ""
    before: Decimal | None = None
    after: Decimal | None = None
    leaf: int | None = None
    parts: tuple[tuple[int, Decimal | None], ...] = ()
    stored: tuple[Decimal | None, ...] = ()


def lost_zeros(key: str, other: str) -> Verdict:
    """Refused: the id ``other`` is this one with other zeros before it."""
    return Verdict(RowOutcome.REFUSED, reason(key, other), "external_id")


@dataclass(frozen=True, slots=True)
class Stored:
    """An Actual as it stands, with its loaded credits (none: the default credit)."""

    pk: int
    version: int
    is_tombstone: bool
    batch: int | None
    line: Line
    worth: Worth
    shares: tuple[Share, ...] = ()

    @property
    def counted(self) -> Decimal:
        """The amount in force, in company currency."""
        return ZERO if self.is_tombstone else self.worth.amount

    def is_of(self, day: date, currency: str) -> bool:
        """Whether the line stands, on this day and in this currency."""
        return not self.is_tombstone and (self.line.date, self.line.currency) == (day, currency)


@dataclass(frozen=True, slots=True)
class Change:
    """A line to be written: over what is stored (None = new), with these loaded credits."""

    stored: Stored | None
    line: Line
    worth: Worth
    shares: tuple[Share, ...] = ()
    is_tombstone: bool = False
    batch: int | None = None

    @property
    def delta(self) -> Decimal:
        """New amount in force − old amount in force, in company currency."""
        new = ZERO if self.is_tombstone else self.worth.amount
        return new - (self.stored.counted if self.stored else ZERO)

    @property
    def days(self) -> set[date]:
        """Where the line counted before, and where it counts now."""
        now = set() if self.is_tombstone else {self.line.date}
        return now | ({self.stored.line.date} if self.stored and not self.stored.is_tombstone else set())


def stored_lines(source: str, keys: Collection[str]) -> dict[str, Stored]:
    """The lines of ``source`` with these normalised ids, by id; one query per 1,000 keys, and one for their credits."""
    found: dict[str, Stored] = {}
    for block in bulk.chunks(keys):
        rows = Actual.objects.filter(source=source, external_key__in=block)
        found.update({one.line.key: one for one in read_stored(rows)})
    return found


def padded_lengths(source: str) -> list[int]:
    """How long the ids of ``source`` are that begin with a zero: few lengths, mostly one or none."""
    padded = Actual.objects.filter(source=source, external_key__gte="0", external_key__lt="1")
    lengths = padded.annotate(length=Length("external_key")).order_by("length")
    return list(lengths.values_list("length", flat=True).distinct())


def differing_in_zeros(source: str, keys: Iterable[str], lengths: Collection[int]) -> dict[str, str]:
    """Of ``keys``, none of them in force: those that are with other zeros before their number, and how.

    ``lengths``: of ``padded_lengths``. Ids without leading zeros cost nothing where no stored one has any; else one
    query per 1,000 forms to look for.
    """
    numbers = {key: bare(key) for key in keys if is_digits(key)}
    forms = {form for number in numbers.values() for form in (number, *(number.zfill(length) for length in lengths))}
    found: dict[str, str] = {}
    for block in bulk.chunks(forms - numbers.keys()):
        rows = Actual.objects.in_force().filter(source=source, external_key__in=block)
        found.update({bare(key): given for key, given in rows.values_list("external_key", "external_id")})
    return {key: found[number] for key, number in numbers.items() if number in found}


def read_stored(rows: Any) -> Iterator[Stored]:
    """The lines of an Actual queryset of at most a thousand rows."""
    values = list(rows.values_list("pk", "version", "is_tombstone", "batch_id", *GIVEN_COLUMNS, *COLUMNS))
    shares = _loaded_shares([row[0] for row in values])
    for pk, version, is_tombstone, batch, given, given_cost, rate, *columns in values:
        counted = Line(*columns)
        line = counted if rate is None else replace(counted, amount=given, cost=given_cost)
        worth = Worth(counted.amount, counted.cost, rate)
        yield Stored(pk, version, is_tombstone, batch, line, worth, shares.get(pk, ()))


def _loaded_shares(actuals: list[int]) -> dict[int, tuple[Share, ...]]:
    credits = Credit.objects.filter(actual__in=actuals, is_default=False).order_by("actual_id", "pk")
    found: dict[int, tuple[Share, ...]] = {}
    rows = credits.values_list("actual_id", "person_id", "territory_id", "share", "is_overlay", "is_placed")
    for actual, person, territory, share, is_overlay, is_placed in rows:
        part = Share(person, territory if is_placed else None, share, is_overlay)
        found[actual] = (*found.get(actual, ()), part)
    return found


def former_shares(stored: Iterable[Stored]) -> dict[int, tuple[Share, ...]]:
    """Of the tombstones among these, by key: the loaded credits each had until it was taken out, for its return."""
    gone = [one.pk for one in stored if one.is_tombstone]
    former: dict[int, tuple[Share, ...]] = {}
    for block in bulk.chunks(gone):
        versions = ActualVersion.objects.filter(actual__in=block, version=F("actual__version") - 1)
        former.update({pk: _shares(values) for pk, values in versions.values_list("actual_id", "values")})
    return former


def to_json(stored: Stored) -> dict[str, Any]:
    """The form kept by ActualVersion: every column as given, what it counted for, its loaded credits, and the batch
    that had written it.
    """
    values = {name: _plain(getattr(stored.line, name)) for name in COLUMNS}
    credits = [[part.person, part.territory, str(part.share), part.is_overlay] for part in stored.shares]
    worth = [_plain(part) for part in stored.worth]
    return {**values, "worth": worth, "is_tombstone": stored.is_tombstone, "batch": stored.batch, "credits": credits}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date | Decimal) else value


def from_json(values: dict[str, Any], stored: Stored) -> Change:
    """The change that brings a line back to a form kept by ActualVersion."""
    columns = values | {
        "date": date.fromisoformat(values["date"]),
        "amount": Decimal(values["amount"]),
        "cost": _decimal(values["cost"]),
    }
    line = Line(*(columns[name] for name in COLUMNS))
    amount, cost, rate = values["worth"]
    worth = Worth(Decimal(amount), _decimal(cost), _decimal(rate))
    return Change(stored, line, worth, _shares(values), values["is_tombstone"], values["batch"])


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _shares(values: dict[str, Any]) -> tuple[Share, ...]:
    return tuple(Share(person, area, Decimal(part), over) for person, area, part, over in values["credits"])
