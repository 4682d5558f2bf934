"""Quota letters: sent as a proposal, asked about or agreed to, rejected or approved, and after the lock acknowledged.

    unsent → sent ⇄ question → agreed → approved → (locked) acknowledged;  rejected → sent again;
    the lock sends what was never sent, or tells another number (``sending``)

Nobody answers for another, and nobody sends, rejects or approves the letter of their own quota. A letter whose number
has changed since it was sent is sent again before it is approved. Rules: ux.md, quota letter and Annual cycle.

Locks are always taken in this order: thread or plan, cycle, letter.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from spm.org import clock, retries
from spm.org.models import User
from spm.org.trees import tree_as_of
from spm.talk import threads
from spm.talk.models import Comment, Thread
from spm.talk.notices import Told, notify, notify_each, settle
from targets import access, letter_lines, sending
from targets.choices import LetterState, Stage
from targets.cycles import require_stage
from targets.goals import OwnQuota, lock_plan
from targets.models import PlanningCycle, QuotaLetter
from targets.sending import LETTER, changed

OPEN = (Stage.REVIEW, Stage.APPROVE)
AFTER_LOCK = (Stage.LOCK, Stage.MONITOR)
ANSWERABLE = (LetterState.SENT, LetterState.QUESTION)
ASKED = ("quota_published", "quota_waiting", "quota_answered", "quota_rejected", "quota_changed")
"""What a letter tells its person until the person answers it."""
TO_DECIDE = ("quota_question", "quota_agreed")
"""What it tells who decides on it until it is decided."""
REJECTABLE = (LetterState.SENT, LetterState.QUESTION, LetterState.AGREED, LetterState.APPROVED)


class WrongState(RuleViolation):
    """The letter has not come so far, or is past it."""


class NotYours(RuleViolation):
    """Somebody else answers, sends, approves or rejects this letter."""


class Overtaken(RuleViolation):
    """The letter was sent again since the page was drawn."""


class NumberChanged(RuleViolation):
    """The quota is no longer the one the letter told."""


# Sending


@retries.atomic
def send(letters: Collection[QuotaLetter], by: User) -> list[QuotaLetter]:
    """Send letters of one cycle, all or none, with their lines as of now; those sent are returned.

    Passed over: letters sent already with the number that still stands, and people without a quota. Raises WrongStage,
    OwnQuota and NotYours, and NothingToDo when none is left to send.
    """
    wanted = sorted(letter.pk for letter in letters)
    if not wanted:
        raise NothingToDo(_("No letter is chosen."))
    cycle = next(iter(letters)).cycle
    plan = lock_plan(letter_lines.cycle_plan(cycle))
    cycle = _hold_cycle(cycle.pk, *OPEN, *AFTER_LOCK)
    held = QuotaLetter.objects.select_for_update(of=("self",)).select_related("person")
    rows = list(held.filter(pk__in=wanted, cycle=cycle).order_by("pk"))
    _refuse_others([row.person_id for row in rows], by)
    if cycle.stage in AFTER_LOCK:  # whose number changed since has its revision; a newcomer has no letter yet
        rows = [row for row in rows if row.state == LetterState.UNSENT]
    due = sending.deliver(plan, rows, by=by)
    if not due:
        raise NothingToDo(_("There is no letter to send: each is sent with the number that still stands."))
    label = cycle.fiscal_year.label
    each = [Told(row.person, reverse("targets:quota", args=[label, row.person_id]), (LETTER, row.pk)) for row in due]
    notify_each("quota_published", each, by=by, year=label, name=by.name)
    return due


def _refuse_others(people: Collection[int], by: User) -> None:
    if by.pk in people:
        raise OwnQuota(_("The letter of your own quota is for somebody else to send and to decide."))
    if access.numbers_of(by, people) != set(people):
        raise NotYours(_("This letter is for the person's manager or an admin."))


# The person's answer


@retries.atomic
def agree(letter: QuotaLetter, by: User, seen: int | None = None) -> QuotaLetter:
    """The person agrees to the number as it was sent. ``seen``: the version the page showed.

    Raises NotYours, WrongStage, WrongState, and Overtaken when it was sent again meanwhile.
    """
    letter = _hold(letter.pk, *OPEN)
    _refuse_not_own(letter, by)
    if seen is not None and seen != letter.version:
        raise Overtaken(_("This letter was sent again meanwhile. Look at the new number first."))
    _require(letter, *ANSWERABLE)
    _store(letter, state=LetterState.AGREED, answered_at=clock.now())
    _settle(letter, ASKED, TO_DECIDE)
    _tell("quota_agreed", letter, deciders(letter), by)
    return letter


@retries.atomic
def ask(letter: QuotaLetter, by: User, text: str) -> Comment:
    """The person asks about the number, in the letter's thread. Raises NotYours, WrongStage, WrongState, BadComment."""
    thread = _hold_thread(letter)
    letter = _hold(letter.pk, *OPEN)
    _refuse_not_own(letter, by)
    _require(letter, *ANSWERABLE)
    return threads.say(thread, by=by, text=text)


