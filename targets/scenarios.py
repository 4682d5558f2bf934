"""What-if: a copy of the working version that is adjusted, compared, and adopted or discarded.

A scenario is a plan version of kind *scenario*: its numbers are rows like all others, changed by batches with one undo
each, so who, when, before, after and why are kept. It is in no roll-up, no letter, and on no dashboard. Adopted,
discarded, or handed on as a request for a revision it is frozen and stays to be read. Rules: domain.md, A1.
"""

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from spm.org import audit, clock
from spm.org.choices import AuditKind
from spm.org.clock import today
from spm.org.models import Period, Team, User
from targets import batches, cycles, moving, revisions, scenario_steps, versions
from targets.choices import BatchKind, PlanKind, PlanState, Proration, RevisionCause, WhatIf
from targets.goals import FrozenPlan, Goal, GoalModel, lock_plan
from targets.models import CompanyPlan, GoalBatch, OpenPosition, OpenQuota, ScenarioStep
from targets.ramps import read_ramps
from targets.scenario_numbers import Numbers, read_places
from targets.scenario_steps import MOST_HIRES, Adjustment, CannotAdjust


class NotAScenario(RuleViolation):
    """Only scenarios are adjusted, adopted and discarded here."""


class LockedYear(RuleViolation):
    """After the lock a scenario cannot be adopted: it becomes a request for a revision."""


def create(plan: CompanyPlan, name: str, by: User, *, reason: str = "") -> CompanyPlan:
    """A scenario with the numbers of the working version. Raises BadVersion without a name or without a number."""
    if plan.kind == PlanKind.SCENARIO:
        raise NotAScenario(_("A scenario is copied from the working version."))
    return versions.copy_plan(plan, PlanKind.SCENARIO, name, by, reason=reason)


@transaction.atomic
def adjust(scenario: CompanyPlan, asked: Adjustment, by: User, *, reason: str = "") -> ScenarioStep:
    """Change the scenario's numbers as asked: one step, one batch.

    Raises CannotAdjust, OwnQuota, FrozenPlan once it is decided, NothingToDo where no number would change.
    """
    scenario = _open(scenario)
    places = read_places(scenario, by, today())
    asked = _with_share(_with_hires(scenario, asked), places.calendar.before)
    numbers = Numbers(scenario, places, by)
    scenario_steps.apply(numbers, asked)
    goals = numbers.goals()
    if not goals:
        raise NothingToDo(_("These numbers stand there already."))
    batch = batches.write_batch(scenario, goals, by=by, kind=BatchKind.WHAT_IF, reason=reason.strip())
    return ScenarioStep.objects.create(
        plan=scenario,
        kind=asked.kind,
        reach=asked.reach,
        team_id=asked.team,
        person_id=asked.person,
        receiver_id=asked.receiver,
        territory_id=asked.territory,
        starts=asked.starts,
        percent=asked.percent,
        count=asked.count,
        shared=asked.shared,
        batch=batch,
    )


def undo(step: ScenarioStep, by: User) -> GoalBatch:
    """Take one step back. Raises CannotUndo where a later step has changed its numbers again, FrozenPlan."""
    _open(step.plan, lock=False)
    return batches.undo(step.batch, by=by)


@transaction.atomic
def adopt(
    scenario: CompanyPlan, by: User, *, reason: str = "", seen: int | str | None = None
) -> tuple[GoalBatch, int, int]:
    """Give the working version the scenario's numbers, as one batch with one undo; the scenario is frozen.

    Returned beside the batch: how many numbers stay since they are ``by``'s own, and how many open positions keep
    theirs, since nobody holds them. ``seen``: the working version's revision number from which on changes of others
    count as a conflict, by default the one of when the scenario was copied. Raises LockedYear, WrongStage, NothingToDo,
    Conflict.
    """
    scenario = _open(scenario)
    working = lock_plan(CompanyPlan.objects.working().get(fiscal_year=scenario.fiscal_year_id))
    if working.locked_at is not None:
        words = {"year": working.fiscal_year.label}
        raise LockedYear(_("%(year)s is locked: hand the scenario on as a request for a revision.") % words)
    cycle = cycles.cycle_of(working.fiscal_year)
    if cycle:
        cycles.require_stage(cycle, *sorted(cycles.BEFORE_LOCK, key=cycles.ORDER.index))
    known = copied_at(scenario, working) if seen is None else seen
    batch, own = versions.restore(scenario, by, reason=reason, seen=known)
    _decide(scenario, PlanState.APPROVED, by)
    positions = OpenQuota.objects.filter(plan=scenario).order_by().values("position").distinct().count()
    return batch, own, positions


