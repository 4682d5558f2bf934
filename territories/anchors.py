"""What of territories people talk about: plans (each section and line of them) and the maps of accounts."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from spm.market.models import Account
from spm.org import clock
from spm.org.models import FiscalYear, User
from spm.org.scopes import around
from spm.org.trees import tree_as_of
from spm.talk.anchors import Anchor, register
from spm.talk.notices import notify
from territories import access, move_telling, plan_talk, plans
from territories.models import MovePackage, TerritoryPlan, TerritoryPlanLine

if TYPE_CHECKING:
    from spm.talk.models import Comment, Thread

PLAN, LINE, ACCOUNT = plans.PLAN, plans.LINE, "account"


def _plans(user: User) -> QuerySet[Any]:
    return TerritoryPlan.objects.visible_to(user)


def _lines(user: User) -> QuerySet[Any]:
    return TerritoryPlanLine.objects.visible_to(user)


def _accounts(user: User) -> QuerySet[Any]:
    return Account.objects.worked_by(user)


def _moves(user: User) -> QuerySet[Any]:
    return MovePackage.objects.visible_to(user)


def _account_heard(comment: "Comment") -> None:
    """Whoever works the account and the lead above hear of what others say about it."""
    account = Account.objects.get(pk=comment.thread.key)
    holder = access.holder_of(account)
    lead = tree_as_of(clock.today()).manager_of(holder) if holder else None
    people = User.objects.filter(pk__in={holder, lead} - {None})
    words = {"name": comment.author.name, "subject": account.name}
    path = _account_page(comment.thread)
    notify("account_comment", to=people, path=path, about=(ACCOUNT, account.pk), by=comment.author, **words)


def _account_path(key: int) -> str:
    return reverse("territories:account-detail", args=[key])


def _account_page(thread: "Thread") -> str:
    """Of a year's plan of the account that plan, else the account."""
    year = FiscalYear.objects.filter(label=thread.field).first()
    return reverse("territories:account-plan", args=[thread.key, year.label]) if year else _account_path(thread.key)


def _plan_page(thread: "Thread") -> str:
    """The talk about the plan, or one section of it, on the page of the plan."""
    return _page_of(TerritoryPlan.objects.get(pk=thread.key), thread.field)


def _line_page(thread: "Thread") -> str:
    return _page_of(TerritoryPlan.objects.get(lines=thread.key), f"line-{thread.key}")


def _page_of(plan: TerritoryPlan, field: str) -> str:
    page = reverse("territories:plan-detail", args=[plan.fiscal_year.label, plan.person_id])
    return f"{page}?{urlencode({'talk': field})}#talk" if field else f"{page}#talk"


def _around_plan(key: int) -> set[int]:
    return around(TerritoryPlan.objects.values_list("person", flat=True).get(pk=key))


def _around_line(key: int) -> set[int]:
    return around(TerritoryPlan.objects.values_list("person", flat=True).get(lines=key))


def _around_account(key: int) -> set[int]:
    holder = access.holder_of(Account.objects.get(pk=key))
    return around(holder) if holder else set()


register(Anchor(PLAN, _plans, heard=plan_talk.heard, opens=_plan_page, audience=_around_plan))
register(Anchor(LINE, _lines, heard=plan_talk.heard, opens=_line_page, audience=_around_line))
register(
    Anchor(ACCOUNT, _accounts, path=_account_path, heard=_account_heard, opens=_account_page, audience=_around_account)
)
register(Anchor(move_telling.MOVE, _moves))
