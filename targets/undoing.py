"""Which change a grid offers to take back: what one did last, on this page, as long as nothing was decided upon it.

A stage that is done and a plan that is approved stand on the numbers as they were: what was typed before is changed by
typing, not by a button. What has changed since cannot be undone, so that is not offered either.
"""

from collections.abc import Collection

from spm.org.models import Period, User
from targets import access, batches
from targets.choices import PlanState
from targets.models import CompanyPlan, CycleStage, GoalBatch, PlanningCycle

OF_PLAN = frozenset({"segment"})
OF_PEOPLE = frozenset({"person_id", "team_id"})
"""The columns of the numbers that a page is about."""


def offered(
    user: User, plan: CompanyPlan, cycle: PlanningCycle, batch: GoalBatch | None, columns: Collection[str]
) -> GoalBatch | None:
    """``batch``, the user's newest, where the page of these ``columns`` may offer to undo it; three queries at most."""
    if batch is None or not _is_of(batch, columns) or not access.can_undo(user, batch):
        return None
    if _is_decided(plan, batch) or _is_of_a_stage_done(cycle, batch):
        return None
    changes = batches.changes_of(batch)
    periods = Period.objects.in_bulk({change.period for change in changes})
    return batch if batches.stands(plan, changes, periods) else None


def _is_of(batch: GoalBatch, columns: Collection[str]) -> bool:
    """Whether it changed any of these; a restore changes both plan and quotas, and is offered on either page."""
    return any(change.holder.column in columns for change in batches.changes_of(batch))


def _is_decided(plan: CompanyPlan, batch: GoalBatch) -> bool:
    """The company plan was approved as it stands with this change; targets and quotas are not what was approved."""
    approved = plan.state == PlanState.APPROVED and plan.decided_at is not None and batch.at <= plan.decided_at
    return approved and _is_of(batch, OF_PLAN)


def _is_of_a_stage_done(cycle: PlanningCycle, batch: GoalBatch) -> bool:
    return bool(cycle.pk) and CycleStage.objects.filter(cycle=cycle, done_at__gte=batch.at).exists()
