"""A clock that stands still: in the demo every moment is shown on a day of its story, whatever day it really is.

What happens is stored at its real moment, which orders it and proves it; only its showing is moved. Everywhere else
nothing stands still and nothing is moved.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime

_day: ContextVar[date | None] = ContextVar("standing_day", default=None)


@contextmanager
def stands_at(day: date | None) -> Iterator[None]:
    """Let moments after ``day`` be shown on it, at their own time of day; None: as they are."""
    token = _day.set(day)
    try:
        yield
    finally:
        _day.reset(token)


def shown(local: datetime) -> datetime:
    """The moment as a page tells it; ``local`` is in the time zone of the page."""
    day = _day.get()
    if day is None or local.date() <= day:
        return local
    return local.replace(year=day.year, month=day.month, day=day.day)
