"""Quotas: a person's number per measure and leaf period."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from spm.org.models import Period, User
from targets.batches import Change, set_all
from targets.goals import Goal, GoalSheet, of_person
from targets.lines import Verdict
from targets.models import CompanyPlan, Quota


def set_quota(
    plan: CompanyPlan, *, person: User, measure: str, period: Period, amount: Decimal | None, **told: Any
) -> list[Change]:
    """Set a person's quota for a measure and a period of any level; None takes it away.

    ``told``: ``currency``, ``by`` and ``reason``. Raises what ``goals.GoalSheet.write`` raises, OwnQuota among it.
    """
    currency = told.pop("currency", "")
    return set_quotas(plan, [Goal(of_person(person.pk), measure, period, amount, currency)], **told)


def set_quotas(plan: CompanyPlan, goals: Sequence[Goal], *, by: User | None = None, reason: str = "") -> list[Change]:
    """Set many quotas in one transaction, all or none; holders are ``goals.of_person(…)``."""
    return set_all(plan, Quota, goals, by=by, reason=reason)


def judge_quotas(plan: CompanyPlan, goals: Sequence[Goal], *, by: User | None = None) -> list[Verdict]:
    """What ``set_quotas`` would do to each goal, or why it would refuse it."""
    return GoalSheet(plan, Quota, by=by).judge(goals)
