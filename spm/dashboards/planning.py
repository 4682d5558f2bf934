"""What Home says of the planning cycles: the stage and when it is due, and the letters that wait for the reader."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.org import clock
from spm.org.models import User
from spm.ui.numbers import day
from targets.access import can_see_plan
from targets.choices import LetterState, Stage
from targets.models import CycleStage, PlanningCycle, QuotaLetter

LOCKED = (Stage.LOCK, Stage.MONITOR)


@dataclass(frozen=True, slots=True)
class PlanningCard:
    """One cycle in a line; ``kind`` "warn" where something is late."""

    text: str
    kind: str
    href: str
    label: str


def planning_of(user: User) -> list[PlanningCard]:
    """A line for every cycle in which something is due or waits for the user; one query."""
    today = clock.today()
    cards = [_card(user, cycle, today) for cycle in _cycles(user)]
    return [card for card in cards if card]


def _cycles(user: User) -> QuerySet[Any]:
    """Cycles with ``due_on`` of their stage, and of the letters the user sees: those that wait, the own one apart."""
    seen = Q(letters__in=QuotaLetter.objects.visible_to(user).order_by())
    own, others = seen & Q(letters__person=user, letters__acknowledged_at=None), seen & ~Q(letters__person=user)
    due = CycleStage.objects.visible_to(user).filter(cycle=OuterRef("pk"), stage=OuterRef("stage"))
    rows = PlanningCycle.objects.visible_to(user).select_related("fiscal_year")
    return rows.annotate(
        due_on=Subquery(due.values("due_on")),
        own=Max("letters__state", filter=own),
        questions=Count("letters", filter=others & Q(letters__state=LetterState.QUESTION)),
        agreed=Count("letters", filter=others & Q(letters__state=LetterState.AGREED)),
    )


def _card(user: User, cycle: Any, today: date) -> PlanningCard | None:
    year = cycle.fiscal_year.label
    own = _own(cycle)
    said, is_late = _stage(cycle, today) if can_see_plan(user) else ("", False)
    said = " ".join(filter(None, (said, own, *_waiting(cycle))))
    if not said:
        return None
    if own:
        href, label = reverse("targets:quota", args=[year, user.pk]), _("Open your letter")
    else:
        href, label = reverse("targets:year", args=[year]), _("Open the plan")
    return PlanningCard(_("Plan %(year)s: %(said)s") % {"year": year, "said": said}, "warn" * is_late, href, label)


def _stage(cycle: Any, today: date) -> tuple[str, bool]:
    """Nothing to say of a year that is only watched."""
    if cycle.stage == Stage.MONITOR:
        return "", False
    words = {"stage": str(Stage(cycle.stage).label)}
    if cycle.due_on is None:
        return _("it stands in the stage “%(stage)s”.") % words, False
    words["day"] = day(cycle.due_on)
    if cycle.due_on < today:
        return _("“%(stage)s” was due on %(day)s.") % words, True
    return _("“%(stage)s” is due on %(day)s.") % words, False


def _own(cycle: Any) -> str:
    """Of a locked year the own letter can be acknowledged only."""
    if cycle.stage in LOCKED:
        waits = cycle.own not in (None, LetterState.UNSENT)
        return _("your quota is locked; acknowledge it.") if waits else ""
    return _("your quota letter waits for your answer.") if cycle.own == LetterState.SENT else ""


def _waiting(cycle: Any) -> list[str]:
    said: list[str] = []
    if cycle.stage in LOCKED:
        return said
    if cycle.questions:
        words = {"n": cycle.questions}
        said.append(ngettext("%(n)s question waits.", "%(n)s questions wait.", cycle.questions) % words)
    if cycle.agreed:
        words = {"n": cycle.agreed}
        said.append(
            ngettext("%(n)s letter is to be approved.", "%(n)s letters are to be approved.", cycle.agreed) % words
        )
    return said
