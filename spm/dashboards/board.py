"""The teams and people of a page and what each contributed, leaf period by leaf period. Pure: no queries here.

A person counts for the team he is a member of on the last day of a leaf period (design.md §4, Roll-up). Who moved in
between stands in both teams, each time with that half alone, so that rows always add up to the team above them. What
the viewer may not see one by one (people who left, House) is one row: the exact rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from spm.dashboards.figures import Adder, Cell, Cells, Figures, add, beside_plan, minus, only, share_of_quota
from spm.dashboards.periods import Leaf, Window
from spm.money import from_units
from spm.org.trees import TeamTree, distinct

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

    def people_by_leaf(self, trees: Mapping[int, TeamTree]) -> dict[int, set[int]]:
        """For each leaf period everybody below; most share one tree, and then one set."""
        known = {id(tree): self.people(tree) for tree in distinct(trees.values())}
        return {leaf: known[id(tree)] for leaf, tree in trees.items()}


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


class Frame:
    """What all rows of a board have in common; whoever stood in one place all the time is added up once."""

    def __init__(self, window: Window, trees: Mapping[int, TeamTree], raw: Raw, *, beside_plan: bool) -> None:
        self.window, self.trees, self.raw, self.beside_plan = window, trees, raw, beside_plan
        self.inside = {leaf.pk for leaf in window.leaves}
        self._adder = Adder(window)
        self._before = keys_before(window)
        self._partial_of = {before.pk for _leaf, before in running_pair(window)}
        self._whole: dict[Key, Row] = {}

    def row(self, key: Key, cells: Cells, *, is_part: bool = False) -> Row:
        at = self._adder.figures(cells, before_to_date(cells, self._before))
        at = beside_plan(at, of_person=key[0] is RowKind.PERSON) if self.beside_plan else at
        return Row(key[0], key[1], at, cells, is_part)

    def row_in(self, key: Key, leaves: set[int]) -> Row:
        """The holder in the leaf periods given alone."""
        if len(leaves) < len(self.trees):
            return self.row(key, self.cells_in(key, leaves), is_part=self._stood_elsewhere(key, leaves))
        if key not in self._whole:
            self._whole[key] = self.row(key, self.raw.of(key))
        return self._whole[key]

    def cells_in(self, key: Key, leaves: set[int]) -> Cells:
        """PARTIAL belongs to whoever stood there in the leaf period that it is a part of."""
        return only(self.raw.of(key), leaves | {PARTIAL} if self._partial_of & leaves else leaves)

    def _stood_elsewhere(self, key: Key, leaves: set[int]) -> bool:
        cells = self.raw.of(key)
        return any(leaf in cells and leaf not in leaves for leaf in self.inside)


def build(focus: Focus, window: Window, trees: Mapping[int, TeamTree], raw: Raw, *, beside_plan: bool = False) -> Board:
    """``trees``: for each leaf period (comparison included) the tree of its last day.

    ``beside_plan``: rows are compared with the plan to date, not with an earlier period.
    """
    places, frame = _places(focus, trees), Frame(window, trees, raw, beside_plan=beside_plan)
    total = frame.row((RowKind.TOTAL, 0), _total_cells(focus, trees, raw))
    is_flat = not any(kind is RowKind.TEAM for kind, _ in places)
    groups = [_group(key, members, frame) for key, members in places.items()]
    if is_flat:
        rows = [row for group in groups for row in group.rows if row.kind is RowKind.PERSON]
        groups = [Group(None, (*rows, *_remainders(total.cells, rows, frame)))]
    else:
        parts = _remainders(total.cells, [group.head for group in groups if group.head], frame)
        groups = [*groups, *(Group(row, ()) for row in parts)]
    kept = tuple(group for group in groups if group.head is None or not _says_nothing(group.head) or group.rows)
    return Board(total, kept, tuple(_people(focus, frame)))


def _places(focus: Focus, trees: Mapping[int, TeamTree]) -> Places:
    places: Places = defaultdict(lambda: defaultdict(set))
    for tree in distinct(trees.values()):
        leaves = {leaf for leaf, other in trees.items() if other is tree}
        teams, direct = focus.tops(tree)
        for person in direct:
            places[RowKind.DIRECT, 0][RowKind.PERSON, person] |= leaves
        for team in teams:
            head = places[RowKind.TEAM, team]
            head[RowKind.TEAM, team] |= leaves  # the head itself: when it stood here
            for below in tree.children.get(team, []):
                head[RowKind.TEAM, below] |= leaves
            for person in tree.members.get(team, []):
                head[RowKind.PERSON, person] |= leaves
    return places


def _group(key: Key, members: dict[Key, set[int]], frame: Frame) -> Group:
    below = [frame.row_in(member, leaves) for member, leaves in members.items() if member != key]
    if key in members:
        head = frame.row(key, frame.cells_in(key, members[key]))
    else:
        head = frame.row(key, add(_as_own(row.cells) for row in below))
    # who stood here only in the comparison is part of the rest
    rows = [row for row in below if members[row.kind, row.pk] & frame.inside and not _says_nothing(row)]
    return Group(head, (*rows, *_remainders(head.cells, rows, frame)))


def _as_own(cells: Cells) -> dict[int, Cell]:
    return {leaf: cell.as_own for leaf, cell in cells.items()}


def running_pair(window: Window) -> list[tuple[Leaf, Leaf]]:
    """The running leaf period and the one it is compared with; empty when none runs or none is compared."""
    return [(leaf, before) for leaf, before in pairs(window) if leaf.begun and not leaf.over]


def pairs(window: Window) -> list[tuple[Leaf, Leaf]]:
    return list(zip(window.leaves, window.before, strict=False))


def keys_before(window: Window) -> list[int]:
    """The leaf periods of the comparison that are over, and PARTIAL where one runs."""
    keys = [before.pk for leaf, before in pairs(window) if leaf.over]
    return [*keys, PARTIAL] if running_pair(window) else keys


def before_to_date(cells: Cells, keys: Iterable[int]) -> Decimal | None:
    """What the comparison (``keys_before``) had brought by the same day; None without any figure of it."""
    known = [cells[key].actual_units for key in keys if key in cells]
    return from_units(sum(known)) if known else None


def _total_cells(focus: Focus, trees: Mapping[int, TeamTree], raw: Raw) -> Cells:
    if focus.is_company:
        return raw.company
    in_force = {team: {leaf for leaf, tree in trees.items() if team in tree.parent} for team in focus.teams}
    return add(only(raw.teams.get(team, {}), leaves | {PARTIAL}) for team, leaves in in_force.items())


def _remainders(whole: Cells, rows: Sequence[Row], frame: Frame) -> list[Row]:
    """Overlay credit taken out again, and what is not shown row by row; each only where it is not zero."""
    overlay = {leaf: Cell(-units) for leaf, units in _overlay_units(rows).items() if units}
    rest = minus(whole, add(_as_own(row.cells) for row in rows))
    found = [frame.row((RowKind.OVERLAY, 0), overlay), frame.row((RowKind.REST, 0), rest)]
    return [row for row in found if not _says_nothing(row)]


def _overlay_units(rows: Sequence[Row]) -> dict[int, int]:
    """Leaf period → overlay credit of the people among these rows."""
    sums: defaultdict[int, int] = defaultdict(int)
    for row in rows:
        if row.kind is RowKind.PERSON:
            for leaf, cell in row.cells.items():
                sums[leaf] += cell.overlay_units
    return sums


def _people(focus: Focus, frame: Frame) -> Iterator[Row]:
    """Everybody below, each with all leaf periods in which he stood anywhere below."""
    leaves: dict[int, set[int]] = defaultdict(set)
    for leaf, people in focus.people_by_leaf(frame.trees).items():
        for person in people:
            leaves[person].add(leaf)
    for person, known in leaves.items():
        if known & frame.inside:
            row = frame.row_in((RowKind.PERSON, person), known)
            if not _says_nothing(row):
                yield replace(row, is_part=False) if row.is_part else row


def _says_nothing(row: Row) -> bool:
    return row.figures.is_empty and not row.figures.before
