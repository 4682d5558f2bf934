"""Exports hold real numbers, no formulas, and come back as they were (INV-19)."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from spm.ui.exports import Column, Sheet, csv_lines, export_format, guarded, table_response, unguarded, workbook

COLUMNS = [Column("Rep"), Column("Quota", "money"), Column("Pace", "percent"), Column("Signed", "date")]
ROWS = [
    ["Rep S3", Decimal("3800000.50"), Decimal("0.71"), date(2026, 9, 18)],
    ["=HYPERLINK(1)", Decimal("-12"), None, None],
]
DANGEROUS = ["=1+1", "+33 1", "-x", "@SUM(A1)", "\tx", "\rx", "＝1", "＋1", "－1", "＠x"]


def opened(rows=ROWS, filters=()):
    return load_workbook(workbook([Sheet("team", COLUMNS, rows)], filters))


def text_of(**options):
    return b"".join(csv_lines(COLUMNS, ROWS, **options)).decode("utf-8-sig")


def test_amounts_and_dates_are_real_cells():
    sheet = opened()["team"]
    assert [sheet["B2"].data_type, sheet["C2"].value, sheet["D2"].value.date()] == ["n", 0.71, date(2026, 9, 18)]
    assert [sheet["B2"].number_format, sheet["C2"].number_format] == ["#,##0.00", "0.0%"]


def test_the_header_stays_in_sight_and_filters_are_told():
    book = opened(filters=[("Period", "2026-Q3")])
    assert book["team"].freeze_panes == "A2"
    assert [cell.value for cell in book["Filters"][1]] == ["Period", "2026-Q3"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_becomes_a_formula(text):
    cell = opened([[text, None, None, None]])["team"]["A2"]
    assert cell.data_type == "s"
    assert guarded(text) == f"'{text}"


def test_numbers_are_left_alone():
    assert opened()["team"]["B3"].value == -12


def test_control_characters_do_not_break_the_file():
    assert opened([["a\x00b\x0bc", None, None, None]])["team"]["A2"].value == "abc"


def test_csv_has_a_byte_order_mark_iso_dates_and_raw_values():
    assert b"".join(csv_lines(COLUMNS, ROWS)).startswith(b"\xef\xbb\xbfRep,Quota,Pace,Signed\r\n")
    assert text_of().splitlines()[1:] == ["Rep S3,3800000.50,0.71,2026-09-18", "'=HYPERLINK(1),-12,,"]


def test_csv_for_french_excel():
    assert text_of(semicolon=True).splitlines()[1] == "Rep S3;3800000,50;0,71;2026-09-18"


def test_large_amounts_are_never_written_in_powers_of_ten():
    assert b"1000000000," in b"".join(csv_lines(COLUMNS, [["x", Decimal("1E9"), None, None]]))


def test_whole_numbers_have_no_decimals_and_amounts_no_zeros_behind_the_cents():
    values = [12, Decimal("120.0000"), Decimal("0.1250"), Decimal("0.333333")]
    assert b"".join(csv_lines(COLUMNS, [values])).splitlines()[1] == b"12,120.00,0.1250,0.333333"


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r\n＝＋－＠ab, ;\"é"), max_size=12))
def test_every_text_comes_back_unchanged(text):
    assert unguarded(guarded(text)) == text


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1))
def test_a_csv_read_back_and_unguarded_is_the_table(texts):
    written = b"".join(csv_lines([Column("Text")], [[text] for text in texts])).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(written, newline="")))[1:]
    assert [unguarded(row[0]) if row else "" for row in read] == texts


@given(st.text(max_size=20))
def test_nothing_guarded_starts_like_a_formula(text):
    assert not guarded(text).startswith(tuple("=+-@\t\r\n＝＋－＠"))


def test_the_response_is_a_download_that_nobody_keeps():
    response = table_response(COLUMNS, ROWS, 'Team "South"\r\n', "csv")
    assert response["Content-Disposition"] == 'attachment; filename="team-south.csv"'
    assert response["Cache-Control"] == "no-store"


def test_a_workbook_response_opens():
    body = b"".join(table_response(COLUMNS, ROWS, "team", "xlsx"))
    assert load_workbook(io.BytesIO(body)).sheetnames == ["team", "Filters"]


def test_an_aware_moment_is_told_in_local_time():
    rows = [["x", None, None, datetime(2026, 9, 18, 12, 0, tzinfo=UTC)]]
    assert opened(rows)["team"]["D2"].value == datetime(2026, 9, 18, 12, 0)  # noqa: DTZ001  # workbooks know no zones


def test_a_moment_is_of_the_second_that_has_begun_in_every_format():
    moment = datetime(2026, 9, 18, 23, 39, 59, 999_900, tzinfo=UTC)
    rows = [["x", None, None, moment], ["y", None, None, moment.replace(tzinfo=None)]]
    sheet = opened(rows)["team"]
    assert {cell.value.time().isoformat() for cell in (sheet["D2"], sheet["D3"])} == {"23:39:59"}
    assert b"".join(csv_lines(COLUMNS, rows)).count(b"T23:39:59") == 2


def test_an_unknown_format_is_refused(rf):
    assert export_format(rf.get("/?format=pdf")) is None
    with pytest.raises(ValueError, match="pdf"):
        table_response(COLUMNS, ROWS, "team", "pdf")
