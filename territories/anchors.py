"""What of territories people talk about: plans (each section and line of them) and the maps of accounts."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.urls import reverse

from spm.market.models import Account
from spm.org import clock
from spm.org.models import FiscalYear, User
from spm.org.trees import tree_as_of
from spm.talk.anchors import Anchor, register
from spm.talk.notices import notify
from territories import access, plan_talk, plans
from territories.models import TerritoryPlan, TerritoryPlanLine

if TYPE_CHECKING:
    from spm.talk.models import Comment

PLAN, LINE, ACCOUNT = plans.PLAN, plans.LINE, "account"


def _plans(user: User) -> QuerySet[Any]:
    return TerritoryPlan.objects.visible_to(user)


def _lines(user: User) -> QuerySet[Any]:
    return TerritoryPlanLine.objects.visible_to(user)


def _accounts(user: User) -> QuerySet[Any]:
    return Account.objects.worked_by(user)


register(Anchor(PLAN, _plans, heard=plan_talk.heard))
register(Anchor(LINE, _lines, heard=plan_talk.heard))


def _account_heard(comment: "Comment") -> None:
    """Whoever works the account and the lead above hear of what others say about it."""
    account = Account.objects.get(pk=comment.thread.key)
    holder = access.holder_of(account)
    lead = tree_as_of(clock.today()).manager_of(holder) if holder else None
    people = User.objects.filter(pk__in={holder, lead} - {None})
    year = FiscalYear.objects.filter(label=comment.thread.field).first()
    path = reverse("territories:account-plan", args=[account.pk, year.label]) if year else _account_path(account.pk)
    words = {"name": comment.author.name, "subject": account.name}
    notify("account_comment", to=people, path=path, about=(ACCOUNT, account.pk), by=comment.author, **words)


def _account_path(key: int) -> str:
    return reverse("territories:account-detail", args=[key])


register(Anchor(ACCOUNT, _accounts, path=_account_path, heard=_account_heard))
