"""The goal strip of a plan: bookings, revenue, margin rate and new-business share, the plan's beside the quota's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from spm.money import ZERO
from spm.org import clock
from spm.org.choices import PeriodLevel
from spm.org.models import FiscalYear, Period
from spm.ui.fields import MoneyField
from targets import curves, measures
from targets.choices import Measure, PlanKind
from targets.models import Quota
from territories.models import TerritoryPlan
from territories.plan_checks import Gap
from territories.plan_writing import shown

type Quotas = Mapping[tuple[str, int], Decimal]
"""(measure, number of the quarter) → quota, company currency."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One box of the strip: amounts, or ratios where ``is_percent``.

    ``name``: its field; empty for bookings and the share, which the sections make. ``to_date``: this year so far.
    """

    name: str
    label: str
    goal: Decimal | None
    quota: Decimal | None
    to_date: Decimal | None
    quarters: Sequence[Decimal | None]
    is_percent: bool
    typed: str

    @property
    def share(self) -> Decimal | None:
        """The plan's goal ÷ what is asked."""
        return measures.attainment(self.goal, self.quota) if self.goal is not None and self.quota else None

    @property
    def difference(self) -> Decimal | None:
        return self.goal - self.quota if self.goal is not None and self.quota is not None else None


def quotas_of(plan: TerritoryPlan) -> Quotas:
    """The person's quotas in the working version of the year, by quarter; one query."""
    rows = Quota.objects.filter(
        plan__fiscal_year=plan.fiscal_year_id, plan__kind=PlanKind.WORKING, person=plan.person_id
    )
    summed = rows.order_by().values_list("measure", "period__parent__number")
    found = summed.annotate(sum=Sum("amount", output_field=MoneyField()))
    return {(measure, quarter): amount for measure, quarter, amount in found}


def of_year(quotas: Quotas, measure: str) -> Decimal | None:
    """The quota of the whole year; None where there is none."""
    return sum((amount for (each, _quarter), amount in quotas.items() if each == measure), ZERO) or None


def goals_of(plan: TerritoryPlan, gap: Gap, quotas: Quotas) -> list[Goal]:
    """The four boxes, in their order."""
    sold = _to_date(plan)
    numbers = _quarters(plan)
    margin, revenue = of_year(quotas, Measure.MARGIN), of_year(quotas, Measure.REVENUE)
    return [
        Goal(
            name="",
            label=str(Measure.BOOKINGS.label),
            goal=gap.named,
            quota=gap.quota,
            to_date=sold[Measure.BOOKINGS],
            quarters=[quotas.get((Measure.BOOKINGS, number)) for number in numbers],
            is_percent=False,
            typed="",
        ),
        Goal(
            name="revenue_goal",
            label=str(Measure.REVENUE.label),
            goal=plan.revenue_goal,
            quota=revenue,
            to_date=sold[Measure.REVENUE],
            quarters=[quotas.get((Measure.REVENUE, number)) for number in numbers],
            is_percent=False,
            typed=shown(plan, "revenue_goal"),
        ),
        Goal(
            name="margin_goal",
            label=str(Measure.MARGIN.label),
            goal=_ratio(plan.margin_goal),
            quota=_rate(margin, revenue),
            to_date=_rate(sold[Measure.MARGIN], sold[Measure.REVENUE]),
            quarters=[
                _rate(quotas.get((Measure.MARGIN, number)), quotas.get((Measure.REVENUE, number))) for number in numbers
            ],
            is_percent=True,
            typed=shown(plan, "margin_goal"),
        ),
        Goal(
            name="new_business_goal",
            label=_("New-business share"),
            goal=gap.business / gap.named if gap.named else None,
            quota=_ratio(plan.new_business_goal),
            to_date=None,
            quarters=[],
            is_percent=True,
            typed=shown(plan, "new_business_goal"),
        ),
    ]


def _ratio(percent: Decimal | None) -> Decimal | None:
    return None if percent is None else percent / 100


def _rate(margin: Decimal | None, revenue: Decimal | None) -> Decimal | None:
    return measures.margin_rate(margin, revenue) if margin is not None and revenue else None


def _quarters(plan: TerritoryPlan) -> list[int]:
    rows = Period.objects.filter(fiscal_year=plan.fiscal_year_id, level=PeriodLevel.QUARTER).order_by("number")
    return list(rows.values_list("number", flat=True))


def _to_date(plan: TerritoryPlan) -> dict[Measure, Decimal]:
    """What the person sold in the year that runs today, or in the plan's year once it is over."""
    today = clock.today()
    day: date = min(today, plan.fiscal_year.ends_on)
    year = FiscalYear.objects.filter(starts_on__lte=day).order_by("-starts_on").first() or plan.fiscal_year
    return curves.of_person(plan.person_id, year.starts_on, day)
