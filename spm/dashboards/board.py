"""The teams and people of a page and what each contributed, leaf period by leaf period. Pure: no queries here.

A person counts for the team he is a member of on the last day of a leaf period (design.md §4, Roll-up). Who moved in
between stands in both teams, each time with that half alone, so that rows always add up to the team above them. What
the viewer may not see one by one (people who left, House) is one row: the exact rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from spm.dashboards.figures import ZERO, Cell, Cells, Figures, add, figures, minus, only, share_of_quota
from spm.dashboards.periods import Leaf, Window
from spm.org.trees import TeamTree

PARTIAL = -1
"""Stands for the days of the comparison's leaf period that match the running one: a cell like any other."""


class RowKind(StrEnum):
    TOTAL = "total"
    TEAM = "team"
    PERSON = "person"
    DIRECT = "direct"  # people who stand in a team beside its sub-teams
    OVERLAY = "overlay"  # overlay credit of the people above, taken out again
    REST = "rest"  # what the viewer does not see one by one


type Key = tuple[RowKind, int]
type Places = dict[Key, dict[Key, set[int]]]
"""Group → member → the leaf periods in which it stood there."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Figures as read: leaf cells of each person and team and of the company, the pseudo-leaf PARTIAL included."""

    people: Mapping[int, Cells]
    teams: Mapping[int, Cells]
    company: Cells

    def of(self, key: Key) -> Cells:
        kind, pk = key
        return (self.people if kind is RowKind.PERSON else self.teams).get(pk, {})


@dataclass(frozen=True, slots=True)
class Focus:
    """What a page is about: the company, or teams (usually one). ``roots`` are the teams at its top."""

    teams: tuple[int, ...]
    is_company: bool

    def tops(self, tree: TeamTree) -> tuple[list[int], list[int]]:
        """Teams that make the groups of the table, and people who stand beside them."""
        nodes = tree.roots if self.is_company else [team for team in self.teams if team in tree.parent]
        if len(nodes) != 1:
            return nodes, []
        return list(tree.children.get(nodes[0], [])), list(tree.members.get(nodes[0], []))

    def people(self, tree: TeamTree) -> set[int]:
        return tree.people_in(tree.subtree(tree.roots if self.is_company else self.teams))


@dataclass(frozen=True, slots=True)
class Row:
    kind: RowKind
    pk: int
    figures: Figures
    cells: Cells
    is_part: bool = False  # a mover: only the time in this team

    @property
    def is_past(self) -> bool:
        """A remainder of the comparison alone: files need it to add up, a page does not."""
        return self.kind in (RowKind.OVERLAY, RowKind.REST) and not (self.figures.actual or self.figures.quota)

    def trail(self, leaves: Iterable[Leaf]) -> list[Decimal | None]:
        return [share_of_quota(leaf, self.cells) for leaf in leaves]


@dataclass(frozen=True, slots=True)
class Group:
    """A head (None where a team has no sub-teams) and the rows that add up to it."""

    head: Row | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Board:
    total: Row
    groups: tuple[Group, ...]
    people: tuple[Row, ...]  # everybody below, whole, whatever the depth

    @property
    def heads(self) -> list[Row]:
        return [group.head for group in self.groups if group.head]


def build(focus: Focus, window: Window, trees: Mapping[int, TeamTree], raw: Raw) -> Board:
    """``trees``: for each leaf period (comparison included) the tree of its last day."""
    places = _places(focus, trees)
    total = _row((RowKind.TOTAL, 0), _total_cells(focus, trees, raw), window)
    is_flat = not any(kind is RowKind.TEAM for kind, _ in places)
    groups = [_group(key, members, window, raw) for key, members in places.items()]
    if is_flat:
        rows = [row for group in groups for row in group.rows if row.kind is RowKind.PERSON]
        groups = [Group(None, (*rows, *_remainders(total.cells, rows, window)))]
    else:
        parts = _remainders(total.cells, [group.head for group in groups if group.head], window)
        groups = [*groups, *(Group(row, ()) for row in parts)]
    kept = tuple(group for group in groups if group.head is None or not _says_nothing(group.head) or group.rows)
    return Board(total, kept, tuple(_people(focus, window, trees, raw)))


