"""Sums up the team tree, in plain numbers: teams into their parents, root teams into the company.

A parent is the sum of its children, never of the facts again, so a line counts once per node however many members
share it. Amounts are whole ten-thousandths of the company's currency. Rules: design.md §4 "Roll-up", INV-05.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self


@dataclass(slots=True)
class Sums:
    """What one holder has of one measure in one leaf period, overlay credits left out.

    ``target`` is the number given to the holder, ``quota_sum`` the quotas of the persons below; None = none.
    ``effect`` is the part of ``actual`` that came from rates of exchange other than the plan's.
    """

    actual: int = 0
    base: int = 0
    lines: int = 0
    cost_missing: int = 0
    target: int | None = None
    quota_sum: int | None = None
    effect: int = 0

    def add(self, child: Self) -> None:
        """Count a child in; its target is its own affair, the quotas below it add up."""
        self.actual += child.actual
        self.base += child.base
        self.lines += child.lines
        self.cost_missing += child.cost_missing
        self.effect += child.effect
        if child.quota_sum is not None:
            self.quota_sum = child.quota_sum + (self.quota_sum or 0)


def up(parent: Mapping[int, int | None], own: Mapping[int, Sums]) -> dict[int, Sums]:
    """Each node's own sums plus those of everything below it; nodes with nothing at or below them are absent.

    Targets stay where they are. A node without a parent entry is a root.
    """
    totals: dict[int, Sums] = {}
    for node, sums in own.items():
        totals.setdefault(node, Sums()).target = sums.target
        above: int | None = node
        while above is not None:
            totals.setdefault(above, Sums()).add(sums)
            above = parent.get(above)
    return totals


def teams(parent: Mapping[int, int | None], members: Mapping[int, Sums], targets: Mapping[int, int]) -> dict[int, Sums]:
    """Every team with a target, or with a person's row at or below it. ``members``: team → the sums of its persons."""
    own: dict[int, Sums] = {team: replace(sums) for team, sums in members.items()}
    for team, target in targets.items():
        own.setdefault(team, Sums()).target = target
    return up(parent, own)


def company(parent: Mapping[int, int | None], team_totals: Mapping[int, Sums], beside: Iterable[Sums]) -> Sums | None:
    """Root teams + persons without team + House (``beside``); None when there is nothing at all."""
    roots = [sums for team, sums in team_totals.items() if parent.get(team) is None]
    parts = [*roots, *beside]
    total = Sums()
    for sums in parts:
        total.add(sums)
    return total if parts else None
