"""The lines of the pacing chart: plan or quota, last year and actual, cumulated by day. Pure.

Amounts in company currency. A leaf period's quota runs linearly over its days, as pace does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from spm.dashboards.board import pairs
from spm.dashboards.figures import ZERO, Cells
from spm.dashboards.marks import Mark
from spm.dashboards.periods import Window

type Points = list[tuple[date, Decimal]]


@dataclass(frozen=True, slots=True)
class Pacing:
    """Three lines, each a list of (day, amount so far). ``goal`` is the plan where every leaf period has one, else the
    quota: the actual has all of them.

    ``before`` is what the others are compared with: an earlier period, or the plan beside the quota.
    """

    goal: Points
    goal_is_plan: bool
    before: Points
    actual: Points
    today: date | None  # None where the clock's day lies outside the window
    marks: tuple[Mark, ...] = ()  # revisions of the goal
    ahead: Decimal = ZERO  # of what is credited, dated after the clock's day

    @property
    def highest(self) -> Decimal:
        return max((amount for line in (self.goal, self.before, self.actual) for _, amount in line), default=ZERO)


def pacing(
    window: Window,
    cells: Cells,
    today: date,
    credited: Mapping[date, Decimal],
    before: Mapping[date, Decimal],
    *,
    against_plan: bool,
) -> Pacing:
    """``credited`` and ``before``: the sum of each day that has one, of the window and of what it is compared with."""
    plans = [cells[leaf.pk].plan for leaf in window.leaves if leaf.pk in cells]
    has_plan = against_plan and any(plans) and None not in plans
    inside = window.starts_on <= today <= window.ends_on
    last = min(today, window.ends_on)
    ahead = sum((amount for day, amount in credited.items() if last < day <= window.ends_on), ZERO)
    return Pacing(
        goal=goal_line(window, cells, is_plan=has_plan),
        goal_is_plan=has_plan,
        before=_before(window, before) if before else [],
        actual=_actual(window.starts_on, last, credited, ahead) if window.has_begun else [],
        today=today if inside else None,
        ahead=ahead,
    )


def goal_line(window: Window, cells: Cells, *, is_plan: bool) -> Points:
    """The plan or the quota, cumulated by leaf period; empty where there is none. A plan ends before the first leaf
    period without one, for what is credited from there on stands beside nothing.
    """
    points, reached = [(window.starts_on, ZERO)], ZERO
    for leaf in window.leaves:
        cell = cells.get(leaf.pk)
        amount = (cell.plan if is_plan else cell.quota) if cell else None
        if is_plan and cell and amount is None:
            break
        reached += amount or ZERO
        points.append((leaf.ends_on, reached))
    return points if reached else []


def _cumulated(first: date, last: date, amounts: Mapping[date, Decimal]) -> Points:
    """One point per day on which something was credited, and one at each end."""
    points, reached = [(first, amounts.get(first, ZERO))], amounts.get(first, ZERO)
    for day in sorted(day for day in amounts if first < day <= last):
        reached += amounts[day]
        points.append((day, reached))
    if points[-1][0] < last:
        points.append((last, reached))
    return points


def _actual(first: date, last: date, amounts: Mapping[date, Decimal], ahead: Decimal) -> Points:
    """To the clock's day, where the line ends with all that the totals count: ``ahead`` is dated later."""
    *points, (day, reached) = _cumulated(first, last, amounts)
    return [*points, (day, reached + ahead)]


def _before(window: Window, amounts: Mapping[date, Decimal]) -> Points:
    """The comparison laid over the window: each of its days on the day as far into the leaf period, at most its end."""
    laid: dict[date, Decimal] = {}
    for leaf, earlier in pairs(window):
        for day, amount in amounts.items():
            if earlier.starts_on <= day <= earlier.ends_on:
                on = min(leaf.starts_on + (day - earlier.starts_on), leaf.ends_on)
                laid[on] = laid.get(on, ZERO) + amount
    return _cumulated(window.starts_on, window.leaves[len(pairs(window)) - 1].ends_on, laid)


def at(points: Points, day: date) -> Decimal | None:
    """The amount reached on ``day``; None before a line begins or after it ends."""
    if not points or not points[0][0] <= day <= points[-1][0]:
        return None
    return [amount for start, amount in points if start <= day][-1]


def pushed_apart(values: Sequence[Decimal], gap: Decimal) -> list[Decimal]:
    """Heights for labels so that none is nearer than ``gap`` to the next; order kept, moved upward alone."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    placed: dict[int, Decimal] = {}
    floor: Decimal | None = None
    for i in order:
        height = values[i] if floor is None else max(values[i], floor + gap)
        placed[i], floor = height, height
    return [placed[i] for i in range(len(values))]


def middle(first: date, last: date) -> date:
    return first + timedelta(days=(last - first).days // 2)