def _places(focus: Focus, trees: Mapping[int, TeamTree]) -> Places:
    places: Places = defaultdict(lambda: defaultdict(set))
    for leaf, tree in trees.items():
        teams, direct = focus.tops(tree)
        for person in direct:
            places[RowKind.DIRECT, 0][RowKind.PERSON, person].add(leaf)
        for team in teams:
            head = places[RowKind.TEAM, team]
            head[RowKind.TEAM, team].add(leaf)  # the head itself: when it stood here
            for below in tree.children.get(team, []):
                head[RowKind.TEAM, below].add(leaf)
            for person in tree.members.get(team, []):
                head[RowKind.PERSON, person].add(leaf)
    return places


def _group(key: Key, members: dict[Key, set[int]], window: Window, raw: Raw) -> Group:
    below = {member: only(raw.of(member), _with_partial(leaves, window)) for member, leaves in members.items()}
    head_cells = below.pop(key) if key in below else add(_as_own(cells) for cells in below.values())
    inside = {leaf.pk for leaf in window.leaves}
    rows = [
        _row(member, cells, window, is_part=_stood_elsewhere(raw.of(member), members[member], window))
        for member, cells in below.items()
        if members[member] & inside  # who stood here only in the comparison is part of the rest
    ]
    rows = [row for row in rows if not _says_nothing(row)]
    return Group(_row(key, head_cells, window), (*rows, *_remainders(head_cells, rows, window)))


def _stood_elsewhere(cells: Cells, leaves: set[int], window: Window) -> bool:
    return any(leaf.pk in cells and leaf.pk not in leaves for leaf in window.leaves)


def _as_own(cells: Cells) -> dict[int, Cell]:
    return {leaf: Cell(cell.own, ZERO, cell.quota, cell.plan) for leaf, cell in cells.items()}


def _with_partial(leaves: set[int], window: Window) -> set[int]:
    """PARTIAL belongs to whoever stood there in the leaf period that it is a part of."""
    return leaves | {PARTIAL} if any(pair[1].pk in leaves for pair in running_pair(window)) else leaves


def running_pair(window: Window) -> list[tuple[Leaf, Leaf]]:
    """The running leaf period and the one it is compared with; empty when none runs or none is compared."""
    return [(leaf, before) for leaf, before in pairs(window) if leaf.begun and not leaf.over]


def pairs(window: Window) -> list[tuple[Leaf, Leaf]]:
    return list(zip(window.leaves, window.before, strict=False))


def _row(key: Key, cells: Cells, window: Window, *, is_part: bool = False) -> Row:
    return Row(key[0], key[1], figures(cells, window, before_to_date(cells, window)), cells, is_part)


def before_to_date(cells: Cells, window: Window) -> Decimal | None:
    """What the comparison had brought by the same day; None without any figure of it."""
    keys = [before.pk for leaf, before in pairs(window) if leaf.over]
    keys += [PARTIAL] if running_pair(window) else []
    known = [cells[key].actual for key in keys if key in cells]
    return sum(known, ZERO) if known else None


def _total_cells(focus: Focus, trees: Mapping[int, TeamTree], raw: Raw) -> Cells:
    if focus.is_company:
        return raw.company
    in_force = {team: {leaf for leaf, tree in trees.items() if team in tree.parent} for team in focus.teams}
    return add(only(raw.teams.get(team, {}), leaves | {PARTIAL}) for team, leaves in in_force.items())


def _remainders(whole: Cells, rows: Sequence[Row], window: Window) -> list[Row]:
    """Overlay credit taken out again, and what is not shown row by row; each only where it is not zero."""
    overlay = {
        leaf: Cell(-cell.overlay)
        for leaf, cell in add(row.cells for row in rows if row.kind is RowKind.PERSON).items()
        if cell.overlay
    }
    rest = minus(whole, add(_as_own(row.cells) for row in rows))
    found = [_row((RowKind.OVERLAY, 0), overlay, window), _row((RowKind.REST, 0), rest, window)]
    return [row for row in found if not _says_nothing(row)]


def _people(focus: Focus, window: Window, trees: Mapping[int, TeamTree], raw: Raw) -> Iterator[Row]:
    leaves: dict[int, set[int]] = defaultdict(set)
    for leaf, tree in trees.items():
        for person in focus.people(tree):
            leaves[person].add(leaf)
    inside = {leaf.pk for leaf in window.leaves}
    for person, known in leaves.items():
        if not known & inside:
            continue
        key = (RowKind.PERSON, person)
        row = _row(key, only(raw.of(key), _with_partial(known, window)), window)
        if not _says_nothing(row):
            yield row


def _says_nothing(row: Row) -> bool:
    return row.figures.is_empty and not row.figures.before
