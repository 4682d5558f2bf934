"""The annual planning cycle: made (from last year's), moved from stage to stage, given owners, due dates and a policy.

A stage is entered from the one before it, never by a jump; before the lock an admin may step back with a reason.
Numbers are changed elsewhere; ``require_stage`` is how other modules ask whether the cycle has come far enough.
Rules: ux.md, Annual cycle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from spm.errors import NothingToDo, RuleViolation
from spm.org import audit, clock, retries
from spm.org.choices import AuditKind
from spm.org.models import FiscalYear, User
from targets import approvals, carrying, locking, plans, policy, recipients, sending, versions
from targets.choices import LimitAction, PlanState, Stage
from targets.goals import lock_plan
from targets.models import CompanyPlan, CycleStage, PlanningCycle, Quota
from targets.notices import tell_stage

ORDER = list(Stage)
BEFORE_LOCK = frozenset({Stage.PLAN, Stage.ALLOCATE, Stage.REVIEW, Stage.APPROVE})
"""The stages in which the numbers may be changed freely."""
WITH_REASON = frozenset({Stage.REVIEW, Stage.APPROVE})
"""Those of them in which people have their numbers already: each change says why."""
POLICY = (
    "over_min",
    "over_max",
    "over_action",
    "growth_limit",
    "growth_floor",
    "deal_limit",
    "proration",
    "answer_days",
)


REASON_WANTED = _lazy("From the review on, each change of a number says why: write a reason.")


class WrongStage(RuleViolation):
    """The cycle has not come so far, or is past it."""


class NoReason(RuleViolation):
    """People have their numbers already, and the change does not say why it is made."""


class BadStage(RuleViolation):
    """The owner or the due date of a stage cannot be so."""


class BadPolicy(RuleViolation):
    """The policy contradicts itself."""


@dataclass(frozen=True, slots=True)
class StagePlan:
    """Who is to have done a stage, and until when; both may be open."""

    owner: User | None
    due_on: date | None


def cycle_of(year: FiscalYear) -> PlanningCycle | None:
    """The year's cycle; None where it is not planned by one."""
    found = PlanningCycle.objects.filter(fiscal_year=year).first()
    if found:
        found.fiscal_year = year  # already read
    return found


def latest_before(year: FiscalYear) -> PlanningCycle | None:
    """The newest cycle of an earlier year: the one whose structure is copied."""
    earlier = PlanningCycle.objects.filter(fiscal_year__starts_on__lt=year.starts_on).select_related("fiscal_year")
    return earlier.order_by("-fiscal_year__starts_on").first()


def following(stage: str) -> Stage | None:
    """The stage after this one; None after the last."""
    place = ORDER.index(Stage(stage)) + 1
    return ORDER[place] if place < len(ORDER) else None


def preceding(stage: str) -> Stage | None:
    """The stage before this one; None before the first."""
    place = ORDER.index(Stage(stage))
    return ORDER[place - 1] if place else None


def require_stage(cycle: PlanningCycle, *stages: Stage) -> None:
    """Raises WrongStage unless the cycle stands in one of ``stages``."""
    if cycle.stage not in stages:
        allowed = ", ".join(str(stage.label) for stage in stages)
        words = {"year": cycle.fiscal_year.label, "stage": Stage(cycle.stage).label, "allowed": allowed}
        raise WrongStage(_("Planning %(year)s stands in “%(stage)s”; this belongs to: %(allowed)s.") % words)


def needs_reason(cycle: PlanningCycle | None) -> bool:
    """Whether a change of a number has to say why: from the review on."""
    return cycle is not None and bool(cycle.pk) and cycle.stage in WITH_REASON


def require_reason(cycle: PlanningCycle | None, reason: str) -> None:
    """Raises NoReason where there has to be one and is none."""
    if needs_reason(cycle) and not reason.strip():
        raise NoReason(str(REASON_WANTED))


# Making a cycle


