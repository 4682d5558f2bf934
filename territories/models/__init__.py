"""Territories and how they are worked: rules and moves, markets, the map of an account, the one-page plan.

The territories themselves, who holds them and where accounts stand are ``spm.market``'s; this app decides and plans.
Amounts are in the company's currency. Texts of a plan are capped in forms, imports and the database alike (``caps``).
"""

from territories.models.files import PlanFile
from territories.models.maps import (
    AccountObjective,
    AccountPlan,
    AccountReview,
    DecisionStep,
    Influence,
    Stakeholder,
)
from territories.models.markets import TargetCustomer, TargetMarket
from territories.models.moves import MovedAccount, MoveEvent, MovePackage
from territories.models.plans import (
    PlanReview,
    PlanSection,
    PlanTemplate,
    PlanVersion,
    TemplateSection,
    TerritoryPlan,
    TerritoryPlanLine,
)
from territories.models.rules import RuleSet, TerritoryRule

__all__ = [
    "AccountObjective",
    "AccountPlan",
    "AccountReview",
    "DecisionStep",
    "Influence",
    "MoveEvent",
    "MovePackage",
    "MovedAccount",
    "PlanFile",
    "PlanReview",
    "PlanSection",
    "PlanTemplate",
    "PlanVersion",
    "RuleSet",
    "Stakeholder",
    "TargetCustomer",
    "TargetMarket",
    "TemplateSection",
    "TerritoryPlan",
    "TerritoryPlanLine",
    "TerritoryRule",
]
