"""The goal strip of a plan: bookings, revenue, margin rate and new-business share, the plan's beside the quota's."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.org import clock
from spm.ui.geometry import Bullet, bullet, shared_scale
from spm.ui.numbers import percent
from targets import curves, measures
from targets.choices import Measure
from territories.models import TerritoryPlan
from territories.plan_checks import Gap
from territories.plan_writing import shown
from territories.plan_years import PlanYears, Quotas


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
    def bar(self) -> Bullet | None:
        """The plan's goal on a track of what is asked; the tick: what this year has reached so far."""
        if self.goal is None or not self.quota:
            return None
        ahead = self.share is not None and self.share >= 1
        sentence = f"{self.label}: {percent(self.share)}"
        scale = shared_scale([self.share])
        status = "ahead" if ahead else "ontrack"
        return bullet(self.goal, self.quota, sentence=sentence, expected=self.to_date, status=status, scale=scale)

    @property
    def difference(self) -> Decimal | None:
        return self.goal - self.quota if self.goal is not None and self.quota is not None else None


def goals_of(plan: TerritoryPlan, gap: Gap, quotas: Quotas, years: PlanYears) -> list[Goal]:
    """The four boxes, in their order; one query."""
    sold = _to_date(plan, years)
    numbers = [quarter.number for quarter in years.quarters]
    margin, revenue = quotas.of_year(Measure.MARGIN), quotas.of_year(Measure.REVENUE)
    return [
        Goal(
            name="",
            label=str(Measure.BOOKINGS.label),
            goal=gap.named,
            quota=gap.quota,
            to_date=sold[Measure.BOOKINGS],
            quarters=[quotas.of_quarter(Measure.BOOKINGS, number) for number in numbers],
            is_percent=False,
            typed="",
        ),
        Goal(
            name="revenue_goal",
            label=str(Measure.REVENUE.label),
            goal=plan.revenue_goal,
            quota=revenue,
            to_date=sold[Measure.REVENUE],
            quarters=[quotas.of_quarter(Measure.REVENUE, number) for number in numbers],
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
                _rate(quotas.of_quarter(Measure.MARGIN, number), quotas.of_quarter(Measure.REVENUE, number))
                for number in numbers
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


def _to_date(plan: TerritoryPlan, years: PlanYears) -> dict[Measure, Decimal]:
    """What the person sold in the year that runs today, or in the plan's year once it is over."""
    day = min(clock.today(), plan.fiscal_year.ends_on)
    return curves.of_person(plan.person_id, years.running(day)[0], day)
