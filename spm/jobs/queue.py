"""The one way to ask for background work.

The Job row is written in the caller's transaction; the message, which carries the row's id and nothing else, leaves
when that transaction commits. A lost message delays: the sweeper sends it again.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from spm.celery import RUN_TASK, app
from spm.jobs import envelopes, runner
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.org.models import User

logger = structlog.get_logger(__name__)


@dataclass
class InProcess:
    """The jobs that ran inside an ``in_process()`` block, in order, and how each ended (None: nothing to do)."""

    waiting: deque[int] = field(default_factory=deque)
    ended: dict[int, JobState | None] = field(default_factory=dict)
    is_draining: bool = False

    @property
    def failed(self) -> list[int]:
        """Ids of the jobs that did not end well; their rows say why."""
        return [pk for pk, state in self.ended.items() if state in (JobState.FAILED, JobState.WAITING)]


_here: ContextVar[InProcess | None] = ContextVar("jobs_in_process", default=None)


def enqueue(  # noqa: PLR0913  # the columns of a job, by keyword
    kind: str,
    *,
    subject: str = "",
    arguments: dict[str, Any] | None = None,
    sealed: dict[str, Any] | None = None,
    by: User | None = None,
    due_at: datetime | None = None,
    slot: str | None = None,
) -> Job | None:
    """Ask for a job of ``kind``; it starts after the caller's transaction commits, or at ``due_at``.

    ``slot`` names scheduled work, unique for ever ("rollup 2026-09-18T10:05Z"); returns None where it is taken.
    ``arguments``: JSON values, no private text. ``sealed``: JSON values that nobody may read in the database, its
    backups or the jobs page; kept encrypted, and only until the job is done.
    """
    due = due_at or timezone.now()
    values = {"kind": kind, "subject": subject[:200], "arguments": arguments or {}, "created_by": by, "due_at": due}
    values["sealed"] = envelopes.seal(sealed) if sealed is not None else ""
    if slot is None:
        job, is_new = Job.objects.create(**values), True
    else:
        job, is_new = Job.objects.get_or_create(slot=slot, defaults=values)
    if not is_new:
        return None
    if due_at is None:
        send(job.pk)
    return job


def send(pk: int) -> None:
    """Send the message of a job when the current transaction commits, or run the job then, in process."""
    transaction.on_commit(partial(_send_now, pk))


def retry(job: Job) -> bool:
    """Make a failed or cancelled job due again, with fresh attempts; False if it is neither."""
    ended = Job.objects.filter(pk=job.pk, state__in=[JobState.FAILED, JobState.CANCELLED])
    if not ended.update(state=JobState.WAITING, attempt=0, error="", due_at=timezone.now(), finished_at=None):
        return False
    send(job.pk)
    return True


@contextmanager
def in_process() -> Iterator[InProcess]:
    """Run every job enqueued inside the block in this very process: how management commands work without a worker."""
    outer = _here.get()
    if outer is not None:
        yield outer
        return
    here = InProcess()
    token = _here.set(here)
    try:
        yield here
    finally:
        _here.reset(token)


def _send_now(pk: int) -> None:
    here = _here.get()
    if here is not None:
        _run_here(pk, here)
    elif settings.JOBS_IN_PROCESS:
        with in_process() as here:
            _run_here(pk, here)
    else:
        _publish(pk)


def _publish(pk: int) -> None:
    try:
        app.send_task(RUN_TASK, args=[pk])
    except (BrokerError, OSError) as error:
        # Reading and writing work without a broker; the sweeper sends the message when it is back.
        logger.warning("broker_unreachable", job=pk, error=type(error).__name__)


def _run_here(pk: int, here: InProcess) -> None:
    """Run the job, and after it those it asked for: in a queue, never one inside another."""
    here.waiting.append(pk)
    if here.is_draining:
        return
    here.is_draining = True
    try:
        while here.waiting:
            following = here.waiting.popleft()
            here.ended[following] = runner.run(following)
    finally:
        here.is_draining = False
