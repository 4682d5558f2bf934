"""Reads XLSX: has the workbook opened by a process with memory and time limits, then reads the rows it wrote."""

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import clock_gettime, monotonic
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.imports.sheets import BadFile, Native, RowChecker, SheetRow, Table, checked_headers

CHILD = Path(__file__).with_name("workbook_child.py")
SECONDS = 8  # of processor time: a hundred thousand rows take two to four, a bad file must end within ten (INV-18)
SILENCE = 5  # seconds on the clock in which the child neither computes nor writes: it hangs
BLINK = 0.5  # seconds between two looks at the child

type Temporary = IO[bytes]


def read_workbook(data: bytes | Path, sheet: str | None = None, usual: str = "") -> Table:
    """Open a workbook's sheet; by default the one called ``usual``, else its first visible one that holds anything.

    Numbers come as plain decimals of at most fifteen digits (1.1, not 1.1000000000000001), dates in ISO form, a whole
    number without ``.0``. Raises BadFile with a sentence for whatever cannot or must not be opened.
    """
    rows, report = _converted(data, sheet or "", usual)
    if "refused" in report:
        raise BadFile(_refusal(report))
    first = next(_lines(rows), None)
    if first is None:
        raise BadFile(_("The sheet “%(sheet)s” is empty.") % {"sheet": report["sheet"]})
    header_row, _kinds, names = first
    headers = checked_headers(names, header_row)

    def open_rows() -> Iterator[SheetRow]:
        checker = RowChecker(headers, 0, header_row)
        for number, kinds, texts in _lines(rows):
            row = checker.check(number, _cells(kinds, texts)) if number > header_row else None
            if row:
                yield row

    if next(open_rows(), None) is None:
        raise BadFile(_("The sheet has a header but no rows below it."), header_row)
    return Table(headers, open_rows, _notes(report))


def _converted(data: bytes | Path, sheet: str, usual: str) -> tuple[Temporary, dict[str, Any]]:
    """The file of rows that the child wrote, which lives as long as its object, and the child's report.

    Raises OSError where there was no room for them.
    """
    rows = tempfile.NamedTemporaryFile(prefix="spm-rows-")  # noqa: SIM115  # closed by its owner
    with tempfile.NamedTemporaryFile(prefix="spm-book-", suffix=".xlsx") as copy:
        if isinstance(data, bytes):
            copy.write(data)
            copy.flush()
        path = copy.name if isinstance(data, bytes) else str(data)
        with tempfile.TemporaryFile(prefix="spm-told-") as told:
            # Isolated from environment and working folder; the arguments are data, no shell.
            command = [sys.executable, "-I", str(CHILD), path, sheet, usual, str(SECONDS)]
            # A reader that ran out of memory may hang while it looks for words about it.
            words = {**os.environ, "RUST_BACKTRACE": "0"}
            code = _ended(subprocess.Popen(command, stdout=rows, stderr=told, env=words), rows)  # noqa: S603
            if code == errno.ENOSPC:
                raise OSError(code, os.strerror(code))
            told.seek(0)
            lines = told.read().decode(errors="replace").strip().splitlines()
    try:
        return rows, dict(json.loads(lines[-1])) if lines else {"refused": "memory"}
    except ValueError:  # the child died before it could report: out of memory, out of time, or a crash of the reader
        return rows, {"refused": "memory" if code < 0 else "damaged"}


def _ended(child: subprocess.Popen[bytes], rows: Temporary) -> int:
    """How the child ended, negative where it was killed: by its own limits, or here where it hangs."""
    done, since = (0, 0.0), monotonic()
    with child:
        while child.poll() is None:
            try:
                child.wait(BLINK)
            except subprocess.TimeoutExpired:
                now = (os.fstat(rows.fileno()).st_size, _processor_time(child.pid))
                if now > done:
                    done, since = now, monotonic()
                elif monotonic() - since > SILENCE:
                    child.kill()
        return child.wait()


