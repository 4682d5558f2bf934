"""Starts the processes of an installation, keeps them running, ends them together.

Only processes started here are ever signalled, by their own process id.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before a child that died is started again; doubled each time it dies young."""
GROWN_UP = 60.0
"""A child that ran this many seconds and then died is restarted as if it were the first time."""
PATIENCE = 15.0
"""Seconds a child has to end after SIGTERM before it is killed; its jobs are taken over when their lease ends."""
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process that should be running."""

    name: str
    command: list[str]
    pass_fds: tuple[int, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    start_at: float = field(default=0.0)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Children in order: started first to last, ended last to first."""

    def __init__(self, environment: Mapping[str, str], report: Callable[[str], None]) -> None:
        self._environment = {**os.environ, **environment}
        self._report = report
        self._is_ending = False
        self.children: list[Child] = []

    def start(self, name: str, command: list[str], *, pass_fds: tuple[int, ...] = ()) -> Child:
        """Start a process and look after it from now on."""
        child = Child(name, command, pass_fds)
        self.children.append(child)
        self._launch(child)
        return child

    def run(self, watch: Callable[[], None] | None = None) -> None:
        """Look after the children until Ctrl-C or SIGTERM, then end them. ``watch`` is called at each look."""
        with self.ending_on_signals():
            try:
                while not self._is_ending:
                    self.look()
                    if watch:
                        watch()
                    time.sleep(0.2)
            finally:
                self.stop()

    def look(self) -> None:
        """Start again what has died, after a pause that grows while it dies young."""
        now = time.monotonic()
        for child in self.children:
            if child.is_running:
                continue
            if child.process is not None:
                self._bury(child, now)
            elif now >= child.start_at:
                self._launch(child)

    def restart(self, child: Child, reason: str) -> None:
        """End one child; the next look starts it again."""
        self._report(f"{child.name}: {reason}; starting it again.")
        _end([child])

    def stop(self) -> None:
        """End all children, the last started first. Safe to call twice."""
        self._is_ending = True
        _end(self.children[:0:-1])
        _end(self.children[:1])  # what the others may still need to end in order: the broker

    @contextmanager
    def ending_on_signals(self) -> Iterator[None]:
        """Within the block SIGINT and SIGTERM end ``run`` instead of the interpreter."""

        def end(_number: int, _frame: FrameType | None) -> None:
            self._is_ending = True

        old = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)

    def _launch(self, child: Child) -> None:
        # A session of its own: Ctrl-C reaches the supervisor alone, which then ends the children in order.
        child.process = subprocess.Popen(  # noqa: S603  # our own command lines
            child.command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            pass_fds=child.pass_fds,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  # no threads here
        )
        child.started = time.monotonic()

    def _bury(self, child: Child, now: float) -> None:
        code = child.process.returncode if child.process else 0
        child.process = None
        child.pause = FIRST_PAUSE if now - child.started > GROWN_UP else min(child.pause * 2, LONGEST_PAUSE)
        child.start_at = now + child.pause
        self._report(f"{child.name} ended (exit code {code}); starting it again in {child.pause:.0f} s.")


def _die_with_parent() -> None:
    """In the child, before its program starts: end with the supervisor, even if that is killed outright."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(children: list[Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        with suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
