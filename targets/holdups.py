"""Who is holding up a planning cycle, and for how many days: read from what is stored, never asked of anybody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from spm.org import clock
from spm.org.models import User
from spm.org.trees import TeamTree, TreeHistory, read_history
from targets import assigned
from targets.access import decider_of, other_admins
from targets.choices import LetterState, PlanState, Stage
from targets.models import CompanyPlan, CycleStage, PlanningCycle, QuotaLetter


class Waiting(StrEnum):
    """What is missing."""

    STAGE = "stage"  # the current stage is past its due date
    OWNER = "owner"  # nobody owns the current stage
    COMPANY = "company"  # the company plan is not handed on in full
    PLAN = "plan"  # the submitted company plan is to be decided by an admin
    RETURNED = "returned"  # the returned company plan is to be changed and submitted again
    ALLOCATION = "allocation"  # a team's target is not handed on in full
    UNSENT = "unsent"  # a letter is to be sent
    ANSWER = "answer"  # a letter is to be answered by the person
    QUESTION = "question"  # a question is to be answered by the manager
    REJECTED = "rejected"  # a rejected number is to be changed by the manager
    APPROVAL = "approval"  # an agreed letter is to be approved by the manager
    ACKNOWLEDGE = "acknowledge"  # a locked quota is to be acknowledged by the person


@dataclass(frozen=True, slots=True)
class HoldUp:
    """``person`` is who must act (None: nobody does yet), ``about`` whose number it concerns (None: no one's).

    ``days``: since it waits, for a stage since it was due. ``letter`` and ``team`` are keys. ``share``: how much of
    the team's target is handed on, of the measure that lags most.
    """

    kind: Waiting
    person: User | None
    days: int
    is_late: bool
    about: User | None = None
    letter: int | None = None
    team: int | None = None
    team_name: str = ""
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every look at a cycle needs, read once.

    ``tree``: the teams the year is planned for, by which numbers add up; ``now``: those of today, by which people act.
    """

    cycle: PlanningCycle
    today: date
    stages: Mapping[str, CycleStage]
    history: TreeHistory
    tree: TeamTree
    now: TeamTree
    zone: ZoneInfo

    @property
    def since(self) -> date:
        """When the current stage began: the day the one before was done, or the cycle made."""
        done = [row.done_at for row in self.stages.values() if row.done_at]
        return self.day(max(done) if done else self.cycle.created_at)

    def day(self, moment: datetime) -> date:
        """The company's date of a moment; never after its clock's day, which stands still in a demo."""
        return min(moment.astimezone(self.zone).date(), self.today)


def holdups(cycle: PlanningCycle) -> list[HoldUp]:
    """Everything the current stage waits for, the longest wait first; at most eleven queries.

    For admins: others are shown what ``queries`` leaves of it.
    """
    ground = _ground(cycle)
    found = [*_stage(ground)]
    if cycle.stage not in (Stage.LOCK, Stage.MONITOR):
        found += _plan(ground)
    if cycle.stage == Stage.ALLOCATE:
        found += _allocation(ground)
    if cycle.stage in (Stage.REVIEW, Stage.APPROVE, Stage.LOCK, Stage.MONITOR):
        found += _letters(ground)
    return sorted(found, key=lambda row: (-row.days, row.kind, row.person.name if row.person else ""))


def tree_for(cycle: PlanningCycle, history: TreeHistory, today: date) -> TeamTree:
    """The teams a year is planned for: those of its first day, or of today once it has begun."""
    year = cycle.fiscal_year
    return history.as_of(min(max(today, year.starts_on), year.ends_on))


def _ground(cycle: PlanningCycle) -> _Ground:
    company, history = clock.company(), read_history()
    stages = {row.stage: row for row in cycle.stages.select_related("owner")}
    today = clock.today(company)
    zone = ZoneInfo(company.timezone if company else "UTC")
    return _Ground(cycle, today, stages, history, tree_for(cycle, history, today), history.as_of(today), zone)


def _stage(ground: _Ground) -> Iterator[HoldUp]:
    row = ground.stages[ground.cycle.stage]
    late = (ground.today - row.due_on).days if row.due_on else 0
    if row.owner is None:
        yield HoldUp(Waiting.OWNER, None, max(late, 0), late > 0)
    elif late > 0:
        yield HoldUp(Waiting.STAGE, row.owner, late, is_late=True)


def _plan(ground: _Ground) -> Iterator[HoldUp]:
    """The company plan where it waits for its decision, or was returned; one query, another where it waits."""
    rows = CompanyPlan.objects.working().filter(fiscal_year=ground.cycle.fiscal_year)
    plan = rows.select_related("submitted_by").first()
    if plan is None or plan.submitted_by is None or plan.state not in (PlanState.SUBMITTED, PlanState.RETURNED):
        return
    due = ground.stages[ground.cycle.stage].due_on
    late = due is not None and due < ground.today
    moment = (plan.decided_at if plan.state == PlanState.RETURNED else plan.submitted_at) or ground.cycle.created_at
    days = (ground.today - ground.day(moment)).days
    if plan.state == PlanState.RETURNED:
        yield HoldUp(Waiting.RETURNED, plan.submitted_by, days, late, about=plan.submitted_by)
        return
    deciders = other_admins(plan.submitted_by) or [plan.submitted_by]
    yield HoldUp(Waiting.PLAN, deciders[0] if len(deciders) == 1 else None, days, late, about=plan.submitted_by)


# Allocation


def _allocation(ground: _Ground) -> Iterator[HoldUp]:
    """The company and the teams whose number is larger than what stands below it, in any measure."""
    shares, row = _shares(ground), ground.stages[Stage.ALLOCATE]
    leads = _people(ground.now.lead[team] for team in shares if team in ground.now.lead)
    overdue = (ground.today - row.due_on).days if row.due_on else 0
    days, late = max((ground.today - ground.since).days, overdue), overdue > 0
    for team, share in sorted(shares.items(), key=lambda item: item[0] or 0):
        if share >= 1:
            continue
        if team is None:
            yield HoldUp(Waiting.COMPANY, row.owner, days, late, share=share)
        else:
            lead, name = leads.get(ground.now.lead.get(team, 0)), ground.history.teams[team]
            yield HoldUp(Waiting.ALLOCATION, lead, days, late, team=team, team_name=name, share=share)


def _shares(ground: _Ground) -> dict[int | None, Decimal]:
    """Team (None: the company) → the part of its number that is handed on, of the measure that lags most."""
    plan = CompanyPlan.objects.working().filter(fiscal_year=ground.cycle.fiscal_year).first()
    if plan is None:
        return {}
    shares: dict[int | None, Decimal] = {}
    for (team, _measure), ratio in assigned.ratios(assigned.read(plan, ground.tree)).items():
        shares[team] = min(ratio + 1, shares.get(team, ratio + 1))
    return shares


# Letters

MANAGER_ACTS = {
    LetterState.UNSENT: Waiting.UNSENT,
    LetterState.QUESTION: Waiting.QUESTION,
    LetterState.REJECTED: Waiting.REJECTED,
    LetterState.AGREED: Waiting.APPROVAL,
}


def _letters(ground: _Ground) -> list[HoldUp]:
    rows = QuotaLetter.objects.filter(cycle=ground.cycle, person__is_active=True).select_related("person")
    waiting = [(row, kind) for row in rows.order_by("pk") if (kind := _awaited(row, ground.cycle)) is not None]
    owner = ground.stages[ground.cycle.stage].owner_id
    deciders = {row.person_id: decider_of(row.person_id, ground.now, owner) for row, _kind in waiting}
    people = _people(pk for pk in deciders.values() if pk is not None)
    found = []
    for row, kind in waiting:
        own = kind in (Waiting.ANSWER, Waiting.ACKNOWLEDGE)
        actor = row.person if own else people.get(deciders[row.person_id] or 0)
        since = ground.day(_moment(row, kind, ground) or ground.cycle.created_at)
        if kind is Waiting.UNSENT:
            since = ground.since
        late = ground.today > since + timedelta(days=ground.cycle.answer_days)
        days = (ground.today - since).days
        found.append(HoldUp(kind, actor, days, late, about=row.person, letter=row.pk))
    return found


def _awaited(letter: QuotaLetter, cycle: PlanningCycle) -> Waiting | None:
    """What the letter waits for; of a locked year it can be acknowledged only."""
    if cycle.stage in (Stage.LOCK, Stage.MONITOR):
        done = letter.state == LetterState.UNSENT or letter.acknowledged_at is not None
        return None if done else Waiting.ACKNOWLEDGE
    if letter.state == LetterState.SENT:
        return Waiting.ANSWER
    return MANAGER_ACTS.get(LetterState(letter.state))


def _moment(letter: QuotaLetter, kind: Waiting, ground: _Ground) -> datetime | None:
    """Since when it waits: for an answer since it was sent, or the person's question was answered."""
    if kind is Waiting.ACKNOWLEDGE:
        return ground.stages[Stage.APPROVE].done_at or letter.approved_at or letter.sent_at
    return letter.answered_at or letter.sent_at


def _people(pks: Any) -> dict[int, User]:
    found: dict[int, User] = User.objects.in_bulk(set(pks))
    return found
