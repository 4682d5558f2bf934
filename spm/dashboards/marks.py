"""Step markers: where approved revisions moved the number a page shows, and by how much. Pure.

A revision that touches nobody in the scope, or no leaf period that the viewer sees, leaves no mark. Rule: ux.md,
Revisions: every chart shows a step marker at the effective date.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.dashboards.board import Focus
from spm.dashboards.figures import ZERO
from spm.dashboards.periods import Leaf
from spm.org.trees import TeamTree
from spm.ui.numbers import day_short, money_compact
from targets.baseline import Step
from targets.batches import Change
from targets.choices import RevisionCause
from targets.goals import GoalModel
from targets.models import PlanLine, Quota, Target


@dataclass(frozen=True, slots=True)
class Mark:
    """One revision on a time line. ``amount``: what the number gained or lost in the window, in words."""

    day: date
    amount: str
    cause: str

    @property
    def title(self) -> str:
        return _("Revised %(day)s") % {"day": day_short(self.day)}

    @property
    def text(self) -> str:
        """ "Revised 1 Jul: +€120 k, territory move"."""
        return _("%(title)s: %(amount)s, %(cause)s") % {
            "title": self.title,
            "amount": self.amount,
            "cause": self.cause,
        }


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose number the page shows. ``people``: leaf period → who makes it up, None = everybody.

    ``order``: the kinds of number by which a revision touches it; the first is what the line shows.
    """

    people: Mapping[int, Collection[int]] | None
    teams: tuple[int, ...]
    order: tuple[GoalModel, ...]

    def touched_by(self, change: Change) -> bool:
        holder = change.holder
        if holder.column == "person_id":
            return self.people is None or holder.key in self.people.get(change.period, ())
        return change.model is PlanLine or (holder.column == "team_id" and holder.key in self.teams)


def of_focus(focus: Focus, trees: Mapping[int, TeamTree], *, goal_is_plan: bool) -> Scope:
    """The company: its plan and everybody's quotas; teams: their people's quotas and their own targets."""
    if focus.is_company:
        return Scope(None, (), (PlanLine, Quota) if goal_is_plan else (Quota, PlanLine))
    return Scope(focus.people_by_leaf(trees), focus.teams, (Quota, Target))


def of_person(person: int, leaves: Iterable[Leaf]) -> Scope:
    return Scope({leaf.pk: {person} for leaf in leaves}, (), (Quota,))


def marks(steps: Iterable[Step], leaves: Sequence[Leaf], scope: Scope, currency: str) -> tuple[Mark, ...]:
    """The revisions that begin within ``leaves`` and touch the scope there, in the order of their days."""
    found = [
        Mark(step.starts_on, amount, cause_in_words(step.cause))
        for step in steps
        if leaves
        and leaves[0].starts_on <= step.starts_on <= leaves[-1].ends_on
        and (amount := _amount(step, {leaf.pk for leaf in leaves}, scope, currency))
    ]
    return tuple(found)


def _amount(step: Step, inside: Collection[int], scope: Scope, currency: str) -> str:
    """ "+€120 k"; told with its noun where the line shows another kind of number. Empty where nothing is touched."""
    sums: dict[GoalModel, Decimal] = defaultdict(lambda: ZERO)
    for change in step.changes:
        if change.period in inside and scope.touched_by(change):
            sums[change.model] += (change.after or ZERO) - (change.before or ZERO)
    kind = next((model for model in scope.order if model in sums), None)
    if kind is None:
        return ""
    amount = money_compact(sums[kind], currency, signed=True) if sums[kind] else _("total unchanged")
    if kind is scope.order[0]:
        return amount
    nouns = {Quota: _("quotas %(amount)s"), Target: _("target %(amount)s"), PlanLine: _("plan %(amount)s")}
    return nouns[kind] % {"amount": amount}


def cause_in_words(cause: str) -> str:
    """As a part of a sentence: "territory move"."""
    label = str(RevisionCause(cause).label)
    return label[:1].lower() + label[1:]


def events(steps: Iterable[Step]) -> dict[int, list[tuple[date, str]]]:
    """What the heat map marks with a dot: person → (effective day, words)."""
    found: dict[int, list[tuple[date, str]]] = defaultdict(list)
    for step in steps:
        words = _("quota revised from %(day)s, %(cause)s") % {
            "day": day_short(step.starts_on),
            "cause": cause_in_words(step.cause),
        }
        for person in {int(change.holder.key) for change in step.changes if change.model is Quota}:
            found[person].append((step.starts_on, words))
    return found


def by_leaf(found: Iterable[Mark], leaves: Iterable[Leaf]) -> dict[int, str]:
    """Leaf period → the marks within it as one text, for the table beside a chart."""
    texts: dict[int, list[str]] = defaultdict(list)
    for leaf in leaves:
        texts[leaf.pk] += [mark.text for mark in found if leaf.starts_on <= mark.day <= leaf.ends_on]
    return {leaf: "; ".join(told) for leaf, told in texts.items() if told}
