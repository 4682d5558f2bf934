"""The kinds of import that territories bring; each stands in a module of its own."""

from territories.map_imports import Stakeholders
from territories.market_imports import TargetCustomers
from territories.plan_imports import PlanLines
from territories.rule_imports import TerritoryRules
from territories.step_imports import DecisionSteps

__all__ = ["DecisionSteps", "PlanLines", "Stakeholders", "TargetCustomers", "TerritoryRules"]
