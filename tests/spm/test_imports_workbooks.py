"""Reading XLSX: exact texts, what a sheet hides is told, and what must not be opened is refused in words."""

import datetime
import io
import zipfile

import openpyxl
import pytest

from spm.imports.readers import BadFile, ReadOptions, read


def workbook(rows, change=None, **sheets):
    """Bytes of a workbook with ``rows``; ``change(book)`` alters it before it is saved."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, more in sheets.items():
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(row)
    if change:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def rezipped(data, change):
    """The same zip with ``change(name, content)`` applied: new content, None to leave the part out."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return stream.getvalue()


def opened(data, **options):
    return read(data, "x.xlsx", ReadOptions(**options))


def column(data):
    """The texts of the second column below the header."""
    return [row.cells[1] for row in opened(data).rows]


TABLE = [["id", "amount"], ["a", 1], ["b", 2.5]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.1, "1.1"),
        (0.1 + 0.2, "0.3"),
        (123.0, "123"),
        (-1e-7, "-0.0000001"),
        (99_999_999_999.9999, "99999999999.9999"),
        ("00123", "00123"),
        (True, "TRUE"),
        (datetime.date(2026, 1, 31), "2026-01-31"),
        (datetime.datetime.combine(datetime.date(2026, 1, 31), datetime.time(23, 30)), "2026-01-31 23:30:00"),
        (1234567890123456789, "1.23456789012346E+18"),
        ("#N/A", "#N/A"),
        ("=1+1", "#FORMULA!"),
    ],
)
def test_a_cell_comes_as_exact_text(value, text):
    assert column(workbook([["id", "v"], ["a", value]])) == [text]


def test_rows_and_columns_keep_their_place_when_the_table_does_not_start_at_the_corner():
    data = workbook([[], [], [None, "id", "v"], [None, "a", "#N/A"], [], [None, "b", 3]])
    assert [(row.number, row.cells) for row in opened(data).rows] == [(4, ["a", "#N/A"]), (6, ["b", "3"])]


def test_dates_counted_from_1904_are_right_and_told():
    def change(book):
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    data = workbook([["id", "d"], ["a", datetime.date(2026, 1, 31)]], change)
    assert column(data) == ["2026-01-31"]
    assert any("1904" in note for note in opened(data).notes)


def test_the_stated_dimension_is_not_believed():
    def lie(name, content):
        return content.replace(b'ref="A1:B3"', b'ref="A1:XFD1048576"') if "sheet1" in name else content

    data = rezipped(workbook(TABLE), lie)
    assert column(data) == ["1", "2.5"]


def test_a_cell_far_outside_ends_in_words():
    with pytest.raises(BadFile, match="far outside|blank rows"):
        list(opened(workbook(TABLE, lambda book: book.active.cell(1_048_576, 9, "x"))).rows)


def test_formatted_empty_rows_are_no_rows():
    def change(book):
        book.active.cell(900, 1).font = openpyxl.styles.Font(bold=True)

    assert column(workbook(TABLE, change)) == ["1", "2.5"]


def test_hidden_sheets_and_rows_are_told():
    def change(book):
        book["notes"].sheet_state = "hidden"
        book.active.row_dimensions[2].hidden = True

    notes = " ".join(opened(workbook(TABLE, change, notes=[["x"]])).notes)
    assert "not from “notes”" in notes
    assert "1 hidden row is read" in notes


def test_two_sheets_alike_must_be_chosen_from():
    data = workbook(TABLE, Q2=TABLE)
    with pytest.raises(BadFile, match="“Sheet”, “Q2”"):
        opened(data)
    assert len(list(opened(data, sheet="q2 ").rows)) == 2


def test_a_sheet_that_is_not_there_is_refused_with_the_names_there_are():
    with pytest.raises(BadFile, match="“Sheet”"):
        opened(workbook(TABLE), sheet="Nope")


def only_a_chart(book):
    book.create_chartsheet("Chart")
    book.remove(book.active)


def all_hidden(book):
    book.create_chartsheet("Chart")
    book.worksheets[0].sheet_state = "hidden"


def nameless(book):
    book.active["A1"].value = None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (only_a_chart, "only charts"),
        (all_hidden, "hidden"),
        (lambda book: book.active.merge_cells("A1:B1"), "merged"),
        (lambda book: book.active.delete_rows(1, 9), "empty"),
        (lambda book: book.active.delete_rows(2, 9), "no rows"),
        (nameless, "Column 1 of the header"),
    ],
)
def test_a_sheet_that_is_no_table_is_refused(change, reason):
    with pytest.raises(BadFile, match=reason):
        opened(workbook(TABLE, change))


def bomb():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b" " * 50_000_000)
    return stream.getvalue()


def crowd():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(201):
            archive.writestr(f"{number}.xml", "")
    return stream.getvalue()


def twins():
    stream = io.BytesIO(workbook(TABLE))
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return stream.getvalue()


def with_entity(name, content):
    return (
        content.replace(b"<workbook", b'<!DOCTYPE x [<!ENTITY a "b">]><workbook') if "workbook.xml" in name else content
    )


def without(part):
    return rezipped(workbook(TABLE), lambda name, content: None if part in name else content)


def plus(name, content=b""):
    stream = io.BytesIO(workbook(TABLE))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (bomb, "too large when unpacked"),
        (crowd, "too large when unpacked"),
        (twins, "same name"),
        (lambda: rezipped(workbook(TABLE), with_entity), "must not be read"),
        (lambda: plus("xl/vbaProject.bin"), "macros"),
        (lambda: without("sheet1.xml"), "damaged"),
        (lambda: without("workbook.xml"), "no Excel workbook|damaged"),
        (lambda: workbook(TABLE)[:-300], "damaged"),
        (lambda: b"PK\x03\x04" + b"\0" * 100, "damaged"),
    ],
)
def test_a_hostile_or_broken_workbook_is_refused_in_words(make, reason):
    with pytest.raises(BadFile, match=reason):
        opened(make())


def test_links_to_other_files_are_told():
    assert any("links" in note for note in opened(plus("xl/externalLinks/externalLink1.xml", b"<a/>")).notes)
