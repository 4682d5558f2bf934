"""Fiscal calendars as plain values: which leaf periods and quarters a fiscal year has. Pure Python.

Nothing else in the project computes a quarter from a month number: the rows made here are stored, and everything
reads the rows. Rule: domain.md, Fiscal calendar.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

ONE_DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


class CalendarKind(StrEnum):
    """How a fiscal year is cut into leaf periods."""

    MONTHS = "months"
    WEEKS_445 = "445"
    WEEKS_454 = "454"
    WEEKS_544 = "544"
    THIRTEEN = "13"
    FILE = "file"


WEEK_PATTERNS = {
    CalendarKind.WEEKS_445: (4, 4, 5),
    CalendarKind.WEEKS_454: (4, 5, 4),
    CalendarKind.WEEKS_544: (5, 4, 4),
}


class Unfit(StrEnum):
    """Why a rule makes no year."""

    NOT_THE_FIRST = "not_the_first"  # a year of calendar months that begins within one
    WEEKS = "weeks"  # neither 52 nor 53 of them
    FILE = "file"  # a calendar that no rule makes
    TOO_FAR = "too_far"  # days after the last one there is


class BadYear(ValueError):
    """No year by this rule; ``why`` says what is wrong, for whoever has words for it."""

    def __init__(self, why: Unfit) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf period ("month"): both ends inclusive."""

    number: int
    quarter: int
    label: str
    starts_on: date
    ends_on: date


def month_leaves(first_day: date) -> list[Leaf]:
    """Twelve calendar months from ``first_day``, which must be the first of a month.

    Each is labelled by its calendar month (``2026-04``), whatever the fiscal year is called.
    Raises BadYear for another day of the month.
    """
    if first_day.day != 1:
        raise BadYear(Unfit.NOT_THE_FIRST)
    leaves = []
    for i in range(12):
        years, month = divmod(first_day.month - 1 + i, 12)
        start = date(first_day.year + years, month + 1, 1)
        end = start.replace(day=monthrange(start.year, start.month)[1])
        leaves.append(Leaf(i + 1, i // 3 + 1, f"{start:%Y-%m}", start, end))
    return leaves


def week_leaves(label: str, first_day: date, kind: CalendarKind, weeks: int) -> list[Leaf]:
    """Twelve leaves of whole weeks (4-4-5 and kin); a 53rd week lengthens the last leaf of the year.

    ``weeks`` is 52 or 53. Raises BadYear for another number.
    """
    _refuse_weeks(weeks)
    lengths = list(WEEK_PATTERNS[kind]) * 4
    lengths[-1] += weeks - 52
    return _from_lengths(label, first_day, lengths, [i // 3 + 1 for i in range(12)])


def thirteen_leaves(label: str, first_day: date, weeks: int) -> list[Leaf]:
    """Thirteen periods of four weeks, quarters of 3, 3, 3 and 4; a 53rd week lengthens the last. Raises BadYear."""
    _refuse_weeks(weeks)
    lengths = [4] * 13
    lengths[-1] += weeks - 52
    return _from_lengths(label, first_day, lengths, [min(i // 3 + 1, 4) for i in range(13)])


def _refuse_weeks(weeks: int) -> None:
    if weeks not in (52, 53):
        raise BadYear(Unfit.WEEKS)


def _from_lengths(label: str, first_day: date, lengths: Sequence[int], quarters: Sequence[int]) -> list[Leaf]:
    leaves, start = [], first_day
    for number, (length, quarter) in enumerate(zip(lengths, quarters, strict=True), start=1):
        end = start + length * WEEK - ONE_DAY
        leaves.append(Leaf(number, quarter, f"{label}-P{number:02}", start, end))
        start = end + ONE_DAY
    return leaves


def leaves_of(kind: str, label: str, first_day: date, weeks: int = 52) -> list[Leaf]:
    """The leaf periods of one fiscal year. Raises BadYear, also for a calendar that comes from a file."""
    kind = CalendarKind(kind)  # stored rows and forms hand over the plain value
    if kind is CalendarKind.FILE:
        raise BadYear(Unfit.FILE)
    try:
        if kind is CalendarKind.MONTHS:
            return month_leaves(first_day)
        if kind is CalendarKind.THIRTEEN:
            return thirteen_leaves(label, first_day, weeks)
        return week_leaves(label, first_day, kind, weeks)
    except BadYear:
        raise
    except (ValueError, OverflowError) as error:  # what datetime says of the year 10000
        raise BadYear(Unfit.TOO_FAR) from error


def year_before(day: date) -> date:
    """The same day a year ago; of 29 February the 28th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def elapsed_share(starts_on: date, ends_on: date, today: date) -> tuple[int, int]:
    """Days elapsed and days in all of a leaf period, the day of the clock included.

    (0, n) before it begins, (n, n) after its end. Rule: design.md §4, pace.
    """
    days = (ends_on - starts_on).days + 1
    return min(max((today - starts_on).days + 1, 0), days), days
