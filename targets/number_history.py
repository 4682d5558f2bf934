"""How a number came to be what it is: each state of plan lines, targets and quotas, by whom, when and why."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, Window
from django.db.models.functions import Lag

from spm.org.models import FiscalYear, User
from targets.choices import Measure, PlanKind
from targets.goals import Holder

PER_PAGE = 50
NEWEST_OF_ALL = 50


@dataclass(frozen=True, slots=True)
class NumberState:
    """One state of a number: since when, set by whom (None: the system or a command), for which leaf, and why.

    ``before`` and ``amount``: what it was and became; None: there was no number, or it was taken away.
    ``what``: its measure, of a plan line with the segment.
    """

    at: datetime
    what: str
    by: User | None
    period: str
    before: Decimal | None
    amount: Decimal | None
    reason: str


def states(rows: Any, limit: int = NEWEST_OF_ALL) -> list[NumberState]:
    """Newest first. ``rows``: historical rows of plan lines, targets or quotas (``model.history``, filtered)."""
    return [_state(row) for row in _told(rows)[:limit]]


def page_of(rows: Any, wanted: str | None) -> Page[NumberState]:
    """The same, a page at a time; ``wanted``: its number as the address has it, the first for anything else."""
    found: Any = Paginator(_told(rows), PER_PAGE).get_page(wanted)
    found.object_list = [_state(row) for row in found.object_list]
    page: Page[NumberState] = found
    return page


def _told(rows: Any) -> Any:
    """With what each number was before."""
    in_order = (F("history_date").asc(), F("history_id").asc())
    told = rows.annotate(before=Window(Lag("amount"), partition_by=F("id"), order_by=in_order))
    return told.select_related("history_user", "period").order_by("-history_date", "-history_id")


def _state(row: Any) -> NumberState:
    return NumberState(
        row.history_date,
        " · ".join(part for part in (str(Measure(row.measure).label), getattr(row, "segment", "")) if part),
        row.history_user,
        row.period.label,
        row.before,
        None if row.history_type == "-" else row.amount,
        row.history_change_reason or "",
    )


def of_holder(model: Any, holder: Holder, year: FiscalYear) -> Any:
    """Historical rows of the numbers of one holder in a year; ``model``: PlanLine, Target or Quota."""
    return in_force(model, year).filter(**{holder.column: holder.key})


def of_model(model: Any, year: FiscalYear) -> list[NumberState]:
    """The newest changes of all numbers of a table in a year."""
    return states(in_force(model, year))


def in_force(model: Any, year: FiscalYear) -> Any:
    """Historical rows of a year's working plan, not of its baseline."""
    return model.history.filter(plan__fiscal_year=year, plan__kind=PlanKind.WORKING)
