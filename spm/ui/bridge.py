"""A waterfall drawn by the server: totals stand on 0, differences hang between them, for three widths of screen.

Bars run sideways: standing upright the differences would be three pixels high.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from spm.ui.geometry import nice_ticks
from spm.ui.numbers import number

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things stand in a drawing, in its units: bars from ``left`` to ``right``, below the top of each row."""

    left: int
    right: int
    row: int
    bar: int
    label: int


WIDE, NARROW = Frame(176, 1000, 32, 7, 20), Frame(176, 600, 32, 7, 20)
LETTER, GAP = 8, 10
"""The width of a digit at the size of the marks, and what is kept free between two of them."""
PHONE = Frame(0, 256, 44, 18, 13)  # the label above its bar


@dataclass(frozen=True, slots=True)
class Step:
    """``kind``: total, pad, up, down or actual. ``starts`` and ``ends`` in currency; ``text`` in k with its sign."""

    label: str
    kind: str
    starts: Decimal
    ends: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One step in drawing units, as attribute texts."""

    label: str
    kind: str
    text: str
    x: str
    y: str
    width: str
    text_x: str
    text_y: str
    label_y: str


@dataclass(frozen=True, slots=True)
class Drawing:
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[str, str], ...]
    height: int


@dataclass(frozen=True, slots=True)
class Bridge:
    steps: tuple[Step, ...]
    wide: Drawing
    narrow: Drawing
    phone: Drawing


def draw(steps: Sequence[Step]) -> Bridge:
    """The drawing of at least one step."""
    lowest = min(ZERO, *(min(step.starts, step.ends) for step in steps))
    highest = max(max(step.starts, step.ends) for step in steps)
    ticks = nice_ticks(lowest / 1000, highest / 1000, 5)
    return Bridge(tuple(steps), *(_drawn(steps, ticks, frame) for frame in (WIDE, NARROW, PHONE)))


def _drawn(steps: Sequence[Step], ticks: Sequence[Decimal], frame: Frame) -> Drawing:
    marks = tuple((f"{_x(tick, ticks, frame):.1f}", number(tick)) for tick in ticks[:: _every(ticks, frame)])
    return Drawing(_bars(steps, ticks, frame), marks, len(steps) * frame.row + 24)


def _every(ticks: Sequence[Decimal], frame: Frame) -> int:
    """Which ticks have room for their number beside the next one's: all, each second, each third …"""
    widest = max(len(number(tick)) for tick in ticks) * LETTER + GAP
    gaps = max(len(ticks) - 1, 1)
    return math.ceil(widest * gaps / (frame.right - frame.left))


def _bars(steps: Sequence[Step], ticks: Sequence[Decimal], frame: Frame) -> tuple[Bar, ...]:
    bars = []
    for i, step in enumerate(steps):
        left, end = sorted((_x(step.starts / 1000, ticks, frame), _x(step.ends / 1000, ticks, frame)))
        bars.append(
            Bar(
                label=step.label,
                kind=step.kind,
                text=step.text,
                x=f"{left:.1f}",
                y=str(i * frame.row + frame.bar),
                width=f"{max(end - left, Decimal(1)):.1f}",
                text_x=f"{end + 8:.1f}",
                text_y=str(i * frame.row + frame.bar + 13),
                label_y=str(i * frame.row + frame.label),
            )
        )
    return tuple(bars)


def _x(thousand: Decimal, ticks: Sequence[Decimal], frame: Frame) -> Decimal:
    return frame.left + (thousand - ticks[0]) / (ticks[-1] - ticks[0]) * (frame.right - frame.left)
