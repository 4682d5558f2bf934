"""Waiting for workers: for commands that go on when background work has ended."""

import time
from collections.abc import Callable

from django.utils import timezone

from spm.errors import RuleViolation
from spm.jobs.choices import JobState
from spm.jobs.models import Job


class StillWaiting(RuleViolation):
    """Background work did not end in the time given."""


def wait_for_jobs(*, since: int = 0, seconds: float = 600, report: Callable[[Job], None] | None = None) -> list[Job]:
    """Wait until no job newer than primary key ``since`` is due or running; return those that failed.

    ``report`` gets the running job, about twice a second. Jobs due later than now are not waited for.
    Raises StillWaiting after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    jobs = Job.objects.filter(pk__gt=since, slot__isnull=True)
    while True:
        unfinished = jobs.filter(state__in=[JobState.WAITING, JobState.RUNNING], due_at__lte=timezone.now())
        job = unfinished.order_by("-state", "pk").first()
        if job is None:
            return list(jobs.filter(state=JobState.FAILED).order_by("pk"))
        if time.monotonic() > deadline:
            raise StillWaiting(f"The job {job} did not end within {seconds:.0f} seconds.")
        if report:
            report(job)
        time.sleep(0.4)
