"""docs/imports.md says which files may be uploaded and how large: what it says is what holds. ASVS 5.1.1."""

import gzip
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from spm import settings as shipped
from spm.imports import readers, workbook_child
from spm.imports.models import ImportBatch
from spm.imports.sheets import BadFile
from tests.spm.test_imports_workbooks import workbook

DOCUMENT = (Path(__file__).parents[2] / "docs" / "imports.md").read_text("utf-8")
TABLE = re.search(r"^\| type \|.*?\n\n", DOCUMENT, re.MULTILINE | re.DOTALL)
ROWS = {
    cells[0]: cells[1:]
    for line in TABLE[0].splitlines()[2:]
    if (cells := [each.strip() for each in line.split("|")[1:-1]])
}
TEXT = b"email,name\na@example.com,Ada\n"
ENDINGS = [ending for row in ROWS.values() for ending in row[0].split()]


def content_of(ending):
    if ending == ".xlsx":
        return workbook([["email", "name"], ["a@example.com", "Ada"]])
    return gzip.compress(TEXT) if ending.endswith(".gz") else TEXT


def test_the_sizes_are_those_of_the_program():
    upload, packed = f"{shipped.IMPORT_MAX_BYTES >> 20} MB", f"{readers.MAX_RATIO} times the packed size"
    paste = f"{shipped.DATA_UPLOAD_MAX_MEMORY_SIZE >> 20} MB"
    parts = f"{workbook_child.MAX_RATIO} times the packed size, {workbook_child.MAX_ENTRIES} parts"
    assert {name: row[1:] for name, row in ROWS.items()} == {
        "text parted by a mark": [upload, ""],
        "the same, compressed": [upload, f"{readers.MAX_UNPACKED // 10**6} MB, {packed}"],
        "workbook": [upload, f"{workbook_child.MAX_UNPACKED // 10**6} MB, {parts}"],
        "pasted text": [paste, ""],
    }


def test_the_endings_are_those_of_the_program():
    assert [ending for ending in ENDINGS if not ending.endswith((".gz", ".xlsx"))] == list(readers.TEXT_SUFFIXES)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_permitted_is_read(ending):
    table = readers.read(content_of(ending), f"people{ending}")
    assert [list(row.cells) for row in table.rows] == [["a@example.com", "Ada"]]


@pytest.mark.parametrize(
    "ending",
    ["", ".xls", ".xlsm", ".xlsb", ".ods", ".pdf", ".json", ".xml", ".html", ".svg", ".exe", ".zip", ".csv.zip", ".gz"],
)
def test_what_is_not_named_is_refused(ending):
    for content in (TEXT, content_of(".xlsx"), content_of(".csv.gz")):
        with pytest.raises(BadFile):
            readers.read(content, f"people{ending}")


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_the_name_promises_and_the_bytes_are_not_is_refused(ending):
    other = TEXT if ending.endswith((".xlsx", ".gz")) else content_of(".xlsx")
    with pytest.raises(BadFile):
        readers.read(other, f"people{ending}")


@pytest.mark.django_db
@pytest.mark.parametrize("spare", [0, -1])
def test_a_file_of_one_byte_too_many_is_refused_before_it_is_opened(client, cast, settings, spare):
    settings.IMPORT_MAX_BYTES = len(TEXT) + spare
    client.force_login(cast.admin)
    file = SimpleUploadedFile("people.csv", TEXT)
    answer = client.post(reverse("imports:create", args=["people"]), {"file": file})
    assert (answer.status_code == 302) == (spare == 0)
    assert ImportBatch.objects.count() == (1 if spare == 0 else 0)
    assert ("The file is larger than" in answer.content.decode()) == (spare < 0)
