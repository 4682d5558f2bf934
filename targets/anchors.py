"""What of targets people talk about: quota letters, company plans, and revisions of the plan."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.urls import reverse

from spm.org.access import can_administer
from spm.org.models import User
from spm.org.scopes import around
from spm.talk.anchors import Anchor, register
from targets import approvals, letters, sending
from targets.choices import PlanKind
from targets.models import CompanyPlan, QuotaLetter

if TYPE_CHECKING:
    from spm.talk.models import Thread

LETTER, REVISION, PLAN = sending.LETTER, "revision", approvals.PLAN


def _letters(user: User) -> QuerySet[Any]:
    return QuotaLetter.objects.visible_to(user)


def _revisions(user: User) -> QuerySet[Any]:
    rows: QuerySet[Any] = CompanyPlan.objects.visible_to(user).telling(user)
    return rows.filter(kind=PlanKind.REVISION, told=True)


def _plans(user: User) -> QuerySet[Any]:
    """What admins say of a company plan before it is handed on stays among them."""
    rows: QuerySet[Any] = CompanyPlan.objects.visible_to(user).working()
    return rows if can_administer(user) else rows.none()


def _letter_page(thread: "Thread") -> str:
    letter = QuotaLetter.objects.select_related("cycle__fiscal_year").get(pk=thread.key)
    return f"{letters.path_of(letter)}#talk"


def _around_letter(key: int) -> set[int]:
    return around(QuotaLetter.objects.values_list("person", flat=True).get(pk=key))


def _plan_page(thread: "Thread") -> str:
    year = CompanyPlan.objects.values_list("fiscal_year__label", flat=True).get(pk=thread.key)
    return f"{reverse('targets:plan-approval', args=[year])}#talk"


def _admins(key: int) -> set[int]:
    author = CompanyPlan.objects.values_list("author", flat=True).get(pk=key)
    return {*User.objects.filter(is_admin=True).values_list("pk", flat=True), *filter(None, [author])}


def _revision_page(thread: "Thread") -> str:
    revision = CompanyPlan.objects.select_related("fiscal_year").get(pk=thread.key)
    return reverse("targets:revision", args=[revision.fiscal_year.label, revision.pk])


register(Anchor(PLAN, _plans, opens=_plan_page, audience=_admins))
register(Anchor(LETTER, _letters, heard=letters.heard, opens=_letter_page, audience=_around_letter))
register(Anchor(REVISION, _revisions, opens=_revision_page))
