"""The lock: the year's numbers become its baseline, and change by approved revisions alone from then on.

There is no unlocking: who finds a mistake revises it, openly. Rules: domain.md, Plan revisions; reliability INV-27.
"""

from django.urls import reverse
from django.utils.translation import gettext as _

from spm.errors import NothingToDo
from spm.org import audit, clock, retries
from spm.org.choices import AuditKind
from spm.org.models import User
from spm.talk.notices import Told, notify_each
from targets import plans
from targets.models import CompanyPlan, PlanLine, Quota, Target

NUMBERS = (PlanLine, Target, Quota)


class EmptyPlan(NothingToDo):
    """There is nothing to lock."""


@retries.atomic
def lock(plan: CompanyPlan, *, by: User | None, reason: str = "") -> CompanyPlan:
    """Freeze the working version's numbers as the baseline, which is returned, and lock the working version.

    Whoever has a quota is told. ``cycles.lock_year`` is the door: it asks whether the year's cycle is that far. Raises
    EmptyPlan without a single number, and NothingToDo where it is locked already.
    """
    working = CompanyPlan.objects.select_for_update().get(pk=plan.pk)
    if working.locked_at is not None:
        raise NothingToDo(_("%(year)s is locked already.") % {"year": working.fiscal_year.label})
    if not any(model.objects.filter(plan=working).exists() for model in NUMBERS):
        raise EmptyPlan(_("%(year)s has no numbers to lock.") % {"year": working.fiscal_year.label})
    baseline = plans.freeze_baseline(working, by=by, reason=reason)
    working.locked_at = baseline.frozen_at or clock.now()
    working.version += 1
    working.save(update_fields=["locked_at", "version"])
    _tell(working, by)
    audit.record(AuditKind.PLAN_LOCK, actor=by, subject=working.fiscal_year.label, reason=reason)
    return baseline


def _tell(plan: CompanyPlan, by: User | None) -> None:
    """Each holder of a quota hears that it is locked, with the way to the own number."""
    label = plan.fiscal_year.label
    people = User.objects.people().filter(quotas__plan=plan, is_active=True).distinct()
    each = [Told(person, reverse("targets:quota", args=[label, person.pk])) for person in people]
    notify_each("quota_locked", each, by=by, year=label)
