"""Credits by day: what the leaf totals of ``rollup`` cannot say. One grouped read each, never a row by row one.

The caller has made sure that the user may see the holder; these functions know no users. Overlay credit counts for a
person alone, so totals of several people leave it out (``overlay=False``).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Max, Q, QuerySet, Sum

from spm.ui.fields import MoneyField
from targets.choices import ActualKind, Measure
from targets.models import Credit

KIND_OF = {
    Measure.BOOKINGS: ActualKind.BOOKING,
    Measure.REVENUE: ActualKind.REVENUE,
    Measure.MARGIN: ActualKind.REVENUE,
}


BASE = "base"
"""Beside the measures: the revenue of the lines whose cost is known, on which the margin was earned."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days (both inclusive) during which the same people made up a holder; None = everybody."""

    first: date
    last: date
    people: frozenset[int] | None


def counted(measure: Measure, credits: QuerySet[Credit]) -> QuerySet[Credit]:
    """The credits that count for ``measure``, each annotated with ``counts``, its amount in that measure.

    Margin counts lines with a known cost alone (design.md §4, Measures).
    """
    of_kind = credits.filter(kind=KIND_OF[measure])
    if measure is Measure.MARGIN:
        margin = F("amount") - F("cost")
        return of_kind.filter(cost__isnull=False).annotate(counts=margin)
    return of_kind.annotate(counts=F("amount"))


def daily(measure: Measure, stretches: Iterable[Stretch], *, overlay: bool) -> dict[date, Decimal]:
    """Credited sum of each day that has one."""
    where = Q(pk__in=[])
    for stretch in stretches:
        of_people = Q() if stretch.people is None else Q(person__in=stretch.people)
        where |= Q(date__range=(stretch.first, stretch.last)) & of_people
    rows = Credit.objects.filter(where) if overlay else Credit.objects.filter(where, is_overlay=False)
    summed = counted(measure, rows).order_by().values("date").annotate(sum=Sum("counts", output_field=MoneyField()))
    return {row["date"]: row["sum"] for row in summed}


def by_person(measure: Measure, first: date, last: date) -> dict[int, tuple[Decimal, Decimal]]:
    """Person → (credited sum, overlay part of it) over some days, both inclusive."""
    rows = counted(measure, Credit.objects.filter(date__range=(first, last))).order_by()
    summed = rows.values("person_id", "is_overlay").annotate(sum=Sum("counts", output_field=MoneyField()))
    found: dict[int, tuple[Decimal, Decimal]] = {}
    for row in summed:
        amount, overlay = found.get(row["person_id"], (Decimal(0), Decimal(0)))
        part = row["sum"]
        found[row["person_id"]] = (amount + part, overlay + (part if row["is_overlay"] else 0))
    return found


def largest(measure: Measure, people: Collection[int], first: date, last: date) -> dict[int, Decimal]:
    """Person → the largest single credit of some days, both inclusive."""
    rows = counted(measure, Credit.objects.filter(person__in=people, date__range=(first, last))).order_by()
    summed = rows.values("person_id").annotate(most=Max("counts", output_field=MoneyField()))
    return {row["person_id"]: row["most"] for row in summed}


def of_person(person: int, first: date, last: date) -> dict[Measure, Decimal]:
    """The person's credited sum of some days in each measure, overlay credit included."""
    rows = Credit.objects.filter(person=person, date__range=(first, last))
    sums: dict[Measure, Decimal] = dict.fromkeys(Measure, Decimal(0))
    totals = (
        rows.order_by()
        .values("kind", known=Q(cost__isnull=False))
        .annotate(sum=Sum("amount"), cost_sum=Sum("cost", default=None))
    )
    for row in totals:
        if row["kind"] == ActualKind.BOOKING:
            sums[Measure.BOOKINGS] += row["sum"]
        else:
            sums[Measure.REVENUE] += row["sum"]
            sums[Measure.MARGIN] += row["sum"] - row["cost_sum"] if row["known"] else 0
    return sums


def by_segment(first: date, last: date) -> dict[tuple[str, str], dict[date, Decimal]]:
    """(Segment of the account, measure or BASE) → day → what everybody sold, overlay credit left out.

    BASE is the revenue on which the margin was earned. Lines without an account, or of one without a segment: not here.
    """
    rows = Credit.objects.filter(date__range=(first, last), is_overlay=False).exclude(actual__account=None).order_by()
    days = rows.exclude(actual__account__segment="").values("actual__account__segment", "date", "kind")
    known = Q(cost__isnull=False)
    money: dict[str, Any] = {"output_field": MoneyField()}
    found: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(dict)
    for row in days.annotate(
        sum=Sum("amount", **money), base=Sum("amount", filter=known, **money), cost_sum=Sum("cost", **money)
    ):
        segment, day = row["actual__account__segment"], row["date"]
        if row["kind"] == ActualKind.BOOKING:
            found[segment, Measure.BOOKINGS][day] = row["sum"]
            continue
        base = row["base"] or Decimal(0)
        found[segment, Measure.REVENUE][day] = row["sum"]
        found[segment, BASE][day] = base
        found[segment, Measure.MARGIN][day] = base - (row["cost_sum"] or 0)
    return found
