"""Targets and what came of them: plan → targets → quotas downward, actuals → credits → totals upward.

Amounts are in the company's currency. Plans, targets and quotas are whole minor units; actuals and credits carry four
decimals. House (a person) and Unassigned (a territory) are stored sentinel rows, so no key of a credit is ever NULL.
"""

from targets.models.actuals import Actual, ActualVersion, Credit
from targets.models.closings import PeriodClosing, PeriodReopening
from targets.models.plans import CompanyPlan, PlanLine, Quota, SeasonalityProfile, SeasonalityWeight, Target
from targets.models.totals import Attainment, PeriodTotal, RollupRun

__all__ = [
    "Actual",
    "ActualVersion",
    "Attainment",
    "CompanyPlan",
    "Credit",
    "PeriodClosing",
    "PeriodReopening",
    "PeriodTotal",
    "PlanLine",
    "Quota",
    "RollupRun",
    "SeasonalityProfile",
    "SeasonalityWeight",
    "Target",
]
