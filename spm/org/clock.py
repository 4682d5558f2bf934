"""What day it is for the company, and at which moment something is stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from spm.org import current
from spm.org.models import Company

_told: ContextVar[datetime | None] = ContextVar("told", default=None)


def now() -> datetime:
    """The moment that is stored of what happens; within ``at`` the one that is told there."""
    return _told.get() or timezone.now()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let what happens inside be stored as of ``moment``: a demo's year lies in its story, not in the minute it loads.

    A moment still to come counts as now, so that nothing done later can seem to come before. The audit log keeps the
    real time whatever is told here: it is evidence.
    """
    before = _told.set(min(moment, timezone.now()))
    try:
        yield
    finally:
        _told.reset(before)


def company() -> Company | None:
    """The company of this installation, or None before it is set up; read once per request."""
    return current.company()


def today(of: Company | None = None) -> date:
    """The date in the company's time zone; the demo's stored date where the clock stands still.

    Rule: domain.md, Time zone. Before a company exists: the date in UTC.
    """
    subject = of or company()
    if subject is None:
        return timezone.now().date()
    return subject.today()


def day() -> date:
    """The day that is stored of what happens: today, within ``at`` the day that is told there."""
    told, subject = _told.get(), company()
    return today(subject) if told is None or subject is None else told.astimezone(ZoneInfo(subject.timezone)).date()
