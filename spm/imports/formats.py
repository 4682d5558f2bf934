"""How a file writes its dates and numbers: decided once per column over the whole file, never per row.

What the file itself cannot tell (is 03/04/2026 in March or in April, is 1,200 twelve hundred or one point two) is
asked, never guessed. Rule: reliability.md §2, "Date order and decimal sign".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.imports.dates import DAY_FIRST, MONTH_FIRST, order_evidence
from spm.imports.kinds import Column, ColumnType
from spm.imports.sheets import Native
from spm.ui.numbers import decimals_of, number
from spm.ui.written_numbers import NotANumber, is_short, mark_evidence, parse_number

NUMBERS = (ColumnType.AMOUNT, ColumnType.NUMBER, ColumnType.RATE, ColumnType.INTEGER)
MAX_DISTINCT = 50_000  # texts looked at per column, in the order of the file; dates and shapes of numbers repeat
SHORT_PLACES = 4  # of an amount
SHAPE = str.maketrans("0123456789", "0" + "9" * 9)


class BadFormat(RuleViolation):
    """The chosen date format, decimal sign or thousands mark makes no sense."""


@dataclass(frozen=True, slots=True)
class Format:
    """How one column writes dates and numbers. Blanks and apostrophes part thousands in any format.

    ``date`` is a strptime pattern; dates that begin with the year or name the month in English are read in any
    format. ``thousands`` "" means the one of point and comma that ``decimal`` is not.
    """

    date: str = "%Y-%m-%d"
    decimal: str = "."
    thousands: str = ""


@dataclass(frozen=True, slots=True)
class FormatChoice:
    """What the user or the profile decides for all columns; None = look at the file."""

    date: str | None = None
    decimal: str | None = None
    thousands: str | None = None

    def __post_init__(self) -> None:
        if self.date is not None:
            _check_date(self.date)
        if self.decimal not in (None, ".", ","):
            raise BadFormat(_("The decimal sign is “.” or “,”, not “%(sign)s”.") % {"sign": self.decimal})
        if self.thousands not in (None, "", ".", ",", " ", "'"):
            raise BadFormat(_("The thousands mark “%(mark)s” is not known.") % {"mark": self.thousands})
        if self.thousands and self.thousands == self.decimal:
            raise BadFormat(_("The decimal sign and the thousands mark must differ."))


def _check_date(pattern: str) -> None:
    if "%y" in pattern:
        raise BadFormat(_("Years of two digits are not read; the date format needs %%Y.") % {})
    has_day = "%Y" in pattern and "%d" in pattern and any(month in pattern for month in ("%m", "%b", "%B"))
    if not has_day:
        raise BadFormat(
            _("“%(pattern)s” is no date format. Examples: %%d/%%m/%%Y, %%m/%%d/%%Y, %%Y-%%m-%%d.")
            % {"pattern": pattern}
        )


@dataclass
class FormatDecision:
    """The format of every column, what the preview tells about it, and the questions only a person can answer."""

    formats: dict[str, Format] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)

    def of(self, column: str) -> Format:
        return self.formats.get(column, PLAIN)


PLAIN = Format()


class HasCells(Protocol):
    """A mapped row."""

    @property
    def cells(self) -> Mapping[str, str]: ...


def decide_format(
    rows: Iterable[HasCells], columns: Sequence[Column], choice: FormatChoice | None = None
) -> FormatDecision:
    """Read all ``rows`` once and decide how each date and number column of ``columns`` is written.

    The result depends on nothing but the set of texts of a column and ``choice``. Where ``asks`` is not empty the
    file must not be loaded before ``choice`` answers it. Numbers that a workbook stores as numbers keep their point
    whatever ``choice`` says.
    """
    choice = choice or FormatChoice()
    watched = [column for column in columns if column.type == ColumnType.DATE or column.type in NUMBERS]
    texts = {column.name: _Texts(is_number=column.type in NUMBERS) for column in watched}
    codes = {column.name: _Codes() for column in columns if column.is_code}
    seen: dict[str, _Texts | _Codes] = {**texts, **codes}
    for row in rows:
        cells = row.cells
        for name, column_texts in seen.items():
            if text := cells.get(name):
                column_texts.add(text)
    decision = FormatDecision(notes=[_told_numbers(name, ids.number) for name, ids in codes.items() if ids.number])
    for column in watched:
        if column.type == ColumnType.DATE:
            decision.formats[column.name] = _dates(column.name, texts[column.name], choice, decision)
        else:
            fmt = _numbers(column.name, texts[column.name], choice, decision)
            decision.formats[column.name] = fmt
            if column.type == ColumnType.AMOUNT:
                _tell_short(column.name, texts[column.name], fmt, decision)
    return decision


def _told_numbers(name: str, text: str) -> str:
    """An id that a workbook stores as a number may have had zeros, which nothing in the file shows."""
    told = _(
        "“%(column)s” holds numbers such as %(text)s: leading zeros that they may have had are lost. "
        "Ids keep them in cells formatted as text."
    )
    return told % {"column": name, "text": text}


def _tell_short(name: str, texts: "_Texts", fmt: Format, decision: FormatDecision) -> None:
    """Show how 1.2M is read where a column holds such amounts."""
    text = next((text.strip() for text in texts.examples.values() if is_short(text)), "")
    if not text:
        return
    try:
        amount, _sign = parse_number(text, fmt.decimal, fmt.thousands, SHORT_PLACES, short=True)
    except NotANumber:
        return  # refused with its row
    told = {"column": name, "text": text, "amount": number(amount, decimals_of(amount))}
    decision.notes.append(_("“%(column)s” holds shortened amounts: %(text)s is read as %(amount)s.") % told)


class _Texts:
    """The distinct texts of one column; of a number only its shape (2,500.75 is 9,990.99), with an example each."""

    def __init__(self, *, is_number: bool) -> None:
        self.is_number = is_number
        self.examples: dict[str, str] = {}
        self.has_natives = False
        self.has_texts = False

    def add(self, text: str) -> None:
        if isinstance(text, Native):
            self.has_natives = True
            return
        self.has_texts = True
        key = text.translate(SHAPE) if self.is_number else text
        if key not in self.examples and len(self.examples) < MAX_DISTINCT:
            self.examples[key] = text


class _Codes:
    """The ids of one column: the first that a workbook stores as a whole number, "" where none is."""

    def __init__(self) -> None:
        self.number = ""

    def add(self, text: str) -> None:
        if not self.number and isinstance(text, Native) and text.isdigit():
            self.number = text


def _dates(name: str, texts: _Texts, choice: FormatChoice, decision: FormatDecision) -> Format:
    if choice.date:
        return Format(date=choice.date)
    found: dict[str, str] = {}
    for text in texts.examples.values():
        found.setdefault(order_evidence(text), text.strip())
    day_first = found.get("day") or found.get("dots")
    month_first = found.get("month")
    if day_first and month_first:
        decision.asks.append(
            _("“%(column)s” holds %(one)s and %(other)s: the order of day and month is mixed. Choose a date format.")
            % {"column": name, "one": day_first, "other": month_first}
        )
    elif "either" in found and not (day_first or month_first):
        decision.asks.append(
            _("“%(column)s” holds %(date)s: day or month first? Choose the date format.")
            % {"column": name, "date": found["either"]}
        )
    elif day_first or month_first:
        told = _("day/month/year") if day_first else _("month/day/year")
        decision.notes.append(
            _("Dates in “%(column)s” are read as %(order)s, because of %(date)s.")
            % {"column": name, "order": told, "date": day_first or month_first}
        )
    if any(":" in text for text in texts.examples):
        decision.notes.append(_("Of the times in “%(column)s” only the day is kept.") % {"column": name})
    if day_first or "same" in found:
        return Format(date=DAY_FIRST if not month_first else MONTH_FIRST)
    return Format(date=MONTH_FIRST) if month_first else PLAIN


def _numbers(name: str, texts: _Texts, choice: FormatChoice, decision: FormatDecision) -> Format:
    if texts.has_natives and texts.has_texts:
        decision.notes.append(_("“%(column)s” holds numbers that are stored as text.") % {"column": name})
    found: dict[str, str] = {}
    for text in texts.examples.values():
        found.setdefault(mark_evidence(text), text.strip())
    if texts.has_natives:
        if "," in found:
            decision.asks.append(
                _("“%(column)s” holds numbers and the text %(text)s. Make all of them numbers in the workbook.")
                % {"column": name, "text": found[","]}
            )
        elif "either ," in found or "either ." in found:
            decision.asks.append(
                _("“%(column)s” holds the text %(text)s among numbers. Make it a number in the workbook.")
                % {"column": name, "text": found.get("either ,") or found["either ."]}
            )
        return PLAIN
    if choice.decimal:
        return Format(decimal=choice.decimal, thousands=choice.thousands or "")
    return _decimal_sign(name, found, decision)


def _decimal_sign(name: str, found: dict[str, str], decision: FormatDecision) -> Format:
    """Weigh the evidence of one column: texts that show a decimal point, a comma, or could be either."""
    if "." in found and "," in found:
        decision.asks.append(
            _("“%(column)s” holds %(one)s and %(other)s: two ways of writing numbers. Choose the decimal sign.")
            % {"column": name, "one": found["."], "other": found[","]}
        )
    elif "." not in found and "," not in found and ("either ." in found or "either ," in found):
        decision.asks.append(
            _("“%(column)s” holds %(text)s: thousands or decimals? Choose the decimal sign.")
            % {"column": name, "text": found.get("either ,") or found["either ."]}
        )
    elif "," in found:
        decision.notes.append(
            _("Numbers in “%(column)s” are read with a decimal comma, because of %(text)s.")
            % {"column": name, "text": found[","]}
        )
        return Format(decimal=",")
    elif "either ," in found:
        decision.notes.append(
            _("Numbers in “%(column)s” are read with a decimal point, because of %(text)s.")
            % {"column": name, "text": found["."]}
        )
    return PLAIN
