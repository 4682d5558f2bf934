"""The folder of temporary files is full, which uploads go through as well: plain words, old numbers, no hand needed.

Reliability 4.2. Where a file may stand for another, the system's own ``/dev/full`` does: it refuses every byte.
"""

import errno
import gzip
import io
import os
import tempfile
from contextlib import contextmanager

import openpyxl
import openpyxl.worksheet._writer
import pytest
from django.core.files import temp
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from spm.imports import batches, readers
from spm.imports.mappings import Mapping
from spm.imports.models import ImportBatch
from spm.imports.sheets import BadFile, ReadOptions
from spm.jobs import runner
from spm.jobs.choices import JobState
from spm.org.models import User
from targets.models import Actual
from tests import leftovers
from tests.hardening.test_faults import LINES, january, numbers_shown, signed_in
from tests.spm.imports_help import upload

__all__ = ["january"]
pytestmark = pytest.mark.django_db(transaction=True)
MEGABYTES = 3  # above what an upload may take of the memory


def refuses_every_byte(*_args, **_options):
    return open("/dev/full", "w+b")  # noqa: PTH123, SIM115  # in place of a temporary file, closed by its owner


def cannot_be_made(*_args, **_options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def full_folder(temporary=refuses_every_byte):
    """No temporary file can be written inside the block, or made at all."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (tempfile, "NamedTemporaryFile"),
            (tempfile, "TemporaryFile"),
            (temp, "NamedTemporaryFile"),
        ):
            patch.setattr(module, name, temporary)
        # It removes by name what it has made, so it may never be handed the device.
        patch.setattr(openpyxl.worksheet._writer, "NamedTemporaryFile", cannot_be_made)
        yield


def workbook(lines):
    book, file = openpyxl.Workbook(), io.BytesIO()
    for line in lines.splitlines():
        book.active.append(line.split(","))
    book.save(file)
    return file.getvalue()


FILES = {
    "lines.csv": LINES.encode(),
    "lines.csv.gz": gzip.compress(LINES.encode()),
    "lines.xlsx": workbook(LINES),
}


@pytest.mark.parametrize("temporary", [refuses_every_byte, cannot_be_made])
@pytest.mark.parametrize("name", FILES)
def test_a_job_that_finds_the_folder_full_waits_and_is_done_when_there_is_room(january, messages, name, temporary):
    client, batch = signed_in(january), upload("actuals", FILES[name], filename=name)
    batches.ask(batch, "commit", None)
    with full_folder(temporary):
        assert runner.run(batch.job.pk) == JobState.WAITING
        assert numbers_shown(client, january) == (200, [True, False])
    batch.refresh_from_db()
    assert (batch.state, batch.reason) == ("uploaded", "")
    assert "No space left" in batch.job.error
    assert Actual.objects.in_force().count() == 1
    leftovers.finish(messages)
    assert Actual.objects.in_force().count() == 2001
    assert numbers_shown(client, january) == (200, [False, True])


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_not_called_damaged_or_large_because_there_is_no_room_to_open_it(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    if name == "lines.csv":
        assert readers.read(path, name, ReadOptions()).headers
        return
    with full_folder(), pytest.raises(OSError, match="No space left"):
        readers.read(path, name, ReadOptions())
    path.write_bytes(FILES[name][:300])
    with pytest.raises(BadFile):
        readers.read(path, name, ReadOptions())


@pytest.mark.parametrize("temporary", [refuses_every_byte, cannot_be_made])
def test_an_upload_for_which_there_is_no_room_is_answered_in_words_and_can_be_sent_again(january, messages, temporary):
    client = signed_in(User.objects.get(name="Admin"), raise_request_exception=False)
    address = reverse("imports:create", args=["actuals"])
    text = (
        LINES + "".join(f"m{n},revenue,2026-01-06,rep@x.com,{'0' * 900}1\n" for n in range(MEGABYTES * 1200))
    ).encode()

    def sent():
        return client.post(address, {"source": "file", "file": SimpleUploadedFile("large.csv", text), "pasted": ""})

    with full_folder(temporary):
        told = sent()
        assert client.get(address).status_code == 200
    assert (told.status_code, told["Retry-After"]) == (503, "30")
    assert "There is no room left on the server" in told.content.decode()
    assert "No space" not in told.content.decode()
    assert not ImportBatch.objects.exists()
    assert sent().status_code == 302
    assert ImportBatch.objects.get().size == len(text)


def test_a_workbook_for_which_there_is_no_room_is_told_in_words_and_the_page_can_be_read(january):
    client = signed_in(User.objects.get(name="Admin"), raise_request_exception=False)
    page = reverse("dashboards:performance")
    with full_folder():
        told, read = client.get(page, {"format": "xlsx"}), client.get(page)
    assert (told.status_code, read.status_code) == (503, 200)
    assert "There is no room left on the server" in told.content.decode()
    assert client.get(page, {"format": "xlsx"}).status_code == 200


def test_a_page_that_opens_a_stored_file_tells_that_there_is_no_room(january, messages):
    client = signed_in(User.objects.get(name="Admin"), raise_request_exception=False)
    batch = upload("actuals", LINES, mapping=Mapping().to_json())
    address = reverse("imports:map", args=[batch.pk])
    with full_folder():
        assert client.get(address).status_code == 503
    assert client.get(address).status_code == 200
