"""The calendar and the quotas that a plan is looked at with: read once, for goals and for what is live alike."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from spm.money import ZERO
from spm.org.choices import PeriodLevel
from spm.org.models import Period
from targets import last_year
from targets.choices import Measure, PlanKind
from targets.models import Quota
from territories.models import TerritoryPlan

type Span = tuple[date, date]
"""First and last day."""


@dataclass(frozen=True, slots=True)
class PlanYears:
    """The leaves and quarters of the plan's year, in order; ``years``: first and last day of every year, in order, and
    ``titles``: what each is called.
    """

    own: Span
    leaves: Sequence[Period]
    quarters: Sequence[Period]
    years: Sequence[Span]
    titles: Mapping[Span, str]

    def called(self, year: Span, today: date) -> str:
        """A year's name where amounts stand under it: a year that is not over holds them to date alone."""
        told = {"year": self.titles.get(year, "")}
        return told["year"] if year[1] < today else _("%(year)s to date") % told

    @property
    def before(self) -> Span | None:
        """The year before the plan's; None where the calendar begins with it."""
        return next((year for year in reversed(self.years) if year[0] < self.own[0]), None)

    def running(self, day: date) -> Span:
        """The year of a day, or the last one before it; the plan's own where there is none."""
        return next((year for year in reversed(self.years) if year[0] <= day), self.own)

    def elapsed(self, quotas: "Quotas", today: date) -> Decimal:
        """The season-weighted share of the year that has passed: by the bookings quotas, else day by day."""
        weights = {leaf: amount for (measure, leaf), amount in quotas.leaves.items() if measure == Measure.BOOKINGS}
        return last_year.elapsed(self.leaves, weights if any(weights.values()) else {}, today)


def years_of(plan: TerritoryPlan) -> PlanYears:
    """One query."""
    year = plan.fiscal_year
    rows = Period.objects.filter(Q(fiscal_year=year.pk) | Q(level=PeriodLevel.YEAR)).order_by("starts_on")
    found: dict[str, list[Period]] = defaultdict(list)
    for row in rows:
        found[row.level].append(row)
    titles = {(row.starts_on, row.ends_on): row.title for row in found[PeriodLevel.YEAR]}
    own = year.starts_on, year.ends_on
    return PlanYears(own, found[PeriodLevel.MONTH], found[PeriodLevel.QUARTER], list(titles), titles)


@dataclass(frozen=True, slots=True)
class Quotas:
    """The person's quotas in the working version of the plan's year, by number of the leaf and of the quarter."""

    leaves: Mapping[tuple[str, int], Decimal]
    quarters: Mapping[tuple[str, int], Decimal]

    def of_year(self, measure: str) -> Decimal | None:
        """The quota of the whole year; None where there is none."""
        return sum((amount for (each, _number), amount in self.leaves.items() if each == measure), ZERO) or None

    def of_quarter(self, measure: str, number: int) -> Decimal | None:
        return self.quarters.get((measure, number))


def quotas_of(plan: TerritoryPlan) -> Quotas:
    """One query."""
    rows = Quota.objects.filter(
        plan__fiscal_year=plan.fiscal_year_id, plan__kind=PlanKind.WORKING, person=plan.person_id
    )
    leaves: dict[tuple[str, int], Decimal] = {}
    quarters: dict[tuple[str, int], Decimal] = defaultdict(lambda: ZERO)
    for measure, leaf, quarter, amount in rows.order_by().values_list(
        "measure", "period__number", "period__parent__number", "amount"
    ):
        leaves[measure, leaf] = amount
        quarters[measure, quarter] += amount
    return Quotas(leaves, dict(quarters))
