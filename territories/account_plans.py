"""The plan of an account for a year: its words field by field, objectives, and the reviews managers hold.

Rows of the form are named "plan" and "o12" (an objective). A plan is made by the first word that is written into it.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.market.models import Account
from spm.org import clock, retries
from spm.org.models import FiscalYear, User
from spm.org.tracking import delete_tracked, save_tracked
from spm.talk.notices import notify
from territories import access, caps, field_writing, maps
from territories.anchors import ACCOUNT
from territories.field_writing import BadWords, Change, Fields, Outcome, Reader, still_there
from territories.models import AccountObjective, AccountPlan, AccountReview

PLAN, OBJECTIVE = "plan", "o"
WORDS = {
    "strategy": caps.STRATEGY,
    "strengths": caps.SWOT,
    "weaknesses": caps.SWOT,
    "chances": caps.SWOT,
    "threats": caps.SWOT,
    "next_steps": caps.SWOT,
}
SCORES = range(1, 6)


class PlanFull(RuleViolation):
    """The plan has all the objectives it takes."""


class BadReview(RuleViolation):
    """A review on a day that is past or taken, held already, or without a score."""


def path_of(account: int, year: str) -> str:
    return reverse("territories:account-plan", args=[account, year])


# Words


@retries.atomic
def save(account: Account, year: FiscalYear, changes: Sequence[Change], by: User) -> Outcome:
    """Write fields of the plan; what is not taken is told in the outcome."""
    plan = _locked(account, year)
    rows: dict[str, Any] = {PLAN: plan}
    if plan.pk:
        rows |= {f"{OBJECTIVE}{row.pk}": row for row in AccountObjective.objects.filter(plan=plan)}
    outcome, touched = FIELDS.write(rows, changes, None)
    return field_writing.store(rows, touched, outcome, lambda row: save_tracked(row, by=by))


def _locked(account: Account, year: FiscalYear) -> AccountPlan:
    """The plan under the lock of its account; not stored yet where nothing is written."""
    maps.lock(account.pk)
    found = AccountPlan.objects.filter(account=account, fiscal_year=year).first()
    return found or AccountPlan(account=account, fiscal_year=year)


def _begun(account: Account, year: FiscalYear, by: User) -> AccountPlan:
    plan = _locked(account, year)
    if plan._state.adding:  # noqa: SLF001  # not stored yet
        save_tracked(plan, by=by)
    return plan


def _text(most: int) -> Reader[None]:
    return lambda _row, text, _ground: field_writing.words(text, most)


def _lines(most: int) -> Reader[None]:
    return lambda _row, text, _ground: field_writing.lines(text, most)


def _objective(text: str) -> str:
    said = field_writing.words(text, caps.LINE)
    if not said:
        raise BadWords(_("Say what is to be reached."))
    return said


def _done(_row: AccountObjective, text: str, _ground: None) -> date | None:
    day = field_writing.day(text)
    if day and day > clock.today():
        raise BadWords(_("This day is still to come."))
    return day


FIELDS = Fields[None](
    {
        AccountPlan: {name: _lines(most) for name, most in WORDS.items()},
        AccountObjective: {
            "text": lambda _row, text, _ground: _objective(text),
            "measure": _text(caps.NEXT_STEP),
            "amount": lambda _row, text, _ground: field_writing.amount(text),
            "due_on": lambda _row, text, _ground: field_writing.day(text),
            "done_on": _done,
        },
    }
)


@retries.atomic
def copy_last(account: Account, year: FiscalYear, by: User) -> AccountPlan:
    """Begin with the words of the newest plan before, and its objectives that are not done.

    Raises RuleViolation where there is none, or this year's plan says something already.
    """
    plan = _locked(account, year)
    before = AccountPlan.objects.filter(account=account, fiscal_year__starts_on__lt=year.starts_on)
    last = before.order_by("-fiscal_year__starts_on").first()
    if last is None:
        raise RuleViolation(_("There is no plan of an earlier year."))
    if any(getattr(plan, name) for name in WORDS) or (plan.pk and plan.objectives.exists()):
        raise RuleViolation(_("This plan says something already; nothing is written over it."))
    for name in WORDS:
        setattr(plan, name, getattr(last, name))
    plan.version += 1
    save_tracked(plan, by=by)
    for position, row in enumerate(last.objectives.filter(done_on__isnull=True), start=1):
        copied = {"text": row.text, "measure": row.measure, "amount": row.amount}
        save_tracked(AccountObjective(plan=plan, position=position, **copied), by=by)
    return plan


# Objectives


@retries.atomic
def add_objective(account: Account, year: FiscalYear, text: str, by: User) -> AccountObjective:
    """An objective at the end. Raises PlanFull, BadWords."""
    plan = _begun(account, year, by)
    _refuse_full(plan)
    last = plan.objectives.aggregate(last=Max("position"))["last"] or 0
    row = AccountObjective(plan=plan, position=last + 1, text=_objective(text))
    save_tracked(row, by=by)
    return row


def _refuse_full(plan: AccountPlan) -> None:
    if plan.objectives.count() >= caps.OBJECTIVES:
        raise PlanFull(_("A plan takes %(most)d objectives.") % {"most": caps.OBJECTIVES})


@retries.atomic
def remove_objective(row: AccountObjective, by: User) -> None:
    """Take it out. Its history is what ``restore_objective`` reads."""
    maps.lock(row.plan.account_id)
    delete_tracked(still_there(AccountObjective.objects.all(), row.pk), by=by)


@retries.atomic
def restore_objective(account: Account, pk: int, by: User) -> AccountObjective:
    """Undo. Raises RuleViolation where it is not this account's, or stands there; PlanFull."""
    maps.lock(account.pk)
    gone = AccountObjective.history.filter(id=pk, plan__account=account, history_type="-").first()
    if gone is None or AccountObjective.objects.filter(pk=pk).exists():
        raise RuleViolation(_("There is no such objective to bring back."))
    row: AccountObjective = gone.instance
    _refuse_full(row.plan)
    row._state.adding = True  # noqa: SLF001  # the same key again, so that a second undo finds it there
    save_tracked(row, by=by)
    return row


