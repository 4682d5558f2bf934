"""One good table with known totals, and every way of spoiling it, each with its verdict.

A verdict is the exact total of the amounts, or ``REFUSED``, or which rows are refused: as a number, where the whole
file may be refused instead; as a set, exactly these. Nothing may be counted wrong without a word (INV-18).
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import openpyxl
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from spm.errors import RuleViolation
from spm.imports.cells import RowParser
from spm.imports.formats import decide_format
from spm.imports.kinds import Column, ColumnType
from spm.imports.mappings import FileFormat, Mapping
from spm.imports.readers import ReadOptions, read

HEADERS = ["external_id", "date", "email", "name", "amount"]
ROWS = [
    ["0001", "2026-01-13", "ann@example.com", "Zoë, Ltd", "1000.50"],
    ["0002", "2026-01-14", "bob@example.com", 'The "Best"', "-20.25"],
    ["0003", "2026-01-15", "ann@example.com", "Plain", "300.00"],
    ["0004", "2026-02-16", "eve@example.com", "Two words", "4.0001"],
]
TOTAL = sum(Decimal(row[4]) for row in ROWS)
REFUSED = "refused"

KIND = SimpleNamespace(
    columns=(
        Column("external_id", required=True, filled=True, is_code=True),
        Column("date", ColumnType.DATE, required=True, filled=True),
        Column("email", ColumnType.EMAIL),
        Column("name"),
        Column("amount", ColumnType.AMOUNT, required=True, filled=True),
    )
)


@dataclass
class Outcome:
    """What reading a file came to: a total and the refused rows, or the sentence that refused the whole."""

    total: Decimal | None
    refused: dict[int, str]
    reason: str = ""
    rows: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_silent(self) -> bool:
        """Whether it claims to have understood every row."""
        return self.total is not None and not self.refused


def outcome(data: bytes, filename: str, form: FileFormat | None = None) -> Outcome:
    """Read, decide, parse and add up; the only exceptions that may leave the readers are sentences."""
    mapping = Mapping(format=form or FileFormat())
    try:
        table = read(data, filename, ReadOptions(encoding=mapping.format.encoding))
        rows = mapping.apply(table, KIND)
        decision = decide_format(rows, KIND.columns, mapping.format.choice())
        if decision.asks:
            return Outcome(None, {}, decision.asks[0])
        found = _added_up(rows, RowParser(KIND.columns, decision, "USD"))
        found.notes = [*table.notes, *rows.notes, *decision.notes]
        return found
    except RuleViolation as error:
        return Outcome(None, {}, str(error))


def _added_up(rows, parser):
    found = Outcome(Decimal(0), {})
    for row in rows:
        values, refusals = parser.parse(row.number, row.cells)
        refusals = [row.refusal] if row.refusal else refusals
        if refusals:
            found.refused[row.number] = refusals[0].reason
        else:
            found.total += values["amount"]
            found.rows += 1
    return found


def as_csv(rows=None, delimiter=",", end="\n"):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows([HEADERS, *(rows or ROWS)])
    return stream.getvalue()


def put(row, column, text):
    """The good rows with one cell replaced."""
    rows = [list(cells) for cells in ROWS]
    rows[row][HEADERS.index(column)] = text
    return rows


def column_of(column, *texts):
    rows = [list(cells) for cells in ROWS]
    for cells, text in zip(rows, texts, strict=True):
        cells[HEADERS.index(column)] = text
    return rows


def as_workbook(rows, change=None):
    """A workbook whose cells are all text, also what looks like a formula or an error."""
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(cells)
    for row in book.active.iter_rows():
        for cell in row:
            cell.data_type = "s"
    return saved(book, change)


def as_typed_workbook(rows, change=None):
    """A workbook as a spreadsheet makes it: what looks like a number or a day is one, but for leading zeros."""
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append([typed(cell) for cell in cells])
    return saved(book, change)


def saved(book, change):
    """``change(book)`` comes before the saving."""
    if change:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def typed(cell):
    if re.fullmatch(r"\d{4}-\d\d-\d\d", cell or ""):
        return date.fromisoformat(cell)
    return Decimal(cell) if re.fullmatch(r"-?\d+\.\d+|[1-9]\d*", cell or "") else cell


GOOD = as_csv()
LINES = GOOD.splitlines(keepends=True)

# name → (bytes, verdict): a total, the number of the one refused row, or REFUSED for the whole file.
BYTES_AND_LINES = {
    "utf-8 with mark": (GOOD.encode("utf-8-sig"), TOTAL),
    "utf-16 le": (b"\xff\xfe" + GOOD.encode("utf-16-le"), TOTAL),
    "utf-16 be": (b"\xfe\xff" + GOOD.encode("utf-16-be"), TOTAL),
    "utf-16 without mark": (GOOD.encode("utf-16-le"), REFUSED),
    "cp1252": (GOOD.encode("cp1252"), REFUSED),
    "mixed encodings": (GOOD.encode() + "0005,2026-02-17,a@b.de,Caf\xe9,1\n".encode("cp1252"), REFUSED),
    "nul bytes": (GOOD.replace("Plain", "Pl\0in").encode(), REFUSED),
    "cr only": (as_csv(end="\r").encode(), TOTAL),
    "mixed ends": (GOOD.replace("300.00\n", "300.00\r\n").replace("20.25\n", "20.25\r").encode(), TOTAL),
    "no final newline": (GOOD.rstrip("\n").encode(), TOTAL),
    "cut in mid-row": (GOOD[: GOOD.index(",Two words")].encode(), 5),
    "empty": (b"", REFUSED),
    "header only": (LINES[0].encode(), REFUSED),
}

SHAPE = {
    **{f"delimiter {mark!r}": (as_csv(delimiter=mark).encode(), TOTAL) for mark in ";\t|"},
    "delimiter changes midway": ("".join([*LINES[:3], LINES[3].replace(",", ";"), LINES[4]]).encode(), 4),
    "field too few": (GOOD.replace("0003,2026-01-15,", "0003,").encode(), 4),
    "field too many": (GOOD.replace("Plain,", "Plain,,").encode(), 4),
    "stray quote": (GOOD.replace("0003,", '"0003"x,').encode(), 4),
    "unclosed quote": (GOOD.replace("Plain", '"Plain').encode(), REFUSED),
    "newline inside quotes": (GOOD.replace("Plain", '"Pl\nain"').encode(), TOTAL),
    "text before the header": (("Report of May\n" + GOOD).encode(), REFUSED),
    "two-row header": (("Key,When,Who,What,Money\n" + GOOD).encode(), REFUSED),
    "two tables": ((GOOD + "\nteam,lead\nNorth,ann\n").encode(), {7, 8}),
    "repeated header": ((GOOD + GOOD.replace("000", "001")).encode(), 6),
    "duplicate header": (GOOD.replace("name", "Email ").encode(), REFUSED),
    "empty header": (GOOD.replace("name", "").encode(), REFUSED),
    "unknown header": (GOOD.replace("name", "nom").encode(), TOTAL),
    "missing header": (GOOD.replace("amount", "sum").encode(), REFUSED),
    "blank rows": (GOOD.replace("\n0003", "\n\n,,,,\n0003").encode(), TOTAL),
    "total row": ((GOOD + f"Total,,,,{TOTAL}\n").encode(), 6),
    "footnote": ((GOOD + "* without tax\n").encode(), 6),
}

CELLS = {
    "two ways of numbers": (column_of("amount", "1.234,56", "1,234.56", "1", "2"), REFUSED),
    "blanks for thousands": (put(0, "amount", "1 000.50"), TOTAL),
    "apostrophe for thousands": (put(0, "amount", "1'000.50"), TOTAL),
    "comma for thousands": (put(0, "amount", "1,000.50"), TOTAL),
    "decimal commas": (column_of("amount", "1000,50", "-20,25", "300,00", "4,0001"), TOTAL),
    "ambiguous thousands": (column_of("amount", "1,200", "2", "3", "4"), REFUSED),
    "parentheses": (put(1, "amount", "(20.25)"), TOTAL),
    "trailing minus": (put(1, "amount", "20.25-"), TOTAL),
    "unicode minus": (put(1, "amount", "\u221220.25"), TOTAL),
    "currency sign": (put(0, "amount", "$1000.50"), TOTAL),
    "currency code": (put(0, "amount", "1000.50 USD"), TOTAL),
    "mixed currencies": (put(0, "amount", "\u20ac1000.50"), 2),
    "order of days mixed": (column_of("date", "13/01/2026", "01/14/2026", "2026-01-15", "2026-02-16"), REFUSED),
    "order of days unknown": (column_of("date", "03/01/2026", "04/01/2026", "05/01/2026", "06/02/2026"), REFUSED),
    "american dates": (column_of("date", "01/13/2026", "01/14/2026", "01/15/2026", "02/16/2026"), TOTAL),
    **{
        f"amount {text!r}": (put(2, "amount", text), 4)
        for text in (
            "12%",
            "1e5",
            "NaN",
            "Infinity",
            "1.23456",
            "1234567890123456",
            "#N/A",
            "NULL",
            "-",
            "=SUM(E2:E3)",
            "",
        )
    },
    **{
        f"date {text!r}": (put(2, "date", text), 4)
        for text in ("15/01/26", "31/02/2026", "2026-02-31", "2026-01-15T23:30:00-08:00", "46037", "#N/A", "NULL", "")
    },
    **{f"email {text!r}": (put(2, "email", text), 4) for text in ("NULL", "-", "#N/A", "ann", "ann@@example.com")},
    "key shortened by a spreadsheet": (put(2, "external_id", "1.23457E+15"), 4),
    "key with control character": (put(2, "external_id", "a\x01b"), 4),
    "cell of 1 MB": (put(2, "name", "x" * 1_000_000), 4),
}


def total_row():
    return ["Total", "", "", "", str(TOTAL)]


# name → (rows with their header, verdict): the shapes that a sheet can have too.
SHEETS = {
    "good": ([HEADERS, *ROWS], TOTAL),
    "text before the header": ([["Report of May"], HEADERS, *ROWS], REFUSED),
    "wide text before the header": ([["Report", "of", "May", "2026", "all"], HEADERS, *ROWS], REFUSED),
    "two-row header": ([["Key", "When", "Who", "What", "Money"], HEADERS, *ROWS], REFUSED),
    "two-row header, the second unknown": ([HEADERS, ["key", "day", "rep", "customer", "sum"], *ROWS], {2}),
    "two tables": ([HEADERS, *ROWS, [], ["team", "lead"], ["North", "ann"]], {7, 8}),
    "two tables side by side": (
        [[*HEADERS, None, "team"], *([*row, None, "North"] for row in ROWS)],
        REFUSED,
    ),
    "repeated header": ([HEADERS, *ROWS[:2], HEADERS, *ROWS[2:]], {4}),
    "duplicate header": ([["external_id", "date", "email", "Email ", "amount"], *ROWS], REFUSED),
    "empty header": ([["external_id", "date", "email", "", "amount"], *ROWS], REFUSED),
    "unknown header": ([["external_id", "date", "email", "nom", "amount"], *ROWS], TOTAL),
    "missing header": ([["external_id", "date", "email", "name", "sum"], *ROWS], REFUSED),
    "blank rows": ([[], HEADERS, ROWS[0], [], [None, " ", None], *ROWS[1:]], TOTAL),
    "total row": ([HEADERS, *ROWS, total_row()], {6}),
    "total row in the middle": ([HEADERS, *ROWS[:2], total_row(), *ROWS[2:]], {4}),
    "footnote": ([HEADERS, *ROWS, [], ["* without tax"]], {7}),
    "cell too few": ([HEADERS, *ROWS[:2], ROWS[2][:4], ROWS[3]], {4}),
    "cell too many": ([HEADERS, *ROWS[:2], [*ROWS[2], "1"], ROWS[3]], {4}),
    "cells moved to the right": ([HEADERS, *ROWS[:2], ["", *ROWS[2][:4]], ROWS[3]], {4}),
    "header only": ([HEADERS], REFUSED),
    "empty": ([], REFUSED),
}


def another_sheet(state: str) -> Callable[[Any], None]:
    def change(book):
        sheet = book.create_sheet("other")
        for cells in [HEADERS, *put(0, "amount", "7")]:
            sheet.append(cells)
        sheet.sheet_state = state

    return change


def only_very_hidden(book):
    book.create_chartsheet("Chart")
    book.worksheets[0].sheet_state = "veryHidden"


def with_cell(place: str, value: Any) -> Callable[[Any], None]:
    def change(book):
        book.active[place].value, book.active[place].number_format = value, "General"

    return change


def hide_column(book):
    book.active.column_dimensions["E"].hidden = True


def hide_row(book):
    book.active.row_dimensions[3].hidden = True


def count_from_1904(book):
    book.epoch = CALENDAR_MAC_1904


def merge(places: str) -> Callable[[Any], None]:
    return lambda book: book.active.merge_cells(places)


def format_rows_below(book):
    for number in range(6, 900):
        book.active.cell(number, 1).font = Font(bold=True)


# name → (change of the good workbook, verdict, a word that the notes hold): what only a workbook can have.
WORKBOOKS = {
    "another sheet alike": (another_sheet("visible"), REFUSED, ""),
    "hidden sheet": (another_sheet("hidden"), TOTAL, "not from “other”"),
    "very hidden sheet": (another_sheet("veryHidden"), TOTAL, "not from “other”"),
    "only a very hidden sheet": (only_very_hidden, REFUSED, ""),
    "hidden column": (hide_column, TOTAL, "Hidden columns are read too"),
    "hidden row": (hide_row, TOTAL, "1 hidden row is read too"),
    "dates counted from 1904": (count_from_1904, TOTAL, "1904"),
    "merged header": (merge("A1:B1"), REFUSED, ""),
    "merged cells": (merge("A2:A3"), REFUSED, ""),
    "formatted empty rows": (format_rows_below, TOTAL, ""),
    "cell in the last row": (with_cell("A1048576", "x"), REFUSED, ""),
    "boolean amount": (with_cell("E4", True), 4, "TRUE or FALSE"),
    "error cell": (with_cell("E4", "#DIV/0!"), 4, "1 cell shows an error"),
    "formula without a value": (with_cell("E4", "=SUM(E2:E3)"), 4, "1 formula has no value"),
    "amount stored as text": (with_cell("E4", "300.00"), TOTAL, "numbers that are stored as text"),
    "amount of sixteen digits": (with_cell("E4", 1234567890123456), 4, ""),
    "day as a serial number": (with_cell("B4", 46037), 4, ""),
    "id that came as a number": (with_cell("A4", 3), TOTAL, "“external_id” holds numbers such as 3"),
    "id of more digits than a number has": (with_cell("A4", 1234567890123456789), 4, ""),
}


def with_long_cell(data: bytes) -> bytes:
    """The workbook with a cell of a megabyte in place of ``Plain``; spreadsheets write 32,767 characters at most."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"Plain", b"x" * 1_000_000))
    return stream.getvalue()