def heard(comment: Comment) -> None:
    """What a word in the thread does to the letter: the person's is a question, anybody else's is the answer.

    Only while the letter waits for the person; after that, words are words. Either side hears of the other's.
    """
    letter = _hold(int(comment.thread.key))
    is_open, own = letter.cycle.stage in OPEN, comment.author_id == letter.person_id
    if is_open and own and letter.state == LetterState.SENT:
        _store(letter, state=LetterState.QUESTION, answered_at=comment.created_at)
    elif is_open and not own and letter.state == LetterState.QUESTION:
        _store(letter, state=LetterState.SENT, answered_at=comment.created_at)
    _settle(letter, ASKED if own else (), () if own else TO_DECIDE)
    if own:
        _tell("quota_question", letter, deciders(letter), comment.author)
    elif letter.state not in (LetterState.UNSENT, LetterState.REJECTED):
        _tell("quota_answered", letter, [letter.person], comment.author)


@retries.atomic
def acknowledge(letter: QuotaLetter, by: User) -> QuotaLetter:
    """The person has taken note of the locked number. Raises NotYours, WrongStage before the lock, NothingToDo."""
    letter = _hold(letter.pk, *AFTER_LOCK)
    _refuse_not_own(letter, by)
    if letter.state == LetterState.UNSENT:
        raise WrongState(_("This letter was never sent."))
    if letter.acknowledged_at is not None:
        raise NothingToDo(_("This letter is acknowledged already."))
    _store(letter, acknowledged_at=clock.now())
    _settle(letter, (*ASKED, "quota_approved", "quota_locked"), TO_DECIDE)
    return letter


# The decision


@retries.atomic
def approve(letter: QuotaLetter, by: User) -> QuotaLetter:
    """Approve what the person agreed to. Raises OwnQuota, NotYours, WrongStage, WrongState, NumberChanged."""
    plan = lock_plan(letter_lines.cycle_plan(letter.cycle))
    letter = _hold(letter.pk, *OPEN)
    _refuse_others([letter.person_id], by)
    _require(letter, LetterState.AGREED)
    if changed(plan, [letter]):
        raise NumberChanged(_("The quota has changed since the letter was sent. Send it again."))
    _store(letter, state=LetterState.APPROVED, approved_at=clock.now(), approved_by=by)
    _settle(letter, (), TO_DECIDE)
    _tell("quota_approved", letter, [letter.person], by)
    return letter


@retries.atomic
def reject(letter: QuotaLetter, by: User, comment: str) -> QuotaLetter:
    """Turn the number down with a comment, which opens in the thread; it is changed and sent again.

    Raises OwnQuota, NotYours, WrongStage, WrongState, and RuleViolation without a comment.
    """
    if not comment.strip():
        raise RuleViolation(_("Say why the number is rejected."))
    thread = _hold_thread(letter)
    letter = _hold(letter.pk, *OPEN)
    _refuse_others([letter.person_id], by)
    _require(letter, *REJECTABLE)
    now = clock.now()
    _store(letter, state=LetterState.REJECTED, answered_at=now, approved_at=None, approved_by=None)
    threads.say(thread, by=by, text=comment)
    _settle(letter, ASKED, TO_DECIDE)
    _tell("quota_rejected", letter, [letter.person, *deciders(letter)], by)
    return letter


