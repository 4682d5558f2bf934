"""The lock: the year's numbers become its baseline, and change by approved revisions alone from then on.

There is no unlocking: who finds a mistake revises it, openly. Rules: domain.md, Plan revisions; reliability INV-27.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from spm.errors import NothingToDo
from spm.org import audit
from spm.org.choices import AuditKind
from spm.org.models import User
from targets import plans
from targets.models import CompanyPlan, PlanLine, Quota, Target

NUMBERS = (PlanLine, Target, Quota)


class EmptyPlan(NothingToDo):
    """There is nothing to lock."""


@transaction.atomic
def lock(plan: CompanyPlan, *, by: User | None, reason: str = "") -> CompanyPlan:
    """Freeze the working version's numbers as the baseline, which is returned, and lock the working version.

    Raises EmptyPlan without a single number, and NothingToDo where it is locked already.
    """
    working = CompanyPlan.objects.select_for_update().get(pk=plan.pk)
    if working.locked_at is not None:
        raise NothingToDo(_("%(year)s is locked already.") % {"year": working.fiscal_year.label})
    if not any(model.objects.filter(plan=working).exists() for model in NUMBERS):
        raise EmptyPlan(_("%(year)s has no numbers to lock.") % {"year": working.fiscal_year.label})
    baseline = plans.freeze_baseline(working, by=by, reason=reason)
    working.locked_at = baseline.frozen_at or timezone.now()
    working.version += 1
    working.save(update_fields=["locked_at", "version"])
    audit.record(AuditKind.PLAN_LOCK, actor=by, subject=working.fiscal_year.label, reason=reason)
    return baseline
