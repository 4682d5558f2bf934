"""Reads text tables (CSV) row by row; the whole file is never in memory."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from spm.imports.sheets import BadFile, Refusal, RowChecker, SheetRow, Table, checked_headers

DELIMITERS = ",;\t|"
MAX_LINE = 1_000_000  # characters
BLOCK = 1 << 20  # bytes

BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

type Opener = Callable[[], BinaryIO]


def read_csv(open_bytes: Opener, delimiter: str | None = None, encoding: str | None = None) -> Table:
    """Open a text table; ``open_bytes`` gives a fresh stream at the file's first byte each time.

    Rows are numbered as a spreadsheet shows them: a record with line breaks inside quotes is one row, and a line
    ``sep=;`` at the top, which spreadsheets hide, is none. Raises BadFile with a sentence; a row that goes wrong by
    itself is a refusal instead.
    """
    found = _encoding(open_bytes, encoding)
    _check_decodes(open_bytes, found)
    mark = delimiter or _declared_delimiter(open_bytes, found) or _likely_delimiter(open_bytes, found)
    text = _Text(open_bytes, found, mark)
    number, cells = text.header()
    headers = checked_headers(cells, number)

    def open_rows() -> Iterator[SheetRow]:
        return text.rows(headers, number, len(cells))

    if next(open_rows(), None) is None:
        raise BadFile(_("The file has a header but no rows below it."), number)
    return Table(headers, open_rows, [])


class _EndlessLine(Exception):  # noqa: N818  # told with its row
    """A line that is longer than a table's can be."""


class _Text:
    """The records of one file, parsed in the same way on every pass."""

    def __init__(self, open_bytes: Opener, encoding: str, delimiter: str) -> None:
        self.open_bytes, self.encoding, self.delimiter = open_bytes, encoding, delimiter

    def header(self) -> tuple[int, list[str]]:
        """The first record that holds anything, with its row number."""
        for number, cells in self.records():
            if isinstance(cells, Refusal):
                raise BadFile(cells.reason, number)
            if any(map(str.strip, cells)):
                return number, cells
        raise BadFile(_("The file is empty."))

    def rows(self, headers: list[str], header_row: int, width: int) -> Iterator[SheetRow]:
        checker = RowChecker(headers, width, header_row)
        for number, cells in self.records():
            if number <= header_row:
                continue
            if isinstance(cells, Refusal):
                checker.last = number
                yield SheetRow(number, [], cells)
            elif row := checker.check(number, cells):
                yield row if row.refusal is None else self._explained(row, cells)

    def _explained(self, row: SheetRow, cells: list[str]) -> SheetRow:
        """The refused row, with the likelier cause where its cells are parted by another mark than the header's."""
        other = next((mark for mark in DELIMITERS if mark != self.delimiter and mark in cells[0]), None)
        if len(cells) > 1 or other is None or row.refusal is None:
            return row
        reason = _("The cells of this row are separated by “%(other)s”, those of the header by “%(mark)s”.") % {
            "other": _shown(other),
            "mark": _shown(self.delimiter),
        }
        return SheetRow(row.number, row.cells, Refusal(row.number, "", cells[0], reason))

    def records(self) -> Iterator[tuple[int, list[str] | Refusal]]:
        """Every record with its row number, blank ones too; a Refusal where its quotes make no sense."""
        with self.open_bytes() as stream:
            lines = _lines(stream, self.encoding, self.delimiter)
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            number, line = 0, 0
            while True:
                number, line = number + 1, reader.line_num
                try:
                    cells = next(reader, None)
                except _EndlessLine:
                    reason = _("Row %(row)d is longer than %(most)d characters: this is not a table.")
                    raise BadFile(reason % {"row": number, "most": MAX_LINE}, number) from None
                except csv.Error as error:
                    yield number, _broken(number, reader.line_num - line, str(error))
                    continue
                if cells is None:
                    return
                yield number, cells


