"""Finds jobs whose message was lost or whose worker died, and sends them again."""

from datetime import datetime

import structlog

from spm.jobs.choices import JobState
from spm.jobs.leases import MOST_ATTEMPTS
from spm.jobs.models import Job
from spm.jobs.queue import send

logger = structlog.get_logger(__name__)
MOST_AT_ONCE = 500


def sweep(now: datetime) -> int:
    """Send every job that is due and in nobody's hands; return how many. A job sent twice does no harm.

    One that took its worker down MOST_ATTEMPTS times is failed with that reason.
    """
    given_up = (
        Job.objects.due(now)
        .filter(attempt__gte=MOST_ATTEMPTS)
        .update(
            state=JobState.FAILED,
            error=f"Given up after {MOST_ATTEMPTS} attempts: the worker stopped each time.",
            finished_at=now,
            lease_until=None,
        )
    )
    if given_up:
        logger.error("jobs_given_up", count=given_up)
    due = list(Job.objects.due(now).values_list("pk", flat=True)[:MOST_AT_ONCE])
    for pk in due:
        send(pk)
    return len(due)
