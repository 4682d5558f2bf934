"""Sums up a tree, in plain numbers: persons into teams, territories into their parents, root teams into the company.

A parent is the sum of its children, never of the facts again, so a line counts once per node however many members
share it. Amounts are whole ten-thousandths of the company's currency. Rules: design.md §4 "Roll-up", INV-05.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from spm.org.trees import TeamTree


@dataclass(slots=True)
class Sums:
    """What one holder has of one measure in one leaf period, overlay credits left out.

    ``target`` is the number given to the holder, ``quota_sum`` the quotas of the persons below; None = none.
    """

    actual: int = 0
    base: int = 0
    lines: int = 0
    cost_missing: int = 0
    target: int | None = None
    quota_sum: int | None = None

    def add(self, child: Self, quota: int | None) -> None:
        """Count a child in; ``quota`` is what it brings to the sum of quotas."""
        self.actual += child.actual
        self.base += child.base
        self.lines += child.lines
        self.cost_missing += child.cost_missing
        if quota is not None:
            self.quota_sum = quota + (self.quota_sum or 0)


def up(parent: Mapping[int, int | None], own: Mapping[int, Sums]) -> dict[int, Sums]:
    """Each node's own sums plus those of everything below it; nodes with nothing at or below them are absent.

    ``own`` keeps its targets. A node without a parent entry is a root.
    """
    totals: dict[int, Sums] = {}
    for node, sums in own.items():
        totals.setdefault(node, Sums()).target = sums.target
        above: int | None = node
        while above is not None:
            totals.setdefault(above, Sums()).add(sums, sums.quota_sum)
            above = parent.get(above)
    return totals


def teams(tree: TeamTree, persons: Mapping[int, Sums], targets: Mapping[int, int]) -> dict[int, Sums]:
    """Every team with a target, or with a person's row at or below it. ``persons``: their quota is ``target``."""
    own: dict[int, Sums] = defaultdict(Sums)
    for team, target in targets.items():
        own[team].target = target
    for person, sums in persons.items():
        home = tree.team_of.get(person)
        if home is not None:
            own[home].add(sums, sums.target)
    return up(tree.parent, own)


def company(
    tree: TeamTree, persons: Mapping[int, Sums], team_totals: Mapping[int, Sums], house: Iterable[Sums]
) -> Sums | None:
    """Root teams + persons without team + House; None when there is nothing at all."""
    total, parts = Sums(), 0
    for team in tree.roots:
        if team in team_totals:
            total.add(team_totals[team], team_totals[team].quota_sum)
            parts += 1
    for person, sums in persons.items():
        if person not in tree.team_of:
            total.add(sums, sums.target)
            parts += 1
    for sums in house:
        total.add(sums, None)
        parts += 1
    return total if parts else None


def territories(
    parent: Mapping[int, int | None], credited: Mapping[int, Sums], targets: Mapping[int, int]
) -> dict[int, Sums]:
    """Every territory with a target or a credit at or below it.

    ``quota_sum`` is what the children were given: their target, or else what theirs were; None where nobody was.
    """
    own: dict[int, Sums] = defaultdict(Sums)
    for territory, sums in credited.items():
        own[territory].add(sums, None)
    for territory, target in targets.items():
        own[territory].target = target
    totals = up(parent, own)
    for territory in _deepest_first(parent, totals):
        sums, above = totals[territory], parent.get(territory)
        given = sums.target if sums.target is not None else sums.quota_sum
        if above is not None and given is not None:
            totals[above].quota_sum = given + (totals[above].quota_sum or 0)
    return totals


def _deepest_first(parent: Mapping[int, int | None], nodes: Iterable[int]) -> list[int]:
    def depth(node: int) -> int:
        levels, above = 0, parent.get(node)
        while above is not None:
            levels, above = levels + 1, parent.get(above)
        return levels

    return sorted(nodes, key=depth, reverse=True)
