"""The way of a plan: draft → submitted → returned with comments, or approved by both → living → a proposed change.

Submitting is the person's signature, approving the manager's; nobody approves their own plan. Each of these steps
keeps a ``PlanVersion``. An approved plan stays in force while the next version is drafted; dropping the draft brings
its words back. Rules: ux.md, "The one-page territory plan"; domain.md A11, A12, A20.
"""

from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from spm.market.models import Territory
from spm.org import clock, retries
from spm.org.models import User
from spm.talk.notices import notify
from territories import access, plan_checks, plan_content, plans
from territories.choices import PlanState, Section, SectionReview
from territories.models import PlanSection, PlanVersion, TerritoryPlan

NOTE = 300


class WrongState(RuleViolation):
    """The plan has not come so far, or is past it."""


class NotYours(RuleViolation):
    """Somebody else writes or decides this plan."""


class Incomplete(RuleViolation):
    """A section says nothing yet."""


class NotHeld(RuleViolation):
    """The person no longer holds the territory that the plan is for."""


class Overtaken(RuleViolation):
    """The plan was changed since the page was drawn."""


@retries.atomic
def submit(plan: TerritoryPlan, by: User) -> TerritoryPlan:
    """Sign the plan and hand it to the manager. Raises NotYours, WrongState, Incomplete, NotHeld."""
    plan = plans.lock(plan.pk)
    _require(plan, PlanState.DRAFT, PlanState.RETURNED)
    if not access.can_submit_plan(by, plan):
        raise NotYours(_("A plan is handed in by the person whose plan it is."))
    _refuse_incomplete(plan)
    _refuse_not_held(plan)
    if PlanVersion.objects.filter(plan=plan, number=plan.number).exists():
        plan.number += 1
    plan.state, plan.submitted_at = PlanState.SUBMITTED, clock.now()
    plan.decided_at = plan.decided_by = plan.nudged_at = None
    _store(plan, by)
    notify("territory_plan_submitted", to=plans.managers_of(plan), **plans.told_of(plan, by))
    return plan


def _refuse_incomplete(plan: TerritoryPlan) -> None:
    missing = [str(Section(section).label) for section in plan_checks.missing(plan)]
    if missing:
        raise Incomplete(_("Still to be filled: %(sections)s.") % {"sections": ", ".join(missing)})


def _refuse_not_held(plan: TerritoryPlan) -> None:
    """A plan is for a territory that its person holds on the year's first day, or today once the year has begun."""
    if plan.territory_id is None:
        return
    day = max(clock.today(), plan.fiscal_year.starts_on)
    if plan.territory_id not in plans.owned(plan.person, day):
        name = Territory.objects.values_list("name", flat=True).get(pk=plan.territory_id)
        raise NotHeld(
            _("“%(territory)s” is no longer held by %(name)s. The plan is kept; choose the territory it is for now.")
            % {"territory": name, "name": plan.person.name}
        )


@retries.atomic
def withdraw(plan: TerritoryPlan, by: User) -> TerritoryPlan:
    """Take back what waits for the manager, to write on. Raises WrongState and NotYours."""
    plan = plans.lock(plan.pk)
    _require(plan, PlanState.SUBMITTED)
    if not access.can_withdraw_plan(by, plan):
        raise NotYours(_("A plan is taken back by the person whose plan it is."))
    plan.state, plan.submitted_at = PlanState.DRAFT, None
    plan.version += 1
    plan.save()
    return plan


@retries.atomic
def review_section(plan: TerritoryPlan, section: Section, verdict: SectionReview, by: User) -> PlanSection:
    """What the manager says of one section, while the plan waits. Raises WrongState and NotYours."""
    plan = _waiting(plan, by)
    row = PlanSection.objects.get(plan=plan, section=section)
    row.review, row.reviewed_by, row.reviewed_at = verdict, by, clock.now()
    row.version += 1
    row.save()
    return row


@retries.atomic
def return_(plan: TerritoryPlan, by: User, note: str) -> TerritoryPlan:
    """Give the plan back with a word on why. Raises WrongState, NotYours, and RuleViolation without a word."""
    plan, words = _waiting(plan, by), " ".join(note.split())
    if not words:
        raise RuleViolation(_("Say what is to be changed."))
    if len(words) > NOTE:
        raise RuleViolation(_("The note has at most %(most)d characters.") % {"most": NOTE})
    plan.state, plan.decided_at, plan.decided_by = PlanState.RETURNED, clock.now(), by
    _store(plan, by, words)
    notify("territory_plan_returned", to=[plan.person], **plans.told_of(plan, by))
    return plan


