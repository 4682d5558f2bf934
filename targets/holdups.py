"""Who is holding up a planning cycle, and for how many days: read from what is stored, never asked of anybody."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from spm.org.models import User
from targets import assigned
from targets.access import decider_of, other_admins
from targets.choices import LetterState, PlanState, Stage
from targets.grounds import LOCKED, Ground, ground_of
from targets.lacking import Lacking, lacking
from targets.models import CompanyPlan, PlanningCycle, QuotaLetter


class Waiting(StrEnum):
    """What is missing."""

    STAGE = "stage"  # the current stage is past its due date
    OWNER = "owner"  # nobody owns the current stage
    COMPANY = "company"  # the company plan is not handed on in full
    PLAN = "plan"  # the submitted company plan is to be decided by an admin
    RETURNED = "returned"  # the returned company plan is to be changed and submitted again
    ALLOCATION = "allocation"  # a team's target is not handed on in full
    NUMBER = "number"  # people of a team have no number when all are reviewed
    UNSENT = "unsent"  # a letter is to be sent
    ANSWER = "answer"  # a letter is to be answered by the person
    QUESTION = "question"  # a question is to be answered by the manager
    REJECTED = "rejected"  # a rejected number is to be changed by the manager
    APPROVAL = "approval"  # an agreed letter is to be approved by the manager
    ACKNOWLEDGE = "acknowledge"  # a locked quota is to be acknowledged by the person
    REVISION = "revision"  # a requested revision of a locked year is to be decided


ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class HoldUp:
    """``person`` is who must act (None: nobody does yet), ``about`` whose number it concerns (None: no one's).

    ``days``: since it waits, for a stage since it was due. ``letter``, ``team`` and ``revision`` are keys. ``share``:
    how much of the team's target is handed on, of the measure that lags most. ``number``: of the revision. ``lacking``:
    who of the team has no number of any measure.
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
    revision: int | None = None
    number: int = 0
    lacking: Lacking = Lacking()


def holdups(cycle: PlanningCycle) -> list[HoldUp]:
    """Everything the current stage waits for, the longest wait first; at most nine queries.

    For admins: others are shown what ``queries`` leaves of it.
    """
    return holdups_in(ground_of(cycle))


def holdups_in(ground: Ground) -> list[HoldUp]:
    """The same from what is read already."""
    found = [*_stage(ground)]
    if ground.cycle.stage not in LOCKED:
        found += _plan(ground)
    if ground.cycle.stage == Stage.ALLOCATE:
        found += _allocation(ground)
    if ground.cycle.stage in (Stage.REVIEW, Stage.APPROVE):
        found += _without_number(ground)
    found += [*_letters(ground), *_revisions(ground)]
    return sorted(found, key=lambda row: (-row.days, row.kind, row.person.name if row.person else ""))


def letters_waiting(ground: Ground) -> list[HoldUp]:
    """What its letters wait for alone."""
    return list(_letters(ground))


def _stage(ground: Ground) -> Iterator[HoldUp]:
    row = ground.stage
    late = (ground.today - row.due_on).days if row.due_on else 0
    if row.owner is None:
        yield HoldUp(Waiting.OWNER, None, max(late, 0), late > 0)
    elif late > 0:
        yield HoldUp(Waiting.STAGE, row.owner, late, is_late=True)


def _plan(ground: Ground) -> Iterator[HoldUp]:
    """The company plan where it waits for its decision, or was returned; one query where it waits."""
    plan = ground.working
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


def _allocation(ground: Ground) -> Iterator[HoldUp]:
    """The company and the teams whose number is larger than what stands below it, in any measure."""
    shares, row = handed_on(ground), ground.stages[Stage.ALLOCATE]
    days, late = _since_allocation(ground)
    for team, share in sorted(shares.items(), key=lambda item: item[0] or 0):
        if share >= 1:
            continue
        if team is None:
            yield HoldUp(Waiting.COMPANY, row.owner, days, late, share=share)
        else:
            lead, name = ground.people.get(ground.now.lead.get(team, 0)), ground.history.teams[team]
            yield HoldUp(Waiting.ALLOCATION, lead, days, late, team=team, team_name=name, share=share)


def _since_allocation(ground: Ground) -> tuple[int, bool]:
    """For how many days the numbers wait, since the stage began or Allocate was due, and whether that is past."""
    due = ground.stages[Stage.ALLOCATE].due_on
    overdue = (ground.today - due).days if due else 0
    return max((ground.today - ground.since).days, overdue), overdue > 0


def _without_number(ground: Ground) -> Iterator[HoldUp]:
    """Teams of which somebody has no number while the others are reviewed, and not all is handed on: no letter says it.

    A number more for whoever sells without one is not asked for where the team gives what it has.
    """
    if ground.numbers is None:
        return
    shares, (days, late) = handed_on(ground), _since_allocation(ground)
    for team in sorted(ground.tree.members):
        without = lacking_of(ground, [team])
        above = next((node for node in (*ground.tree.ancestors(team), None) if node in shares), None)
        if without and shares.get(above, ONE) < ONE:
            lead, name = ground.people.get(ground.now.lead.get(team, 0)), ground.history.teams[team]
            yield HoldUp(Waiting.NUMBER, lead, days, late, team=team, team_name=name, lacking=without)


def lacking_of(ground: Ground, teams: Iterable[int] | None = None) -> Lacking:
    """Who of the people of these teams themselves (None: of the company) has no number of any measure."""
    quotas = ground.numbers.quotas if ground.numbers else {}
    people = ground.tree.team_of if teams is None else ground.tree.people_in(teams)
    return lacking(people, set(ground.tree.lead.values()), {person for person, _measure in quotas})


def handed_on(ground: Ground) -> dict[int | None, Decimal]:
    """Team (None: the company) → the part of its number that is handed on, of the measure that lags most."""
    shares: dict[int | None, Decimal] = {}
    ratios = assigned.ratios(ground.numbers) if ground.numbers else {}
    for (team, _measure), ratio in ratios.items():
        shares[team] = min(ratio + 1, shares.get(team, ratio + 1))
    return shares


# Letters

MANAGER_ACTS = {
    LetterState.UNSENT: Waiting.UNSENT,
    LetterState.QUESTION: Waiting.QUESTION,
    LetterState.REJECTED: Waiting.REJECTED,
    LetterState.AGREED: Waiting.APPROVAL,
}


def _letters(ground: Ground) -> Iterator[HoldUp]:
    for row in ground.letters:
        kind = _awaited(row, ground.cycle)
        if kind is not None:
            own = kind in (Waiting.ANSWER, Waiting.ACKNOWLEDGE)
            actor = row.person if own else _decider(row.person_id, ground)
            days, late = _waited(ground, _since(row, kind, ground))
            yield HoldUp(kind, actor, days, late, about=row.person, letter=row.pk)


def _decider(person: int, ground: Ground) -> User | None:
    """The manager of today, else the owner of the stage."""
    owner = ground.stage.owner
    found = decider_of(person, ground.now, owner.pk if owner else None)
    return owner if owner and found == owner.pk else ground.people.get(found or 0)


def _awaited(letter: QuotaLetter, cycle: PlanningCycle) -> Waiting | None:
    """What the letter waits for; of a locked year it is acknowledged, and sent to whoever came since."""
    if cycle.stage in LOCKED and letter.state != LetterState.UNSENT:
        return Waiting.ACKNOWLEDGE if letter.acknowledged_at is None else None
    if letter.state == LetterState.SENT:
        return Waiting.ANSWER
    return MANAGER_ACTS.get(LetterState(letter.state))


def _since(letter: QuotaLetter, kind: Waiting, ground: Ground) -> date:
    if kind is Waiting.UNSENT:
        return ground.since
    return ground.day(_moment(letter, kind, ground) or ground.cycle.created_at)


def _moment(letter: QuotaLetter, kind: Waiting, ground: Ground) -> datetime | None:
    """Since when it waits: for an answer since it was sent, or the person's question was answered."""
    if kind is Waiting.ACKNOWLEDGE:
        return ground.stages[Stage.APPROVE].done_at or letter.approved_at or letter.sent_at
    return letter.answered_at or letter.sent_at


def _waited(ground: Ground, since: date) -> tuple[int, bool]:
    """For how many days, and whether that is longer than the policy gives to answer."""
    late = ground.today > since + timedelta(days=ground.cycle.answer_days)
    return (ground.today - since).days, late


# Revisions


def _revisions(ground: Ground) -> Iterator[HoldUp]:
    """Each is for the owner of the stage to decide; for another admin where that is who asked, or no admin."""
    for row in ground.revisions:
        days, late = _waited(ground, ground.day(row.created_at))
        yield HoldUp(Waiting.REVISION, _judge(row, ground), days, late, revision=row.pk, number=row.number)


def _judge(revision: CompanyPlan, ground: Ground) -> User | None:
    owner = ground.stage.owner
    return owner if owner and owner.is_admin and owner.pk != revision.author_id else None
