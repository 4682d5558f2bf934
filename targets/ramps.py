"""How much of a full quota somebody can carry in each leaf period: new hires, joiners and leavers.

A lower capacity lowers the person's quota, never the team's or the territory's number; the gap is lost capacity.
Rules: domain.md, Ramp; Joining, leaving, moving in mid-period.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol

from django.db import models
from django.db.models import Value

from spm.org.models import ALWAYS, Period
from targets.choices import Proration
from targets.models import RampAssignment, RampStep
from targets.spreading import HUNDRED, Capacity

SATURDAY = 5
EXACT = Decimal("0.00000001")  # shares are kept to eight decimals

type Steps = Sequence[tuple[int, Decimal]]
"""(Month since the start, % of the quota), by month; the first month is 1."""


class HasDays(Protocol):
    """A leaf period, as the table or a page has it; both days inclusive."""

    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...


@dataclass(frozen=True, slots=True)
class Presence:
    """The days somebody is there; None: since ever, or until further notice. Both days inclusive."""

    first: date | None = None
    last: date | None = None

    def days(self, first: date, last: date, policy: str) -> int:
        """Days of presence among these, counted by the policy."""
        start = max(first, self.first) if self.first else first
        end = min(last, self.last) if self.last else last
        return _days(start, end, policy)


@dataclass(frozen=True, slots=True)
class Ramps:
    """The schedules in force: steps of each, the default one, and who has one of their own (None: none at all)."""

    steps: Mapping[int, Steps]
    default: int | None
    own: Mapping[int, tuple[int | None, date]]

    def of(self, person: int, joined: date | None) -> tuple[Steps, date | None]:
        """The steps for this person and the day they start from."""
        if person in self.own:
            schedule, start = self.own[person]
            return self.steps.get(schedule or 0, ()), start
        return self.steps.get(self.default or 0, ()), joined


def read_ramps() -> Ramps:
    """Every schedule and assignment: one query."""
    steps: dict[int, list[tuple[int, Decimal]]] = defaultdict(list)
    own: dict[int, tuple[int | None, date]] = {}
    default = None
    for schedule, is_default, month, percent, person, start in _rows():
        if person is not None:
            own[person] = (schedule, start)
            continue
        steps[schedule].append((month, percent))
        default = schedule if is_default else default
    return Ramps({schedule: tuple(sorted(row)) for schedule, row in steps.items()}, default, own)


def _rows() -> Any:
    """(schedule, is it the default, month, percent, None, None) of steps; (schedule, …, person, day) of assignments."""
    nobody, never = Value(None, models.BigIntegerField()), Value(None, models.DateField())
    steps = RampStep.objects.order_by().annotate(of=nobody, since=never)
    own = RampAssignment.objects.order_by().annotate(
        default=Value(value=False), month=Value(0), share=Value(Decimal(0))
    )
    found: Any = steps.values_list("schedule_id", "schedule__is_default", "month_no", "percent", "of", "since")
    return found.union(own.values_list("schedule_id", "default", "month", "share", "person_id", "starts_on"), all=True)


def capacity(
    leaves: Sequence[Period], presence: Presence, policy: str, steps: Steps = (), ramp_from: date | None = None
) -> Capacity:
    """The share of a full number per leaf period, and of the year where the policy counts days.

    ``policy``: a ``Proration``. ``ramp_from``: the day the first step starts; None or ALWAYS: no ramp.
    """
    counted = Proration.WORKING if policy == Proration.WORKING else Proration.DAYS
    there = [presence.days(leaf.starts_on, leaf.ends_on, counted) for leaf in leaves]
    inside = [_days(leaf.starts_on, leaf.ends_on, counted) for leaf in leaves]
    started = steps and ramp_from is not None and ramp_from > ALWAYS
    ramped = [ramp_percent(steps, ramp_from, leaf) if started and ramp_from else HUNDRED for leaf in leaves]
    shares = tuple(
        (Decimal(days) / whole * percent / HUNDRED).quantize(EXACT)
        for days, whole, percent in zip(there, inside, ramped, strict=True)
    )
    if policy == Proration.SEASON or all(share == 1 for share in shares):
        return Capacity(shares)
    weighed = sum((days * percent for days, percent in zip(there, ramped, strict=True)), Decimal(0))
    return Capacity(shares, (weighed / HUNDRED / sum(inside)).quantize(EXACT))


def ramp_percent(steps: Steps, ramp_from: date, leaf: HasDays) -> Decimal:
    """The percent of the quota carried in a leaf period: by months since the start, the month of the start is 1."""
    middle = leaf.starts_on + (leaf.ends_on - leaf.starts_on) / 2
    number = (middle.year - ramp_from.year) * 12 + middle.month - ramp_from.month + 1
    if number < 1 or number > steps[-1][0]:
        return HUNDRED
    reached = bisect_right([month for month, _percent in steps], number)
    return steps[reached - 1][1] if reached else HUNDRED


def _days(first: date, last: date, policy: str) -> int:
    length = max((last - first).days + 1, 0)
    if policy != Proration.WORKING:
        return length
    weeks, rest = divmod(length, 7)
    return weeks * 5 + sum((first + timedelta(days=day)).weekday() < SATURDAY for day in range(rest))
