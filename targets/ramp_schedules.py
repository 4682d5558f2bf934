"""Ramp schedules as an admin keeps them, and whose they are. What they do to a number: ``ramps``.

They shape what an allocation proposes from now on; numbers that are stored stay as they are. Rule: domain.md, Ramp.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.errors import NothingToDo, RuleViolation
from spm.org import audit, retries
from spm.org.choices import AuditKind
from spm.org.models import User
from spm.org.tracking import delete_tracked, save_tracked
from targets import access
from targets.models import RampAssignment, RampSchedule, RampStep
from targets.spreading import HUNDRED

MOST_MONTHS = 24


class BadSchedule(RuleViolation):
    """The schedule has no months, a percent that is none, or the name of another."""


class InUse(RuleViolation):
    """Somebody begins by this schedule."""


class NotYours(RuleViolation):
    """Nobody sets their own ramp."""


@retries.atomic
def save(schedule: RampSchedule, percents: Sequence[Decimal], *, by: User | None) -> RampSchedule:
    """Store a new or changed schedule with these whole percents, month by month from the first of the start.

    The default one takes the place of the one before. Raises BadSchedule.
    """
    stored = {row.pk: row for row in RampSchedule.objects.select_for_update().order_by("pk")}
    schedule.name = schedule.name.strip()
    if not schedule.name:
        raise BadSchedule(_("Give the schedule a name."))
    if not 1 <= len(percents) <= MOST_MONTHS or any(not 0 <= one <= HUNDRED for one in percents):
        raise BadSchedule(_("Give 1 to %(n)s months a percent between 0 and 100.") % {"n": MOST_MONTHS})
    before = _percents(schedule) if schedule.pk else []
    if schedule.is_default:
        RampSchedule.objects.filter(pk__in=[pk for pk in stored if pk != schedule.pk]).update(is_default=False)
    try:
        with transaction.atomic():
            schedule.save()
    except IntegrityError as error:
        raise BadSchedule(_("Another schedule is called %(name)s.") % {"name": schedule.name}) from error
    schedule.steps.all().delete()
    RampStep.objects.bulk_create(
        RampStep(schedule=schedule, month_no=number, percent=percent) for number, percent in enumerate(percents, 1)
    )
    after, is_default = _percents(schedule), schedule.is_default
    audit.record(AuditKind.RAMP, actor=by, subject=schedule.name, before=before, after=after, is_default=is_default)
    return schedule


def set_schedule(
    name: str, percents: Sequence[Decimal], *, is_default: bool = False, by: User | None = None
) -> RampSchedule:
    """Make the schedule of this name, or give it these percents. Raises what ``save`` raises."""
    schedule = RampSchedule.objects.filter(name=name).first() or RampSchedule(name=name)
    schedule.is_default = is_default
    return save(schedule, percents, by=by)


@retries.atomic
def delete(schedule: RampSchedule, *, by: User | None) -> None:
    """Take a schedule away that nobody begins by. Raises InUse."""
    row = RampSchedule.objects.select_for_update().get(pk=schedule.pk)
    if row.is_default:
        raise InUse(_("This is the default schedule: make another one the default first."))
    count = row.assignments.count()
    if count:
        said = ngettext("%(n)s person begins by this schedule.", "%(n)s people begin by this schedule.", count)
        raise InUse(said % {"n": count})
    audit.record(AuditKind.RAMP, actor=by, subject=row.name, before=_percents(row), after=[], is_default=False)
    row.delete()


@retries.atomic
def assign(person: User, schedule: RampSchedule | None, *, starts_on: date, by: User) -> RampAssignment:
    """From ``starts_on`` the person begins by a schedule of their own in place of the default one; None: by none.

    Raises NotYours, and NothingToDo where it is so already.
    """
    _refuse_own(person, by)
    row = RampAssignment.objects.select_for_update().filter(person=person).first() or RampAssignment(person=person)
    if row.pk and (row.schedule, row.starts_on) == (schedule, starts_on):
        raise NothingToDo(_("This is how it is already."))
    row.schedule, row.starts_on = schedule, starts_on
    save_tracked(row, by=by)
    return row


@retries.atomic
def unassign(person: User, *, by: User) -> None:
    """The person begins by the default schedule again. Raises NotYours, NothingToDo."""
    _refuse_own(person, by)
    row = RampAssignment.objects.select_for_update().filter(person=person).first()
    if row is None:
        raise NothingToDo(_("This is how it is already."))
    delete_tracked(row, by=by)


def _refuse_own(person: User, by: User) -> None:
    if not access.can_set_ramp(by, person):
        raise NotYours(_("Nobody sets their own ramp: another admin does."))


def _percents(schedule: RampSchedule) -> list[str]:
    rows = RampStep.objects.filter(schedule=schedule).order_by("month_no")
    return [f"{percent.normalize():f}" for percent in rows.values_list("percent", flat=True)]
