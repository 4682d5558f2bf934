"""Cells become values or sentences; how a column is written is decided over the whole column, or asked."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spm.imports.cells import BadCell, RowParser, parse
from spm.imports.formats import BadFormat, Format, FormatChoice, decide_format
from spm.imports.kinds import Column, ColumnType
from spm.imports.sheets import Native

AMOUNT, DATE = Column("amount", ColumnType.AMOUNT), Column("date", ColumnType.DATE)
COMMA = Format(decimal=",")
DAY_FIRST, MONTH_FIRST = Format(date="%d/%m/%Y"), Format(date="%m/%d/%Y")


def decided(column, *texts, **choice):
    rows = [SimpleNamespace(cells={column.name: text}) for text in texts]
    return decide_format(rows, [column], FormatChoice(**choice))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234.5", "1234.5"),
        ("$1,234.50", "1234.50"),
        ("1 234,5 €", None),
        ("1\u00a0234.50", "1234.50"),
        ("1\u202f234.50 EUR", "1234.50"),
        ("1'234.50", "1234.50"),
        ("(12.00)", "-12"),
        ("12-", "-12"),
        ("\u221212.5", "-12.5"),
        ("-$12", "-12"),
        ("$-12", "-12"),
        ("($12.00)", "-12"),
        (".0000", "0"),
        ("99999999999.9999", "99999999999.9999"),
        ("100000000000", None),
        ("12.34567", None),
        ("1.50000", "1.5"),
        ("1,23", None),
        ("12,34.00", None),
        (".500,00", None),
        ("1e5", None),
        ("NaN", None),
        ("Infinity", None),
        ("12%", None),
        ("(-12)", None),
        ("--12", None),
        ("NULL", None),
        ("-", None),
        ("#N/A", None),
        ("#FORMULA!", None),
        ("=SUM(A1:A9)", None),
        ("TRUE", None),
        ("12 34", None),
        ("1234567890123456", None),
    ],
)
def test_amounts_as_people_write_them(text, value):
    if value is None:
        with pytest.raises(BadCell):
            parse(AMOUNT, text)
    else:
        assert parse(AMOUNT, text) == Decimal(value)


@pytest.mark.parametrize(("text", "value"), [("1.234,56", "1234.56"), ("1 234,5 €", "1234.5"), ("-,5", "-0.5")])
def test_amounts_with_a_decimal_comma(text, value):
    assert parse(AMOUNT, text, COMMA) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "fmt", "value"),
    [
        ("2026-01-31", DAY_FIRST, date(2026, 1, 31)),
        ("31/01/2026", DAY_FIRST, date(2026, 1, 31)),
        ("31.1.2026", DAY_FIRST, date(2026, 1, 31)),
        ("01/31/2026", MONTH_FIRST, date(2026, 1, 31)),
        ("20260131", DAY_FIRST, date(2026, 1, 31)),
        ("31 Jan 2026", DAY_FIRST, date(2026, 1, 31)),
        ("January 31, 2026", DAY_FIRST, date(2026, 1, 31)),
        ("2026-01-31 23:59:59", DAY_FIRST, date(2026, 1, 31)),
        ("2026-01-31T23:59:59Z", DAY_FIRST, "time zone"),
        ("31/02/2026", DAY_FIRST, "no such day"),
        ("31/01/26", DAY_FIRST, "two digits"),
        ("46053", DAY_FIRST, "serial number"),
        ("01/31/2026", DAY_FIRST, "no such day"),
        ("31/01/3026", DAY_FIRST, "between"),
        ("soon", DAY_FIRST, "not a date"),
    ],
)
def test_dates_as_files_write_them(text, fmt, value):
    if isinstance(value, str):
        with pytest.raises(BadCell, match=value):
            parse(DATE, text, fmt)
    else:
        assert parse(DATE, text, fmt) == value


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        (Column("k"), " 00123 ", "00123"),
        (Column("k"), "123.0", "123.0"),
        (Column("k"), "'=1+1", "'=1+1"),
        (Column("k", max_length=3), "abcd", None),
        (Column("k"), "a\0b", None),
        (Column("k"), "a\ud800b", None),
        (Column("k"), "1.23457E+15", None),
        (Column("k"), "", None),
        (Column("e", ColumnType.EMAIL), "7@example.com", "7@example.com"),
        (Column("b", ColumnType.BOOLEAN), "Oui", True),
        (Column("b", ColumnType.BOOLEAN), "0", False),
        (Column("c", ColumnType.CURRENCY), "usd", "USD"),
        (Column("i", ColumnType.INTEGER), "12", 12),
        (Column("m", ColumnType.CHOICE, choices=("revenue", "margin")), "REVENUE", "revenue"),
        (
            Column("m", ColumnType.CHOICE, choices=("booking",), other_words=(("bookings", "booking"),)),
            "Bookings",
            "booking",
        ),
        (Column("m", ColumnType.CHOICE, choices=("booking",), other_words=(("bookings", "booking"),)), "orders", None),
        (Column("s", ColumnType.NUMBER), "0.33333333", Decimal("0.33333333")),
    ],
)
def test_other_types(column, text, value):
    if value is None and text:
        with pytest.raises(BadCell):
            parse(column, text)
    else:
        assert parse(column, text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ColumnType.EMAIL, "nobody"),
        (ColumnType.BOOLEAN, "maybe"),
        (ColumnType.CURRENCY, "XYZ"),
        (ColumnType.INTEGER, "1.5"),
        (ColumnType.CHOICE, "revenu"),
        (ColumnType.NUMBER, "$1"),
    ],
)
def test_what_is_no_such_thing_is_refused(kind, text):
    with pytest.raises(BadCell):
        parse(Column("x", kind, choices=("revenue",)), text)


def test_an_empty_cell_is_refused_only_where_it_must_be_filled():
    assert parse(AMOUNT, " ") is None
    with pytest.raises(BadCell, match="empty"):
        parse(Column("amount", ColumnType.AMOUNT, filled=True), " ")


@pytest.mark.parametrize(
    ("currency", "text", "is_refused"),
    [("USD", "$5", False), ("EUR", "$5", True), ("", "€5", True), ("EUR", "5 EUR", False), ("EUR", "5 ABC", True)],
)
def test_the_currency_in_the_cell_must_be_the_rows(currency, text, is_refused):
    columns = [AMOUNT, Column("currency", ColumnType.CURRENCY)]
    parser = RowParser(columns, decided(AMOUNT, text), "USD")
    _values, refusals = parser.parse(7, {"amount": text, "currency": currency})
    assert [(r.number, r.column) for r in refusals] == ([(7, "amount")] if is_refused else [])


@pytest.mark.parametrize(
    ("texts", "decimal"),
    [
        (["1,234.56"], "."),
        (["1.234,56"], ","),
        (["1,200", "7.5"], "."),
        (["1.200", "7,5"], ","),
        (["1,234,567"], "."),
        (["12", "13"], "."),
        (["1,200"], None),
        (["1.200"], None),
        (["1.234,56", "1,234.56"], None),
        (["12,5", "12.5"], None),
    ],
)
def test_the_decimal_sign_is_decided_per_column_or_asked(texts, decimal):
    decision = decided(AMOUNT, *texts)
    assert bool(decision.asks) == (decimal is None)
    assert decimal is None or decision.of("amount").decimal == decimal


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (["03/04/2026", "13/04/2026"], "%d/%m/%Y"),
        (["03/04/2026", "04/13/2026"], "%m/%d/%Y"),
        (["03.04.2026"], "%d/%m/%Y"),
        (["2026-04-03"], "%Y-%m-%d"),
        (["03/03/2026"], "%d/%m/%Y"),
        (["03/04/2026"], None),
        (["13/04/2026", "04/13/2026"], None),
    ],
)
def test_the_order_of_day_and_month_is_decided_per_column_or_asked(texts, pattern):
    decision = decided(DATE, *texts)
    assert bool(decision.asks) == (pattern is None)
    assert pattern is None or decision.of("date").date == pattern


@pytest.mark.parametrize(
    ("texts", "told"),
    [(["1.2M", "900k"], "1.2M is read as 1,200,000"), (["1,25 Md€", "7"], "1,25 Md€ is read as 1,250,000,000")],
)
def test_shortened_amounts_are_read_and_told(texts, told):
    decision = decided(AMOUNT, *texts)
    assert told in decision.notes[-1]
    assert parse(AMOUNT, "-2k", decision.of("amount")) == -2000


def test_thousands_or_decimals_are_asked_of_shortened_amounts_too():
    assert decided(AMOUNT, "1,200k").asks


def test_a_share_is_never_shortened():
    with pytest.raises(BadCell, match="not a number"):
        parse(Column("share", ColumnType.NUMBER), "1k")


def test_a_choice_answers_the_question():
    assert decided(DATE, "03/04/2026", date="%m/%d/%Y").asks == []
    assert decided(AMOUNT, "1,200", decimal=",").of("amount").decimal == ","


def test_numbers_of_a_workbook_keep_their_point():
    decision = decided(AMOUNT, Native("1.234"), decimal=",")
    assert parse(AMOUNT, "1.234", decision.of("amount")) == Decimal("1.234")
    assert decided(AMOUNT, Native("1.5"), "1.234,56").asks


@pytest.mark.parametrize("choice", [{"date": "%d/%m/%y"}, {"date": "dd"}, {"decimal": ";"}, {"thousands": "x"}])
def test_a_senseless_format_is_refused(choice):
    with pytest.raises(BadFormat):
        FormatChoice(**choice)


@settings(max_examples=2_000)
@given(
    units=st.integers(-(10**15) + 1, 10**15 - 1),
    style=st.sampled_from([(".", ","), (",", "."), (".", " "), (",", "\u202f"), (".", "'"), (".", "")]),
    negative=st.sampled_from(["-{}", "({})", "{}-", "\u2212{}"]),
)
def test_an_amount_written_in_any_locale_comes_back(units, style, negative):
    decimal, thousands = style
    text = f"{abs(units) // 10_000:,}|{abs(units) % 10_000:04}".replace(",", thousands).replace("|", decimal)
    written = negative.format(text) if units < 0 else text
    assert parse(AMOUNT, written, Format(decimal=decimal)) == Decimal(units).scaleb(-4)


@settings(max_examples=2_000)
@given(
    day=st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    pattern=st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", "%Y%m%d", "%d-%m-%Y"]),
)
def test_a_date_written_in_any_order_comes_back(day, pattern):
    assert parse(DATE, day.strftime(pattern), Format(date=pattern)) == day


@settings(max_examples=2_000)
@given(text=st.text(max_size=30), kind=st.sampled_from(list(ColumnType)))
def test_any_text_becomes_a_value_or_a_sentence(text, kind):
    reason = "a value"
    try:
        parse(Column("x", kind, choices=("a",)), text)
    except BadCell as error:
        reason = str(error)
    assert reason