@retries.atomic
def approve(plan: TerritoryPlan, by: User) -> TerritoryPlan:
    """The manager signs too: this version is in force. Raises WrongState, NotYours, NotHeld."""
    plan = _waiting(plan, by)
    _refuse_not_held(plan)
    now = clock.now()
    plan.state, plan.decided_at, plan.decided_by = PlanState.APPROVED, now, by
    plan.approved_number = plan.number
    said = PlanSection.objects.filter(plan=plan).exclude(review=SectionReview.APPROVED)
    said.update(review=SectionReview.APPROVED, reviewed_by=by, reviewed_at=now)
    _store(plan, by)
    notify("territory_plan_approved", to=[plan.person], **plans.told_of(plan, by))
    return plan


def _waiting(plan: TerritoryPlan, by: User) -> TerritoryPlan:
    plan = plans.lock(plan.pk)
    _require(plan, PlanState.SUBMITTED)
    if not access.can_review_plan(by, plan):
        raise NotYours(_("A plan is decided by the person's manager or an admin, never by its author."))
    return plan


@retries.atomic
def propose_change(plan: TerritoryPlan, by: User) -> TerritoryPlan:
    """Draft the next version; the approved one stays in force. Raises WrongState and NotYours."""
    plan = plans.lock(plan.pk)
    _require(plan, PlanState.APPROVED)
    if not access.can_propose_change(by, plan):
        raise NotYours(_("A change is proposed by the person whose plan it is."))
    plan.state, plan.number = PlanState.DRAFT, plan.number + 1
    plan.submitted_at = plan.decided_at = plan.decided_by = None
    plan.version += 1
    plan.save()
    return plan


@retries.atomic
def drop_change(plan: TerritoryPlan, by: User) -> TerritoryPlan:
    """Put the version in force back in the place of what was drafted. Raises WrongState and NotYours."""
    plan = plans.lock(plan.pk)
    _require(plan, PlanState.DRAFT, PlanState.RETURNED)
    if not access.can_write_plan(by, plan):
        raise NotYours(_("A change is dropped by the person whose plan it is."))
    if plan.approved_number is None:
        raise NothingToDo(_("There is no approved version to go back to."))
    kept = PlanVersion.objects.get(plan=plan, number=plan.approved_number, state=PlanState.APPROVED)
    plan_content.write_content(plan, kept.content, by)
    plan.state, plan.decided_at, plan.decided_by = PlanState.APPROVED, kept.at, kept.by
    plan.number, plan.version = plan.approved_number, plan.version + 1
    plan.submitted_at = PlanVersion.objects.get(plan=plan, number=plan.number, state=PlanState.SUBMITTED).at
    plan.save()
    return plan


@retries.atomic
def nudge(plan: TerritoryPlan, by: User) -> TerritoryPlan:
    """Remind the person, once a day at most. Raises NotYours, WrongState for an approved plan, NothingToDo."""
    plan = plans.lock(plan.pk)
    if plan.state not in (PlanState.DRAFT, PlanState.RETURNED):
        raise WrongState(_("This plan does not wait for its author."))
    if not access.can_nudge(by, plan):
        raise NotYours(_("The person's manager or an admin reminds."))
    slot = f"plan {plan.pk} {clock.today().isoformat()}"
    if not notify("territory_plan_waiting", to=[plan.person], slot=slot, **plans.told_of(plan, by)):
        raise NothingToDo(_("%(name)s was reminded today already.") % {"name": plan.person.name})
    plan.nudged_at = clock.now()
    plan.save(update_fields=["nudged_at"])
    return plan


@retries.atomic
def choose_territory(plan: TerritoryPlan, territory: Territory | None, by: User) -> TerritoryPlan:
    """Say which of the held territories the plan is for. Raises NotYours, WrongState, NotHeld."""
    plan = plans.lock(plan.pk)
    _require(plan, PlanState.DRAFT, PlanState.RETURNED)
    if not access.can_write_plan(by, plan):
        raise NotYours(_("A plan is written by the person whose plan it is."))
    plan.territory = territory
    _refuse_not_held(plan)
    plan.version += 1
    plan.save()
    return plan


def _store(plan: TerritoryPlan, by: User, note: str = "") -> None:
    """Keep the state, and a copy of the words as they were when it came about."""
    plan.version += 1
    plan.save()
    PlanVersion.objects.create(
        plan=plan,
        number=plan.number,
        state=plan.state,
        content=plan_content.content_of(plan),
        note=note,
        by=by,
        at=clock.now(),
    )


def _require(plan: TerritoryPlan, *states: PlanState) -> None:
    if plan.state not in states:
        said = _("This plan is in the state “%(state)s”: that cannot be done with it now.")
        raise WrongState(said % {"state": PlanState(plan.state).label})
