"""Quotas: a person's number per measure and leaf period, and how it came to be what it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from spm.org.models import Period, User
from targets.goals import Goal, GoalSheet, LeafChange, of_person
from targets.lines import Verdict
from targets.models import CompanyPlan, PlanLine, Quota, Target


def set_quota(
    plan: CompanyPlan, *, person: User, measure: str, period: Period, amount: Decimal | None, **told: Any
) -> list[LeafChange]:
    """Set a person's quota for a measure and a period of any level; None takes it away.

    ``told``: ``currency``, ``by`` and ``reason``. Raises what ``goals.GoalSheet.write`` raises, OwnQuota among it.
    """
    currency = told.pop("currency", "")
    return set_quotas(plan, [Goal(of_person(person.pk), measure, period, amount, currency)], **told)


def set_quotas(
    plan: CompanyPlan, goals: Sequence[Goal], *, by: User | None = None, reason: str = ""
) -> list[LeafChange]:
    """Set many quotas in one transaction, all or none; holders are ``goals.of_person(…)``."""
    return GoalSheet(plan, Quota, by=by).write(goals, reason)


def judge_quotas(plan: CompanyPlan, goals: Sequence[Goal], *, by: User | None = None) -> list[Verdict]:
    """What ``set_quotas`` would do to each goal, or why it would refuse it."""
    return GoalSheet(plan, Quota, by=by).judge(goals)


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a goal: since when, set by whom (None: the system or a command), and why."""

    at: datetime
    by: User | None
    amount: Decimal | None  # None: taken away
    reason: str


def history_of(goal: Quota | Target | PlanLine) -> list[Revision]:
    """Every state of a quota, target or plan line, newest first."""
    rows: Any = goal.history.select_related("history_user").order_by("-history_date", "-history_id")
    return [
        Revision(
            row.history_date,
            row.history_user,
            None if row.history_type == "-" else row.amount,
            row.history_change_reason or "",
        )
        for row in rows
    ]
