"""Who may do what with plans, targets and quotas. *See* is ``visible_to``; *do* is a ``can_<verb>`` here."""

from spm.org.access import can_administer
from spm.org.models import User
from targets.models import CompanyPlan


def can_edit_plan(user: User, plan: CompanyPlan) -> bool:
    """Admins, unless this version is frozen."""
    return can_administer(user) and plan.frozen_at is None


def can_edit_target(user: User, plan: CompanyPlan) -> bool:
    """Targets of teams and territories in this version: as the plan itself."""
    return can_edit_plan(user, plan)


def can_edit_quota(user: User, plan: CompanyPlan, person: User) -> bool:
    """A person's quotas in this version: admins, but nobody their own, and nobody the House's."""
    return can_edit_plan(user, plan) and person.pk != user.pk and not person.is_house
