"""A thread that keeps a running job's lease and writes its progress, on a connection of its own.

The handler may be inside a long transaction, where its own writes stay invisible to the progress bar and to the
sweeper until it commits. Only workers use it; jobs run in process report directly, and only outside transactions. On
SQLite a transaction that writes lets this thread write nothing either: the row keeps what was told before it, and the
lease may run out, but nobody can take the job over meanwhile.
"""

import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection
from django.utils import timezone

from spm.jobs.leases import renew
from spm.jobs.registry import Running

BEAT_SECONDS = 1.0
RENEW_EVERY = 20  # beats without news after which the lease is renewed all the same


class Heartbeat:
    """Context manager round a handler's call."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"job-{running.job.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        written, silent = (0, 0, ""), 0
        try:
            while not self._stop.wait(BEAT_SECONDS):
                running = self._running
                news = (running.done, running.total, running.note)
                silent += 1
                if news == written and silent < RENEW_EVERY:
                    continue
                # A busy or restarting database costs one beat; the lease spans many.
                with suppress(DatabaseError), running.lock:
                    renew(running, timezone.now())
                    written, silent = news, 0
        finally:
            connection.close()
