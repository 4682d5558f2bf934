"""What the planning cycle reminds people of, once a day: told once when it comes near, then weekly while it is late."""

from collections import Counter
from datetime import date, timedelta

from django.urls import reverse

from spm.org import clock, retries
from spm.org.models import User
from spm.talk.notices import notify
from targets.choices import Stage
from targets.holdups import HoldUp, Waiting, holdups
from targets.models import PlanningCycle
from targets.notices import path_of

NEAR = timedelta(days=3)
OF_MANAGERS = (Waiting.UNSENT, Waiting.QUESTION, Waiting.REJECTED, Waiting.APPROVAL)
OF_PERSON = {Waiting.ANSWER: "quota_waiting", Waiting.ACKNOWLEDGE: "quota_locked"}


def remind_all() -> int:
    """Remind of every cycle; how many were told. Run again on the same day, nobody is told twice."""
    cycles = PlanningCycle.objects.select_related("fiscal_year").order_by("pk")
    return sum(remind(cycle, clock.today()) for cycle in cycles)


@retries.atomic
def remind(cycle: PlanningCycle, today: date) -> int:
    """The owner of a stage that is due within three days or overdue, and everybody who holds it up too long."""
    late = [row for row in holdups(cycle) if row.is_late]
    return _owner(cycle, today) + _late_teams(cycle, late, today) + _late_letters(cycle, late, today)


def _owner(cycle: PlanningCycle, today: date) -> int:
    row = cycle.stages.select_related("owner").get(stage=cycle.stage)
    if row.owner is None or row.due_on is None or cycle.stage == Stage.MONITOR or row.due_on > today + NEAR:
        return 0
    return _tell_stage(cycle, [row.owner], row.due_on, today, Stage(cycle.stage))


def _late_teams(cycle: PlanningCycle, late: list[HoldUp], today: date) -> int:
    """Managers who have not handed on their target, or given everybody a number, when Allocate is overdue."""
    due = cycle.stages.get(stage=Stage.ALLOCATE).due_on
    people = [row.person for row in late if row.kind in (Waiting.ALLOCATION, Waiting.NUMBER) and row.person]
    return _tell_stage(cycle, people, due, today, Stage.ALLOCATE) if due and people else 0


def _tell_stage(cycle: PlanningCycle, people: list[User], due: date, today: date, stage: Stage) -> int:
    kind = "cycle_late" if due < today else "cycle_due"
    slot = f"{kind} {cycle.pk} {stage.value} {due} {_week((today - due).days)}"
    year, day = cycle.fiscal_year.label, due.isoformat()
    return len(notify(kind, to=people, path=path_of(cycle), slot=slot, year=year, stage=stage.value, day=day))


def _late_letters(cycle: PlanningCycle, late: list[HoldUp], today: date) -> int:
    """People whose letter waits for them, and managers on whom letters wait: one reminder for all of them."""
    year, told = cycle.fiscal_year.label, 0
    for row in late:
        if row.kind in OF_PERSON and row.person and row.letter:
            since = today - timedelta(days=row.days)  # sent anew, a letter waits anew
            slot = f"{row.kind} {row.letter} {since} {_week(row.days)}"
            path, about = reverse("targets:quota", args=[year, row.person.pk]), ("letter", row.letter)
            told += len(notify(OF_PERSON[row.kind], to=[row.person], path=path, about=about, slot=slot, year=year))
    waiting = [row for row in late if row.kind in OF_MANAGERS and row.person]
    for person, count in Counter(row.person for row in waiting).items():
        if person is not None:
            slot = f"letters {cycle.pk} {today:%G-W%V}"
            rows = notify("letters_waiting", to=[person], path=path_of(cycle), slot=slot, year=year, count=count)
            told += len(rows)
    return told


def _week(days: int) -> int:
    """0 before it is late and in its first week, then one more each week: late things are told of weekly."""
    return max(days, 0) // 7
