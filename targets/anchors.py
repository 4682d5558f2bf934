"""What of targets people talk about: quota letters, company plans, and revisions of the plan."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from spm.org.access import can_administer
from spm.talk.anchors import Anchor, register
from targets import approvals, letters, sending
from targets.choices import PlanKind
from targets.models import CompanyPlan, QuotaLetter

if TYPE_CHECKING:
    from spm.org.models import User

LETTER, REVISION, PLAN = sending.LETTER, "revision", approvals.PLAN


def _letters(user: "User") -> QuerySet[Any]:
    return QuotaLetter.objects.visible_to(user)


def _revisions(user: "User") -> QuerySet[Any]:
    rows: QuerySet[Any] = CompanyPlan.objects.visible_to(user).telling(user)
    return rows.filter(kind=PlanKind.REVISION, told=True)


def _plans(user: "User") -> QuerySet[Any]:
    """What admins say of a company plan before it is handed on stays among them."""
    rows: QuerySet[Any] = CompanyPlan.objects.visible_to(user).working()
    return rows if can_administer(user) else rows.none()


register(Anchor(PLAN, _plans))
register(Anchor(LETTER, _letters, heard=letters.heard))
register(Anchor(REVISION, _revisions))
