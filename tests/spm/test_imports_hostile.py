"""INV-18: a hostile workbook ends in a sentence, within ten seconds and three hundred megabytes; a large one loads."""

import resource
import subprocess
import sys

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from spm.imports import staging, workbook_reader
from spm.imports.choices import BatchState
from spm.imports.kinds import kind_named
from spm.imports.models import ImportBatch
from spm.imports.readers import BadFile, read
from tests.spm.imports_help import upload
from tests.spm.workbook_xml import HEAD, MAIN, book, names, row, sheet, text

ENDLESS = 2  # seconds of processor time given to what would take minutes

MEASURE = """
import resource, subprocess, sys
quiet = {"RUST_BACKTRACE": "0"}
rows = open(sys.argv[2] + ".rows", "wb")
code = subprocess.run([sys.executable, "-I", *sys.argv[1:]], stdout=rows, env=quiet).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_maxrss // 1024, used.ru_utime + used.ru_stime)
"""


@pytest.fixture
def measured(tmp_path):
    """measured(workbook) opens it as the reader does: exit code, megabytes at the peak, seconds, rows written."""

    def measure(data, seconds=workbook_reader.SECONDS):
        path = tmp_path / "x.xlsx"
        path.write_bytes(data)
        command = [sys.executable, "-c", MEASURE, str(workbook_reader.CHILD), str(path), "", "", str(seconds)]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        code, megabytes, used = done.stdout.split()
        with (tmp_path / "x.xlsx.rows").open() as rows:
            return int(code), int(megabytes), float(used), sum(1 for _row in rows)

    return measure


def number(place, value=1):
    return f'<c r="{place}"><v>{value}</v></c>'


def corner():
    return book(sheet=sheet(HEAD + row(1_048_576, number("XFD1048576"))))


def wide():
    return book(sheet=sheet(HEAD + row(600, number("XFD600"))))


def tall():
    return book(sheet=sheet(HEAD + row(1_048_576, number("M1048576"))))


def many_columns():
    return book(sheet=sheet("".join(f"<row>{'<c><v>1</v></c>' * 16_000}</row>" for _each in range(300))))


def long_cell():
    return book(sheet=sheet(HEAD + row(2, text("A2", "x" * 80_000_000))))


def one_text_in_every_cell():
    texts = f'<?xml version="1.0"?><sst {MAIN}><si><t>{"x" * 1_000_000}</t></si></sst>'
    rows = "".join(
        row(i, *(f'<c r="{column}{i}" t="s"><v>0</v></c>' for column in "ABCDEFGH")) for i in range(1, 9_000)
    )
    relations = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Target="worksheets/sheet1.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>'
        '<Relationship Id="rId2" Target="sharedStrings.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/></Relationships>'
    )
    parts = {"sheet": sheet(rows), "sharedStrings": texts, "workbook": names(1), "_rels/workbook.xml.rels": relations}
    return book(**parts)


def one_part_for_all_sheets():
    return book(workbook=names(150), sheet=sheet("<row/>" * 3_000_000))


def rows_that_never_end():
    remark = f"<!--{'<row>' * 6_000_000}-->"
    return book(sheet=sheet(HEAD + row(2, '<c r="A2"><f>1</f></c>') + remark))


def merged_everywhere():
    cells = '<mergeCell ref="A1:B1"/>' * 2_000_000
    return book(sheet=sheet(HEAD, after=f"<mergeCells>{cells}</mergeCells>"))


def row_beyond_the_last():
    return book(sheet=sheet(HEAD + row(99_999_999_999, '<c t="e"><v>#N/A</v></c>')))


def sixty_megabytes_packed_to_nothing():
    return book(padding=0, sheet=sheet(" " * 60_000_000))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (corner, "too large to open"),
        (wide, "blank rows|too large to open"),
        (tall, "blank rows|too large to open"),
        (many_columns, "too large to open|more than 500 columns"),
        (long_cell, "too large to open"),
        (one_text_in_every_cell, "too large to open|a name is too long"),
        (sixty_megabytes_packed_to_nothing, "too large when unpacked"),
        (row_beyond_the_last, "too large to open|damaged"),
        (merged_everywhere, "merged|too large to open"),
    ],
)
def test_inv_18_a_hostile_workbook_is_refused_soon_and_in_little_memory(measured, make, reason):
    data = make()
    with pytest.raises(BadFile, match=reason):
        list(read(data, "x.xlsx").rows)
    _code, megabytes, seconds, _rows = measured(data)
    assert (megabytes < 300, seconds < 10) == (True, True), (megabytes, seconds)


