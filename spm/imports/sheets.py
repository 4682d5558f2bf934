"""What a reader hands over: a table of text cells with the row numbers that a spreadsheet shows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.errors import RuleViolation
from spm.keys import normalise
from spm.ui.exports import unguarded

MAX_BLANK_ROWS = 1_000
MAX_COLUMNS = 500
MAX_HEADER = 200  # characters


class BadFile(RuleViolation):
    """The file as a whole cannot be read; ``row`` is where it goes wrong, as the spreadsheet shows it, if known."""

    def __init__(self, reason: str, row: int | None = None) -> None:
        super().__init__(reason)
        self.row = row


class BadMapping(RuleViolation):
    """The mapping itself is wrong, or does not fit the file or the kind."""


class Native(str):
    """Text of a cell that a workbook stores as a number, date or boolean: plain decimal, ISO date, TRUE or FALSE.

    Only ``formats.decide_format`` looks at the difference: such a cell shows how the column's numbers are written.
    """

    __slots__ = ()


NO_VALUE = "#FORMULA!"
"""What stands for a formula whose value the workbook does not hold; spreadsheets have no such error of their own."""

ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA", NO_VALUE)
)

type Cell = str
"""Text as the file has it, blanks at its ends included; Native where a workbook stores something else.

The apostrophe that our own exports put before what looks like a formula is gone (INV-19).
"""


class Refusal(NamedTuple):
    """One reason why a row cannot be loaded; ``column`` is empty where it is the whole row."""

    number: int  # as the spreadsheet shows it
    column: str
    value: str
    reason: str


class SheetRow(NamedTuple):
    """One row with as many cells as the table has headers, unless ``refusal`` says why it has not."""

    number: int
    cells: list[Cell]
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user or the profile says about the file; None = look."""

    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    usual_sheet: str = ""  # of several, where nobody chose: the one called as the kind of import


@dataclass
class Table:
    """An opened file: its headers, notes for the preview, and its rows as often as one likes.

    ``open_rows`` starts a new pass over the file; nothing but the current row is held in memory.
    """

    headers: list[str]
    open_rows: Callable[[], Iterator[SheetRow]]
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> Iterator[SheetRow]:
        """A fresh pass over the rows below the header; blank rows are left out. May raise BadFile on the way."""
        return self.open_rows()


def checked_headers(cells: Sequence[str], row: int) -> list[str]:
    """The headers of the first row that holds anything, without unnamed columns at its right end.

    Raises BadFile for a column without a name between named ones, for two names that differ at most by case and
    blanks (csv.DictReader would keep the last), and for a row that cannot be a header.
    """
    headers = [unguarded(cell.strip()) for cell in cells]
    while headers and not headers[-1]:
        headers.pop()
    if len(headers) > MAX_COLUMNS:
        raise BadFile(_("The header has more than %(most)d columns.") % {"most": MAX_COLUMNS}, row)
    seen: set[str] = set()
    for place, header in enumerate(headers, start=1):
        if not header:
            raise BadFile(
                _("Column %(place)d of the header (row %(row)d) has no name. Name it or delete the column.")
                % {"place": place, "row": row},
                row,
            )
        if len(header) > MAX_HEADER:
            raise BadFile(_("Row %(row)d is not a header: a name is too long.") % {"row": row}, row)
        key = normalise(header)
        if key in seen:
            raise BadFile(
                _("Two columns are named “%(header)s”. Rename or delete one of them.") % {"header": header}, row
            )
        seen.add(key)
    return headers


@dataclass(slots=True)
class RowChecker:
    """Turns raw rows below a header into SheetRows: skips blank ones, refuses what does not fit the header."""

    headers: list[str]
    width: int  # cells a row must have: the header's, unnamed columns at its right end included; 0 = rows are padded
    last: int  # number of the last row that held anything

    def check(self, number: int, cells: list[Cell]) -> SheetRow | None:
        """The row, or None for a blank one. Raises BadFile where rows follow a long blank stretch."""
        if not any(map(str.strip, cells)):
            return None
        if number - self.last > MAX_BLANK_ROWS:
            raise BadFile(
                _("Row %(row)d comes after more than %(most)d blank rows. Delete the blank rows, or the rest.")
                % {"row": number, "most": MAX_BLANK_ROWS},
                number,
            )
        self.last = number
        cells = [unguarded(cell) if cell[:1] == "'" else cell for cell in cells]
        named = len(self.headers)
        if not self.width:
            cells = cells + [""] * (named - len(cells))
        if len(cells) == named and self.width in (named, 0) and cells[0] != self.headers[0]:
            return SheetRow(number, cells)
        return SheetRow(number, cells[:named], self._refusal(number, cells))

    def _refusal(self, number: int, cells: list[Cell]) -> Refusal | None:
        named = len(self.headers)
        if self.width and len(cells) != self.width:
            reason = ngettext(
                "The row has %(cells)d cell where the header has %(headers)d.",
                "The row has %(cells)d cells where the header has %(headers)d.",
                len(cells),
            ) % {"cells": len(cells), "headers": self.width}
            return Refusal(number, "", "", reason)
        if any(map(str.strip, cells[named:])):
            value = next(cell for cell in cells[named:] if cell.strip())
            return Refusal(number, "", value, _("The value stands in a column without a name."))
        if [cell.strip() for cell in cells[:named]] == self.headers:
            return Refusal(number, "", cells[0], _("The row repeats the header: a second table begins here."))
        return None
