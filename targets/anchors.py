"""What of targets people talk about: quota letters, and revisions of the plan."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from spm.talk.anchors import Anchor, register
from targets import letters, sending
from targets.choices import PlanKind
from targets.models import CompanyPlan, QuotaLetter

if TYPE_CHECKING:
    from spm.org.models import User

LETTER, REVISION = sending.LETTER, "revision"


def _letters(user: "User") -> QuerySet[Any]:
    return QuotaLetter.objects.visible_to(user)


def _revisions(user: "User") -> QuerySet[Any]:
    rows: QuerySet[Any] = CompanyPlan.objects.visible_to(user).telling(user)
    return rows.filter(kind=PlanKind.REVISION, told=True)


register(Anchor(LETTER, _letters, heard=letters.heard))
register(Anchor(REVISION, _revisions))
