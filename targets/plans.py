"""The company plan and its versions: the working one in force, the baseline frozen for ever.

Plan lines are the company's goals, targets those of teams and territories. Rules: domain.md, A1 and Plan revisions.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from spm.errors import NothingToDo
from spm.market.models import Territory
from spm.org import retries
from spm.org.models import FiscalYear, Period, Team, User
from targets import versions
from targets.batches import Change, set_all
from targets.choices import PlanKind
from targets.goals import Goal, GoalSheet, of_segment, of_team, of_territory
from targets.lines import Verdict
from targets.models import CompanyPlan, PlanLine, Target


def working_plan(fiscal_year: FiscalYear, by: User | None = None) -> CompanyPlan:
    """The version of the year's plan that is in force, made where there is none."""
    plan = CompanyPlan.objects.get_or_create(
        fiscal_year=fiscal_year, kind=PlanKind.WORKING, number=1, defaults={"author": by}
    )[0]
    plan.fiscal_year = fiscal_year  # known already: nobody reads it again
    return plan


def shown_plan(fiscal_year: FiscalYear) -> CompanyPlan:
    """The same for a page that only reads: where there is none, one without numbers that is not stored."""
    found = CompanyPlan.objects.filter(fiscal_year=fiscal_year, kind=PlanKind.WORKING, number=1).first()
    plan = found or CompanyPlan(pk=0, fiscal_year=fiscal_year, kind=PlanKind.WORKING)
    plan.fiscal_year = fiscal_year
    return plan


def baseline_of(fiscal_year: FiscalYear) -> CompanyPlan | None:
    """The year's frozen baseline, None before it is frozen."""
    return CompanyPlan.objects.filter(fiscal_year=fiscal_year, kind=PlanKind.BASELINE).first()


def set_plan_line(
    plan: CompanyPlan, *, measure: str, period: Period, amount: Decimal | None, segment: str = "", **told: Any
) -> list[Change]:
    """Set the company's goal for a measure and a period of any level; None takes it away.

    ``told``: ``currency``, ``by`` and ``reason``. Raises what ``goals.GoalSheet.write`` raises.
    """
    currency = told.pop("currency", "")
    return set_plan_lines(plan, [Goal(of_segment(segment), measure, period, amount, currency)], **told)


def set_target(
    plan: CompanyPlan, *, holder: Team | Territory, measure: str, period: Period, amount: Decimal | None, **told: Any
) -> list[Change]:
    """Set the target of a team or a territory for a measure and a period of any level; None takes it away."""
    column = of_team if isinstance(holder, Team) else of_territory
    currency = told.pop("currency", "")
    return set_targets(plan, [Goal(column(holder.pk), measure, period, amount, currency)], **told)


def set_plan_lines(
    plan: CompanyPlan, goals: Sequence[Goal], *, by: User | None = None, reason: str = ""
) -> list[Change]:
    """Set many of the company's goals in one transaction, all or none; holders are ``goals.of_segment(…)``."""
    return set_all(plan, PlanLine, goals, by=by, reason=reason)


def set_targets(plan: CompanyPlan, goals: Sequence[Goal], *, by: User | None = None, reason: str = "") -> list[Change]:
    """Set many targets in one transaction, all or none; holders are ``of_team(…)`` and ``of_territory(…)``."""
    return set_all(plan, Target, goals, by=by, reason=reason)


def judge_plan_lines(plan: CompanyPlan, goals: Sequence[Goal], *, by: User | None = None) -> list[Verdict]:
    """What ``set_plan_lines`` would do to each goal, or why it would refuse it."""
    return GoalSheet(plan, PlanLine, by=by).judge(goals)


def judge_targets(plan: CompanyPlan, goals: Sequence[Goal], *, by: User | None = None) -> list[Verdict]:
    """What ``set_targets`` would do to each goal, or why it would refuse it."""
    return GoalSheet(plan, Target, by=by).judge(goals)


@retries.atomic
def freeze_baseline(plan: CompanyPlan, *, by: User | None = None, reason: str = "") -> CompanyPlan:
    """Copy the plan with its lines, targets and quotas into the year's baseline, which nothing changes any more.

    Raises NothingToDo where the year has a baseline already: it is kept for ever, changes are revisions.
    """
    FiscalYear.objects.select_for_update(no_key=True).get(pk=plan.fiscal_year_id)
    if CompanyPlan.objects.filter(fiscal_year=plan.fiscal_year_id, kind=PlanKind.BASELINE).exists():
        raise NothingToDo(_("%(year)s has its baseline already.") % {"year": plan.fiscal_year})
    baseline = CompanyPlan.objects.create(
        fiscal_year=plan.fiscal_year, kind=PlanKind.BASELINE, author=by, reason=reason
    )
    versions.copy_rows(plan, baseline, by, reason)
    versions.freeze(baseline)  # last: from here on the guards refuse every row of it
    return baseline
