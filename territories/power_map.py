"""The power map as a drawing: support from left to right, influence from bottom to top. Pure: people in, places out.

Drawn by the server as SVG, so that it prints, needs no script, and reads in black and white: the shape is the role,
a hollow mark was never met. People of one field of the grid stand one below the other, so names never overlap. All
numbers are whole and in units of the drawing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

COLUMNS = (None, -2, -1, 0, 1, 2)  # None: support not known
LEFT, UNKNOWN, GAP, CELL = 28, 112, 12, 150
TOP, LINE, LEAST = 8, 18, 52
WIDTH = LEFT + UNKNOWN + GAP + 5 * CELL
FOOT = 40
LONGEST = 18  # characters of a name beside its mark
LABEL = 12  # from the middle of a mark to its name


@dataclass(frozen=True, slots=True)
class Dot:
    """Somebody as the drawing needs them."""

    pk: int
    name: str
    role: str
    influence: int
    support: int | None
    is_met: bool
    reports_to: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    x: int
    y: int
    label: str
    title: str  # the whole name
    role: str
    tone: str  # "for", "against", "open"
    is_met: bool

    @property
    def label_x(self) -> int:
        return self.x + LABEL

    @property
    def label_y(self) -> int:
        return self.y + 4


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line between two marks; ``is_informal``: who listens to whom, bent so that it never covers a straight one."""

    x1: int
    y1: int
    x2: int
    y2: int
    is_informal: bool

    @property
    def path(self) -> str:
        if not self.is_informal:
            return f"M{self.x1} {self.y1}L{self.x2} {self.y2}"
        x, y = (self.x1 + self.x2 + (self.y2 - self.y1) // 3) // 2, (self.y1 + self.y2 - (self.x2 - self.x1) // 3) // 2
        return f"M{self.x1} {self.y1}Q{x} {y} {self.x2} {self.y2}"


@dataclass(frozen=True, slots=True)
class Band:
    """One row of the grid: an influence from 1 to 5."""

    influence: int
    y: int
    height: int

    @property
    def middle(self) -> int:
        return self.y + self.height // 2 + 4


@dataclass(frozen=True, slots=True)
class PowerMap:
    width: int
    height: int
    bottom: int  # where the grid ends
    foot: int  # the line of the words below it
    bands: Sequence[Band]
    columns: Sequence[tuple[int, str]]  # (middle of the column, support as it is written)
    edges: Sequence[int]  # the upright lines of the grid
    marks: Sequence[Mark]
    strokes: Sequence[Stroke]

    @property
    def right(self) -> int:
        return self.width - 6


def draw(dots: Sequence[Dot], informal: Iterable[tuple[int, int]]) -> PowerMap:
    """``informal``: (source, target) pairs of keys, the target listens to the source."""
    cells: dict[tuple[int, int | None], list[Dot]] = defaultdict(list)
    for dot in dots:
        cells[dot.influence, dot.support].append(dot)
    bands, y = [], TOP
    for influence in range(5, 0, -1):
        most = max((len(found) for (row, _support), found in cells.items() if row == influence), default=0)
        bands.append(Band(influence, y, max(LEAST, most * LINE + 16)))
        y += bands[-1].height
    places = {dot.pk: place for band in bands for dot, place in _placed(band, cells)}
    return PowerMap(
        width=WIDTH,
        height=y + FOOT,
        bottom=y,
        foot=y + FOOT - 6,
        bands=bands,
        columns=[(_left(support) + _wide(support) // 2, _written(support)) for support in COLUMNS],
        edges=[LEFT, LEFT + UNKNOWN, *(_left(support) for support in COLUMNS[1:]), WIDTH],
        marks=[_mark(dot, places[dot.pk]) for dot in dots],
        strokes=[*_chiefs(dots, places), *_listeners(informal, places)],
    )


def _placed(band: Band, cells: dict[tuple[int, int | None], list[Dot]]) -> Iterable[tuple[Dot, tuple[int, int]]]:
    for support in COLUMNS:
        found = cells.get((band.influence, support), [])
        first = band.y + (band.height - (len(found) - 1) * LINE) // 2
        for number, dot in enumerate(found):
            yield dot, (_left(support) + 14, first + number * LINE)


def _left(support: int | None) -> int:
    return LEFT if support is None else LEFT + UNKNOWN + GAP + (support + 2) * CELL


def _wide(support: int | None) -> int:
    return UNKNOWN if support is None else CELL


def _written(support: int | None) -> str:
    return "?" if support is None else f"{support:+d}".replace("-", "−").replace("+0", "0")


def _mark(dot: Dot, place: tuple[int, int]) -> Mark:
    label = dot.name if len(dot.name) <= LONGEST else f"{dot.name[: LONGEST - 1].rstrip()}…"
    tone = "open" if not dot.support else "for" if dot.support > 0 else "against"
    return Mark(*place, label, dot.name, dot.role, tone, dot.is_met)


def _chiefs(dots: Sequence[Dot], places: dict[int, tuple[int, int]]) -> Iterable[Stroke]:
    for dot in dots:
        if dot.reports_to in places:
            yield Stroke(*places[dot.pk], *places[dot.reports_to], is_informal=False)


def _listeners(informal: Iterable[tuple[int, int]], places: dict[int, tuple[int, int]]) -> Iterable[Stroke]:
    for source, target in informal:
        if source in places and target in places:
            yield Stroke(*places[source], *places[target], is_informal=True)
