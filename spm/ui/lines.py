"""Lines over time drawn by the server, for paper: Plotly would freeze at the width of the screen. Pure.

The places of points are shares of the time shown (0 to 1), amounts are in the unit of the axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from spm.ui.geometry import nice_ticks

type Point = tuple[Decimal, Decimal]
WIDTH, HEIGHT = 690, 240
LEFT, RIGHT, TOP, BOTTOM = Decimal(36), Decimal(580), Decimal(28), Decimal(216)
APART = Decimal(15)  # the height of a label


@dataclass(frozen=True, slots=True)
class Line:
    """``kind``: plan, last-year or actual. ``is_stepped``: what a day brought stands from that day on."""

    kind: str
    text: str
    points: Sequence[Point]
    is_stepped: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line as attribute texts; its name stands at (x, y)."""

    kind: str
    text: str
    points: str
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """``ticks``: (y, amount); ``spans``: (x of the middle, name); ``today``: x of the clock's day, or empty."""

    width: int
    height: int
    unit: str
    lines: tuple[Drawn, ...]
    ticks: tuple[tuple[str, str], ...]
    spans: tuple[tuple[str, str], ...]
    today: str


def draw(
    lines: Sequence[Line], spans: Sequence[tuple[Decimal, str]], unit: str, today: Decimal | None = None
) -> Drawing:
    """The drawing of these lines; those without points are left out. ``spans``: where names stand on the axis."""
    shown = [line for line in lines if line.points]
    amounts = [amount for line in shown for _place, amount in line.points] or [Decimal(0)]
    ticks = nice_ticks(min(Decimal(0), *amounts), max(Decimal(0), *amounts))
    low, high = ticks[0], ticks[-1]

    def down(amount: Decimal) -> Decimal:
        return BOTTOM - (amount - low) / (high - low) * (BOTTOM - TOP)

    heights = _apart([down(line.points[-1][1]) for line in shown])
    return Drawing(
        width=WIDTH,
        height=HEIGHT,
        unit=unit,
        lines=tuple(
            Drawn(
                kind=line.kind,
                text=line.text,
                points=" ".join(f"{_across(x):.1f},{down(y):.1f}" for x, y in _steps(line)),
                x=f"{_across(line.points[-1][0]) + 5:.1f}",
                y=f"{height + 4:.1f}",
            )
            for line, height in zip(shown, heights, strict=True)
        ),
        ticks=tuple((f"{down(tick):.1f}", f"{tick.normalize():f}") for tick in ticks),
        spans=tuple((f"{_across(place):.1f}", name) for place, name in spans),
        today="" if today is None else f"{_across(today):.1f}",
    )


def _across(place: Decimal) -> Decimal:
    return LEFT + place * (RIGHT - LEFT)


def _steps(line: Line) -> list[Point]:
    """A stepped line runs level to the next point, then up."""
    if not line.is_stepped:
        return list(line.points)
    found: list[Point] = [line.points[0]]
    for place, amount in line.points[1:]:
        found += [(place, found[-1][1]), (place, amount)]
    return found


def _apart(heights: Sequence[Decimal]) -> list[Decimal]:
    """The same heights, pushed down where two labels would cover each other; order kept."""
    placed: dict[int, Decimal] = {}
    floor: Decimal | None = None
    for i in sorted(range(len(heights)), key=lambda i: heights[i]):
        placed[i] = heights[i] if floor is None else max(heights[i], floor + APART)
        floor = placed[i]
    return [placed[i] for i in range(len(heights))]
