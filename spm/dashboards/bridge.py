"""The lying bridge, drawn by the server: plan to date, over-assignment, quota to date, teams, actual.

Bars run from 0: standing upright the differences would be three pixels high.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.dashboards.figures import ZERO, Figures
from spm.ui.geometry import nice_ticks
from spm.ui.numbers import number, percent, signed_thousands, thousands

MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things stand in a drawing, in its units: bars from ``left`` to ``right``, below the top of each row."""

    left: int
    right: int
    row: int
    bar: int
    label: int


WIDE, NARROW = Frame(176, 1000, 32, 7, 20), Frame(176, 600, 32, 7, 20)
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


def bridge(total: Figures, parts: Sequence[tuple[str, Decimal]]) -> Bridge | None:
    """``parts``: (name, gap to quota pace), which add up to the whole gap. None without a quota."""
    if not total.quota or not total.expected:
        return None
    steps = tuple(_steps(total, parts))
    lowest = min(ZERO, *(min(step.starts, step.ends) for step in steps))
    highest = max(max(step.starts, step.ends) for step in steps)
    ticks = nice_ticks(lowest / 1000, highest / 1000, 5)
    return Bridge(steps, *(_drawn(steps, ticks, frame) for frame in (WIDE, NARROW, PHONE)))


def _drawn(steps: Sequence[Step], ticks: Sequence[Decimal], frame: Frame) -> Drawing:
    marks = tuple((f"{_x(tick, ticks, frame):.1f}", number(tick)) for tick in ticks)
    return Drawing(_bars(steps, ticks, frame), marks, len(steps) * frame.row + 24)


def _steps(total: Figures, parts: Sequence[tuple[str, Decimal]]) -> list[Step]:
    steps, reached = [], total.expected
    if total.plan_expected:
        pad = total.expected - total.plan_expected
        label = _("Over-assignment, %(share)s") % {"share": percent(pad / total.plan_expected, 1)}
        steps.append(Step(_("Plan to date"), "total", ZERO, total.plan_expected, thousands(total.plan_expected)))
        steps.append(Step(label, "pad", total.plan_expected, total.expected, signed_thousands(pad)))
    steps.append(Step(_("Quota to date"), "total", ZERO, total.expected, thousands(total.expected)))
    for name, gap in _few(parts):
        kind = "up" if gap >= 0 else "down"
        steps.append(Step(name, kind, reached, reached + gap, signed_thousands(gap)))
        reached += gap
    steps.append(Step(_("Actual"), "actual", ZERO, total.actual, thousands(total.actual)))
    return steps


def _few(parts: Sequence[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    """The largest parts, gains first, and all others as one."""
    kept = sorted(parts, key=lambda part: -abs(part[1]))[:MOST_STEPS]
    rest = sum((gap for name, gap in parts if (name, gap) not in kept), ZERO)
    ordered = sorted(kept, key=lambda part: -part[1])
    return [*ordered, (_("All others"), rest)] if rest else ordered


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
