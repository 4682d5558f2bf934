"""The registry behind ``manage.py verify``: every invariant that the data can show, checked on live data.

Each app's ``verification.py`` registers its own (the organisation's stand in ``own_invariants.py``). A check reads;
it never writes.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction


@dataclass(frozen=True, slots=True)
class Breach:
    """One breach in words, and the primary keys of the rows concerned."""

    text: str
    ids: tuple[int, ...] = ()


Check = Callable[[], Iterable[Breach]]


@dataclass(frozen=True, slots=True)
class Invariant:
    number: str  # as in the list of invariants: "INV-06"
    sentence: str
    check: Check


@dataclass(frozen=True, slots=True)
class Finding:
    invariant: Invariant
    breaches: tuple[Breach, ...]


_registry: list[Invariant] = []


def invariant(number: str, sentence: str) -> Callable[[Check], Check]:
    """Register the decorated generator of breaches under an invariant's number; several may share one."""

    def register(check: Check) -> Check:
        _registry.append(Invariant(number, sentence, check))
        return check

    return register


def known() -> list[str]:
    """The invariants that have a check, by number."""
    return sorted({one.number for one in _registry})


def run_all(numbers: Iterable[str] = ()) -> list[Finding]:
    """Run every check, or those of these invariants, all on one state of the database; ordered by number."""
    wanted = set(numbers)
    chosen = [one for one in _registry if not wanted or one.number in wanted]
    with one_snapshot():
        return [Finding(one, tuple(one.check())) for one in sorted(chosen, key=lambda one: one.number)]


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Let all reads inside see one state of the database, while others go on writing."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")  # atomic() would begin IMMEDIATE and stop all writers
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
