"""How a number came to be what it is: each state of plan lines, targets and quotas, by whom, when and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, OuterRef, Subquery, Window
from django.db.models.functions import Lag, RowNumber
from django.utils.translation import gettext as _

from spm.money import ZERO
from spm.org.models import FiscalYear, Period, User
from targets.choices import Measure, PlanKind
from targets.goals import COLUMNS, Holder

NEWEST = 600  # states of one holder that a page reads; a change of a year's number is one for each leaf period
NEWEST_OF_ALL = 300
PER_PAGE = 50
TOGETHER = timedelta(seconds=2)  # one change writes its rows one after the other


@dataclass(frozen=True, slots=True)
class NumberState:
    """One state of a number: since when, set by whom (None: the system or a command), for which leaf, and why.

    ``before`` and ``amount``: what it was and became; None: there was no number, or it was taken away.
    ``what``: its measure, of a plan line with the segment. ``holder``: whose it is, ``row``: the key of the number.
    """

    at: datetime
    what: str
    measure: Measure
    by: User | None
    leaf: Period
    before: Decimal | None
    amount: Decimal | None
    reason: str
    holder: tuple[Any, ...]
    row: int


@dataclass(frozen=True, slots=True)
class NumberChange:
    """What one change did to one number: one leaf period, or many with the sums of before and after."""

    at: datetime
    what: str
    measure: Measure
    by: User | None
    period: str
    before: Decimal | None
    amount: Decimal | None
    reason: str


def states(rows: Any, limit: int = NEWEST) -> list[NumberState]:
    """Newest first. ``rows``: historical rows of plan lines, targets or quotas (``model.history``, filtered)."""
    in_order = (F("history_date").asc(), F("history_id").asc())
    told = rows.annotate(before=Window(Lag("amount"), partition_by=F("id"), order_by=in_order))
    return _states(told, limit)


def _states(told: Any, limit: int) -> list[NumberState]:
    """``told``: historical rows, each annotated with the amount ``before``."""
    newest = told.select_related("history_user", "period").order_by("-history_date", "-history_id")[:limit]
    columns = {column for names in COLUMNS.values() for column in names}
    return [
        NumberState(
            row.history_date,
            " · ".join(part for part in (str(Measure(row.measure).label), getattr(row, "segment", "")) if part),
            Measure(row.measure),
            row.history_user,
            row.period,
            row.before,
            None if row.history_type == "-" else row.amount,
            row.history_change_reason or "",
            tuple(getattr(row, column, None) for column in sorted(columns)),
            row.id,
        )
        for row in newest
    ]


def changes(rows: Any, limit: int = NEWEST) -> list[NumberChange]:
    """The same with what one change wrote in one line, newest first; the oldest is left out where not all was read."""
    found = states(rows, limit)
    grouped = _grouped(found)
    return [_change(each) for each in (grouped[:-1] if len(found) == limit and len(grouped) > 1 else grouped)]


def changes_since(rows: Any, since: datetime, column: str) -> list[tuple[Any, NumberChange]]:
    """The newest changes from a moment on that changed an amount, each with what ``column`` names its holder by.

    ``NEWEST`` states of each measure are read, and of a measure that has more the oldest change is left out, which may
    be cut. One query; what stood before is looked up for the rows of these days alone.
    """
    earlier = rows.model.objects.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
    before = Subquery(earlier.order_by("-history_id").values("amount")[:1])
    in_order = (F("history_date").desc(), F("history_id").desc())
    place = Window(RowNumber(), partition_by=F("measure"), order_by=in_order)
    newest = rows.filter(history_date__gte=since).annotate(before=before, place=place).filter(place__lte=NEWEST)
    found = _states(newest, NEWEST * len(Measure))
    names = {column: i for i, column in enumerate(sorted({name for of in COLUMNS.values() for name in of}))}
    told = [
        (group[0].holder[names[column]], _change(group))
        for measure in Measure
        for group in _whole(_grouped([state for state in found if state.measure == measure]))
    ]
    return [(holder, change) for holder, change in told if change.before != change.amount]


def _whole(groups: list[list[NumberState]]) -> list[list[NumberState]]:
    """Without the oldest where so many states were read that it may go on beyond them; never without all."""
    return groups[:-1] if sum(map(len, groups)) >= NEWEST and len(groups) > 1 else groups


def _grouped(found: Iterable[NumberState]) -> list[list[NumberState]]:
    """States of one holder and measure that one person wrote for one reason within a moment, each number once."""
    groups: list[list[NumberState]] = []
    now: dict[tuple[Any, ...], list[NumberState]] = {}
    last: datetime | None = None
    for state in found:
        if last is None or last - state.at > TOGETHER:
            now = {}
        last = state.at
        key = (state.what, state.by and state.by.pk, state.reason, state.holder)
        if key not in now or any(each.row == state.row for each in now[key]):
            now[key] = []
            groups.append(now[key])
        now[key].append(state)
    return groups


def _change(group: Sequence[NumberState]) -> NumberChange:
    newest, leaves = group[0], sorted((state.leaf for state in group), key=lambda leaf: leaf.starts_on)
    title = leaves[0].title
    if len(leaves) > 1:
        title = _("%(first)s to %(last)s") % {"first": leaves[0].title, "last": leaves[-1].title}
    before, amount = _sum(state.before for state in group), _sum(state.amount for state in group)
    return NumberChange(newest.at, newest.what, newest.measure, newest.by, title, before, amount, newest.reason)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def of_holder(
    model: Any, holder: Holder, year: FiscalYear, since: datetime | None = None, *, measure: Measure | None = None
) -> list[NumberChange]:
    """Every change of the numbers of one holder in a year, or those after ``since``; ``model``: PlanLine,
    Target or Quota.
    """
    rows = in_force(model, year).filter(**{holder.column: holder.key})
    rows = rows.filter(measure=measure) if measure else rows
    found = changes(rows)
    return found if since is None else [change for change in found if change.at > since]


def paged(found: Sequence[NumberChange], wanted: str | None) -> Page[NumberChange]:
    """These changes a page at a time; ``wanted``: its number as the address has it, the first for anything else."""
    page: Page[NumberChange] = Paginator(found, PER_PAGE).get_page(wanted)
    return page


def of_model(model: Any, year: FiscalYear, until: datetime | None = None) -> list[NumberChange]:
    """The newest changes of all numbers of a table in a year, or of those before ``until``."""
    rows = in_force(model, year)
    return changes(rows if until is None else rows.filter(history_date__lt=until), limit=NEWEST_OF_ALL)


def in_force(model: Any, year: FiscalYear) -> Any:
    """Historical rows of a year's working plan, not of its baseline."""
    return model.history.filter(plan__fiscal_year=year, plan__kind=PlanKind.WORKING)
