"""What of territories people talk about: plans (each section and line of them) and the maps of accounts."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from spm.market.models import Account
from spm.talk.anchors import Anchor, register
from territories.models import TerritoryPlan, TerritoryPlanLine

if TYPE_CHECKING:
    from spm.org.models import User

PLAN, LINE, ACCOUNT = "territory-plan", "territory-line", "account"
"""A section's thread hangs on the plan, with the section as its field."""


def _plans(user: "User") -> QuerySet[Any]:
    return TerritoryPlan.objects.visible_to(user)


def _lines(user: "User") -> QuerySet[Any]:
    return TerritoryPlanLine.objects.visible_to(user)


def _accounts(user: "User") -> QuerySet[Any]:
    return Account.objects.worked_by(user)


register(Anchor(PLAN, _plans))
register(Anchor(LINE, _lines))
register(Anchor(ACCOUNT, _accounts))
