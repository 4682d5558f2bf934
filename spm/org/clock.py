"""What day it is for the company, and at which moment something is stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
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

    A moment still to come counts as now, so that nothing done later can seem to come before. Only the modules that
    make the demo may tell one, a test holds it: for everybody else what is stored is evidence.
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


def told() -> datetime | None:
    """The moment that is told by ``at``; None outside of it."""
    return _told.get()


def standing_day() -> date | None:
    """The day at which the demo's clock stands: pages tell what came later as of it. None outside of a demo."""
    subject = company()
    return subject.fixed_today if subject is not None and subject.is_demo else None


def day() -> date:
    """The day that is stored of what happens: today, within ``at`` the day that is told there."""
    moment, subject = _told.get(), company()
    return today(subject) if moment is None or subject is None else day_of(moment, subject)


def zone(of: Company | None = None) -> ZoneInfo:
    """The company's time zone; UTC before a company exists."""
    subject = of or company()
    return ZoneInfo(subject.timezone if subject else "UTC")


def day_of(moment: datetime, of: Company | None = None) -> date:
    """The company's day in which a stored moment lies: in UTC an evening may still be the day before.

    Rule: domain.md, Time zone. Whoever reads it may live elsewhere: a day that is counted from is the company's.
    """
    return moment.astimezone(zone(of)).date()


def end_of(last: date, of: Company | None = None) -> datetime:
    """The first moment after a day in the company's time zone; ``last`` is before the last day that Python knows."""
    return datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone(of))
