"""Transactions that PostgreSQL ended for another one's sake are done again; long ones may take their time.

Two transactions that wait for each other in a ring: PostgreSQL ends one of them (deadlock), and the same work done
again finds the way free. Rule: reliability.md §2, Two databases. What waits too long for a lock is not done again:
its user hears so (``spm.ui.error_pages``), its job is postponed (``spm.jobs.runner``).
"""

from collections.abc import Callable
from functools import wraps
from random import random
from time import sleep

import structlog
from django.conf import settings
from django.db import OperationalError, connection, connections, transaction

from spm.errors import sqlstate

LOST_TO_ANOTHER = {"40P01", "40001"}
"""PostgreSQL's codes of a deadlock and of a failed serialisation."""
WAITS = (0.05, 0.2, 0.8)
"""Seconds before the second, third and fourth time; each is drawn from the upper half, so that two never go in step."""

logger = structlog.get_logger(__name__)


def atomic[**P, R](verb: Callable[P, R]) -> Callable[P, R]:
    """``transaction.atomic`` for a verb, done again where it lost to another transaction.

    Only the outermost transaction is: an inner one is part of something larger. The verb must read what it needs
    inside itself, since rows that it changed in memory keep their changes.
    """
    once = transaction.atomic(verb)

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for wait in () if connection.in_atomic_block else WAITS:
            try:
                return once(*args, **kwargs)
            except OperationalError as error:
                if sqlstate(error) not in LOST_TO_ANOTHER:
                    raise
                logger.info("done_again", verb=verb.__qualname__, sqlstate=sqlstate(error))
            sleep(wait * (1 + random()) / 2)  # noqa: S311  # no secret hangs on it
        return once(*args, **kwargs)

    return run


def take_time() -> None:
    """PostgreSQL, until the transaction ends: the patience of a job, in a web process too.

    For imports, roll-ups and closings, which may run there where no worker is.
    """
    if connection.vendor == "postgresql":
        limits = settings.DATABASE_LIMITS["work"].items()
        with connection.cursor() as cursor:
            cursor.execute("; ".join(f"SET LOCAL {name} = '{seconds}s'" for name, seconds in limits))


def hurry_locks(*, using: str, **_: object) -> None:
    """Before a migrate: give up on a lock after seconds, since whoever comes after it would queue behind a migration.

    What it does once it has the lock may take any time.
    """
    _set(using, "SET lock_timeout = '5s'; SET statement_timeout = 0")


def reset_limits(*, using: str, **_: object) -> None:
    """After a migrate: what the process had before."""
    _set(using, "RESET lock_timeout; RESET statement_timeout")


def _set(using: str, sql: str) -> None:
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute(sql)
