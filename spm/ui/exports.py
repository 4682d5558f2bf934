"""Tables as files: a workbook with real numbers, or CSV. Texts cannot turn into formulas, and come back unchanged.

``columns`` and ``rows`` are what the screen shows, unformatted: Decimal, int, date, datetime, bool, str or None.
The caller records the audit entry. Rule: ux.md §2, Export; reliability.md, Export (INV-19).
"""

import csv
import io
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from spm.ui.standing import shown

XLSX, CSV, CSV_SEMICOLON = "xlsx", "csv", "csv-semicolon"
FORMATS = (XLSX, CSV, CSV_SEMICOLON)
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
CELL_FORMATS = {
    "text": "@",
    "money": "#,##0.00",
    "number": "#,##0.####",
    "rate": "General",
    "percent": "0.0%",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}
KEPT_IN_MEMORY = 5 * 1024 * 1024
SHEET_TITLE_LENGTH = 31
ZIP_BEGIN = datetime(1980, 1, 1)  # noqa: DTZ001  # the earliest time that a zip entry can bear; it has no zone

type Value = Decimal | int | date | datetime | str | Promise | None
type Row = Sequence[Value]


@dataclass(frozen=True)
class Column:
    """A column of a file; ``kind`` is a key of CELL_FORMATS. Percent values are ratios: Decimal("0.96")."""

    header: str | Promise
    kind: str = "text"


@dataclass(frozen=True)
class Sheet:
    """A further table of a workbook; CSV has room for the first alone. ``title`` names the kind of import it is for."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Row]


def export_format(request: HttpRequest) -> str | None:
    """The file asked for by ``?format=xlsx|csv|csv-semicolon``; None = show the page."""
    asked = request.GET.get("format", "")
    return asked if asked in FORMATS else None


def table_response(  # noqa: PLR0913  # what a file consists of, the last three by keyword
    columns: Sequence[Column],
    rows: Iterable[Row],
    filename: str,
    fmt: str,
    filters: Sequence[tuple[str, str]] = (),
    *,
    title: str = "",
    more: Sequence[Sheet] = (),
    as_of: date | None = None,
) -> HttpResponseBase:
    """A download. ``filters`` are the (name, value) pairs in force; a workbook keeps them on a sheet at its end.

    ``title``: of the first sheet of a workbook, by default the file's name. ``as_of``: the day of which the table is,
    told in place of the moment in which the file is made. Raises ValueError for an unknown ``fmt``.
    """
    if fmt not in FORMATS:
        raise ValueError(f"no such format: {fmt}")
    name = slugify(filename) or "export"
    response: HttpResponseBase
    if fmt == XLSX:
        file = workbook([Sheet(title or name, columns, rows), *more], filters, as_of=as_of)
        response = FileResponse(file, as_attachment=True, filename=f"{name}.xlsx")
    else:
        lines = csv_lines(columns, rows, semicolon=fmt == CSV_SEMICOLON)
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def guarded(text: str) -> str:
    """``text`` with an apostrophe before what a spreadsheet would run as a formula.

    An apostrophe that already stands before such a character is doubled, so that ``unguarded`` is exact.
    """
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def unguarded(text: str) -> str:
    """The text that ``guarded`` was given: importing an export changes nothing."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS) else text


def csv_lines(columns: Sequence[Column], rows: Iterable[Row], *, semicolon: bool = False) -> Iterator[bytes]:
    """UTF-8 with a byte-order mark; ISO dates and raw values. ``semicolon``: also a decimal comma, for French Excel."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";" if semicolon else ",", lineterminator="\r\n")
    yield b"\xef\xbb\xbf"
    writer.writerow([guarded(str(column.header)) for column in columns])
    for row in rows:
        writer.writerow([_raw(value, semicolon=semicolon) for value in row])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def workbook(sheets: Sequence[Sheet], filters: Sequence[tuple[str, str]] = (), *, as_of: date | None = None) -> Any:
    """A file object holding the workbook: frozen bold headers, numeric cells with formats, a sheet of filters.

    The same tables and filters ``as_of`` the same day are the same bytes, whenever it is made.
    """
    book = Workbook(write_only=True)
    for one in sheets:
        _add_sheet(book, one)
    _add_filters(book, filters, as_of)
    # The response closes the file once it is sent.
    file = SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115  # outlives this function
    book.properties.created = book.properties.modified = ZIP_BEGIN
    ExcelWriter(book, _Undated(file, "w", ZIP_DEFLATED)).save()
    file.seek(0)
    return file


class _Undated(ZipFile):
    """An archive whose entries do not tell when they were written: openpyxl stamps them and the book with the time."""

    def writestr(self, zinfo_or_arcname: str | ZipInfo, data: Any, *_how: Any) -> None:
        super().writestr(_entry(str(zinfo_or_arcname)), data)

    def write(self, filename: Any, arcname: Any = None, *_how: Any) -> None:
        with Path(filename).open("rb") as written, self.open(_entry(str(arcname)), "w") as entry:
            shutil.copyfileobj(written, entry)


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, ZIP_BEGIN.timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    return entry


def _add_sheet(book: Workbook, one: Sheet) -> None:
    sheet: Any = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", one.title)[:SHEET_TITLE_LENGTH])
    sheet.freeze_panes = "A2"
    for index, column in enumerate(one.columns, start=1):
        width = 28 if column.kind == "text" else 16
        sheet.column_dimensions[get_column_letter(index)].width = max(width, len(str(column.header)) + 2)
    sheet.append([_text_cell(sheet, str(column.header), bold=True) for column in one.columns])
    for row in one.rows:
        sheet.append([_cell(sheet, value, column.kind) for value, column in zip(row, one.columns, strict=True)])


def _add_filters(book: Workbook, filters: Sequence[tuple[str, str]], as_of: date | None) -> None:
    sheet: Any = book.create_sheet(_("Filters")[:SHEET_TITLE_LENGTH])
    sheet.column_dimensions["A"].width = sheet.column_dimensions["B"].width = 28
    made = (_("Exported at"), shown(timezone.localtime()).strftime("%Y-%m-%d %H:%M"))
    for name, value in (*filters, made if as_of is None else (_("As of"), as_of.isoformat())):
        sheet.append([_text_cell(sheet, str(name), bold=True), _text_cell(sheet, str(value))])


def _text_cell(sheet: Any, text: str, *, bold: bool = False) -> Any:
    """A cell typed as a string, whatever it looks like; characters that XML cannot hold are left out."""
    cell = WriteOnlyCell(sheet, value="")
    cell.value = guarded(ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Value, kind: str) -> Any:
    if value is None:
        return None
    if isinstance(value, (str, Promise)):
        return _text_cell(sheet, str(value))
    cell = WriteOnlyCell(sheet, value=_naive(value))
    cell.number_format = CELL_FORMATS[kind]
    return cell


def _naive(value: Any) -> Any:
    """Workbooks know no time zones: the local time of the request, of the second that has begun as in CSV."""
    if not isinstance(value, datetime):
        return value
    local = value if timezone.is_naive(value) else shown(timezone.localtime(value))
    return local.replace(tzinfo=None, microsecond=0)


def _short(value: Decimal) -> Decimal:
    """The same number without the zeros that only the column's scale adds behind the cents: 120.0000 is 120.00."""
    exponent = value.as_tuple().exponent
    cents = round(value, 2) if isinstance(exponent, int) and exponent < -2 else value
    return cents if cents == value else value


def _raw(value: Value, *, semicolon: bool) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return f"{_short(value):f}".replace(".", "," if semicolon else ".")
        case datetime():
            return shown(value).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
    return guarded(str(value))
