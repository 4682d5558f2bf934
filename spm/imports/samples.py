"""Small files to look at and to load, one for each thing that a first run brings: together a company of three people.

Loaded in the order of the first run (``NAMES``) each is accepted whole, but for the people: their teams do not exist
yet, which the preview tells, and offers to make. Loaded before those that they build on, they are refused in words.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from spm.imports.kinds import Column, ColumnType, ImportKind
from spm.imports.periods import OutsideCalendar, period_labels
from spm.org import clock
from spm.periods import month_leaves

CELL, NUMBERS = ";", (ColumnType.AMOUNT, ColumnType.NUMBER)
ROWS: dict[str, tuple[str, ...]] = {
    "people": (
        "ana@example.com;Ana Silva;1001;North;;;no;en;",
        "ben@example.com;Ben Okafor;1002;North;;;no;en;",
        "chloe@example.com;Chloé Martin;1003;South;;;no;fr;",
    ),
    "teams": ("North;;ana@example.com;", "South;;chloe@example.com;"),
    "territories": ("West;;West", "NW;West;Northwest"),
    "company_plan": ("{year};bookings;{year};;1200000;", "{year};revenue;{year};;1000000;"),
    "quotas": (
        "ana@example.com;bookings;{year};500000;",
        "ben@example.com;bookings;{year};400000;",
        "chloe@example.com;revenue;{year};450000;",
    ),
    "actuals": (
        "S-1001;booking;{today};ana@example.com;;NW;Pumps;;12500.00;;",
        "S-1002;revenue;{today};chloe@example.com;;;Pumps;;9800.50;6100.00;",
        "S-1003;revenue;{today};;;;;;450.00;;",
    ),
}
"""Cells of each row in the order of the kind's columns. {year}: the fiscal year of today."""
NAMES = ("periods", *ROWS)


def sample_rows(kind: ImportKind) -> list[Sequence[Any]]:
    """The rows below the header, one value per column: text, number or day. Raises KeyError where a kind has none."""
    today = clock.today()
    year = _year_of(today)
    if kind.name == "periods":
        leaves = month_leaves(date(today.year, 1, 1))
        return [(year, f"{year}-Q{leaf.quarter}", leaf.label, leaf.starts_on, leaf.ends_on) for leaf in leaves]
    rows = (row.format(year=year, today=today).split(CELL) for row in ROWS[kind.name])
    return [[_value(column, text) for column, text in zip(kind.columns, row, strict=True)] for row in rows]


def _year_of(day: date) -> str:
    try:
        return period_labels()(day, "year")
    except OutsideCalendar:
        return str(day.year)


def _value(column: Column, text: str) -> Any:
    if not text:
        return None
    if column.type == ColumnType.DATE:
        return date.fromisoformat(text)
    return Decimal(text) if column.type in NUMBERS else text
