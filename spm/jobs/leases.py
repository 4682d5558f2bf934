"""Claiming, renewing and giving back a job: every step is one conditional UPDATE on state and attempt."""

from datetime import datetime, timedelta

from django.db.models import F

from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.registry import Running

LEASE = timedelta(seconds=120)
"""How long a silent worker keeps a job. With a sweep each minute a killed one is taken over within 3 minutes."""
MOST_ATTEMPTS = 5
"""A job that took its worker down this often is failed, not tried again."""
RETRY_AFTER = timedelta(seconds=20)


def claim(pk: int, now: datetime) -> Job | None:
    """Take a due job for this worker until ``now`` + LEASE; None if it is done, gone or in other hands.

    The attempt read before is part of the condition, so of two workers exactly one succeeds, and the attempt on the
    returned row is this worker's own.
    """
    job: Job | None = Job.objects.due(now).filter(pk=pk, attempt__lt=MOST_ATTEMPTS).first()
    if job is None:
        return None
    taken = (
        Job.objects.due(now)
        .filter(pk=pk, attempt=job.attempt)
        .update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            lease_until=now + LEASE,
            started_at=now,
            finished_at=None,
            error="",
        )
    )
    if not taken:
        return None
    job.attempt += 1
    job.state = JobState.RUNNING
    return job


def renew(running: Running, now: datetime) -> bool:
    """Write the progress and hold the lease for another LEASE; False if the job is no longer ours."""
    return _ours(running.job, lease_until=now + LEASE, progress=running.done, total=running.total, note=running.note)


def finish(running: Running, now: datetime) -> bool:
    """Mark the job done and wipe what was sealed in it; False if the job is no longer ours."""
    has_told = running.total or running.note
    values = {"progress": running.done, "total": running.total, "note": running.note} if has_told else {}
    return _ours(running.job, state=JobState.DONE, finished_at=now, lease_until=None, sealed="", **values)


def fail(job: Job, error: str, now: datetime) -> bool:
    """Mark the job failed, with the reason in words; False if the job is no longer ours."""
    return _ours(job, state=JobState.FAILED, error=error, finished_at=now, lease_until=None)


def postpone(job: Job, error: str, now: datetime) -> bool:
    """Give the job back for another try a little later, longer each time; False if it is no longer ours."""
    wait = RETRY_AFTER * 2 ** (job.attempt - 1)
    return _ours(job, state=JobState.WAITING, error=error, due_at=now + wait, lease_until=None)


def _ours(job: Job, **values: object) -> bool:
    mine = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=JobState.RUNNING)
    return bool(mine.update(**values))
