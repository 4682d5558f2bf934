"""Which function does which kind of job. Handlers live in each app's ``tasks.py``, found at start."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from django.db import transaction

from spm.jobs import envelopes
from spm.jobs.choices import JobState
from spm.jobs.models import Job


class LeaseLost(Exception):
    """Another worker has taken the job over: this one must write nothing more."""


class TryAgain(Exception):
    """Something outside was busy or away: the job is run again a little later, a few times."""


class UnknownKind(Exception):
    """No app registered a handler for this kind of job."""


@dataclass
class Running:
    """A claimed job in the hands of its handler.

    ``report`` carries progress to the row, and may be slow to; ``begin`` (by default the same) does so at once, for the
    beginning of a phase. Whoever writes the row holds ``lock``, so that none writes older numbers over newer ones.
    """

    job: Job
    report: "Callable[[Running], None]"
    done: int = 0
    total: int = 0
    note: str = field(default="")
    begin: "Callable[[Running], None] | None" = None
    lock: Lock = field(default_factory=Lock)

    @property
    def arguments(self) -> dict[str, Any]:
        """What ``enqueue`` was given: JSON values only."""
        return dict(self.job.arguments)

    @property
    def sealed(self) -> dict[str, Any]:
        """What ``enqueue`` was given to seal. Raises Wiped where it is no longer kept."""
        return envelopes.unseal(self.job.sealed)

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Tell how far the work is: ``done`` of ``total`` steps, and in a few words which. Renews the lease.

        ``done`` 0: a phase begins, perhaps in a transaction that lets nobody else write (SQLite has one writer): that
        is told at once. ``total`` 0: nobody knows how long it takes. ``%(total)s`` in ``note`` is the number of steps.
        """
        self.done, self.total, self.note = done, total, str(note)[:200]
        (self.report if done else self.begin or self.report)(self)

    def confirm(self) -> None:
        """Call inside the transaction that publishes a result: locks the job's row and checks that it is still ours.

        Raises LeaseLost when a sweeper gave the job to another worker meanwhile, so that a late twin cannot write.
        Rule: reliability.md §2, Broker and jobs.
        """
        if not transaction.get_connection().in_atomic_block:
            raise RuntimeError("confirm() belongs inside the transaction that publishes")
        ours = Job.objects.select_for_update().filter(pk=self.job.pk, attempt=self.job.attempt, state=JobState.RUNNING)
        if not ours.exists():
            raise LeaseLost(f"job {self.job.pk}, attempt {self.job.attempt}")


Handler = Callable[[Running], None]
_handlers: dict[str, Handler] = {}


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the decorated function for ``kind``. It may run twice, so it must end in the same state."""

    def register(function: Handler) -> Handler:
        known = _handlers.setdefault(kind, function)
        if known is not function:
            raise ValueError(f"two handlers for the job {kind}: {known.__module__} and {function.__module__}")
        return function

    return register


def handler_for(kind: str) -> Handler:
    """The function registered for ``kind``. Raises UnknownKind."""
    if kind not in _handlers:
        raise UnknownKind(f"no handler for jobs of kind {kind!r}")
    return _handlers[kind]


def known_kinds() -> set[str]:
    """Every kind that has a handler."""
    return set(_handlers)
