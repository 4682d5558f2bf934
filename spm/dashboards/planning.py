"""What Home says of the planning cycles: how far they are, what holds them up, and what of it waits for the reader.

There is one rule of what holds a cycle up, ``targets.holdups``; nothing is worked out here a second time.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

from spm.org import clock
from spm.org.access import can_administer
from spm.org.models import User
from spm.org.scopes import history_of, scope_of
from spm.ui.numbers import day, percent
from targets.access import can_run_cycle, can_see_plan
from targets.choices import Stage
from targets.completion import acknowledged
from targets.cycle_queries import StageLine, steps_of, waiting_for
from targets.grounds import Ground, grounds
from targets.holdups import HoldUp, Waiting
from targets.models import CycleStage

OWN = (Waiting.ANSWER, Waiting.ACKNOWLEDGE)
TASKS_SHOWN = 5
COUNTED = {
    Waiting.ALLOCATION: ngettext_lazy(
        "%(n)s team’s target is not handed on in full.", "%(n)s teams’ targets are not handed on in full.", "n"
    ),
    Waiting.NUMBER: ngettext_lazy("%(n)s person has no number yet.", "%(n)s people have no number yet.", "n"),
    Waiting.UNSENT: ngettext_lazy("%(n)s letter is not sent.", "%(n)s letters are not sent.", "n"),
    Waiting.ANSWER: ngettext_lazy("%(n)s letter is not answered.", "%(n)s letters are not answered.", "n"),
    Waiting.QUESTION: ngettext_lazy("%(n)s question waits.", "%(n)s questions wait.", "n"),
    Waiting.REJECTED: ngettext_lazy(
        "%(n)s rejected number is to be changed.", "%(n)s rejected numbers are to be changed.", "n"
    ),
    Waiting.APPROVAL: ngettext_lazy("%(n)s letter is to be approved.", "%(n)s letters are to be approved.", "n"),
    Waiting.ACKNOWLEDGE: ngettext_lazy(
        "%(n)s locked quota is not acknowledged.", "%(n)s locked quotas are not acknowledged.", "n"
    ),
    Waiting.REVISION: ngettext_lazy(
        "%(n)s revision waits for its decision.", "%(n)s revisions wait for their decision.", "n"
    ),
}
"""What is said of so many things of a kind; the company plan, the stage and the own letter have words of their own."""


@dataclass(frozen=True, slots=True)
class PlanningCard:
    """One cycle in a line; ``kind`` "warn" where something is late."""

    text: str
    kind: str
    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for the reader: what, since when, and where it is done."""

    text: str
    detail: str
    href: str
    label: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class CycleCard:
    """How far a cycle is, for admins: ``sentence`` says it, ``steps`` draw it.

    ``acknowledged``: how many of how many letters, once the year is locked.
    """

    year: str
    sentence: str
    steps: tuple[StageLine, ...]
    href: str
    acknowledged: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Planning:
    """``tasks``: at most five; ``more``: how many others there are. ``bands``: fiscal year → what its policy lets the
    sums of quotas be above the plan, from and to, as ratios.
    """

    cards: list[PlanningCard]
    tasks: list[Task]
    more: int
    cycles: list[CycleCard]
    bands: dict[int, tuple[Decimal, Decimal]]


def planning_of(user: User) -> Planning:
    """What the user hears of every cycle; four queries, whatever the number of cycles and letters."""
    found, cards, tasks, cycles = _grounds(user), [], [], []
    for ground in found:
        waiting = [row for row in waiting_for(user, ground) if _is_told(row, user)]
        cards += _card(user, ground, waiting)
        tasks += _tasks(user, ground, waiting)
        if can_administer(user) and ground.cycle.fiscal_year.ends_on >= ground.today:
            cycles.append(_cycle(user, ground))
    bands = {one.cycle.fiscal_year_id: (one.cycle.over_min / 100, one.cycle.over_max / 100) for one in found}
    return Planning(cards, tasks[:TASKS_SHOWN], max(len(tasks) - TASKS_SHOWN, 0), cycles, bands)


def _grounds(user: User) -> list[Ground]:
    """Of every cycle, the newest year first. Of all who act, the reader alone is looked at."""
    rows = CycleStage.objects.visible_to(user).select_related("cycle__fiscal_year", "owner")
    ordered = rows.order_by("-cycle__fiscal_year__starts_on", "pk")
    return grounds(ordered, history_of(user), {user.pk: user}, scope_of(user).people)


def _is_told(row: HoldUp, user: User) -> bool:
    """To reps what they must answer; to managers also what waits below them. Of the own letter nobody hears more."""
    if row.about is not None and row.about.pk == user.pk:
        return row.kind in OWN
    return can_see_plan(user) and (row.kind is not Waiting.OWNER or can_run_cycle(user))


# The line of a cycle


def _card(user: User, ground: Ground, waiting: Sequence[HoldUp]) -> list[PlanningCard]:
    year = ground.cycle.fiscal_year.label
    own = next((row for row in waiting if row.about is not None and row.about.pk == user.pk), None)
    said, is_late = _stage(ground, clock.today()) if can_see_plan(user) else ("", False)
    said = " ".join(filter(None, (said, _own(own), *_counted(waiting, own))))
    if not said:
        return []
    kinds = {row.kind for row in waiting}
    if own:
        href, label = reverse("targets:quota", args=[year, user.pk]), _("Open your letter")
    elif kinds == {Waiting.REVISION}:
        href, label = reverse("targets:revisions", args=[year]), _("Open the revisions")
    else:
        href, label = reverse("targets:year", args=[year]), _("Open the plan")
    is_late = is_late or any(row.is_late and row.person == user for row in waiting)
    return [PlanningCard(_("Plan %(year)s: %(said)s") % {"year": year, "said": said}, "warn" * is_late, href, label)]


