"""Who else is at work on the numbers of a plan just now: the newest change by somebody else, as far as one sees it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from spm.org.models import User
from spm.org.scopes import Scope, scope_of
from targets import batches
from targets.batches import Change
from targets.models import CompanyPlan, GoalBatch

LATELY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Presence:
    """``count``: how many leaf periods that the viewer sees changed."""

    name: str
    count: int
    at: datetime


def read(plan: CompanyPlan, viewer: User) -> tuple[GoalBatch | None, Presence | None]:
    """(the viewer's own change that can be undone, the newest change by somebody else within LATELY): one query.

    Of others only what changed numbers that the viewer sees.
    """
    own, others = batches.own_and_since(plan, viewer, timezone.now() - LATELY)
    scope = scope_of(viewer)
    for batch in others:
        count = sum(_sees(scope, change) for change in batches.changes_of(batch))
        if count and batch.by is not None:
            return own, Presence(batch.by.name, count, batch.at)
    return own, None


def _sees(scope: Scope, change: Change) -> bool:
    """As ``visible_to`` of quotas and targets; the company plan is for whoever sees its page."""
    holder = change.holder
    if scope.people is None or holder.column == "segment":
        return True
    return (holder.column == "person_id" and holder.key in scope.people) or (
        holder.column == "team_id" and holder.key in scope.leads
    )
