"""The formulas of sales performance, pure: every ratio on a screen or in an export is derived here and nowhere else.

All amounts: company currency, one measure, one window. ``None`` means that the figure does not exist ("no quota"),
never 0 % or infinity. Rules: domain.md §2 and the worked quarter at its top.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

HUNDRED = Decimal(100)


def attainment(credited: Decimal, quota: Decimal | None) -> Decimal | None:
    """Ratio of the quota reached: Decimal("1.2") is 120 %. Not capped; below 0 follows from credit notes.

    Raises ValueError for a negative quota.
    """
    if quota is not None and quota < 0:
        raise ValueError(f"quota must not be negative: {quota}")
    return credited / quota if quota else None


def attainment_pct(credited: Decimal, quota: Decimal | None) -> Decimal | None:
    """Attainment in percent with two decimals, rounded half up (the form of exports)."""
    ratio = attainment(credited, quota)
    return None if ratio is None else (ratio * HUNDRED).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def variance(credited: Decimal, quota: Decimal | None) -> Decimal | None:
    """Credited − full-period quota; negative is bad. A quota of zero is no quota."""
    return credited - quota if quota else None


def expected_to_date(leaves: Iterable[tuple[Decimal | None, int, int]]) -> Decimal:
    """The part of a quota that should be in by the clock's day.

    ``leaves``: (quota of the leaf period, days elapsed, days in all), the clock's day included. Linear by calendar
    day inside a leaf period; the season stands in the leaf quotas themselves.
    """
    return sum(((quota or Decimal(0)) * elapsed / days for quota, elapsed, days in leaves), Decimal(0))


def pace(credited: Decimal, expected: Decimal) -> Decimal | None:
    """Credited ÷ expected to date."""
    return credited / expected if expected else None


def pace_gap(credited: Decimal, expected: Decimal) -> Decimal:
    """Credited − expected to date; negative is behind."""
    return credited - expected


def to_go(credited: Decimal, quota: Decimal | None) -> Decimal | None:
    """What is left to the full-period quota, never below 0."""
    return max(quota - credited, Decimal(0)) if quota else None


def share_elapsed(expected: Decimal, quota: Decimal | None) -> Decimal | None:
    """Season-weighted share of the period that has passed, by its quota."""
    return expected / quota if quota else None


def run_rate(credited: Decimal, elapsed: Decimal | None) -> Decimal | None:
    """What the whole period would bring at this pace: credited ÷ season-weighted share elapsed."""
    return credited / elapsed if elapsed else None


def needed_per_month(left: Decimal | None, months_left: Decimal) -> Decimal | None:
    """To go spread over the leaf periods left, a fraction of one included; None once there is no time left."""
    return left / months_left if left is not None and months_left > 0 else None


def coverage(open_pipeline: Decimal, left: Decimal | None) -> Decimal | None:
    """Open pipeline closing in the window ÷ to go; undefined once the quota is met."""
    return open_pipeline / left if left else None


def over_assignment(children: Decimal | None, parent: Decimal | None) -> Decimal | None:
    """(Sum one level down ÷ the number above) − 1."""
    return children / parent - 1 if children is not None and parent else None


def margin_rate(margin: Decimal, base: Decimal) -> Decimal | None:
    """Margin ÷ the revenue it was earned on, from sums at every level, never averaged."""
    return margin / base if base else None
