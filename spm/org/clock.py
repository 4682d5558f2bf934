"""What day it is for the company."""

from datetime import date

from django.utils import timezone

from spm.org import current
from spm.org.models import Company


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
