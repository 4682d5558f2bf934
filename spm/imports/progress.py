"""How far the work on a file is, told phase by phase to whoever waits for it.

Reading and checking happen outside any transaction and are measured in rows. Writing is one transaction: that it begins
is told before it, with the number of rows. How far it has come can be told from within on PostgreSQL alone, where the
job's row has a connection of its own; SQLite has one writer, and there the bar stays without a measure.

The notes are kept untranslated, for ``Job.said``.
"""

from collections.abc import Callable, Iterable, Iterator, Sized

from django.utils.translation import gettext_noop

type Progress = Callable[[int, int, str], None]
"""Takes how much of how much is done (of 0: nobody knows), and the phase."""

EVERY = 1_000  # rows between two reports
OPENING = gettext_noop("Opening the file")
READING = gettext_noop("Reading rows")
CHECKING_ALL, CHECKING = gettext_noop("Checking rows: %(total)s"), gettext_noop("Checking rows")
WRITING_ALL, WRITING = gettext_noop("Writing rows: %(total)s"), gettext_noop("Writing rows")
UNDOING = gettext_noop("Taking rows back: %(total)s")
READ = gettext_noop("Rows read")


def silent(_done: int, _total: int, _note: str) -> None:
    """For callers that nobody waits for."""


def rows_told[Item](rows: Iterable[Item], total: int, tell: Progress, note: str) -> Iterator[Item]:
    """``rows``, of which there are ``total``, one by one; tells after every thousand, and at the end."""
    tell(0, total, note)
    for number, row in enumerate(rows, start=1):
        yield row
        if number % EVERY == 0 or number == total:
            tell(number, total, note)


def blocks_told[Block: Sized](blocks: Iterable[Block], total: int, tell: Progress, note: str) -> Iterator[Block]:
    """``blocks``, which hold ``total`` rows together; tells after each."""
    done = 0
    for block in blocks:
        yield block
        done += len(block)
        tell(done, total, note)
