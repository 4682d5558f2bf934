"""Reads that put attainment rows beside their holders and periods."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from targets import baseline, judged, measures
from targets.choices import Measure, Scope
from targets.querysets import AttainmentQuerySet

HOLDERS: dict[Scope, tuple[str, str]] = {
    Scope.PERSON: ("person__email", "person__name"),
    Scope.TEAM: ("team__code", "team__name"),
    Scope.TERRITORY: ("territory__code", "territory__name"),
    Scope.COMPANY: ("", "company__name"),
}
"""The columns that hold the key and the name of each kind of holder."""


@dataclass(frozen=True, slots=True)
class AttainmentLine:
    """One holder, measure and period. Amounts in company currency; ``attainment_pct`` has two decimals.

    ``quota`` is the number the holder is judged by: a person's quota, a team's or territory's target or else the sum
    of what stands below, leaf period by leaf period, the company's plan; None = none. ``lines`` counts the credits
    behind ``actual``.
    """

    period: str
    starts_on: date
    ends_on: date
    scope: str
    key: str
    name: str
    measure: str
    quota: Decimal | None
    quota_sum: Decimal | None
    actual: Decimal
    variance: Decimal | None
    attainment_pct: Decimal | None
    lines: int


def attainment_lines(
    rows: AttainmentQuerySet, *, scope: Scope, measure: Measure, of_baseline: bool = False
) -> Iterator[AttainmentLine]:
    """``rows`` of one kind of holder and one measure, by period and key; two queries.

    ``of_baseline``: against the numbers as they were locked, in every year that is; other years as they stand.
    """
    locked = baseline.by_period(scope, measure) if of_baseline else {}
    years = baseline.locked_years() if of_baseline else frozenset()
    quotas = judged.by_period(scope, measure)
    key, name = HOLDERS[scope]
    found = rows.filter(**{f"{scope}__isnull": False}, measure=measure).annotate(
        holder_key=Coalesce(F(key), Value("")) if key else Value(""), holder_name=F(name)
    )
    columns = found.order_by("period__starts_on", "holder_key", "pk").values_list(
        "period__label",
        "period__starts_on",
        "period__ends_on",
        "holder_key",
        "holder_name",
        "quota_sum",
        "actual",
        "lines",
        "period",
        "period__fiscal_year",
        f"{scope}_id",
    )
    for label, starts_on, ends_on, holder, title, quota_sum, actual, lines, *keys in columns.iterator():
        period, year, pk = keys
        quota = quotas.get((pk, period))
        if year in years:
            quota_sum, quota = locked.get((pk, period), (None, None))  # noqa: PLW2901  # as they were locked
        yield AttainmentLine(
            period=label,
            starts_on=starts_on,
            ends_on=ends_on,
            scope=scope.value,
            key=holder,
            name=title,
            measure=measure.value,
            quota=quota,
            quota_sum=quota_sum,
            actual=actual,
            variance=measures.variance(actual, quota),
            attainment_pct=measures.attainment_pct(actual, quota),
            lines=lines,
        )


def plain(value: object) -> str:
    """A cell of an export for machines: a point, no grouping, at least two decimals; empty for None."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        exact = value.normalize()
        places = max(-int(exact.as_tuple().exponent), 2)
        return f"{value:.{places}f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def as_cells(lines: Iterable[AttainmentLine]) -> Iterator[list[str]]:
    """Each line as texts, in the order of the dataclass."""
    for line in lines:
        yield [plain(getattr(line, column)) for column in AttainmentLine.__slots__]
