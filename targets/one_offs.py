"""Deals of last year that will not come again: left out of last year *adjusted*, each with a reason, and counted again.

A deal is one imported line; whoever it is credited to, it is left out for all of them. The lock of the year ends it.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from spm.org import retries
from spm.org.models import FiscalYear, User
from targets import access
from targets.goals import LockedPlan, lock_plan
from targets.models import Actual, CompanyPlan, Credit, OneOffDeal, PlanningCycle

LONGEST = 200
"""Characters of a reason."""


class OthersDeal(RuleViolation):
    """The deal is credited to somebody whose number the person may not set."""


class NotLastYear(RuleViolation):
    """The line is not one of the year before, or stands no longer."""


def credited_to(actuals: Collection[int]) -> dict[int, set[int]]:
    """Line → everybody it is credited to, whether somebody sees them or not. One query."""
    found: dict[int, set[int]] = defaultdict(set)
    for actual, person in Credit.objects.filter(actual__in=actuals).values_list("actual_id", "person_id"):
        found[actual].add(person)
    return found


@retries.atomic
def leave_out(cycle: PlanningCycle, actual: Actual, *, reason: str, by: User | None) -> OneOffDeal:
    """Leave a line of last year out of last year adjusted; a second time changes the reason. ``by`` None: a command.

    Raises LockedPlan, OthersDeal, NotLastYear, and RuleViolation without a reason.
    """
    _hold(cycle)
    _refuse_others_deal(actual, by)
    _refuse_other_year(cycle, actual)
    told = _worded(reason, _("Say why the deal will not come again."))
    row = OneOffDeal.objects.filter(cycle=cycle, actual=actual).first() or OneOffDeal(cycle=cycle, actual=actual)
    row.reason, row.by = told, by
    _store(row, told, by)
    return row


@retries.atomic
def count_again(cycle: PlanningCycle, actual: Actual, *, reason: str, by: User | None) -> None:
    """Count a line that was left out.

    Raises LockedPlan, OthersDeal, NothingToDo where it is counted, and RuleViolation without a reason.
    """
    _hold(cycle)
    _refuse_others_deal(actual, by)
    row = OneOffDeal.objects.filter(cycle=cycle, actual=actual).first()
    if row is None:
        raise NothingToDo(_("This deal is counted."))
    _take_back(row, _worded(reason, _("Say why the deal counts again.")), by)


@retries.atomic
def undo(cycle: PlanningCycle, actual: Actual, *, by: User) -> None:
    """Give the deal the state it had before its last change, which must be one's own.

    Raises LockedPlan, OthersDeal, NotLastYear, and NothingToDo where somebody else changed it since.
    """
    _hold(cycle)
    _refuse_others_deal(actual, by)
    steps: Any = OneOffDeal.history.filter(cycle=cycle, actual=actual).order_by("-history_date", "-history_id")
    last, before = ([*steps[:2], None, None])[:2]
    if last is None or last.history_user_id != by.pk:
        raise NothingToDo(_("Somebody else changed this deal since."))
    row = OneOffDeal.objects.filter(cycle=cycle, actual=actual).first()
    was_left_out = before is not None and before.history_type != "-"
    if row is not None and not was_left_out:
        _take_back(row, _("Undone"), by)
    elif was_left_out:
        _refuse_other_year(cycle, actual)
        row = row or OneOffDeal(cycle=cycle, actual=actual)
        row.reason, row.by = before.reason, by
        _store(row, _("Undone"), by)
    else:
        raise NothingToDo(_("This deal is counted."))


def _hold(cycle: PlanningCycle) -> None:
    """The year's plan, locked against its lock. Raises LockedPlan after it."""
    plan = lock_plan(CompanyPlan.objects.working().get(fiscal_year=cycle.fiscal_year_id))
    if not access.is_open(plan):
        year = plan.fiscal_year.label
        raise LockedPlan(_("%(year)s is locked: what counted for last year stays as it was.") % {"year": year})


def _refuse_others_deal(actual: Actual, by: User | None) -> None:
    if by is not None and not access.can_leave_out(by, credited_to([actual.pk])[actual.pk]):
        raise OthersDeal(_("This deal is credited to somebody whose number you do not set. Ask an admin."))


def _refuse_other_year(cycle: PlanningCycle, actual: Actual) -> None:
    first = cycle.fiscal_year.starts_on
    before = FiscalYear.objects.filter(ends_on__lt=first).order_by("-ends_on").first()
    if actual.is_tombstone or before is None or not before.starts_on <= actual.date <= before.ends_on:
        raise NotLastYear(_("Only a deal of the year before can be left out."))


def _worded(reason: str, otherwise: str) -> str:
    """The reason as it is kept. Raises RuleViolation with ``otherwise`` where there is none, or it is too long."""
    told = " ".join(reason.replace("\0", "").split())
    if not told:
        raise RuleViolation(otherwise)
    if len(told) > LONGEST:
        raise RuleViolation(_("A reason has at most %(limit)d characters.") % {"limit": LONGEST})
    return told


def _store(row: OneOffDeal, reason: str, by: User | None) -> None:
    _tell_history(row, reason, by)
    row.save()


def _take_back(row: OneOffDeal, reason: str, by: User | None) -> None:
    _tell_history(row, reason, by)
    row.delete()


def _tell_history(row: Any, reason: str, by: User | None) -> None:
    row._history_user = by  # noqa: SLF001  # how simple-history is told who
    row._change_reason = reason  # noqa: SLF001
