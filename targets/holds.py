"""What an allocation leaves alone: numbers that are held."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from spm.org import retries
from spm.org.models import Period, User
from targets import access
from targets.choices import Measure
from targets.goals import Holder, LeafKey, LockedPlan, OwnQuota, of_person
from targets.models import CompanyPlan, Hold


class NotYours(RuleViolation):
    """The number is for somebody else to decide."""


@retries.atomic
def hold(plan: CompanyPlan, holder: Holder, measure: str, period: Period, *, by: User) -> Hold:
    """Keep the number of a person or a team for a period of any level when a total is spread; twice is once.

    Raises LockedPlan, OwnQuota, NotYours, and RuleViolation for a period of another year.
    """
    _refuse(plan, holder, period, by)
    values = {"plan": plan, holder.column: holder.key, "measure": Measure(measure), "period": period}
    found = Hold.objects.select_for_update().filter(**values).first()
    return found or Hold.objects.create(**values, by=by)


def held_cells(plan: CompanyPlan, leaves: Mapping[int, Sequence[Period]]) -> frozenset[LeafKey]:
    """The cells of a plan that are held. ``leaves``: period of any level → its leaf periods. One query."""
    rows = Hold.objects.filter(plan=plan).values_list("person_id", "team_id", "measure", "period_id")
    return frozenset(
        ("team_id" if person is None else "person_id", team if person is None else person, measure, leaf.pk)
        for person, team, measure, period in rows
        for leaf in leaves.get(period, ())
    )


@retries.atomic
def release(plan: CompanyPlan, holder: Holder, measure: str, period: Period, *, by: User) -> None:
    """Let the number move again; of a hold over a longer time the rest stays held.

    Raises what ``hold`` raises, and NothingToDo where nothing of it is held.
    """
    _refuse(plan, holder, period, by)
    rows = Hold.objects.select_for_update().filter(plan=plan, measure=measure, **{holder.column: holder.key})
    touching = [row for row in rows.select_related("period") if _overlap(row.period, period)]
    if not touching:
        raise NothingToDo(_("This number is not held."))
    rest = {part.pk: part for row in touching for part in _beside(row.period, period)}
    Hold.objects.filter(pk__in=[row.pk for row in touching]).delete()
    for part in rest.values():
        values = {"plan": plan, holder.column: holder.key, "measure": Measure(measure), "period": part}
        Hold.objects.get_or_create(**values, defaults={"by": by})


def _overlap(one: Period, other: Period) -> bool:
    return one.starts_on <= other.ends_on and other.starts_on <= one.ends_on


def _beside(whole: Period, part: Period) -> list[Period]:
    """What is left of a period without a part of it, in as few periods as there are; nothing of what lies inside it."""
    if part.starts_on <= whole.starts_on and whole.ends_on <= part.ends_on:
        return []
    below = list(Period.objects.filter(parent=whole))
    kept = [child for child in below if not _overlap(child, part)]
    return kept + [rest for child in below if _overlap(child, part) for rest in _beside(child, part)]


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
