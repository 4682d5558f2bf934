"""Work in child processes on the test's database, whole or killed before its n-th statement.

The children are forked by a server of one thread (``forkserver``), never by the process of the tests: that one has
threads (the live server's, Playwright's loop), and a fork copies their locks in whatever state they are.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

import django
from django.apps import apps
from django.db import connection
from django.urls import reverse

if not apps.ready:  # in the server, which then hands every child a Django that is set up
    django.setup()
    # A verb that names an address would read every view, and what those import, anew in each child.
    reverse("dashboards:home")

FOREVER = 120  # seconds; a child that hangs is a failure, not a reason to wait for CI's limit
_context = multiprocessing.get_context("forkserver")
# What every child would import anyway, by itself and each time: the program that runs the tests and what tests import.
_context.set_forkserver_preload(["__main__", "pytest", "tests.children", "tests.builders", "tests.spm.imports_help"])


class KillBefore:
    """An execute wrapper that kills its process with SIGKILL before the statement of this number; 0 never does."""

    def __init__(self, number: int) -> None:
        self.number, self.count = number, 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: object, many: bool, context: object) -> Any:
        self.count += 1
        if self.count == self.number:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)


def start(verb: Callable[..., object], *args: object, kill_before: int = 0) -> BaseProcess:
    """Start ``verb(*args)``, a function of a module with picklable arguments, in a child on the same database."""
    child = _context.Process(target=_work, args=(connection.settings_dict["NAME"], kill_before, verb, args))
    child.start()
    return child


def got_through(child: BaseProcess) -> bool:
    """Wait for the child: True if its work ended, False if it was killed. Raises AssertionError when it raised."""
    child.join(FOREVER)
    if child.exitcode is None:
        child.kill()
    assert child.exitcode in (0, -signal.SIGKILL), f"The child ended with {child.exitcode}: its traceback is on stderr."
    return child.exitcode == 0


def _work(database: str, kill_before: int, verb: Callable[..., object], args: tuple[object, ...]) -> None:
    connection.settings_dict["NAME"] = database
    with connection.execute_wrapper(KillBefore(kill_before)):
        verb(*args)
    connection.close()
