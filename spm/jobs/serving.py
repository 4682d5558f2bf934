"""Web server, worker, beat and embedded broker under one supervisor: what ``up`` and ``demo`` share.

with Installation(report) as spm:      # broker, worker and beat run
    …                                  # enqueue, wait_for_jobs()
    spm.serve(listen(host, port))      # until Ctrl-C
"""

import fcntl
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from django.conf import settings
from django.db import OperationalError, close_old_connections
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from spm.celery import app
from spm.jobs.broker import EmbeddedBroker
from spm.jobs.canary import STALE_AFTER, age
from spm.jobs.startup import CannotStart, writable_data_dir
from spm.jobs.supervisor import Child, Supervisor

Report = Callable[[str], None]
LOOK_AT_CANARY = 30.0  # seconds


def listen(host: str, port: int) -> socket.socket:
    """An open socket for the web server. Raises CannotStart in words where the port is taken or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except PermissionError as error:
        raise CannotStart(f"This user may not open port {port}. Choose one above 1023 with --port.") from error
    except OSError as error:
        raise CannotStart(
            f"Port {port} on {host} is taken by another program, or {host} is not an address of this machine. "
            "Choose another with --port or --host."
        ) from error


def use_address(host: str, port: int) -> str:
    """The address people type in; links in mails and on the console use it unless SPM_BASE_URL names another."""
    if "SPM_BASE_URL" not in os.environ:
        settings.BASE_URL = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    return str(settings.BASE_URL)


class Watchdog:
    """Restarts a worker that is alive but gets nothing done (reliability.md §2: health is end to end)."""

    def __init__(self, supervisor: Supervisor, worker: Child) -> None:
        self._supervisor = supervisor
        self._worker = worker
        self._looked_at = time.monotonic()

    def __call__(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < LOOK_AT_CANARY or now - self._worker.started < STALE_AFTER.total_seconds():
            return
        self._looked_at = now
        try:
            close_old_connections()
            silence = age(timezone.now())
        except OperationalError:
            return  # without the database no worker can be expected to work
        if silence is None or silence > STALE_AFTER:
            self._supervisor.restart(self._worker, "no job was done for three minutes")


def work(report: Report) -> None:
    """Run one watched worker until SIGTERM or Ctrl-C: the worker's container."""
    supervisor = Supervisor(_environment(), report)
    worker = supervisor.start("worker", worker_command())
    supervisor.run(Watchdog(supervisor, worker))


class Installation:
    """The running processes of one data folder. Leaving the block ends them."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._lock: IO[str] | None = None
        self._broker: EmbeddedBroker | None = None
        self._watchdog: Watchdog | None = None
        self.supervisor: Supervisor

    def __enter__(self) -> Self:
        self._lock = only_one(writable_data_dir())
        if not settings.BROKER_URL and EmbeddedBroker.is_available():
            self._broker = EmbeddedBroker(settings.DATA_DIR)
            _use_broker(self._broker.url)
        self.supervisor = Supervisor(_environment(), self._report)
        try:
            self._start_jobs()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.supervisor.stop()
        if self._broker:
            self._broker.close()
        if self._lock:
            self._lock.close()

    def serve(self, listening: socket.socket) -> None:
        """Serve the web application on an open socket until Ctrl-C."""
        descriptor = listening.fileno()
        web = python(
            *("-m", "gunicorn", "spm.wsgi:application"),
            *("--bind", f"fd://{descriptor}"),
            *("--workers", str(settings.WEB_WORKERS)),
            *("--threads", "4"),
            *("--log-level", "warning"),
            "--no-control-socket",
        )
        self.supervisor.start("web", web, pass_fds=(descriptor,))
        self.supervisor.run(self._watchdog)

    def _start_jobs(self) -> None:
        if self._broker:
            self.supervisor.start("broker", self._broker.command)
            _wait_for_broker()
        if settings.JOBS_IN_PROCESS:
            self._report("There is no broker for this platform: jobs run in the process that asks for them.")
            self.supervisor.start("clock", python("manage.py", "tick", "--forever"))
            return
        worker = self.supervisor.start("worker", worker_command())
        self._watchdog = Watchdog(self.supervisor, worker)
        self.supervisor.start("beat", beat_command())


def python(*arguments: str) -> list[str]:
    """A command line for this very interpreter."""
    return [sys.executable, *arguments]


def worker_command() -> list[str]:
    """How a worker is started; docker-compose.yml says the same."""
    return python("-m", "celery", "--quiet", "--app", "spm.celery", "worker", "--loglevel", "WARNING")


def beat_command() -> list[str]:
    """How beat is started; docker-compose.yml says the same."""
    return python("-m", "celery", "--quiet", "--app", "spm.celery", "beat", "--loglevel", "WARNING", "--pidfile", "")


def _environment() -> dict[str, str]:
    values = {
        "BROKER_URL": settings.BROKER_URL,
        "SPM_DATA_DIR": str(settings.DATA_DIR),
        "SPM_BASE_URL": settings.BASE_URL,
    }
    if settings.DEMO:
        values["SPM_DEMO"] = "1"
    # Celery warns at every start of a superuser's worker; messages are JSON, which is what that is about.
    return values | {"PYTHONWARNINGS": "ignore:You're running the worker"}


def _use_broker(url: str) -> None:
    """Let this process, too, send its messages there."""
    settings.BROKER_URL = url
    app.conf.update(broker_url=url)
    settings.JOBS_IN_PROCESS = False


def _wait_for_broker(seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=1)
                return
        except (BrokerError, OSError):
            time.sleep(0.05)
    raise CannotStart("The embedded broker did not start within 10 seconds.")


def only_one(folder: Path) -> IO[str]:
    """A lock on the data folder, held as long as the returned file is open. Raises CannotStart if another has it."""
    path = folder / "running.lock"
    file = path.open("w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise CannotStart(f"SPM is already running on the data folder {folder}.") from error
    file.write(str(os.getpid()))
    file.flush()
    return file
