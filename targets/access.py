"""Who may do what with plans, targets and quotas. *See* is ``visible_to``; *do* is a ``can_<verb>`` here."""

from spm.org.access import can_administer, is_manager
from spm.org.models import User
from targets.choices import PlanState
from targets.models import CompanyPlan


def can_see_plan(user: User) -> bool:
    """The company plan and the targets of teams: admins and people who lead a team today."""
    return can_administer(user) or is_manager(user)


def can_edit_plan(user: User, plan: CompanyPlan | None) -> bool:
    """Admins, unless this version is frozen or locked; None stands for a year that has no version yet."""
    return can_administer(user) and (plan is None or (plan.frozen_at is None and plan.locked_at is None))


def can_edit_target(user: User, plan: CompanyPlan) -> bool:
    """Targets of teams and territories in this version: as the plan itself."""
    return can_edit_plan(user, plan)


def can_edit_quota(user: User, plan: CompanyPlan, person: User) -> bool:
    """A person's quotas in this version: admins, but nobody their own, and nobody the House's."""
    return can_edit_plan(user, plan) and person.pk != user.pk and not person.is_house


def can_lock(user: User) -> bool:
    return can_administer(user)


def can_request_revision(user: User, plan: CompanyPlan) -> bool:
    """Admins and managers, of a year that is locked; whose numbers it may touch is checked number by number."""
    return can_see_plan(user) and plan.locked_at is not None


def can_decide_revision(user: User, revision: CompanyPlan) -> bool:
    """An admin who did not ask for it, as long as it is undecided; nobody decides on their own quota."""
    own = revision.quotas.filter(person=user).exists()
    return can_administer(user) and revision.state == PlanState.SUBMITTED and revision.author_id != user.pk and not own


def can_run_cycle(user: User) -> bool:
    """Begin a planning cycle, move it from stage to stage, set its owners, due dates and policy: admins."""
    return can_administer(user)
