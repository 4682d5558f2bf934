"""A policy of over-assignment that blocks: which team, or the company, lies outside it, in words.

Whoever writes numbers at once does it within ``kept``: cells, spreads, imports, an undo, a version that comes back.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org import clock
from spm.org.trees import read_history
from spm.ui.numbers import percent, signed_percent
from targets import assigned
from targets.assigned import Assigned
from targets.choices import LimitAction, Measure
from targets.grounds import tree_for
from targets.lacking import Lacking
from targets.models import CompanyPlan, PlanningCycle

type Node = tuple[int | None, str]
"""(team, or None for the company; measure)."""


class OutsidePolicy(RuleViolation):
    """The over-assignment would lie outside a policy that blocks."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The over-assignment (ratio) of every node that has a number, who has none below, and the names of the teams."""

    ratios: dict[Node, Decimal]
    lacking: dict[Node, Lacking]
    names: dict[int, str]

    @classmethod
    def of(cls, numbers: Assigned, names: Mapping[int, str]) -> "Standing":
        return cls(assigned.ratios(numbers), assigned.lacking_below(numbers), dict(names))

    def words(self, node: Node, cycle: PlanningCycle) -> dict[str, str]:
        """What a sentence about the node says: name, measure, over, low, high."""
        team, measure = node
        return {
            "name": self.names[team] if team else _("The company"),
            "measure": str(Measure(measure).label),
            "over": signed_percent(self.ratios[node], 1),
            "low": percent(cycle.over_min / 100, 1),
            "high": percent(cycle.over_max / 100, 1),
            "lacking": self.lacking[node].words if node in self.lacking else "",
        }


def blocking_cycle(plan: CompanyPlan) -> PlanningCycle | None:
    """The cycle of the plan's year, where its policy blocks."""
    cycles = PlanningCycle.objects.select_related("fiscal_year")
    return cycles.filter(fiscal_year=plan.fiscal_year_id, over_action=LimitAction.BLOCK).first()


def standing(cycle: PlanningCycle, plan: CompanyPlan) -> Standing:
    """Four queries, five where a number covers a part of the year: the tree and the year’s numbers."""
    history = read_history()
    numbers = assigned.read(plan, tree_for(cycle, history, clock.today()))
    return Standing.of(numbers, history.teams)


def standing_after(cycle: PlanningCycle, plan: CompanyPlan, changes: Iterable[assigned.Moved]) -> Standing:
    """The same if these numbers were written; nothing is."""
    history = read_history()
    numbers = assigned.read(plan, tree_for(cycle, history, clock.today()), by_leaf=True)
    return Standing.of(assigned.with_changes(numbers, changes), history.teams)


@contextmanager
def kept(plan: CompanyPlan, hint: str = "") -> Iterator[None]:
    """What is written within may lift no node above a policy that blocks, nor higher above it.

    Inside ``atomic``, with the plan locked: raises OutsidePolicy afterwards, with ``hint`` as the way out.
    """
    cycle = blocking_cycle(plan)
    before = standing(cycle, plan) if cycle else None
    yield
    if cycle and before:
        refuse_higher(cycle, before, standing(cycle, plan), hint)


def outside(cycle: PlanningCycle, now: Standing) -> list[str]:
    """A sentence for every node that lies outside, the company first."""
    low, high = cycle.over_min / 100, cycle.over_max / 100
    nodes = [node for node, ratio in now.ratios.items() if not low <= ratio <= high]
    said = _("%(name)s, %(measure)s: over-assignment is %(over)s; the policy is %(low)s to %(high)s.")
    half_made = _("%(name)s, %(measure)s: %(lacking)s.")
    return [
        (half_made if now.lacking[node].explains(now.ratios[node], low) else said) % now.words(node, cycle)
        for node in sorted(nodes, key=lambda node: (node[0] or 0, node[1]))
    ]


def refuse_higher(cycle: PlanningCycle, before: Standing, after: Standing, hint: str = "") -> None:
    """Raise OutsidePolicy for the first node above the policy that did not stand so high before.

    What lies below it is not refused while numbers are typed: so begins every allocation. The lock refuses it.
    """
    high = cycle.over_max / 100
    higher = sorted(
        (node for node, ratio in after.ratios.items() if ratio > max(high, before.ratios.get(node, high))), key=str
    )
    if higher:
        said = _(
            "%(name)s, %(measure)s: over-assignment would be %(over)s; the policy blocks above %(high)s. "
            "Nothing is stored."
        )
        raise OutsidePolicy(f"{said % after.words(higher[0], cycle)} {hint}".strip())
