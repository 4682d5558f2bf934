"""Runs one job by its id: claim, call the handler, write down how it ended."""

from contextlib import nullcontext, suppress

import structlog
from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone

from spm.errors import RuleViolation, has_no_room
from spm.jobs import leases
from spm.jobs.choices import JobState
from spm.jobs.heartbeat import Heartbeat
from spm.jobs.models import Job
from spm.jobs.registry import LeaseLost, Running, TryAgain, handler_for
from spm.org import current

logger = structlog.get_logger(__name__)


def run(pk: int, *, heartbeat: bool = False) -> JobState | None:
    """Run the job if it is due and free; return how it ended, None if there was nothing to do.

    Never raises what the handler raised: the row tells it, and a message that is worked off must not come again.
    ``heartbeat``: a thread keeps the lease (workers); without it each progress() does.
    """
    job = leases.claim(pk, timezone.now())
    if job is None:
        return None
    running = Running(job, _nothing if heartbeat else _report, total=job.total, begin=_report)
    log = logger.bind(job=job.pk, kind=job.kind, attempt=job.attempt)
    log.info("job_started")
    try:
        with current.unkept(), Heartbeat(running) if heartbeat else nullcontext():
            handler_for(job.kind)(running)
    except LeaseLost:
        log.warning("job_lease_lost")
        return None
    except Exception as error:  # noqa: BLE001  # the worker's edge: whatever went wrong, the row must say so
        return _record(job, error, log)
    if not leases.finish(running, timezone.now()):
        log.warning("job_finished_by_another")
        return None
    log.info("job_done")
    return JobState.DONE


def _record(job: Job, error: Exception, log: structlog.typing.FilteringBoundLogger) -> JobState:
    """Failed, or waiting again where the database or something outside was merely busy or away, or a disk full."""
    reason = error_text(error)
    passes = isinstance(error, OperationalError | TryAgain) or has_no_room(error)
    again = passes and job.attempt < leases.MOST_ATTEMPTS
    connection.close_if_unusable_or_obsolete()
    if again:
        leases.postpone(job, reason, timezone.now())
        log.warning("job_postponed", error=type(error).__name__)
        return JobState.WAITING
    leases.fail(job, reason, timezone.now())
    if isinstance(error, RuleViolation):
        log.warning("job_refused", reason=reason)
    else:
        log.error("job_failed", error=type(error).__name__, exc_info=error)
    return JobState.FAILED


def error_text(error: Exception) -> str:
    """One line for the jobs page: the sentence of a broken rule, else what it was, without a traceback.

    Only the first line: PostgreSQL puts the values of the row, perhaps private, into the following ones.
    """
    first = (str(error).splitlines() or [""])[0][:500]
    return first if isinstance(error, RuleViolation) else f"{type(error).__name__}: {first}"


def _report(running: Running) -> None:
    """Outside transactions alone: inside one nobody else would see it, and it would lock the job before all others."""
    if connection.in_atomic_block:
        return
    with suppress(DatabaseError), running.lock:  # the database is busy: progress is no reason to fail
        leases.renew(running, timezone.now())


def _nothing(running: Running) -> None:
    """The heartbeat reads the numbers from ``running``."""
