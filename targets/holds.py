"""What an allocation leaves alone: numbers that are held, and deals of last year that will not come again."""

from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from spm.org import retries
from spm.org.models import Period, User
from targets import access
from targets.choices import Measure
from targets.goals import Holder, LockedPlan, OwnQuota, of_person
from targets.models import Actual, CompanyPlan, Hold, OneOffDeal, PlanningCycle


class NotYours(RuleViolation):
    """The number, or what counts for last year, is for somebody else to decide."""


class NotLastYear(RuleViolation):
    """The line is not one of the year before, or stands no longer."""


@retries.atomic
def hold(plan: CompanyPlan, holder: Holder, measure: str, period: Period, *, by: User) -> Hold:
    """Keep the number of a person or a team for a period of any level when a total is spread; twice is once.

    Raises LockedPlan, OwnQuota, NotYours, and RuleViolation for a period of another year.
    """
    _refuse(plan, holder, period, by)
    values = {"plan": plan, holder.column: holder.key, "measure": Measure(measure), "period": period}
    found = Hold.objects.select_for_update().filter(**values).first()
    return found or Hold.objects.create(**values, by=by)


@retries.atomic
def release(plan: CompanyPlan, holder: Holder, measure: str, period: Period, *, by: User) -> None:
    """Let the number move again. Raises what ``hold`` raises, and NothingToDo where it is not held as such."""
    _refuse(plan, holder, period, by)
    rows = Hold.objects.filter(plan=plan, measure=measure, period=period, **{holder.column: holder.key})
    if not rows.delete()[0]:
        raise NothingToDo(_("This number is not held."))


def leave_out(cycle: PlanningCycle, actual: Actual, *, reason: str, by: User | None) -> OneOffDeal:
    """Leave a line of last year out of last year adjusted; a second time changes the reason. ``by`` None: a command.

    Raises NotYours, NotLastYear, and RuleViolation without a reason.
    """
    _refuse_who_does_not_run(by)
    if not reason.strip():
        raise RuleViolation(_("Say why the deal will not come again."))
    last = cycle.fiscal_year.starts_on
    year_before = type(cycle.fiscal_year).objects.filter(ends_on__lt=last).order_by("-ends_on").first()
    if actual.is_tombstone or year_before is None or not year_before.starts_on <= actual.date <= year_before.ends_on:
        raise NotLastYear(_("Only a deal of the year before can be left out."))
    told = {"reason": reason.strip()[:200], "by": by}
    return OneOffDeal.objects.update_or_create(cycle=cycle, actual=actual, defaults=told)[0]


def count_again(cycle: PlanningCycle, actual: Actual, *, by: User | None) -> None:
    """Count a line that was left out. Raises NotYours, and NothingToDo where it is counted."""
    _refuse_who_does_not_run(by)
    if not OneOffDeal.objects.filter(cycle=cycle, actual=actual).delete()[0]:
        raise NothingToDo(_("This deal is counted."))


def _refuse_who_does_not_run(by: User | None) -> None:
    if by is not None and not access.can_run_cycle(by):
        raise NotYours(_("What counts for last year is for an admin to decide."))


def _refuse(plan: CompanyPlan, holder: Holder, period: Period, by: User) -> None:
    if plan.locked_at is not None or plan.frozen_at is not None:
        raise LockedPlan(_("%(year)s is locked. Request a revision.") % {"year": plan.fiscal_year.label})
    if holder == of_person(by.pk):
        raise OwnQuota(_("Nobody sets their own quota."))
    mine = access.numbers_of if holder.column == "person_id" else access.targets_of
    if not mine(by, [int(holder.key)]):
        raise NotYours(_("This number is for a manager above or an admin to hold."))
    if period.fiscal_year_id != plan.fiscal_year_id:
        words = {"period": period.title, "year": plan.fiscal_year.label}
        raise RuleViolation(_("The period %(period)s is not part of the fiscal year %(year)s.") % words)
