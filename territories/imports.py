"""The kinds of import that territories bring; each stands in a module of its own."""

from territories.plan_imports import PlanLines

__all__ = ["PlanLines"]