@retries.atomic
def create_cycle(
    year: FiscalYear, by: User | None, copy_from: PlanningCycle | None = None, with_numbers: bool = False
) -> PlanningCycle:
    """Begin to plan a year, at its first stage, with a working plan; a year locked before that is in its last.

    With ``copy_from`` the owners of the stages, their due dates a year on, the policy and the seasonality come along;
    with ``with_numbers`` plan, targets and quotas too, where the new year has none yet (never ``by``'s own quota).
    Raises NothingToDo for a year that has its cycle, RuleViolation for a copy of itself or of another calendar.
    """
    FiscalYear.objects.select_for_update(no_key=True).get(pk=year.pk)
    if PlanningCycle.objects.filter(fiscal_year=year).exists():
        raise NothingToDo(_("Planning %(year)s has begun already.") % {"year": year.label})
    if copy_from:
        copy_from.refresh_from_db()
    policy = {name: getattr(copy_from, name) for name in POLICY} if copy_from else {}
    plan = plans.working_plan(year, by=by)
    stage = Stage.MONITOR if plan.locked_at else Stage.PLAN
    cycle = PlanningCycle.objects.create(fiscal_year=year, stage=stage, copied_from=copy_from, created_by=by, **policy)
    shapes = _stages_a_year_on(copy_from, year, by) if copy_from else {}
    CycleStage.objects.bulk_create(
        CycleStage(
            cycle=cycle,
            stage=stage,
            owner=shapes[stage].owner if stage in shapes else by,
            due_on=shapes[stage].due_on if stage in shapes else None,
        )
        for stage in ORDER
    )
    if copy_from:
        carrying.copy_season(copy_from.fiscal_year, year)
        if with_numbers:
            carrying.copy_numbers(plans.working_plan(copy_from.fiscal_year), plan, by=by)
    source = copy_from.fiscal_year.label if copy_from else ""
    audit.record(AuditKind.PLAN_CYCLE, actor=by, subject=year.label, copied_from=source, with_numbers=with_numbers)
    return cycle


def _stages_a_year_on(source: PlanningCycle, year: FiscalYear, by: User | None) -> dict[str, StagePlan]:
    """Owners who left are replaced by who makes the cycle; due dates keep their day of the year."""
    years = round((year.starts_on - source.fiscal_year.starts_on).days / 365.25)
    found = {}
    for row in source.stages.select_related("owner"):
        owner = row.owner if row.owner and row.owner.is_active else by
        found[row.stage] = StagePlan(owner, row.due_on and _years_later(row.due_on, years))
    return found


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


# Moving


@retries.atomic
def advance(cycle: PlanningCycle, to: str, by: User | None) -> PlanningCycle:
    """Enter the next stage; the one left behind is done. Its owner and everybody it concerns are told.

    Entering Allocate keeps a version of the approved company plan; entering Lock locks the numbers, and sends each
    letter that was never sent or tells another number. Raises WrongStage where ``to`` is not the next stage, or where
    what the stage builds on is missing: an approved company plan before Allocate (approvals.Unapproved), quotas before
    Review; before Lock both, and where the policy blocks, every over-assignment within it.
    """
    lock_plan(_working(cycle))  # before the cycle, as everybody who sends letters does
    cycle = _locked(cycle)
    following_stage = following(cycle.stage)
    if to != following_stage or following_stage is None:
        raise WrongStage(_skipped(cycle, following_stage))
    _refuse_unready(cycle, following_stage)
    if following_stage is Stage.LOCK and _working(cycle).locked_at is None:
        locking.lock(_working(cycle), by=by)
        sending.send_with_lock(cycle, _working(cycle), by=by)
    now = clock.now()
    CycleStage.objects.filter(cycle=cycle, stage=cycle.stage).update(done_at=now, done_by=by)
    before = cycle.stage
    _move(cycle, following_stage)
    if following_stage is Stage.REVIEW:
        recipients.prepare(cycle)
    if following_stage is Stage.ALLOCATE:
        _publish(cycle, by)
    _record_move(cycle, before, by)
    tell_stage(cycle, by=by)
    return cycle


def _publish(cycle: PlanningCycle, by: User | None) -> None:
    """The company plan, approved as it is, is kept as it now stands as a version."""
    versions.save_version(_working(cycle), _("As published"), by, reason=_("Handed on to be allocated"))


