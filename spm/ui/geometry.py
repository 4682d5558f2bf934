"""The geometry of server-drawn SVG, pure: numbers in, attribute strings out. Templates only print them.

Attributes are strings with a decimal point, since the template engine would localise a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from itertools import groupby

ZERO, ONE = Decimal(0), Decimal(1)
TENTH, HUNDREDTH = Decimal("0.1"), Decimal("0.01")


@dataclass(frozen=True)
class Bullet:
    """Widths and positions in percent of the drawing; None = not drawn. ``sentence`` is its text for all readers."""

    track: str
    bar: str
    tick: str | None
    last_year: str | None
    over: bool
    status: str
    sentence: str


def bullet(  # noqa: PLR0913  # the parts of one drawing, all but two by keyword
    actual: Decimal,
    quota: Decimal | None,
    *,
    sentence: str,
    expected: Decimal | None = None,
    last_year: Decimal | None = None,
    status: str = "none",
    scale: Decimal = ONE,
) -> Bullet:
    """A bar of ``actual`` on a track of ``quota``, a tall tick at ``expected``, a small one at ``last_year``.

    ``scale`` is how many quotas the full width stands for; rows of one table share it, so that their ticks stand in
    one line. A bar that would pass the right edge ends there with a mark. Without a quota only the track is drawn.
    """
    if not quota or quota < 0:
        return Bullet("100%", "0%", None, None, False, status, sentence)
    full = quota * scale
    share = actual / full
    return Bullet(
        track=_percent(ONE / scale),
        bar=_percent(share),
        tick=None if expected is None else _percent(expected / full),
        last_year=None if last_year is None else _percent(last_year / full),
        over=share > ONE,
        status=status,
        sentence=sentence,
    )


def shared_scale(ratios: Sequence[Decimal | None], most: Decimal = Decimal("1.25")) -> Decimal:
    """The scale for the bullets of one table: 1, or the best ratio where it is above, at most ``most``."""
    return min(max([ONE, *(ratio for ratio in ratios if ratio is not None)]), most)


@dataclass(frozen=True)
class Sparkline:
    """Polylines (one per unbroken run of values) in a box of 96 × 24, the end dot, and the reference line."""

    lines: tuple[str, ...]
    end: tuple[str, str] | None
    reference: str | None
    status: str
    sentence: str


def sparkline(
    values: Sequence[Decimal | None], *, sentence: str, reference: Decimal | None = None, status: str = "none"
) -> Sparkline:
    """Draw ``values`` evenly from left to right; None leaves a gap. The dot marks the last value there is."""
    known = [value for value in values if value is not None]
    if not known:
        return Sparkline((), None, None, status, sentence)
    bounds = [*known, reference] if reference is not None else known
    low, high = min(bounds), max(bounds)
    step = Decimal(88) / max(len(values) - 1, 1)

    def across(index: int) -> str:
        return _tenth(2 + index * step)

    def down(value: Decimal) -> str:
        return _tenth(Decimal(12) if high == low else 21 - (value - low) / (high - low) * 18)

    places = [(across(i), down(v)) if v is not None else None for i, v in enumerate(values)]
    runs = [[place for place in run if place] for drawn, run in groupby(places, key=bool) if drawn]
    return Sparkline(
        lines=tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1),
        end=runs[-1][-1],
        reference=None if reference is None else down(reference),
        status=status,
        sentence=sentence,
    )


def nice_ticks(low: Decimal, high: Decimal, most: int = 6) -> list[Decimal]:
    """Between 2 and ``most`` round axis values that enclose ``low`` … ``high``, in steps of 1, 2, 2.5 or 5 × 10ⁿ.

    Raises ValueError where ``high`` is below ``low`` or ``most`` below 3: nought is a tick of every step, so values on
    both sides of it take three.
    """
    if high < low or most < 3:
        raise ValueError(f"no ticks for {low} … {high} with at most {most}")
    if low == high:
        low, high = min(low, ZERO), max(high, ONE) if high >= 0 else ZERO
    exponent = ((high - low) / (most - 1)).adjusted()
    for power in range(exponent, exponent + 3):
        for base in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5)):
            step = base.scaleb(power)
            first = (low / step).to_integral_value(ROUND_FLOOR)
            last = (high / step).to_integral_value(ROUND_CEILING)
            if last - first < most:
                return [step * i for i in range(int(first), int(last) + 1)]
    raise AssertionError("a step of a hundred times the span always fits")


def _percent(share: Decimal) -> str:
    """A share as an SVG length, held between 0 and 100 %."""
    held = min(max(share, ZERO), ONE) * 100
    return f"{held.quantize(HUNDREDTH, rounding=ROUND_HALF_UP):f}%"


def _tenth(value: Decimal) -> str:
    return f"{Decimal(value).quantize(TENTH, rounding=ROUND_HALF_UP):f}"