def _stage(ground: Ground, today: date) -> tuple[str, bool]:
    """Nothing to say of a year that is only watched."""
    if ground.cycle.stage == Stage.MONITOR:
        return "", False
    due_on, words = ground.stage.due_on, {"stage": str(Stage(ground.cycle.stage).label)}
    if due_on is None:
        return _("it stands in the stage “%(stage)s”.") % words, False
    words["day"] = day(due_on)
    if due_on < today:
        return _("“%(stage)s” was due on %(day)s.") % words, True
    return _("“%(stage)s” is due on %(day)s.") % words, False


def _own(row: HoldUp | None) -> str:
    if row is None:
        return ""
    if row.kind is Waiting.ACKNOWLEDGE:
        return _("your quota is locked; acknowledge it.")
    return _("your quota letter waits for your answer.")


def _counted(waiting: Iterable[HoldUp], own: HoldUp | None) -> list[str]:
    """A sentence for each kind of thing that waits, in the order in which a cycle meets them."""
    others = [row for row in waiting if row is not own]
    counts: Counter[Waiting] = Counter(row.kind for row in others if row.kind is not Waiting.NUMBER)
    counts[Waiting.NUMBER] = sum(len(row.lacking.people) for row in others)
    said = [_("Nobody owns this stage.")] if counts[Waiting.OWNER] else []
    said += [
        _("%(share)s of the company plan is handed on.") % {"share": percent(row.share)}
        for row in others
        if row.kind is Waiting.COMPANY
    ]
    return said + [str(words % {"n": counts[kind]}) for kind, words in COUNTED.items() if counts[kind]]


# What waits for the reader


def _tasks(user: User, ground: Ground, waiting: Sequence[HoldUp]) -> list[Task]:
    """One row each, but letters to be sent, which are sent together."""
    mine = [row for row in waiting if row.person == user and row.kind not in OWN]
    unsent = [row for row in mine if row.kind is Waiting.UNSENT]
    found = [_task(row, ground) for row in mine if row.kind is not Waiting.UNSENT]
    if unsent:
        words = ngettext("%(n)s quota letter to be sent", "%(n)s quota letters to be sent", len(unsent))
        href = reverse("targets:review", args=[ground.cycle.fiscal_year.label])
        text = words % {"n": len(unsent)}
        found.append(Task(text, _detail(unsent[0], ground), href, _("Send"), any(row.is_late for row in unsent)))
    return found


def _task(row: HoldUp, ground: Ground) -> Task:
    year = ground.cycle.fiscal_year.label
    words = {"name": row.about.name if row.about else "", "team": row.team_name, "share": percent(row.share)}
    words |= {"lacking": row.lacking.words}
    words |= {"stage": str(Stage(ground.cycle.stage).label), "number": str(row.number)}
    letter = reverse("targets:quota", args=[year, row.about.pk]) if row.about else ""
    text, href, label = {
        Waiting.QUESTION: (_("Quota question of %(name)s"), f"{letter}#talk", _("Answer")),
        Waiting.APPROVAL: (_("Quota agreed by %(name)s"), letter, _("Approve")),
        Waiting.REJECTED: (_("Rejected quota of %(name)s"), letter, _("Open")),
        Waiting.ALLOCATION: (
            _("%(team)s: %(share)s of the target is handed on"),
            f"{reverse('targets:allocate', args=[year])}?team={row.team}",
            _("Allocate"),
        ),
        Waiting.NUMBER: (
            _("%(team)s: %(lacking)s"),
            f"{reverse('targets:allocate', args=[year])}?team={row.team}",
            _("Allocate"),
        ),
        Waiting.COMPANY: (
            _("%(share)s of the company plan is handed on"),
            reverse("targets:allocate", args=[year]),
            _("Allocate"),
        ),
        Waiting.REVISION: (
            _("Revision %(number)s to be decided"),
            reverse("targets:revision", args=[year, row.revision]) if row.revision else "",
            _("Decide"),
        ),
    }.get(row.kind, (_("Stage “%(stage)s” to be finished"), reverse("targets:year", args=[year]), _("Open")))
    return Task(text % words, _detail(row, ground), href, label, row.is_late)


def _detail(row: HoldUp, ground: Ground) -> str:
    words = {"year": ground.cycle.fiscal_year.label, "days": row.days}
    if not row.days:
        return _("Plan %(year)s, since today") % words
    if row.kind is Waiting.STAGE:
        told = ngettext("Plan %(year)s, %(days)s day overdue", "Plan %(year)s, %(days)s days overdue", row.days)
    else:
        told = ngettext("Plan %(year)s, for %(days)s day", "Plan %(year)s, for %(days)s days", row.days)
    return told % words


# How far a cycle is


def _cycle(user: User, ground: Ground) -> CycleCard:
    year, steps = ground.cycle.fiscal_year.label, steps_of(user, ground)
    share: Decimal | None = next((step.share for step in steps if step.state == "current"), None)
    words = {"stage": str(Stage(ground.cycle.stage).label), "share": percent(share)}
    if ground.cycle.stage == Stage.MONITOR:
        sentence = _("Locked and watched; %(share)s of the year has passed.") % words
    elif share is None:
        sentence = _("It stands in the stage “%(stage)s”; nothing of it is counted yet.") % words
    else:
        sentence = _("“%(stage)s” is %(share)s complete.") % words
    href = reverse("targets:year", args=[year])
    return CycleCard(year, sentence, steps, href, acknowledged(ground) if ground.is_locked else (0, 0))