@retries.atomic
def nudge(letter: QuotaLetter, by: User) -> QuotaLetter:
    """Remind the person, once a day at most. Raises OwnQuota, NotYours, WrongState when it waits for somebody else."""
    letter = _hold(letter.pk)
    _refuse_others([letter.person_id], by)
    locked = letter.cycle.stage in AFTER_LOCK
    waits = letter.acknowledged_at is None if locked else letter.state == LetterState.SENT
    if not waits or letter.state == LetterState.UNSENT:
        raise WrongState(_("This letter does not wait for the person."))
    slot = f"nudge {letter.pk} {clock.today().isoformat()}"
    if not _tell("quota_waiting", letter, [letter.person], by, slot=slot):
        raise NothingToDo(_("%(name)s was reminded today already.") % {"name": letter.person.name})
    _store(letter, nudged_at=clock.now())
    return letter


# What stands behind


def deciders(letter: QuotaLetter) -> list[User]:
    """Who is to act on a letter, as ``access.decider_of`` says: one or nobody."""
    owner = letter.cycle.stages.values_list("owner", flat=True).get(stage=letter.cycle.stage)
    found = access.decider_of(letter.person_id, tree_as_of(clock.today()), owner)
    return list(User.objects.filter(pk=found)) if found is not None else []


def path_of(letter: QuotaLetter) -> str:
    return reverse("targets:quota", args=[letter.cycle.fiscal_year.label, letter.person_id])


def _tell(kind: str, letter: QuotaLetter, to: Iterable[User], by: User, slot: str | None = None) -> list[Any]:
    told = {"year": letter.cycle.fiscal_year.label, "name": by.name}
    return notify(kind, to=to, path=path_of(letter), about=(LETTER, letter.pk), by=by, slot=slot, **told)


def _settle(letter: QuotaLetter, own: Collection[str], of_others: Collection[str]) -> None:
    """What the letter told its person, and who decides on it, is answered."""
    path = path_of(letter)
    if own:
        settle(path, *own, of=letter.person)
    if of_others:
        settle(path, *of_others)


def _hold_thread(letter: QuotaLetter) -> Thread:
    thread = threads.thread_of(LETTER, letter.pk)
    return Thread.objects.select_for_update().get(pk=thread.pk)


def _hold_cycle(pk: int, *stages: Stage) -> PlanningCycle:
    """The cycle, held in its stage until the transaction ends. Raises WrongStage outside ``stages``."""
    rows = PlanningCycle.objects.select_for_update(no_key=True, of=("self",)).select_related("fiscal_year")
    cycle = rows.get(pk=pk)
    if stages:
        require_stage(cycle, *stages)
    return cycle


def _hold(pk: int, *stages: Stage) -> QuotaLetter:
    cycle = _hold_cycle(QuotaLetter.objects.values_list("cycle", flat=True).get(pk=pk), *stages)
    letter: QuotaLetter = QuotaLetter.objects.select_for_update(of=("self",)).select_related("person").get(pk=pk)
    letter.cycle = cycle
    return letter


def _refuse_not_own(letter: QuotaLetter, by: User) -> None:
    if not access.can_answer_letter(by, letter):
        raise NotYours(_("Nobody answers a quota letter for another person."))


def _require(letter: QuotaLetter, *states: LetterState) -> None:
    if letter.state not in states:
        said = _("This letter is in the state “%(state)s”: that cannot be done with it now.")
        raise WrongState(said % {"state": LetterState(letter.state).label})


def _store(letter: QuotaLetter, **values: Any) -> None:
    for name, value in values.items():
        setattr(letter, name, value)
    letter.save(update_fields=list(values))
