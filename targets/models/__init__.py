"""Targets and what came of them: plan → targets → quotas downward, actuals → credits → totals upward.

Amounts are in the company's currency. Plans, targets and quotas are whole minor units; actuals and credits carry four
decimals. House (a person) and Unassigned (a territory) are stored sentinel rows, so no key of a credit is ever NULL.
"""

from targets.models.actuals import Actual, ActualVersion, Credit
from targets.models.allocation import (
    GoalBatch,
    Hold,
    Proposal,
    RampAssignment,
    RampSchedule,
    RampStep,
)
from targets.models.closings import PeriodClosing, PeriodReopening, ReopenedChange
from targets.models.cycles import CycleStage, OneOffDeal, PlanningCycle
from targets.models.letters import LetterLine, QuotaLetter
from targets.models.plans import CompanyPlan, PlanLine, Quota, SeasonalityProfile, SeasonalityWeight, Target
from targets.models.rates import PlanRate, Rate
from targets.models.scenarios import OpenPosition, OpenQuota, ScenarioStep
from targets.models.totals import Attainment, PeriodTotal, RollupRun

__all__ = [
    "Actual",
    "ActualVersion",
    "Attainment",
    "CompanyPlan",
    "Credit",
    "CycleStage",
    "GoalBatch",
    "Hold",
    "LetterLine",
    "OneOffDeal",
    "OpenPosition",
    "OpenQuota",
    "PeriodClosing",
    "PeriodReopening",
    "PeriodTotal",
    "PlanLine",
    "PlanRate",
    "PlanningCycle",
    "Proposal",
    "Quota",
    "QuotaLetter",
    "RampAssignment",
    "RampSchedule",
    "RampStep",
    "Rate",
    "ReopenedChange",
    "RollupRun",
    "ScenarioStep",
    "SeasonalityProfile",
    "SeasonalityWeight",
    "Target",
]
