"""The teams of closed leaf periods as they were known when each was closed, by which its totals were added up.

A move that is dated back into a closed period changes none of its totals (INV-29); rows and curves drawn by the teams
of today would not add up to them (INV-05).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Protocol

from django.db.models import F, Value

from spm.org.choices import PeriodState
from spm.org.models import Membership, TeamPlacement
from spm.org.trees import TeamTree, TreeHistory
from targets.models import PeriodClosing

type Fact = tuple[int, int | None, date]
"""Person and team, or team and parent, and from when."""
type States = dict[int, list[tuple[datetime, Fact | None]]]
"""A dated row → what it said from each moment on, in order; None = it was taken out."""
PARTS: tuple[tuple[Any, str, str], ...] = (
    (Membership, "person_id", "team_id"),
    (TeamPlacement, "team_id", "parent_id"),
)


class LeafOfTree(Protocol):
    """A leaf period, as the calendar of a page or its row has it."""

    @property
    def pk(self) -> int: ...
    @property
    def ends_on(self) -> date: ...
    @property
    def state(self) -> str: ...


def trees_by_leaf(leaves: Iterable[LeafOfTree], history: TreeHistory) -> dict[int, TeamTree]:
    """Leaf period → the tree by which its totals are summed: that of its last day, of a closed one as it was closed.

    ``history``: of today. No query where none of ``leaves`` is closed; else as ``trees``.
    """
    listed = list(leaves)
    closed = {leaf.pk: leaf.ends_on for leaf in listed if leaf.state == PeriodState.CLOSED}
    known = trees(closed, history) if closed else {}
    return {leaf.pk: known.get(leaf.pk) or history.as_of(leaf.ends_on) for leaf in listed}


def trees(leaves: Mapping[int, date], history: TreeHistory) -> dict[int, TeamTree]:
    """Closed leaf period → the tree of its last day as its closing knew it, where that is not the tree of today.

    ``leaves``: closed ones, with their last days. Two queries.
    """
    closings = PeriodClosing.objects.filter(period__in=leaves).order_by("pk")
    closed_at: dict[int, datetime] = dict(closings.values_list("period_id", "closed_at"))
    members, placements = _states_since(min(closed_at.values())) if closed_at else ({}, {})
    if not members and not placements:
        return {}
    found = {}
    for leaf, moment in closed_at.items():
        known = TreeHistory(
            history.teams,
            _as_known(history.placements, placements, moment),
            history.leads,
            _as_known(history.memberships, members, moment),
        ).as_of(leaves[leaf])
        now = history.as_of(leaves[leaf])
        if (known.parent, known.team_of) != (now.parent, now.team_of):
            found[leaf] = known
    return found


def _states_since(moment: datetime) -> list[States]:
    """Every state of each row that was written after ``moment``, by part; one query, however many they are."""
    rows: list[Any] = [
        model.history.filter(id__in=model.history.filter(history_date__gt=moment).order_by().values("id"))
        .order_by()
        .annotate(part=Value(part), subject=F(subject), value=F(value))
        .values_list("part", "id", "history_date", "history_id", "history_type", "subject", "value", "starts_on")
        for part, (model, subject, value) in enumerate(PARTS)
    ]
    found: list[States] = [{} for _part in PARTS]
    for part, key, at, _number, kind, *fact in sorted(rows[0].union(rows[1]).order_by(), key=lambda row: row[:4]):
        found[part].setdefault(key, []).append((at, None if kind == "-" else tuple(fact)))
    return found


def _as_known(facts: Iterable[Fact], states: States, moment: datetime) -> list[Fact]:
    """``facts`` of today as they stood at ``moment``, sorted by their start."""
    today = {rows[-1][1] for rows in states.values()}
    before = [[fact for at, fact in rows if at <= moment] for rows in states.values()]
    stood = [rows[-1] for rows in before if rows]
    kept = [fact for fact in facts if fact not in today]
    return sorted([*kept, *(fact for fact in stood if fact)], key=lambda fact: fact[2])
