"""A tree map drawn by the server: rectangles whose areas are as their sizes, as square as they get. Pure.

Squarified: the largest first, each row filled along the shorter side until one more would make its rectangles longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

TENTH = Decimal("0.1")
GAP = Decimal(2)
LETTER = Decimal("7.4")  # width of a letter of 13 units, on the safe side
LINE, INSET, MIN_NAME = 18, 8, Decimal(44)


@dataclass(frozen=True, slots=True)
class Frame:
    """The box of a drawing, in its units."""

    width: int
    height: int


WIDE, NARROW, PHONE = Frame(1100, 320), Frame(700, 320), Frame(330, 420)


@dataclass(frozen=True, slots=True)
class Tile:
    """One rectangle, as attribute texts; ``name`` and ``note`` are what of them fits into it."""

    index: int  # of the size it stands for
    x: str
    y: str
    width: str
    height: str
    name: str
    note: str


@dataclass(frozen=True, slots=True)
class Rect:
    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal


def draw(sizes: Sequence[Decimal], labels: Sequence[tuple[str, str]], frame: Frame) -> list[Tile]:
    """A tile per positive size, in the order of ``sizes``; ``labels`` are (name, note) each."""
    order = sorted((i for i, size in enumerate(sizes) if size > 0), key=lambda i: (-sizes[i], i))
    rects = squarify(
        [sizes[i] for i in order], Rect(Decimal(0), Decimal(0), Decimal(frame.width), Decimal(frame.height))
    )
    tiles = [_tile(i, rect, *labels[i]) for i, rect in zip(order, rects, strict=True)]
    return sorted(tiles, key=lambda tile: tile.index)


def squarify(sizes: Sequence[Decimal], box: Rect) -> list[Rect]:
    """Rectangles that fill ``box``, areas as ``sizes`` (positive, falling), in their order."""
    if not sizes:
        return []
    scale = box.width * box.height / sum(sizes)
    areas, found, start = [size * scale for size in sizes], [], 0
    while start < len(areas):
        side, end = min(box.width, box.height), start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(areas[start:end], side):
            end += 1
        row, box = _row(areas[start:end], box, is_last=end == len(areas))
        found += row
        start = end
    return found


def _worst(areas: Sequence[Decimal], side: Decimal) -> Decimal:
    """The longest of the rectangles of one row, as length ÷ breadth."""
    thick = sum(areas) / side
    return max(max(thick * thick / area, area / (thick * thick)) for area in areas)


def _row(areas: Sequence[Decimal], box: Rect, *, is_last: bool) -> tuple[list[Rect], Rect]:
    """One row along the shorter side of ``box``, and what is left of it."""
    upright = box.width >= box.height
    side, other = (box.height, box.width) if upright else (box.width, box.height)
    thick = other if is_last else sum(areas) / side
    found, at = [], Decimal(0)
    for area in areas:
        length = area / thick
        found.append(Rect(box.x, box.y + at, thick, length) if upright else Rect(box.x + at, box.y, length, thick))
        at += length
    left = (
        Rect(box.x + thick, box.y, box.width - thick, box.height)
        if upright
        else Rect(box.x, box.y + thick, box.width, box.height - thick)
    )
    return found, left


def _tile(index: int, rect: Rect, name: str, note: str) -> Tile:
    width, height = max(rect.width - GAP, Decimal(1)), max(rect.height - GAP, Decimal(1))
    letters = int((width - 2 * INSET) / LETTER)
    fits = width >= MIN_NAME and height >= LINE + INSET and letters > 2
    shown = name if len(name) <= letters else f"{name[: letters - 1]}…"
    return Tile(
        index,
        _text(rect.x),
        _text(rect.y),
        _text(width),
        _text(height),
        shown if fits else "",
        note if fits and height >= 2 * LINE + INSET and len(note) <= letters else "",
    )


def _text(value: Decimal) -> str:
    return f"{value.quantize(TENTH, rounding=ROUND_HALF_UP):f}"
