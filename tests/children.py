"""Work in child processes on the test's database, whole or killed before its n-th statement.

The children are forked by a server of one thread (``forkserver``), never by the process of the tests: that one has
threads (the live server's, Playwright's loop), and a fork copies their locks in whatever state they are.
"""

import gc
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import django
from django.apps import apps
from django.db import connection, transaction
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


def kills(verb: Callable[..., object], *args: object, most: int = 300) -> Iterator[bool]:
    """Kill ``verb(*args)`` before its first statement, before its second, and so on: whether it ended.

    One process, which is warm and holds no connection and no thread, forks for each of them: a kill costs milliseconds.
    Who asks looks at the database in between, and stops when the work is done; AssertionError
    where the verb raised or needs more than ``most`` statements.
    """
    ours, its = _context.Pipe()
    parent = _context.Process(target=_fork, args=(its, connection.settings_dict["NAME"], verb, args))
    parent.start()
    its.close()
    try:
        for statement in range(1, most + 1):
            ours.send(statement)
            assert ours.poll(FOREVER), f"Nothing came of the kill before statement {statement}."
            code = ours.recv()
            assert code in (0, -signal.SIGKILL), f"The work ended with {code}: its traceback is on stderr."
            yield code == 0
        raise AssertionError(f"More than {most} statements.")
    finally:
        ours.close()
        parent.join(FOREVER)


def _fork(pipe: Connection, database: str, verb: Callable[..., object], args: tuple[object, ...]) -> None:
    """For each number that comes, do the work in a child killed before that statement, and tell how it ended."""
    connection.settings_dict["NAME"] = database
    with transaction.atomic():  # once for nothing: what is imported and read from files now is not, each time anew
        verb(*args)
        transaction.set_rollback(True)
    connection.close()
    gc.freeze()  # or each child would copy what its collector walks over
    while True:
        try:
            statement = pipe.recv()
        except EOFError:
            return
        child = os.fork()
        if not child:
            _end(database, statement, verb, args)
        pipe.send(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _end(database: str, statement: int, verb: Callable[..., object], args: tuple[object, ...]) -> None:
    try:
        _work(database, statement, verb, args)
    except BaseException:  # noqa: BLE001  # whatever it was, this process ends here
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _work(database: str, kill_before: int, verb: Callable[..., object], args: tuple[object, ...]) -> None:
    connection.settings_dict["NAME"] = database
    with connection.execute_wrapper(KillBefore(kill_before)):
        verb(*args)
    connection.close()
