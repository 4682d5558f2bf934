"""What a killed worker left behind, brought to its end: one sweep after its lease, and a worker for what that sends."""

from collections.abc import Callable
from datetime import timedelta

import time_machine
from django.utils import timezone

from spm.jobs import leases, runner
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.sweeper import sweep
from targets.models import RollupRun
from tests import children

A_SWEEP = timedelta(minutes=1)


def killed_at(statement: int, job: Job, run: Callable[[int], object] = runner.run) -> bool:
    """Let a worker do the job and kill it before that statement. False where the job was done by then."""
    children.got_through(children.start(run, job.pk, kill_before=statement))
    job.refresh_from_db()
    return job.state != JobState.DONE


def finish(messages: list[int]) -> None:
    """The next sweep after the lease of whoever was killed; ``messages``: the fixture, in place of a broker.

    Raises AssertionError where a job is not done then, or a period is not rolled up.
    """
    messages.clear()  # those of the killed are lost
    with time_machine.travel(timezone.now() + leases.LEASE + A_SWEEP, tick=False):
        sweep(timezone.now())
        while messages:
            runner.run(messages.pop(0))
        _all_done()


def finish_now(job: Job) -> None:
    """The same for one job, inside a transaction of the test, where no message leaves."""
    with time_machine.travel(timezone.now() + leases.LEASE + A_SWEEP, tick=False):
        assert job in Job.objects.due(timezone.now())
        assert runner.run(job.pk) == JobState.DONE


def _all_done() -> None:
    unfinished = Job.objects.exclude(state=JobState.DONE).values_list("kind", "state", "error")
    assert list(unfinished) == []
    assert not RollupRun.objects.stale().exists()
