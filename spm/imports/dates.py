"""Dates as files write them. Pure functions; the order of day and month is given, never guessed."""

import re
from datetime import date, datetime
from functools import lru_cache

from django.utils.translation import gettext as _

DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
FIRST_YEAR, LAST_YEAR = 1900, 2199

_TIME = re.compile(
    r"[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_YEAR_FIRST = re.compile(r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{2})([0-9]{2}))")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4})")
_SHORT_YEAR = re.compile(
    r"[0-9]{1,2}([-/. ])(?:[0-9]{1,2}|[A-Za-z]{3,9})\1'?[0-9]{2}|[A-Za-z]{3,9} [0-9]{1,2}, [0-9]{2}"
)
_SERIAL = re.compile(r"[0-9]{5}(?:[.,][0-9]+)?")
_WORDS = re.compile(
    r"([0-9]{1,2})[- /]([A-Za-z]{3,9})\.?[- /,]+([0-9]{4})|([A-Za-z]{3,9})\.? ([0-9]{1,2}),? ([0-9]{4})"
)
_MONTH_NAMES = (
    ("january", "jan"),
    ("february", "feb"),
    ("march", "mar"),
    ("april", "apr"),
    ("may",),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names}


class NotADate(ValueError):
    """The text is no date; the message is a sentence for the user."""


def order_of(pattern: str) -> str | None:
    """``"dmy"``, ``"mdy"`` or ``"ymd"`` of a purely numeric strptime pattern, else None."""
    tokens = re.findall(r"%(.)", pattern)
    order = "".join(tokens).lower()
    return order if order in ("dmy", "mdy", "ymd") else None


def order_evidence(text: str) -> str:
    """What a date tells about the order of day and month in its column.

    ``day`` or ``month``: that comes first for certain. ``dots``: 03.04.2026, day first by custom. ``either``: cannot be
    told. ``same``: 03/03/2026 is the same both ways. ``none``: another form, which needs no order.
    """
    match = _YEAR_LAST.fullmatch(_day_part(text)[0])
    if not match:
        return "none"
    first, second = int(match[1]), int(match[3])
    if first > 12 or second > 12:
        return "none" if first > 12 and second > 12 else "day" if first > 12 else "month"
    if first == second:
        return "same"
    return "dots" if match[2] == "." else "either"


@lru_cache(maxsize=20_000)
def parse_date(text: str, pattern: str) -> date:
    """The date that ``text`` writes in ``pattern``. Year-first dates and English month names are read in any pattern.

    A time of day without a zone is dropped. Raises NotADate with a sentence.
    """
    day_text, zone = _day_part(text)
    if zone:
        raise NotADate(_("The time carries a time zone, so the day is not certain. Export the date alone."))
    parts = _year_first(day_text) or _in_words(day_text) or _year_last(day_text, order_of(pattern))
    try:
        found = date(*parts) if parts else datetime.strptime(day_text, pattern).date()  # noqa: DTZ007  # a day, no time
    except ValueError:
        raise NotADate(_why_not(day_text, pattern, is_impossible=parts is not None)) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise NotADate(_("The year must be between %(first)d and %(last)d.") % {"first": FIRST_YEAR, "last": LAST_YEAR})
    return found


def _day_part(text: str) -> tuple[str, str | None]:
    """The text without its time of day, and the time's zone if it has one."""
    text = text.strip()
    match = _TIME.search(text)
    return (text[: match.start()].rstrip(), match[1]) if match else (text, None)


def _year_first(text: str) -> tuple[int, int, int] | None:
    match = _YEAR_FIRST.fullmatch(text)
    return (int(match[1]), int(match[3] or match[5]), int(match[4] or match[6])) if match else None


def _year_last(text: str, order: str | None) -> tuple[int, int, int] | None:
    match = _YEAR_LAST.fullmatch(text) if order in ("dmy", "mdy") else None
    if not match:
        return None
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    return (year, second, first) if order == "dmy" else (year, first, second)


def _in_words(text: str) -> tuple[int, int, int] | None:
    match = _WORDS.fullmatch(text)
    month = _MONTHS.get((match[2] or match[4]).lower()) if match else None
    if not match or not month:
        return None
    return int(match[3] or match[6]), month, int(match[1] or match[5])


def _why_not(text: str, pattern: str, *, is_impossible: bool) -> str:
    if is_impossible:
        return _("There is no such day when read as %(format)s.") % {"format": shown(pattern)}
    if _SHORT_YEAR.fullmatch(text):
        return _("The year has two digits. Write it with four.")
    if _SERIAL.fullmatch(text):
        return _("This is a spreadsheet's serial number, not a date. Format the cells as dates and export again.")
    return _("This is not a date in the format %(format)s.") % {"format": shown(pattern)}


def shown(pattern: str) -> str:
    """A strptime pattern as people write it: DD/MM/YYYY."""
    for token, letters in (("%Y", "YYYY"), ("%m", "MM"), ("%d", "DD"), ("%b", "Mon"), ("%B", "Month")):
        pattern = pattern.replace(token, letters)
    return pattern
