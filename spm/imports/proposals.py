"""What a file seems to be, proposed on the mapping page and never applied unseen.

So far one thing: a sheet with a row per person, team or segment and a column per month or quarter.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from glob import escape

from spm.errors import RuleViolation
from spm.imports import batches
from spm.imports.kinds import ImportKind, kind_named
from spm.imports.mapped import HasColumns
from spm.imports.mappings import Mapping, Unpivot
from spm.imports.models import ImportBatch
from spm.keys import normalise
from spm.org.choices import PeriodLevel
from spm.org.models import Period

INTO = ("period", "amount")
FEWEST = 2
LEVELS = (PeriodLevel.MONTH, PeriodLevel.QUARTER)


@dataclass(frozen=True, slots=True)
class PeriodColumns:
    """Headers of a file that name periods of one level of one fiscal year; ``labels`` are ours, one for one."""

    headers: tuple[str, ...]
    labels: tuple[str, ...]

    def onto(self, mapping: Mapping) -> Mapping:
        """``mapping`` with [unpivot] over these columns, and their words for the periods as ours."""
        words = {header: label for header, label in zip(self.headers, self.labels, strict=True) if header != label}
        values = {**mapping.values, "period": words} if words else mapping.values
        return replace(mapping, values=values, unpivot=Unpivot(tuple(map(escape, self.headers)), INTO))


def of_batch(batch: ImportBatch) -> PeriodColumns | None:
    """What the uploaded file seems to be. None too where it cannot be read: the preview tells why."""
    kind = kind_named(batch.kind)
    if not _takes_periods(kind):
        return None
    try:
        return period_columns(kind, Mapping.from_json(batch.mapping), batches.headers_of(batch))
    except RuleViolation:
        return None


def period_columns(kind: ImportKind, mapping: Mapping, headers: Sequence[str]) -> PeriodColumns | None:
    """The columns of a sheet with a column per period; None where it has none, or says period and amount itself.

    Months where there are any, else quarters: columns of sums beside them would count twice.
    """
    filled = {*mapping.columns, *mapping.constants, *(normalise(header) for header in headers)}
    if not _takes_periods(kind) or mapping.unpivot or mapping.period_of or filled & set(INTO):
        return None
    rows = Period.objects.filter(level__in=LEVELS).order_by("starts_on")
    periods = list(rows)
    for level in LEVELS:
        found = _named(headers, [period for period in periods if period.level == level])
        if len(found) >= FEWEST and len({period.fiscal_year_id for _header, period in found}) == 1:
            return PeriodColumns(tuple(header for header, _ in found), tuple(period.label for _, period in found))
    return None


def _named(headers: Sequence[str], periods: Sequence[Period]) -> list[tuple[str, Period]]:
    """Headers that are the label of a period, the way people say it, or its first day; none where two say the same."""
    words: dict[str, Period] = {}
    for period in periods:
        for word in (period.starts_on.isoformat(), period.title, period.label):
            words[normalise(word)] = period
    found = [(header, words[normalise(header)]) for header in headers if normalise(header) in words]
    named = Counter(period.pk for _header, period in found)
    return [] if any(count > 1 for count in named.values()) else found


def _takes_periods(kind: HasColumns) -> bool:
    names = {column.name for column in kind.columns}
    return set(INTO) <= names
