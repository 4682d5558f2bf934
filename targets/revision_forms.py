"""The form of a revision: whose numbers and of which measures, from which month on, and the new number of each month.

One request may hold several holders, so that a territory that moves from one person to another is decided as a whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.money import ZERO, spread
from spm.org.models import Period
from spm.ui.amounts import parse_amount
from targets.choices import Measure
from targets.goals import Goal, GoalModel, Holder, of_person, of_segment, of_team
from targets.models import PlanLine, Quota, Target

MODELS: dict[str, GoalModel] = {"person": Quota, "team": Target, "company": PlanLine}
EVERY = "all"
"""What the form sends for all three measures."""
MOST_ROWS = 36


class TooMany(RuleViolation):
    """A request holds more numbers than a page can."""


@dataclass(frozen=True, slots=True)
class RowKey:
    """One holder and measure, as an address and a form name it: ``person:12:bookings``, ``company::margin``."""

    kind: str
    key: str
    measure: Measure

    @property
    def text(self) -> str:
        return f"{self.kind}:{self.key}:{self.measure}"

    @property
    def choice(self) -> str:
        """The holder as the list of choices names it."""
        return f"{self.kind}:{self.key}"

    @property
    def holder(self) -> Holder:
        if self.kind == "company":
            return of_segment()
        return of_person(int(self.key)) if self.kind == "person" else of_team(int(self.key))

    @property
    def model(self) -> GoalModel:
        return MODELS[self.kind]


def row_keys(texts: Iterable[str]) -> list[RowKey]:
    """What these name, once each, in their order; what names nothing is passed over."""
    found: dict[str, RowKey] = {}
    for text in texts:
        kind, _mark, rest = text.partition(":")
        key, _mark, measure = rest.partition(":")
        names_one = key.isdecimal() and len(key) < 19 if kind != "company" else not key
        if kind in MODELS and names_one and measure in Measure.values:
            found.setdefault(text, RowKey(kind, key, Measure(measure)))
    return list(found.values())


def keys_of(choice: str, measure: str) -> list[str]:
    """The rows that a choice of a holder and of a measure, or of every one, stands for."""
    return [f"{choice}:{one}" for one in (Measure.values if measure == EVERY else [measure])]


@dataclass
class MonthField:
    """One month of one row. ``fixed``: it is over or closed, and stays as it is."""

    period: Period
    now: Decimal | None
    name: str = ""
    fixed: bool = False
    typed: str | None = None
    wanted: Decimal | None = None
    error: str = ""

    @property
    def after(self) -> Decimal | None:
        """The number as it would be."""
        return self.now if self.wanted is None else self.wanted

    @property
    def difference(self) -> Decimal:
        return (self.after or ZERO) - (self.now or ZERO)

    def read(self, text: str, language: str | None) -> None:
        """Take what was typed; nothing leaves the number as it is."""
        self.typed = text
        try:
            self.wanted = parse_amount(text, language) if text else None
        except ValueError:
            self.error = _("“%(text)s” is not an amount. Write it like 1200000, 1.2M or 1200k.") % {"text": text}


@dataclass
class RevisedRow:
    """One holder and measure with its months."""

    key: RowKey
    name: str
    fields: list[MonthField]
    total: str = ""  # as it was typed, until it is spread

    @property
    def before(self) -> Decimal:
        return _sum(one.now for one in self.fields)

    @property
    def after(self) -> Decimal:
        return _sum(one.after for one in self.fields)

    @property
    def difference(self) -> Decimal:
        return self.after - self.before

    def spread(self, total: Decimal, currency: str) -> None:
        """Put a total for the months shown into those that can change, in proportion to what is in force."""
        free = [one for one in self.fields if not one.fixed]
        left = total - _sum(one.now for one in self.fields if one.fixed)
        if left < 0 <= total:
            raise RuleViolation(_("The months that stay as they are hold more than this total."))
        weights = [one.now or ZERO for one in free]
        parts = spread(left, weights if any(weights) else [1] * len(weights), currency)
        for one, part in zip(free, parts, strict=True):
            one.typed, one.wanted, one.error = f"{part:f}", part, ""
        self.total = ""


@dataclass
class RevisionForm:
    """What a request is about, and what was typed. ``columns``: the months shown."""

    effective: Period
    columns: Sequence[Period]
    rows: list[RevisedRow] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        return any(one.error for row in self.rows for one in row.fields)

    def bind(self, data: Mapping[str, str], language: str | None) -> None:
        """Take what was typed into the months that can change."""
        for row in self.rows:
            row.total = data.get(f"total:{row.key.text}", "").strip()
            for one in row.fields:
                if not one.fixed and one.name in data:
                    one.read(data[one.name].strip(), language)

    def wanted(self) -> list[tuple[GoalModel, Goal]]:
        """The numbers that differ from those in force."""
        return [
            (row.key.model, Goal(row.key.holder, row.key.measure, one.period, one.wanted))
            for row in self.rows
            for one in row.fields
            if one.wanted is not None and one.wanted != one.now
        ]

    def spread(self, key: str, total: Decimal, currency: str) -> None:
        """Spread a total over the months of one row. Raises RuleViolation where none of it is left for them."""
        for row in self.rows:
            if row.key.text == key:
                row.spread(total, currency)

    @property
    def together(self) -> list[tuple[Measure, list[Decimal], Decimal]]:
        """Measure, difference of each month and of all, of measures with several rows: zero where numbers move."""
        found = []
        for measure in Measure:
            rows = [row for row in self.rows if row.key.measure == measure]
            if len(rows) > 1:
                columns = zip(*(row.fields for row in rows), strict=True)
                sums = [_sum(one.difference for one in column) for column in columns]
                found.append((measure, sums, _sum(sums)))
        return found


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), ZERO)
