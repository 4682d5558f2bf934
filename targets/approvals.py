"""The company plan is submitted, and approved or returned with a comment, before it is handed on to the managers.

    draft → submitted → approved;  submitted → returned → submitted again;  submitted → draft where it is taken back

A second admin decides where there is one; where the company has one admin, that one may. What is submitted does not
change; who changes an approved plan has it approved again before it is handed on or locked. Rules: domain.md, A1.
"""

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org import audit, clock, retries
from spm.org.choices import AuditKind
from spm.org.models import User
from spm.talk import threads
from targets import access
from targets.choices import PlanState
from targets.goals import lock_plan
from targets.models import CompanyPlan, PlanLine
from targets.notices import tell_plan

PLAN = "plan"
"""The name by which the thread about a company plan hangs on it."""


class NotAllowed(RuleViolation):
    """Somebody else submits or decides, or the plan has not come so far."""


class Overtaken(RuleViolation):
    """The plan was submitted anew since the page was drawn."""


class Unapproved(RuleViolation):
    """The company plan is not approved as it now stands."""


@retries.atomic
def submit(plan: CompanyPlan, *, by: User) -> CompanyPlan:
    """Ask for the approval of the company plan as it now stands; other admins are told.

    Raises NotAllowed where it waits already or stands approved, and Unapproved without a number.
    """
    plan = lock_plan(plan)
    if not access.can_submit_plan(by, plan) or stands_approved(plan):
        raise NotAllowed(_("The company plan is not for you to submit now."))
    if not has_numbers(plan):
        raise Unapproved(_("There is no company plan yet. Set it before it is approved."))
    plan.submitted_at, plan.submitted_by = clock.now(), by
    plan.decided_at = plan.decided_by = None
    _store(plan, PlanState.SUBMITTED, by)
    tell_plan("plan_submitted", plan, access.other_admins(by), by)
    return plan


@retries.atomic
def withdraw(plan: CompanyPlan, *, by: User) -> CompanyPlan:
    """Take the submitted plan back, to change it. Raises NotAllowed."""
    plan = lock_plan(plan)
    if not access.can_withdraw_plan(by, plan):
        raise NotAllowed(_("The company plan is not submitted."))
    plan.submitted_at = plan.submitted_by = None
    _store(plan, PlanState.DRAFT, by)
    return plan


@retries.atomic
def approve(plan: CompanyPlan, *, by: User, seen: int | None = None) -> CompanyPlan:
    """Approve what was submitted. ``seen``: the plan's version as the page had it. Raises NotAllowed, Overtaken."""
    plan = _submitted(plan, by, seen)
    _decide(plan, PlanState.APPROVED, by)
    return plan


@retries.atomic
def send_back(plan: CompanyPlan, *, by: User, comment: str, seen: int | None = None) -> CompanyPlan:
    """Return the plan to who submitted it, with a comment, which opens in its thread.

    Raises what ``approve`` raises, and BadComment without one.
    """
    plan = _submitted(plan, by, seen)
    threads.say(threads.thread_of(PLAN, plan.pk), by=by, text=comment)
    _decide(plan, PlanState.RETURNED, by, comment.strip())
    return plan


def stands_approved(plan: CompanyPlan) -> bool:
    """Whether the company plan is approved, and none of its numbers has changed since."""
    return plan.state == PlanState.APPROVED and not changed_since(plan)


def changed_since(plan: CompanyPlan) -> bool:
    """Whether a number of an approved company plan has changed since it was."""
    if plan.state != PlanState.APPROVED or plan.decided_at is None:
        return False
    found: bool = PlanLine.history.filter(plan=plan, history_date__gt=plan.decided_at).exists()
    return found


def has_numbers(plan: CompanyPlan) -> bool:
    return PlanLine.objects.filter(plan=plan).exclude(amount=0).exists()


def refuse_unapproved(plan: CompanyPlan) -> None:
    """Raise Unapproved unless the company plan is approved as it now stands."""
    if plan.state == PlanState.SUBMITTED:
        raise Unapproved(_("The company plan waits for its approval."))
    if plan.state != PlanState.APPROVED:
        raise Unapproved(_("The company plan is not approved yet. Submit it first."))
    if changed_since(plan):
        raise Unapproved(_("The company plan has changed since it was approved. Have it approved again."))


def _submitted(plan: CompanyPlan, by: User, seen: int | None) -> CompanyPlan:
    plan = lock_plan(plan)
    if not access.can_decide_plan(by, plan):
        raise NotAllowed(_("The company plan is decided by an admin who did not submit it."))
    if seen is not None and seen != plan.version:
        raise Overtaken(_("The company plan was submitted anew since you opened the page. Look at it first."))
    return plan


def _decide(plan: CompanyPlan, state: PlanState, by: User, comment: str = "") -> None:
    plan.decided_at, plan.decided_by = clock.now(), by
    _store(plan, state, by, comment)
    tell_plan("plan_decided", plan, [plan.submitted_by] if plan.submitted_by else [], by)


def _store(plan: CompanyPlan, state: PlanState, by: User, comment: str = "") -> None:
    plan.state = state.value
    plan.version += 1
    plan.save(update_fields=["state", "submitted_at", "submitted_by", "decided_at", "decided_by", "version"])
    subject = plan.fiscal_year.label
    audit.record(AuditKind.PLAN_APPROVAL, actor=by, subject=subject, state=state.value, comment=comment)
