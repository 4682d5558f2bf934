"""Revisions of a locked year: asked for with a reason, approved by somebody else, in force from a leaf period on.

A revision is a CompanyPlan of its kind that holds just the numbers it changes. Approved, they are written into the
working version and the revision is frozen; periods before its effective one never move. Rules: domain.md, Plan
revisions; reliability INV-45, INV-46.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from spm.org import audit, clock, retries
from spm.org.access import can_administer
from spm.org.choices import AuditKind, PeriodLevel, PeriodState
from spm.org.models import FiscalYear, Period, User
from spm.org.trees import tree_as_of
from spm.talk import threads
from spm.talk.notices import Told, notify_each
from targets import batches, reopenings
from targets.access import can_decide_revision, can_request_revision, can_revise
from targets.anchors import REVISION
from targets.batches import Change
from targets.choices import PlanKind, PlanState, RevisionCause
from targets.goals import COLUMNS, Goal, GoalModel, GoalSheet, Holder, OwnQuota, holder_of
from targets.models import CompanyPlan, GoalBatch

type Wanted = Sequence[tuple[GoalModel, Goal]]


class NotAllowed(RuleViolation):
    """The person may not ask for, or decide on, this revision."""


class PastPeriod(RuleViolation):
    """The revision would change a leaf period before its effective one, or one that is over."""


@retries.atomic
def request(  # noqa: PLR0913  # what a revision consists of, by keyword
    working: CompanyPlan,
    wanted: Wanted,
    *,
    effective: Period,
    cause: str,
    reason: str,
    by: User,
    on: date | None = None,
) -> CompanyPlan:
    """Ask for a revision of a locked year; nothing is in force before somebody else approves it.

    ``wanted``: the new numbers per leaf period, none before ``effective`` and none of a period that is over, unless it
    was reopened. ``on``: the day it is asked for, today by default. Raises NotAllowed, also for people and teams that
    ``by`` does not lead, PastPeriod, NothingToDo when all is as it stands, OwnQuota, and RuleViolation without a reason
    or with a number that GoalSheet refuses.
    """
    if not can_request_revision(by, working):
        raise NotAllowed(_("A locked year is revised by an admin or a manager."))
    if not can_revise(by, [goal.holder for _model, goal in wanted]):
        raise NotAllowed(_("A manager asks for the numbers of the people and teams they lead."))
    if not reason.strip() or cause not in RevisionCause.values:
        raise RuleViolation(_("Say why the numbers are revised."))
    _refuse_periods(working, wanted, effective)
    _refuse_past([effective, *(goal.period for _model, goal in wanted)], on or clock.today())
    changed = _changed(working, wanted)
    if not changed:
        raise NothingToDo(_("No number differs from the one in force."))
    year: FiscalYear = FiscalYear.objects.select_for_update(no_key=True).get(pk=working.fiscal_year_id)
    earlier = CompanyPlan.objects.filter(fiscal_year=year, kind=PlanKind.REVISION)
    revision = CompanyPlan.objects.create(
        fiscal_year=year,
        kind=PlanKind.REVISION,
        number=(earlier.aggregate(last=Max("number"))["last"] or 0) + 1,
        state=PlanState.SUBMITTED,
        based_on=working,
        effective=effective,
        cause=cause,
        reason=reason.strip(),
        author=by,
    )
    for model, goals in _by_model(changed).items():
        GoalSheet(revision, model, by=by).write(goals, reason)
    _tell("revision_requested", revision, User.objects.people().filter(is_admin=True, is_active=True), by)
    return revision


@retries.atomic
def approve(revision: CompanyPlan, *, by: User, seen: int | str | None = None, on: date | None = None) -> GoalBatch:
    """Put the revision into force from its effective period on; the batch of what changed is returned.

    ``seen``: the working version's ``batches.newest`` as the page had it; ``on``: as in ``request``. Raises NotAllowed
    for its author, for whom it concerns, and when it is decided; batches.Conflict when one of its numbers has changed
    since it was read; PastPeriod when one of its leaf periods is over by now: reopen that first.
    """
    revision = _undecided(revision, by)
    working: CompanyPlan = CompanyPlan.objects.working().select_for_update().get(fiscal_year=revision.fiscal_year_id)
    goals = [(model, Goal(*row)) for model in COLUMNS for row in _rows(revision, model)]
    _refuse_past([goal.period for _model, goal in goals], on or clock.today())
    _set_applying(working, revision)
    batch = batches.write_revision(working, revision, goals, by=by, seen=seen)
    _set_applying(working, None)
    _decide(revision, PlanState.APPROVED, by)
    return batch


@retries.atomic
def reject(revision: CompanyPlan, *, by: User, comment: str) -> None:
    """Turn the revision down with a comment; nothing changes. Raises NotAllowed, and RuleViolation without one."""
    if not comment.strip():
        raise RuleViolation(_("Say why the revision is rejected."))
    revision = _undecided(revision, by)
    threads.say(threads.thread_of(REVISION, revision.pk), by=by, text=comment)
    _decide(revision, PlanState.REJECTED, by, comment.strip())


def moves(revision: CompanyPlan) -> list[Change]:
    """Before and after, number by number: as written when it was approved, else against what is in force now."""
    if revision.state == PlanState.APPROVED:
        return batches.changes_of(revision.applied_by)
    found = []
    for model in COLUMNS:
        rows = _rows(revision, model)
        if not rows:
            continue
        periods = {leaf.pk for _holder, _measure, leaf, _amount in rows}
        stored: Any = model._default_manager.filter(plan=revision.based_on_id, period__in=periods)
        now = {(holder_of(row), row.measure, row.period_id): row.amount for row in stored}
        for holder, measure, leaf, amount in rows:
            found.append(Change(model, holder, measure, leaf.pk, now.get((holder, measure, leaf.pk)), amount))
    return found


def _refuse_periods(working: CompanyPlan, wanted: Wanted, effective: Period) -> None:
    if effective.level != PeriodLevel.MONTH or effective.fiscal_year_id != working.fiscal_year_id:
        raise RuleViolation(
            _("A revision takes effect with a month of %(year)s.") % {"year": working.fiscal_year.label}
        )
    for _model, goal in wanted:
        if goal.period.level != PeriodLevel.MONTH or goal.amount is None:
            raise RuleViolation(_("A revision gives a number per month."))
        if goal.period.starts_on < effective.starts_on:
            raise PastPeriod(
                _("%(period)s lies before %(effective)s: past months never change.")
                % {"period": goal.period.label, "effective": effective.label}
            )


def changeable(leaves: Iterable[Period], on: date) -> list[Period]:
    """Those that a revision may still change on a day: the running one, later ones, and what was reopened."""
    ordered = sorted(leaves, key=lambda leaf: leaf.starts_on)
    reopened = reopenings.under_way() if any(leaf.ends_on < on for leaf in ordered) else {}
    there = [leaf for leaf in ordered if leaf.state != PeriodState.CLOSED]
    return [leaf for leaf in there if leaf.ends_on >= on or leaf.pk in reopened]


def _refuse_past(leaves: Iterable[Period], on: date) -> None:
    wanted = {leaf.pk: leaf for leaf in leaves}
    allowed = {leaf.pk for leaf in changeable(wanted.values(), on)}
    over = [leaf for leaf in wanted.values() if leaf.pk not in allowed]
    if over:
        first = min(over, key=lambda leaf: leaf.starts_on)
        raise PastPeriod(
            _("%(period)s is over: past months never change. Choose a later month, or have an admin reopen it.")
            % {"period": first.title}
        )


def _changed(working: CompanyPlan, wanted: Wanted) -> Wanted:
    """The wanted numbers that differ from those in force."""
    kept = []
    for model, goals in _by_model(wanted).items():
        periods = {goal.period.pk for goal in goals}
        rows = model._default_manager.filter(plan=working, period__in=periods)
        now = {(holder_of(row), row.measure, row.period_id): row.amount for row in rows}
        kept += [(model, goal) for goal in goals if now.get((goal.holder, goal.measure, goal.period.pk)) != goal.amount]
    return kept


def _by_model(wanted: Wanted) -> dict[GoalModel, list[Goal]]:
    grouped: dict[GoalModel, list[Goal]] = defaultdict(list)
    for model, goal in wanted:
        grouped[model].append(goal)
    return grouped


def _undecided(revision: CompanyPlan, by: User) -> CompanyPlan:
    """The revision, locked. Raises NotAllowed, and OwnQuota for whom it concerns."""
    locked: CompanyPlan = CompanyPlan.objects.select_for_update().get(pk=revision.pk, kind=PlanKind.REVISION)
    if locked.quotas.filter(person=by).exists():
        raise OwnQuota(_("Nobody decides on their own quota."))
    if locked.state != PlanState.SUBMITTED:
        raise NotAllowed(_("Revision %(n)s is decided already.") % {"n": locked.number})
    if not can_decide_revision(by, locked):
        raise NotAllowed(_("A revision is decided by an admin who did not ask for it."))
    return locked


def _set_applying(working: CompanyPlan, revision: CompanyPlan | None) -> None:
    working.applying = revision
    working.save(update_fields=["applying"])


def _decide(revision: CompanyPlan, state: PlanState, by: User, comment: str = "") -> None:
    revision.state, revision.decided_at, revision.decided_by = state, clock.now(), by
    revision.frozen_at = revision.decided_at
    revision.version += 1
    revision.save(update_fields=["state", "decided_at", "decided_by", "frozen_at", "version"])
    subject = f"{revision.fiscal_year.label} {revision.number}"
    audit.record(AuditKind.PLAN_REVISION, actor=by, subject=subject, state=state.value, comment=comment)
    heard = [revision.author] if revision.author else []
    if state == PlanState.APPROVED:
        heard += [quota.person for quota in revision.quotas.select_related("person")]
    _tell("revision_decided", revision, heard, by)


def _tell(kind: str, revision: CompanyPlan, to: Iterable[User], by: User) -> None:
    """The author and admins are led to the revision; whose quota it changes, to the own quota."""
    label, leads = revision.fiscal_year.label, set(tree_as_of(clock.today()).lead.values())
    each = []
    for person in {person.pk: person for person in to}.values():
        concerned = not (can_administer(person) or person.pk in leads)  # as can_see_plan, read once for all
        name, key = ("targets:quota", person.pk) if concerned else ("targets:revision", revision.pk)
        each.append(Told(person, reverse(name, args=[label, key])))
    notify_each(kind, each, by=by, year=label, name=by.name)


def _rows(revision: CompanyPlan, model: GoalModel) -> list[tuple[Holder, str, Period, Decimal]]:
    rows: Any = model._default_manager.filter(plan=revision).select_related("period").order_by("pk")
    return [(holder_of(row), row.measure, row.period, row.amount) for row in rows]