def lock_year(year: FiscalYear, by: User | None) -> None:
    """Lock the year's numbers: by its cycle where it has one, whose turn it must be. Raises what those raise."""
    cycle = cycle_of(year)
    if cycle is None:
        locking.lock(plans.working_plan(year, by=by), by=by)
    else:
        advance(cycle, Stage.LOCK, by)


@retries.atomic
def step_back(cycle: PlanningCycle, reason: str, by: User | None) -> PlanningCycle:
    """Return to the stage before, for a reason that the audit log keeps.

    Raises WrongStage in the first stage and from the lock on: what is locked changes by revisions alone.
    """
    cycle = _locked(cycle)
    earlier = preceding(cycle.stage)
    if cycle.stage not in BEFORE_LOCK or _working(cycle).locked_at:
        raise WrongStage(_("What is locked is not unlocked. Request a revision."))
    if earlier is None:
        raise WrongStage(_("There is no stage before “%(stage)s”.") % {"stage": Stage.PLAN.label})
    if not reason.strip():
        raise RuleViolation(_("Write why the cycle goes back."))
    CycleStage.objects.filter(cycle=cycle, stage=earlier).update(done_at=None, done_by=None)
    before = cycle.stage
    _move(cycle, earlier)
    if earlier is Stage.PLAN:
        withdrawn = CompanyPlan.objects.working().filter(fiscal_year=cycle.fiscal_year_id)
        never = dict.fromkeys(("submitted_at", "submitted_by", "decided_at", "decided_by"))
        withdrawn.update(state=PlanState.DRAFT, **never)
    _record_move(cycle, before, by, reason=reason.strip())
    tell_stage(cycle, by=by)
    return cycle


def _skipped(cycle: PlanningCycle, following_stage: Stage | None) -> str:
    words = {"year": cycle.fiscal_year.label, "stage": Stage(cycle.stage).label}
    if following_stage is None:
        return _("Planning %(year)s stands in “%(stage)s”, its last stage.") % words
    words["next"] = following_stage.label
    return _("Planning %(year)s stands in “%(stage)s”; the next stage is “%(next)s”. No stage is skipped.") % words


def _refuse_unready(cycle: PlanningCycle, to: Stage) -> None:
    plan = _working(cycle)
    if to is Stage.ALLOCATE:
        if not approvals.has_numbers(plan):
            raise WrongStage(_("There is no company plan yet. Set it before it is allocated."))
        approvals.refuse_unapproved(plan)
    if to is Stage.REVIEW and not Quota.objects.filter(plan=plan).exists():
        raise WrongStage(_("Nobody has a quota yet. Allocate the plan before it is reviewed."))
    if to is Stage.LOCK:
        _refuse_outside_policy(cycle, plan)


def _refuse_outside_policy(cycle: PlanningCycle, plan: CompanyPlan) -> None:
    if not approvals.has_numbers(plan):
        raise WrongStage(_("There is no company plan yet. Set it before the numbers are locked."))
    if plan.state != PlanState.DRAFT:
        approvals.refuse_unapproved(plan)
    blocks = cycle.over_action == LimitAction.BLOCK
    if blocks and (sentences := policy.outside(cycle, policy.standing(cycle, plan))):
        raise WrongStage(sentences[0])


def _working(cycle: PlanningCycle) -> CompanyPlan:
    return plans.working_plan(cycle.fiscal_year)


def _locked(cycle: PlanningCycle) -> PlanningCycle:
    """The cycle as it is stored, held until the transaction ends: two hands on one button move it once."""
    rows = PlanningCycle.objects.select_for_update(no_key=True, of=("self",)).select_related("fiscal_year")
    cycle.refresh_from_db(from_queryset=rows)
    return cycle


def _move(cycle: PlanningCycle, to: Stage) -> None:
    cycle.stage = to.value
    cycle.version += 1
    cycle.save(update_fields=["stage", "version"])


def _record_move(cycle: PlanningCycle, before: str, by: User | None, **detail: Any) -> None:
    subject = cycle.fiscal_year.label
    audit.record(AuditKind.PLAN_STAGE, actor=by, subject=subject, before=before, after=cycle.stage, **detail)


# Owners, due dates, policy