@transaction.atomic
def request_revision(scenario: CompanyPlan, by: User, *, cause: str, reason: str) -> CompanyPlan:
    """Ask for a revision of a locked year by which it gets the scenario's numbers in the periods that are not over.

    It begins with the first of them that differs. Raises what ``revisions.request`` raises, NothingToDo among it.
    """
    scenario = _open(scenario)
    working = CompanyPlan.objects.working().select_related("fiscal_year").get(fiscal_year=scenario.fiscal_year_id)
    differ = versions.differences(scenario, working, by)[0]
    ahead = {leaf.pk for leaf in revisions.changeable({goal.period for _model, goal in differ}, today())}
    wanted: list[tuple[GoalModel, Goal]] = [
        (model, replace(goal, amount=goal.amount or Decimal(0))) for model, goal in differ if goal.period.pk in ahead
    ]
    if not wanted:
        raise NothingToDo(_("No number of this month or a later one differs from the one in force."))
    first: Period = min((goal.period for _model, goal in wanted), key=lambda leaf: leaf.starts_on)
    if cause not in RevisionCause.values:
        raise RuleViolation(_("Say why the numbers are revised."))
    revision = revisions.request(working, wanted, effective=first, cause=cause, reason=reason, by=by)
    _decide(scenario, PlanState.SUBMITTED, by)
    return revision


@transaction.atomic
def discard(scenario: CompanyPlan, by: User) -> None:
    """Put the scenario away: it is frozen, and can still be read."""
    _decide(_open(scenario), PlanState.DISCARDED, by)


def copied_at(scenario: CompanyPlan, working: CompanyPlan) -> int:
    """The revision number that the working version had when the scenario was copied from it."""
    earlier = GoalBatch.objects.filter(plan=working, at__lte=scenario.created_at)
    newest: int | None = earlier.aggregate(newest=Max("pk"))["newest"]
    return newest or 0


def _open(scenario: CompanyPlan, *, lock: bool = True) -> CompanyPlan:
    """The scenario, locked. Raises NotAScenario and FrozenPlan."""
    found = lock_plan(scenario) if lock else scenario
    if found.kind != PlanKind.SCENARIO:
        raise NotAScenario(_("This is not a scenario."))
    if found.frozen_at is not None:
        raise FrozenPlan(_("The scenario “%(name)s” is decided and stays as it is.") % {"name": found.name})
    return found


def _with_hires(scenario: CompanyPlan, asked: Adjustment) -> Adjustment:
    """A hire with the open positions it gets and the ramp of new people; rolled back if it comes to nothing."""
    if asked.kind != WhatIf.HIRE:
        return asked
    if not 1 <= asked.count <= MOST_HIRES:
        raise CannotAdjust(_("Plan 1 to %(most)s hires at a time.") % {"most": MOST_HIRES})
    if asked.team is None or asked.starts is None or not Team.objects.filter(pk=asked.team).exists():
        raise CannotAdjust(_("Choose a team and the month of the start."))
    last: int = OpenPosition.objects.filter(plan=scenario).aggregate(last=Max("number"))["last"] or 0
    made = [
        OpenPosition.objects.create(plan=scenario, team_id=asked.team, starts=asked.starts, number=last + number)
        for number in range(1, asked.count + 1)
    ]
    cycle = cycles.cycle_of(scenario.fiscal_year)
    ramps = read_ramps()
    return replace(
        asked,
        positions=tuple(one.pk for one in made),
        steps=ramps.steps.get(ramps.default or 0, ()),
        policy=cycle.proration if cycle else Proration.SEASON,
    )


def _with_share(asked: Adjustment, before: tuple[Period, ...]) -> Adjustment:
    """A move of a territory with who owns it, and with its share of that person's number where none was given."""
    if asked.kind != WhatIf.TERRITORY:
        return asked
    if asked.territory is None or asked.starts is None:
        raise CannotAdjust(_("Choose a territory, a person and a month."))
    day: date = asked.starts.starts_on
    owner = moving.owner_of(asked.territory, day)
    if owner is None:
        raise CannotAdjust(_("Nobody holds this territory then."))
    share = asked.percent or moving.share_of(asked.territory, owner, day, before)
    return replace(asked, person=owner, percent=share.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _decide(scenario: CompanyPlan, state: PlanState, by: User) -> None:
    scenario.state, scenario.decided_at, scenario.decided_by = state, clock.now(), by
    scenario.frozen_at = scenario.decided_at
    scenario.version += 1
    scenario.save(update_fields=["state", "decided_at", "decided_by", "frozen_at", "version"])
    subject = f"{scenario.fiscal_year.label} {scenario.name}"
    audit.record(AuditKind.PLAN_SCENARIO, actor=by, subject=subject, state=state.value)
