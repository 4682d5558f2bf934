"""Last year as the measure of next year: what everybody sold, without the deals that will not come again.

While the year still runs it is scaled to a whole one by the season, like a run rate. Amounts in company currency.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, Max, Sum

from spm.money import ZERO
from spm.org.models import Period
from spm.ui.fields import MoneyField
from targets import curves
from targets.choices import Measure
from targets.models import Credit, PeriodTotal, PlanningCycle


@dataclass(frozen=True, slots=True)
class LastYear:
    """One person, one measure. ``actual``: to date; ``whole`` and ``adjusted``: of a whole year, the latter without
    one-off deals. ``largest``: the largest single deal to date, a one-off where ``left_out``.
    """

    actual: Decimal = ZERO
    whole: Decimal = ZERO
    adjusted: Decimal = ZERO
    largest: Decimal = ZERO
    left_out: bool = False

    @property
    def largest_share(self) -> Decimal | None:
        """The largest deal ÷ the year to date."""
        return self.largest / self.actual if self.actual > 0 else None


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


def totals(leaves: Sequence[Period], measure: str) -> dict[int, Decimal]:
    """Person → credited sum of these leaf periods, overlay credit included, from the totals; one query."""
    rows = PeriodTotal.objects.filter(period__in=[leaf.pk for leaf in leaves], measure=measure).order_by()
    summed = rows.values_list("person_id").annotate(sum=Sum(F("amount") + F("overlay"), output_field=MoneyField()))
    return dict(summed)


def one_offs(cycle: PlanningCycle, measure: str) -> dict[int, tuple[Decimal, Decimal]]:
    """Person → (sum, largest) of the credits of deals that the cycle leaves out; one query."""
    left_out = Credit.objects.filter(actual__in=cycle.one_offs.values("actual"))
    rows = curves.counted(Measure(measure), left_out).order_by().values("person_id")
    summed = rows.annotate(sum=Sum("counts", output_field=MoneyField()), most=Max("counts", output_field=MoneyField()))
    return {row["person_id"]: (row["sum"], row["most"]) for row in summed}


def read(  # noqa: PLR0913  # what last year depends on
    cycle: PlanningCycle,
    measure: str,
    leaves: Sequence[Period],
    share: Decimal,
    people: Collection[int],
    *,
    deals_of: Collection[int] | None = None,
) -> dict[int, LastYear]:
    """Person → last year; three queries. ``leaves``: of last year, ``share`` of it elapsed.

    ``deals_of``: whose largest deal is looked up, everybody's by default: that reads single credits.
    """
    if not leaves or not share:
        return {}
    sold, gone = totals(leaves, measure), one_offs(cycle, measure)
    asked = people if deals_of is None else deals_of
    most = curves.largest(Measure(measure), asked, leaves[0].starts_on, leaves[-1].ends_on)
    return {
        person: _last_year(sold.get(person, ZERO), gone.get(person, (ZERO, ZERO)), most.get(person, ZERO), share)
        for person in people
    }


def _last_year(actual: Decimal, gone: tuple[Decimal, Decimal], largest: Decimal, share: Decimal) -> LastYear:
    whole, adjusted = actual / share, (actual - gone[0]) / share
    return LastYear(actual, whole, adjusted, largest, left_out=bool(largest) and gone[1] == largest)