def _processor_time(pid: int) -> float:
    """Seconds that a process has computed so far; 0 where the platform does not tell (Linux does)."""
    try:
        return clock_gettime((~pid << 3) | 2)  # the clock that clock_getcpuclockid(3) names
    except OSError:
        return 0.0


def _lines(rows: Temporary) -> Iterator[tuple[int, str, list[str]]]:
    with Path(rows.name).open(encoding="utf-8") as stream:
        for line in stream:
            number, kinds, texts = json.loads(line)
            yield number, kinds, texts


def _cells(kinds: str, texts: list[str]) -> list[str]:
    if kinds.count("t") == len(kinds):
        return texts
    return [text if kind == "t" else Native(text) for kind, text in zip(kinds, texts, strict=True)]


def _refusal(report: dict[str, Any]) -> str:
    """The sentence for a code of the child."""
    names = ", ".join(f"“{name}”" for name in report.get("sheets", []))
    sentences = {
        "bomb": _("The workbook is too large when unpacked. Save the sheet as CSV."),
        "memory": _("The workbook is too large to open: it may have cells far outside the table. Save it as CSV."),
        "doubled": _("The workbook holds two parts of the same name. Save it again from a spreadsheet."),
        "password": _("The workbook is protected by a password. Save it without one."),
        "binary": _("Binary workbooks (.xlsb) cannot be read. Save the file as .xlsx or CSV."),
        "opendocument": _("OpenDocument files cannot be read. Save the file as .xlsx or CSV."),
        "other": _("The file is an archive, but no Excel workbook. Save the table as .xlsx or CSV."),
        "macro": _("The workbook holds macros. Save it as .xlsx without macros."),
        "entity": _("The workbook holds XML that must not be read. Save it again from a spreadsheet."),
        "damaged": _("The workbook is damaged and cannot be opened. Save it again from a spreadsheet."),
        "no_such_sheet": _("The workbook has no such sheet. Its sheets: %(names)s.") % {"names": names},
        "no_sheet": _("The workbook has no sheet with cells, only charts."),
        "only_hidden": _("Only hidden sheets hold anything: %(names)s. Choose the sheet by name.") % {"names": names},
        "empty": _("The workbook is empty."),
        "several": _("Several sheets hold such a table: %(names)s. Choose the sheet by name.") % {"names": names},
        "merged": _("The sheet “%(sheet)s” has merged cells. Unmerge them and fill every cell.")
        % {"sheet": report.get("sheet", "")},
    }
    return sentences[report["refused"]]


def _notes(report: dict[str, Any]) -> list[str]:
    """What the preview tells about a workbook that can be read."""
    notes = []
    if report["others"]:
        names = ", ".join(f"“{name}”" for name in report["others"])
        notes.append(
            _("Read from the sheet “%(sheet)s”; not from %(names)s.") % {"sheet": report["sheet"], "names": names}
        )
    counted = [
        (
            report["hidden_rows"],
            ngettext("%(n)d hidden row is read too.", "%(n)d hidden rows are read too.", report["hidden_rows"]),
        ),
        (
            report["booleans"],
            ngettext("%(n)d cell is TRUE or FALSE.", "%(n)d cells are TRUE or FALSE.", report["booleans"]),
        ),
        (report["errors"], ngettext("%(n)d cell shows an error.", "%(n)d cells show an error.", report["errors"])),
        (
            report["no_values"],
            ngettext("%(n)d formula has no value.", "%(n)d formulas have no value.", report["no_values"]),
        ),
    ]
    notes += [sentence % {"n": count} for count, sentence in counted if count]
    told = [
        (report["hidden_columns"], _("Hidden columns are read too.")),
        (report["formulas"], _("Of formulas the values that the workbook holds are read.")),
        (report["epoch_1904"], _("The workbook counts its dates from 1904; they are read accordingly.")),
        (report["links"], _("The workbook links to other files; the values it holds are read.")),
    ]
    return notes + [sentence for applies, sentence in told if applies]