# Reviews


@retries.atomic
def schedule_review(account: Account, year: FiscalYear, due_on: date, by: User) -> AccountReview:
    """A manager will look at map and plan on that day; whoever works the account is told. Raises BadReview."""
    plan = _begun(account, year, by)
    if due_on < clock.day():
        raise BadReview(_("Choose a day that is still to come."))
    if AccountReview.objects.filter(plan=plan, due_on=due_on).exists():
        raise BadReview(_("There is a review on this day already."))
    review = AccountReview(plan=plan, due_on=due_on, by=by)
    save_tracked(review, by=by)
    _tell("account_review_set", review, by, day=due_on.isoformat())
    return review


@retries.atomic
def hold_review(review: AccountReview, *, score: int, comment: str, by: User) -> None:
    """It was held today, with a score from 1 to 5 and a comment. Raises BadReview, BadWords."""
    maps.lock(review.plan.account_id)
    row = still_there(AccountReview.objects.select_related("plan__account", "plan__fiscal_year"), review.pk)
    if row.held_on is not None:
        raise BadReview(_("This review is held already."))
    if score not in SCORES:
        raise BadReview(_("Give a score from 1 to 5."))
    row.held_on, row.by, row.score = clock.day(), by, score
    row.comment = field_writing.lines(comment, caps.COMMENT)
    row.version += 1
    save_tracked(row, by=by)
    _tell("account_reviewed", row, by, score=score)


@retries.atomic
def cancel_review(review: AccountReview, by: User) -> None:
    """Take a review off the calendar that was not held. Raises BadReview."""
    maps.lock(review.plan.account_id)
    row = still_there(AccountReview.objects.all(), review.pk)
    if row.held_on is not None:
        raise BadReview(_("This review is held already."))
    delete_tracked(row, by=by)


def _tell(kind: str, review: AccountReview, by: User, **more: Any) -> None:
    plan = review.plan
    holder = User.objects.filter(pk=access.holder_of(plan.account) or 0)
    notify(
        kind,
        to=holder,
        path=path_of(plan.account_id, plan.fiscal_year.label),
        about=(ACCOUNT, plan.account_id),
        by=by,
        name=by.name,
        subject=plan.account.name,
        **more,
    )


def remind() -> int:
    """Tell of every review that is due, once: who set it, and whoever works the account. How many were told."""
    told = 0
    due = AccountReview.objects.filter(held_on__isnull=True, due_on__lte=clock.today())
    for review in due.select_related("plan__account", "plan__fiscal_year").order_by("pk"):
        people = User.objects.filter(pk__in={review.by_id, access.holder_of(review.plan.account)} - {None})
        path = path_of(review.plan.account_id, review.plan.fiscal_year.label)
        about, slot = (ACCOUNT, review.plan.account_id), f"account_review {review.pk} {review.due_on}"
        subject = review.plan.account.name
        told += len(notify("account_review", to=people, path=path, about=about, slot=slot, subject=subject))
    return told