def _broken(number: int, lines: int, error: str) -> Refusal:
    """Why a record cannot be read. One that runs over several lines has swallowed rows: that refuses the file."""
    if "field larger" in error:
        most = csv.field_size_limit()
        reason = _("A cell of row %(row)d is longer than %(most)d characters.") % {"row": number, "most": most}
    elif "unexpected end" in error:
        reason = _("A quotation mark opened in row %(row)d is never closed.") % {"row": number}
    else:
        reason = _("A quotation mark in row %(row)d closes before the cell ends; inside a cell it is doubled.") % {
            "row": number
        }
    if lines > 1 or "unexpected end" in error:
        raise BadFile(reason, number)
    return Refusal(number, "", "", reason)


def _lines(stream: BinaryIO, encoding: str, delimiter: str) -> Iterator[str]:
    """The lines of the file with their ends, without a ``sep=`` line."""
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    first = text.readline(MAX_LINE)
    if first and _separator(first) != delimiter:
        yield _bounded(first)
    while line := text.readline(MAX_LINE):
        yield _bounded(line)


def _bounded(line: str) -> str:
    if len(line) == MAX_LINE:
        raise _EndlessLine
    return line


def _separator(line: str) -> str | None:
    """The mark that a line ``sep=;`` declares, else None. ``"sep=;"`` in quotes counts too."""
    text = line.strip("\r\n").strip('"')
    return text[4] if len(text) == 5 and text[:4].lower() == "sep=" else None


def _declared_delimiter(open_bytes: Opener, encoding: str) -> str | None:
    with open_bytes() as stream:
        return _separator(io.TextIOWrapper(stream, encoding=encoding, newline="").readline(MAX_LINE))


def _likely_delimiter(open_bytes: Opener, encoding: str) -> str:
    """The mark that parts the header into most cells; the earlier of ``,`` ``;`` tab ``|`` where two are equal."""

    def width(mark: str) -> int:
        try:
            return len(_Text(open_bytes, encoding, mark).header()[1])
        except BadFile:
            return 0

    return max(DELIMITERS, key=width)


def _encoding(open_bytes: Opener, chosen: str | None) -> str:
    """The encoding that the byte order mark tells, else the chosen one, else UTF-8."""
    with open_bytes() as stream:
        head = stream.read(4)
    if not head:
        raise BadFile(_("The file is empty."))
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=chosen or "utf-8")
    except (LookupError, ValueError):  # the second of a name with a NUL or half a surrogate pair
        raise BadFile(
            _("There is no text encoding “%(name)s”. Common ones: utf-8, cp1252.") % {"name": chosen}
        ) from None
    return chosen or "utf-8"


def _check_decodes(open_bytes: Opener, encoding: str) -> None:
    """Raise BadFile with the row of the first byte that is not ``encoding``, or of the first NUL."""
    try:
        with open_bytes() as stream:
            text = io.TextIOWrapper(stream, encoding=encoding, newline="")
            while block := text.read(BLOCK):
                if "\0" in block:
                    raise BadFile(*_nul(open_bytes, encoding))
    except UnicodeError:
        row = _row_where(open_bytes, encoding, lambda line: any("\udc80" <= sign <= "\udcff" for sign in line))
        raise BadFile(
            _(
                "Row %(row)s is not written in %(encoding)s. Save the file as “CSV UTF-8”, "
                "or choose the encoding it is in, such as cp1252."
            )
            % {"row": row or "?", "encoding": encoding.upper()},
            row,
        ) from None


def _nul(open_bytes: Opener, encoding: str) -> tuple[str, int | None]:
    row = _row_where(open_bytes, encoding, lambda line: "\0" in line)
    reason = _(
        "Row %(row)s holds a NUL character: the file is damaged, not a text table, or UTF-16 without its mark. "
        "Save it as “CSV UTF-8”."
    )
    return reason % {"row": row or "?"}, row


def _row_where(open_bytes: Opener, encoding: str, is_bad: Callable[[str], bool]) -> int | None:
    """Number of the row, as the spreadsheet shows it, that holds the first line that ``is_bad``; None = unknown."""
    bad_lines: list[int] = []

    def lines() -> Iterator[str]:
        for place, line in enumerate(text, start=1):
            if is_bad(line):
                bad_lines.append(place)
            yield line

    with open_bytes() as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
        try:
            for number, _cells in enumerate(csv.reader(lines()), start=1):
                if bad_lines:
                    return number
        except (csv.Error, UnicodeError):
            return None
    return None


def _shown(mark: str) -> str:
    return _("tab") if mark == "\t" else mark
