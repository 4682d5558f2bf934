"""The number a holder is judged by: decided in each leaf period, then added up over the quarter and the year.

A target for some months of a quarter stands beside the quotas of its other months; it does not take their place.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from django.db.models import Q

from spm.org.choices import PeriodLevel
from targets.choices import Scope
from targets.models import Attainment

ADDED_UP = (Scope.TEAM, Scope.TERRITORY)
"""Those whose people or parts stand in where nothing was given to them. The company is judged by its plan alone."""


def quota_of[Amount: (int, Decimal)](scope: Scope, target: Amount | None, quota_sum: Amount | None) -> Amount | None:
    """The number a holder is judged by in one leaf period."""
    return quota_sum if target is None and scope in ADDED_UP else target


def split(given: Mapping[int, Decimal], leaves: Iterable[int]) -> tuple[list[Decimal], list[int]]:
    """The same over many leaf periods, of one who is added up: the amounts given, and where those below stand in."""
    own, rest = [], []
    for leaf in leaves:
        if leaf in given:
            own.append(given[leaf])
        else:
            rest.append(leaf)
    return own, rest


def by_period(scope: Scope, measure: str, years: Collection[int] | None = None) -> dict[tuple[int, int], Decimal]:
    """(Holder, period of any level) → the number it is judged by, where there is one; ``years``: fiscal years.

    One query; whoever asks lays it over rows that he may see.
    """
    rows = Attainment.objects.filter(measure=measure, period__level=PeriodLevel.MONTH, **{f"{scope}__isnull": False})
    rows = rows if years is None else rows.filter(period__fiscal_year__in=years)
    given = rows.filter(Q(target__isnull=False) | Q(quota_sum__isnull=False)).order_by()
    sums: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    columns = (f"{scope}_id", "target", "quota_sum", "period", "period__parent", "period__parent__parent")
    for holder, target, quota_sum, *periods in given.values_list(*columns):
        quota = quota_of(scope, target, quota_sum)
        if quota is not None:
            for period in periods:
                sums[holder, period] += quota
    return dict(sums)
