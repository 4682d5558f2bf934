"""Reading CSV and pasted tables: every make of file that spreadsheets write, and refusals in words."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spm.imports.readers import BadFile, ReadOptions, read, read_pasted
from spm.ui.exports import Column, Sheet, csv_lines, workbook

ROWS = [["id", "name", "amount"], ["1", "Zoë", "2.50"], ["2", "Bob", "3.00"]]


def written(delimiter=",", end="\n"):
    return end.join(delimiter.join(row) for row in ROWS) + end


def cells(data, filename="x.csv", **options):
    table = read(data if isinstance(data, bytes) else data.encode(), filename, ReadOptions(**options))
    return [table.headers, *(row.cells for row in table.rows)]


def refusals(text):
    return [(row.number, row.refusal.reason) for row in read(text.encode(), "x.csv").rows if row.refusal]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end_reads_the_same(delimiter, end):
    assert cells(written(delimiter, end)) == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_show_themselves_need_no_choice(encoding):
    assert cells(written().encode(encoding)) == ROWS


def test_another_encoding_is_refused_until_it_is_chosen():
    data = written().encode("cp1252")
    with pytest.raises(BadFile, match=r"Row 2 .* UTF-8.*cp1252"):
        cells(data)
    assert cells(data, encoding="cp1252") == ROWS


@pytest.mark.parametrize("name", ["klingon", "utf\x00", "utf\udcff"])
def test_an_unknown_encoding_is_named(name):
    with pytest.raises(BadFile, match=f"There is no text encoding “{name}”"):
        cells(written(), encoding=name)


def test_a_sep_line_names_the_delimiter_and_is_no_row():
    table = read(b"sep=^\r\na^b\r\n1^2\r\n", "x.csv")
    assert (table.headers, [row.number for row in table.rows]) == (["a", "b"], [2])


def test_a_chosen_delimiter_wins():
    assert cells("a;b,c\n1;2,3\n", delimiter=";") == [["a", "b,c"], ["1", "2,3"]]


def test_line_breaks_inside_quotes_keep_the_row_numbers_of_the_spreadsheet():
    table = read(b'a,b\n1,"x\ny"\n\n2,z\n', "x.csv")
    assert [(row.number, row.cells) for row in table.rows] == [(2, ["1", "x\ny"]), (4, ["2", "z"])]


def test_rows_can_be_walked_twice():
    table = read(written().encode(), "x.csv")
    assert list(table.rows) == list(table.rows)


def test_a_compressed_file_reads_like_a_plain_one():
    assert cells(gzip.compress(written().encode()), "x.csv.gz") == ROWS


def test_a_compressed_bomb_is_refused():
    with pytest.raises(BadFile, match="too large"):
        cells(gzip.compress(b"a,b\n" + b"0" * 300_000_000), "x.csv.gz")


def test_a_cut_compressed_file_is_refused():
    with pytest.raises(BadFile, match="cut off"):
        cells(gzip.compress(written().encode())[:-10], "x.csv.gz")


@pytest.mark.parametrize(
    ("text", "number", "reason"),
    [
        ("a,b\n1,2\n3\n", 3, "1 cell where the header has 2"),
        ("a,b\n1,2\n3,4,5\n", 3, "3 cells where the header has 2"),
        ("a,b\n1,2\n3;4\n", 3, "separated by “;”"),
        ("a,b\n1,2\na,b\n3,4\n", 3, "repeats the header"),
        ("a,b,\n1,2,\n3,4,5\n", 3, "column without a name"),
        ('a,b\n1,2\n3,"x"y\n', 3, "quotation mark in row 3"),
        ("a,b\n1,2\n3," + "x" * 200_000 + "\n", 3, "longer than 131072"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_by_itself(text, number, reason):
    found = refusals(text)
    assert [place for place, _reason in found] == [number]
    assert reason in found[0][1]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"a,b\n", "no rows"),
        (b"a,A \n1,2\n", "Two columns are named"),
        (b"a,,b\n1,2,3\n", "Column 2 of the header"),
        (b"a,b\n1,\0\n", "Row 2 holds a NUL"),
        (b"a,b\n1,2\n3," + b"x" * 1_100_000, "Row 3 is longer than 1000000"),
        (b"a,b\n1,2\n" + b",\n" * 1_001 + b"3,4\n", "blank rows"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(data, reason):
    with pytest.raises(BadFile, match=reason):
        list(read(data, "x.csv").rows)


def test_an_unclosed_quote_names_its_row():
    with pytest.raises(BadFile, match="opened in row 3 is never closed") as error:
        list(read(b'a,b\n1,2\n3,"4\n5,6\n', "x.csv").rows)
    assert error.value.row == 3


@pytest.mark.parametrize(
    ("filename", "data", "way_out"),
    [
        ("x.xls", b"\xd0\xcf\x11\xe0", "Save the file as .xlsx"),
        ("x.pdf", b"%PDF-1.7", "Export the table"),
        ("x.zip", b"PK\x03\x04", "Unpack"),
        ("x.json", b"{}", "Export the table"),
        ("x.csv", b"PK\x03\x04", "Export it as CSV"),
        ("x.csv", b'[{"a": 1}]', "JSON"),
        ("x.csv", b"<html><table>", "web page"),
        ("x.dat", b"a,b\n1,2\n", "Name it .csv"),
        ("x", b"a,b\n1,2\n", "Name it .csv"),
        ("x.csv.gz", b"a,b\n1,2\n", "Name it .csv"),
        ("x.tar.gz", b"\x1f\x8b", "Unpack"),
        ("x.xlsx", b"a,b\n1,2\n", "save it as .xlsx"),
        ("x.xlsx", b"\xd0\xcf\x11\xe0", "without a password"),
    ],
)
def test_other_types_are_refused_with_the_way_out(filename, data, way_out):
    with pytest.raises(BadFile, match=way_out):
        read(data, filename)


def test_pasted_cells_read_like_a_file():
    table = read_pasted('id\tname\n1\t"a ""quoted""\tcell"\n\t\n')
    assert [table.headers, *(row.cells for row in table.rows)] == [["id", "name"], ["1", 'a "quoted"\tcell']]


def test_a_pasted_csv_works_too():
    assert read_pasted("a;b\n1;2").headers == ["a", "b"]


@pytest.mark.parametrize(("text", "reason"), [("  \n", "Nothing was pasted"), ("a\ud800\n1", "not Unicode")])
def test_a_bad_paste_is_refused_in_words(text, reason):
    with pytest.raises(BadFile, match=reason):
        read_pasted(text)


@given(st.text(alphabet=st.sampled_from("'=+-@＝＋－＠ab,;\"é"), min_size=1, max_size=8))
def test_inv_19_a_cell_of_our_own_csv_is_read_back_as_it_was(text):
    columns = [Column("id"), Column("text")]
    for semicolon in (False, True):
        assert cells(b"".join(csv_lines(columns, [["1", text]], semicolon=semicolon)))[1] == ["1", text]


def test_inv_19_a_cell_of_our_own_workbook_is_read_back_as_it_was():
    texts = ["=1+1", "'=1+1", "''@x", "+foo@example.com", "-", "'plain", "O'Neil"]
    file = workbook([Sheet("own", [Column("=id"), Column("text")], [[str(n), text] for n, text in enumerate(texts)])])
    header, *rows = cells(file.read(), "own.xlsx", sheet="own")
    assert header == ["=id", "text"]
    assert [row[1] for row in rows] == texts
