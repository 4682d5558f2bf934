"""Last year as the measure of next year: what everybody sold, without the deals that will not come again.

While the year still runs it is scaled to a whole one by the season, like a run rate. Amounts in company currency.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Max, Sum, Value
from django.db.models.expressions import Combinable

from spm.money import ZERO
from spm.org.models import Period
from spm.ui.fields import MoneyField
from targets import curves
from targets.choices import Measure
from targets.models import Credit, PeriodTotal, PlanningCycle


@dataclass(frozen=True, slots=True)
class LastYear:
    """One person, one measure. ``actual``: to date; ``whole`` and ``adjusted``: of a whole year, the latter without
    one-off deals. ``largest``: the largest single deal to date, where it was looked up; ``gone``: the largest one-off
    deal. ``is_known``: something was credited last year, be it zero in the end.
    """

    actual: Decimal = ZERO
    whole: Decimal = ZERO
    adjusted: Decimal = ZERO
    largest: Decimal = ZERO
    gone: Decimal = ZERO
    is_known: bool = True

    @property
    def left_out(self) -> bool:
        """The largest deal is a one-off."""
        return bool(self.largest) and self.largest == self.gone

    @property
    def largest_share(self) -> Decimal | None:
        """The largest deal ÷ the year to date."""
        return self.largest / self.actual if self.actual > 0 else None


def together(found: Iterable[LastYear | None]) -> LastYear | None:
    """The last year of several people, of whom none is known perhaps: without a largest deal, which is of one."""
    known = [one for one in found if one is not None and one.is_known]
    if len(known) < 2:
        return known[0] if known else None
    return LastYear(
        sum((one.actual for one in known), ZERO),
        sum((one.whole for one in known), ZERO),
        sum((one.adjusted for one in known), ZERO),
    )


def elapsed(leaves: Sequence[Period], weights: Mapping[int, Decimal], today: date) -> Decimal:
    """The share of the year's season that has passed, linear by calendar day inside a leaf period; 1 once it is over.

    ``weights``: by period number; empty: all alike.
    """
    whole = passed = ZERO
    for leaf in leaves:
        weight = weights.get(leaf.number, ZERO) if weights else Decimal(1)
        days = (leaf.ends_on - leaf.starts_on).days + 1
        gone = min(max((today - leaf.starts_on).days + 1, 0), days)
        whole, passed = whole + weight, passed + weight * gone / days
    return passed / whole if whole else ZERO


def credited(
    cycle: PlanningCycle, measure: str, leaves: Sequence[Period]
) -> tuple[dict[int, Decimal], dict[int, tuple[Decimal, Decimal]]]:
    """Person → credited sum of these leaf periods, overlay credit included; and person → (sum, largest) of the deals
    that the cycle leaves out. One query.
    """
    sold: dict[int, Decimal] = {}
    left_out: dict[int, tuple[Decimal, Decimal]] = {}
    for part, person, amount, most in _parts(cycle, measure, leaves):
        if part == "sold":
            sold[person] = amount
        else:
            left_out[person] = (amount, most)
    return sold, left_out


def _parts(cycle: PlanningCycle, measure: str, leaves: Sequence[Period]) -> Any:
    """("sold" or "gone", person, sum, largest row of it)."""

    def grouped(rows: Any, part: str, amount: Combinable) -> Any:
        by_person = rows.order_by().annotate(part=Value(part)).values_list("part", "person_id")
        return by_person.annotate(
            sum=Sum(amount, output_field=MoneyField()), most=Max(amount, output_field=MoneyField())
        )

    totals = PeriodTotal.objects.filter(period__in=[leaf.pk for leaf in leaves], measure=measure)
    one_offs = Credit.objects.filter(actual__in=cycle.one_offs.values("actual"))
    if leaves:  # a line that was restated may lie in another year by now
        one_offs = one_offs.filter(date__range=(leaves[0].starts_on, leaves[-1].ends_on))
    gone = curves.counted(Measure(measure), one_offs)
    return grouped(totals, "sold", F("amount") + F("overlay")).union(grouped(gone, "gone", F("counts")), all=True)


def read(  # noqa: PLR0913  # what last year depends on
    cycle: PlanningCycle,
    measure: str,
    leaves: Sequence[Period],
    share: Decimal,
    people: Collection[int],
    *,
    deals_of: Collection[int] | None = None,
) -> dict[int, LastYear]:
    """Person → last year; two queries. ``leaves``: of last year, ``share`` of it elapsed.

    ``deals_of``: whose largest deal is looked up, everybody's by default: that reads single credits.
    """
    if not leaves or not share:
        return {}
    sold, gone = credited(cycle, measure, leaves)
    found = {person: _last_year(sold.get(person), gone.get(person, (ZERO, ZERO)), share) for person in people}
    return with_deals(found, measure, leaves, people if deals_of is None else deals_of)


def with_deals(
    found: Mapping[int, LastYear], measure: str, leaves: Sequence[Period], people: Collection[int]
) -> dict[int, LastYear]:
    """The same with the largest deal of these people: one query over their single credits, none for nobody."""
    if not leaves:
        return dict(found)
    most = curves.largest(Measure(measure), people, leaves[0].starts_on, leaves[-1].ends_on)
    return {**found, **{pk: replace(found[pk], largest=deal) for pk, deal in most.items() if pk in found}}


def _last_year(sold: Decimal | None, gone: tuple[Decimal, Decimal], share: Decimal) -> LastYear:
    actual = sold or ZERO
    whole, adjusted = actual / share, (actual - gone[0]) / share
    return LastYear(actual, whole, adjusted, gone=gone[1], is_known=sold is not None)
