"""How letters go out: by hand from the review, and with the lock all that do not tell the number that is locked.

Whoever calls holds the plan and the cycle; who may send what is asked in ``letters``. Rules: ux.md, quota letter.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.urls import reverse

from spm.org import clock
from spm.org.models import User
from spm.talk.notices import Told, notify_each
from targets import letter_facts, letter_lines, policy, recipients
from targets.assigned import Assigned
from targets.choices import LetterState, LimitAction
from targets.grounds import Ground
from targets.models import CompanyPlan, LetterLine, PlanningCycle, QuotaLetter
from targets.policy import Standing

LETTER = "letter"
"""The name by which threads and notifications hang on a letter."""
UNTOLD = (LetterState.UNSENT, LetterState.REJECTED)
SENT_FIELDS = (
    "state",
    "sent_at",
    "sent_by",
    "sent_before_at",
    "answered_at",
    "approved_at",
    "approved_by",
    "nudged_at",
    "version",
)


def deliver(plan: CompanyPlan, rows: Sequence[QuotaLetter], *, by: User | None) -> list[QuotaLetter]:
    """Send those of the letters that are due, with their lines as of now, and return them; nobody is told here.

    Due are letters that were never sent, were rejected, or told another number than the one that stands; a letter
    without a quota never is. ``rows`` are of one cycle and held.
    """
    lines = letter_lines.build_lines(plan, rows)
    moved = changed(plan, rows)
    due = [row for row in rows if lines[row.pk] and (row.state in UNTOLD or row.pk in moved)]
    LetterLine.objects.filter(letter__in=[row.pk for row in due]).delete()
    LetterLine.objects.bulk_create([line for row in due for line in lines[row.pk]])
    now = clock.now()
    for row in due:
        row.sent_before_at, row.sent_at, row.sent_by = row.sent_at, now, by
        row.state, row.version = LetterState.SENT, row.version + 1
        row.answered_at = row.approved_at = row.approved_by = row.nudged_at = None
    QuotaLetter.objects.bulk_update(due, SENT_FIELDS)
    return due


def changed(plan: CompanyPlan, letters: Sequence[QuotaLetter]) -> set[int]:
    """Those letters, sent ones, of which a number of any month is another now than the one they told; three queries."""
    sent = [letter for letter in letters if letter.state != LetterState.UNSENT]
    return set(letter_facts.moved_since(plan, sent))


def send_with_lock(cycle: PlanningCycle, plan: CompanyPlan, *, by: User | None) -> list[QuotaLetter]:
    """Send every letter that does not tell the locked number, so that nobody holds one they were never told.

    Also the letter of ``by``'s own quota, which another has set: the lock sends it, nobody chooses to. Who had a letter
    with another number hears that it changed; that the year is locked, everybody hears from ``locking``.
    """
    recipients.prepare(cycle)
    held = QuotaLetter.objects.select_for_update(of=("self",)).select_related("person", "cycle__fiscal_year")
    rows = list(held.filter(cycle=cycle, person__is_active=True).order_by("pk"))
    due = deliver(plan, rows, by=by) if rows else []
    label = cycle.fiscal_year.label
    again = [row for row in due if row.sent_before_at]
    each = [Told(row.person, reverse("targets:quota", args=[label, row.person_id]), (LETTER, row.pk)) for row in again]
    notify_each("quota_changed", each, by=by, year=label)
    return due


@dataclass(frozen=True, slots=True)
class AtLock:
    """What the lock would do and leave open, counted. ``outside``: a sentence for each node outside the policy.

    ``unsent`` and ``changed`` letters are sent with the lock; ``unanswered``, ``questions`` and ``unapproved`` stay as
    they are and are acknowledged. ``blocks``: the policy refuses the lock while there is something ``outside``.
    """

    unsent: int
    changed: int
    unanswered: int
    questions: int
    unapproved: int
    outside: tuple[str, ...]
    blocks: bool


def at_lock(ground: Ground, plan: CompanyPlan, numbers: Assigned) -> AtLock:
    """What stands open before the lock. ``numbers``: of the plan. Four queries."""
    cycle, rows = ground.cycle, ground.letters
    moved = changed(plan, rows)
    standing = [LetterState(row.state) for row in rows if row.pk not in moved and row.state not in UNTOLD]
    untold = sum(row.state in UNTOLD and row.pk not in moved for row in rows)
    return AtLock(
        unsent=untold + len(recipients.missing(cycle)),
        changed=len(moved),
        unanswered=_count(standing, LetterState.SENT),
        questions=_count(standing, LetterState.QUESTION),
        unapproved=_count(standing, LetterState.AGREED),
        outside=tuple(policy.outside(cycle, Standing.of(numbers, ground.history.teams))),
        blocks=cycle.over_action == LimitAction.BLOCK,
    )


def _count(states: Collection[LetterState], wanted: LetterState) -> int:
    return sum(state == wanted for state in states)