def set_stage(
    cycle: PlanningCycle, stage: str, *, owner: User | None, due_on: date | None, by: User | None
) -> CycleStage:
    """Give one stage its owner and due date. Raises BadStage."""
    set_stages(cycle, {stage: StagePlan(owner, due_on)}, by=by)
    return cycle.stages.get(stage=stage)


@retries.atomic
def set_stages(cycle: PlanningCycle, wanted: Mapping[str, StagePlan], *, by: User | None) -> int:
    """Give stages their owners and due dates, all or none; returns how many changed.

    Raises BadStage for an owner who cannot sign in, and for a stage due before the one it follows.
    """
    cycle = _locked(cycle)
    rows = {row.stage: row for row in cycle.stages.select_related("owner")}
    changed = {}
    for stage, plan in wanted.items():
        row = rows[stage]
        if (row.owner, row.due_on) != (plan.owner, plan.due_on):
            changed[stage] = {"before": _told(row), "after": _told(plan)}
            row.owner, row.due_on = plan.owner, plan.due_on
    _refuse_stages([rows[stage] for stage in ORDER], changed)
    for stage in changed:
        rows[stage].save(update_fields=["owner", "due_on"])
    if changed:
        cycle.version += 1
        cycle.save(update_fields=["version"])
        audit.record(AuditKind.PLAN_POLICY, actor=by, subject=cycle.fiscal_year.label, stages=changed)
    return len(changed)


def _told(row: CycleStage | StagePlan) -> dict[str, str]:
    return {"owner": row.owner.name if row.owner else "", "due_on": row.due_on.isoformat() if row.due_on else ""}


def _refuse_stages(rows: list[CycleStage], changed: Mapping[str, Any]) -> None:
    latest: CycleStage | None = None
    for row in rows:
        if row.stage in changed and row.owner and not row.owner.is_active:
            raise BadStage(_("%(name)s cannot sign in, so cannot own a stage.") % {"name": row.owner.name})
        if row.due_on and latest and latest.due_on and row.due_on < latest.due_on:
            words = {"stage": Stage(row.stage).label, "before": Stage(latest.stage).label}
            raise BadStage(_("“%(stage)s” cannot be due before “%(before)s”, which it follows.") % words)
        latest = row if row.due_on else latest


@retries.atomic
def set_policy(cycle: PlanningCycle, *, by: User | None, **policy: Any) -> PlanningCycle:
    """Change what ``POLICY`` names; percents are whole percents (8 = 8 %).

    Raises BadPolicy for a band upside down or a value out of range, WrongStage once the numbers are locked.
    """
    cycle = _locked(cycle)
    if cycle.stage not in BEFORE_LOCK:
        raise WrongStage(_("The policy stays as it was when the numbers were locked."))
    if unknown := set(policy) - set(POLICY):
        raise TypeError(f"no policy of a cycle: {sorted(unknown)}")
    changed = {name: (getattr(cycle, name), value) for name, value in policy.items() if getattr(cycle, name) != value}
    _refuse_policy(cycle, policy)
    for name, (_before, value) in changed.items():
        setattr(cycle, name, value)
    if changed:
        cycle.version += 1
        cycle.save(update_fields=[*changed, "version"])
        told = {name: [str(before), str(after)] for name, (before, after) in changed.items()}
        audit.record(AuditKind.PLAN_POLICY, actor=by, subject=cycle.fiscal_year.label, policy=told)
    return cycle


def _refuse_policy(cycle: PlanningCycle, policy: Mapping[str, Any]) -> None:
    wanted = PlanningCycle(**{name: policy.get(name, getattr(cycle, name)) for name in POLICY})
    try:
        wanted.clean_fields(exclude=["fiscal_year", "copied_from", "created_by"])
    except ValidationError as error:
        raise BadPolicy(" ".join(error.messages)) from error
    if wanted.over_max < wanted.over_min:
        raise BadPolicy(_("The over-assignment policy ends below its start."))
    if wanted.growth_limit < wanted.growth_floor:
        raise BadPolicy(_("The limit of growth is below its floor."))
    if not Decimal(-100) <= wanted.over_min or wanted.deal_limit < 0 or not 1 <= wanted.answer_days <= 90:
        raise BadPolicy(_("A policy value is out of range."))
