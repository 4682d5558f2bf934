"""One good table with known totals, and every way of spoiling it, each with its verdict.

A verdict is the exact total of the amounts, or ``REFUSED``: nothing may be counted wrong without a word (INV-18).
``ROW`` says that single rows are refused and the others add up to the total that stands beside it.
"""

import csv
import io
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace

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
        Column("external_id", required=True, filled=True),
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

    @property
    def is_silent(self) -> bool:
        """Whether it claims to have understood every row."""
        return self.total is not None and not self.refused


def outcome(data: bytes, filename: str, form: FileFormat | None = None) -> Outcome:
    """Read, decide, parse and add up; the only exceptions that may leave the readers are sentences."""
    mapping = Mapping(format=form or FileFormat())
    try:
        rows = mapping.apply(read(data, filename, ReadOptions(encoding=mapping.format.encoding)), KIND)
        decision = decide_format(rows, KIND.columns, mapping.format.choice())
        if decision.asks:
            return Outcome(None, {}, decision.asks[0])
        return _added_up(rows, RowParser(KIND.columns, decision, "USD"))
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
    "cell of 1 MB": (put(2, "name", "x" * 1_000_000), {4}),
}
