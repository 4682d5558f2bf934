"""Segments of the company plan: names that people type, the same in every spelling."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from spm.keys import normalise
from spm.market.models import Account
from targets.models import CompanyPlan, PlanLine

if TYPE_CHECKING:  # the goals are what stands on this module
    from targets.goals import Goal


def spelled(plan: CompanyPlan, goals: "Sequence[Goal]") -> "list[Goal]":
    """The same goals, each segment in the spelling that ``spellings`` gives; no query where none has a segment."""
    of_segments = [goal for goal in goals if goal.holder.column == "segment" and goal.holder.key]
    stored = spellings(plan, list(dict.fromkeys(str(goal.holder.key) for goal in of_segments))) if of_segments else {}
    return [
        replace(goal, holder=goal.holder._replace(key=stored[str(goal.holder.key)]))  # noqa: SLF001  # public, in a tuple
        if goal.holder.column == "segment" and goal.holder.key
        else goal
        for goal in goals
    ]


def spellings(plan: CompanyPlan, names: Sequence[str]) -> dict[str, str]:
    """Each of ``names`` → how it is stored: in this version of the plan, in another one, with the accounts; one that
    is nowhere stands as the first of ``names`` spells it. One query, or two.
    """
    rows = set(PlanLine.objects.exclude(segment="").order_by().values_list("segment", "plan_id").distinct())
    own = {segment for segment, key in rows if key == plan.pk}
    stored = _first([*sorted(own), *sorted(segment for segment, _key in rows)])
    if any(name and normalise(name) not in stored for name in names):
        accounts = Account.objects.exclude(segment="").order_by("segment").values_list("segment", flat=True).distinct()
        stored = _first(accounts) | stored
    told = _first(names) | stored
    return {name: name if name in own else told[normalise(name)] for name in names}


def _first(names: Iterable[str]) -> dict[str, str]:
    """Normal form → the first spelling."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(normalise(name), name)
    return found