@pytest.mark.parametrize("make", [one_part_for_all_sheets, rows_that_never_end])
def test_inv_18_what_would_take_minutes_is_ended(monkeypatch, make):
    monkeypatch.setattr(workbook_reader, "SECONDS", ENDLESS)
    data, before = make(), computed()
    with pytest.raises(BadFile, match="too large to open"):
        read(data, "x.xlsx")
    assert ENDLESS - 1 < computed() - before < ENDLESS + 1


def computed():
    """Seconds that the children which have ended computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_inv_18_the_shipped_limits_leave_ten_seconds_their_meaning():
    assert workbook_reader.SECONDS + workbook_reader.BLINK < 10


def test_inv_18_a_child_that_says_nothing_is_ended(monkeypatch, tmp_path):
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(workbook_reader, "CHILD", sleeper)
    monkeypatch.setattr(workbook_reader, "SILENCE", 0)
    with pytest.raises(BadFile, match="too large to open"):
        read(book(sheet=sheet(HEAD)), "x.xlsx")


def test_a_hundred_thousand_rows_with_formulas_load(measured):
    heads = [text(f"{column}1", f"column {column}") for column in "ABCDEFGHIJK"]
    rows = "".join(
        row(
            i,
            *(text(f"{column}{i}", f"text {i}") for column in "ABCDEFGH"),
            f'<c r="I{i}" t="str"><f>VLOOKUP(A{i},Z:Z,1,0)</f><v>found</v></c>',
            f'<c r="J{i}"><f>K{i}*2</f><v>{i}.5</v></c>',
            number(f"K{i}", f"{i}.25"),
        )
        for i in range(2, 100_002)
    )
    code, megabytes, _seconds, found = measured(book(sheet=sheet(row(1, *heads) + rows)))
    assert (code, found, megabytes < 300) == (0, 100_001, True)


def test_rows_keep_their_numbers_over_many_blocks_of_xml_that_need_no_look():
    plain = f"<row>{''.join(f'<c><v>{i}</v></c>' for i in range(30))}</row>"
    rows = plain * 9_000 + '<row><c><v>1</v></c><c t="e"><v>#N/A</v></c></row>'
    header = f"<row>{''.join(f'<c t="inlineStr"><is><t>h{i}</t></is></c>' for i in range(30))}</row>"
    *_rows, last = read(book(sheet=sheet(header + rows)), "x.xlsx").rows
    assert (last.number, last.cells[:2]) == (9_002, ["1", "#N/A"])


def test_a_cell_beyond_five_hundred_columns_refuses_its_row():
    data = book(sheet=sheet(HEAD + row(2, number("A2"), number("B2"), number("ZZ2", 7))))
    (found,) = read(data, "x.xlsx").rows
    assert (found.number, "column without a name" in found.refusal.reason) == (2, True)


@pytest.mark.django_db
@pytest.mark.parametrize("filename", ["x.csv", "x.xlsx"])
def test_inv_18_a_cell_of_a_megabyte_is_refused_with_its_row_and_kept_in_part(filename):
    long = "x" * 1_000_000
    data = f"team,parent\nNorth,\n{long[:100_000]},\n".encode()
    if filename == "x.xlsx":
        header = row(1, text("A1", "team"), text("B1", "parent"))
        data = book(sheet=sheet(header + row(2, text("A2", "North")) + row(3, text("A3", long))))
    found = staging.stage(upload("teams", data, filename=filename), kind_named("teams"), "EUR")
    ((number_, column, value, reason, cells),) = next(found.refusals.blocks())
    assert (number_, column, found.rows.count) == (3, "team", 1)
    assert "longer than 200 characters" in reason
    assert len(value) == len(cells["team"]) == staging.KEPT


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", [corner, row_beyond_the_last])
def test_inv_18_a_hostile_workbook_is_answered_in_words_on_the_page(client, cast, make):
    client.force_login(cast.admin)
    file = SimpleUploadedFile("x.xlsx", make())
    page = client.post(reverse("imports:create", args=["teams"]), {"source": "file", "file": file}, follow=True)
    batch = ImportBatch.objects.get()
    assert (page.status_code, batch.state) == (200, BatchState.REFUSED)
    assert batch.reason.split(":")[0] in page.content.decode()
