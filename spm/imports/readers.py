"""Reads a file of rows: decides what it is by its name and its first bytes, and refuses the rest with the way out.

Pure functions over bytes: no database, and no idea of what the columns mean.
"""

import gzip
import io
import json
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from spm.errors import has_no_room
from spm.imports.csv_reader import Opener, read_csv
from spm.imports.sheets import BadFile, BadMapping, ReadOptions, Refusal, SheetRow, Table
from spm.imports.workbook_reader import read_workbook

__all__ = ["BadFile", "BadMapping", "ReadOptions", "Refusal", "SheetRow", "Table", "read", "read_pasted"]

MAX_UNPACKED = 500_000_000  # bytes of a .csv.gz
MAX_RATIO = 200  # unpacked bytes to packed ones
BLOCK = 1 << 20

TEXT_SUFFIXES = (".csv", ".txt", ".tsv", ".tab")
ZIP, GZIP, OLE = b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"


def read(data: bytes | Path, filename: str, options: ReadOptions | None = None) -> Table:
    """Open ``data`` as the table that ``filename`` says it is: CSV, .csv.gz or XLSX.

    Raises BadFile with a sentence that names the way out for anything else, for bytes that are not what the name
    says, and for a table that cannot be read. Rows are read when ``Table.rows`` is walked, which may raise it too.
    """
    options = options or ReadOptions()
    name = filename.strip().lower()
    with _opener(data)() as stream:
        head = stream.read(4096)
    if not head:
        raise BadFile(_("The file is empty."))
    if name.endswith(".xlsx"):
        _check_workbook(head)
        return read_workbook(data, options.sheet, options.usual_sheet)
    if name.endswith(".gz"):
        return _read_gzip(data, name, head, options)
    if not name.endswith(TEXT_SUFFIXES):
        raise BadFile(_way_out(name, head))
    _check_text(name, head)
    return read_csv(_opener(data), options.delimiter, options.encoding)


def read_pasted(text: str, options: ReadOptions | None = None) -> Table:
    """Open cells pasted from a spreadsheet (tab separated) or from a CSV file; the same rules as for a file."""
    delimiter = options.delimiter if options else None
    if not delimiter and "\t" in text:
        delimiter = "\t"
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise BadFile(_("The pasted text holds characters that are not Unicode.")) from None
    if not data.strip():
        raise BadFile(_("Nothing was pasted."))
    return read_csv(_opener(data), delimiter)


def _opener(data: bytes | Path) -> Opener:
    if isinstance(data, Path):
        return lambda: data.open("rb")
    return lambda: io.BytesIO(data)


def _read_gzip(data: bytes | Path, name: str, head: bytes, options: ReadOptions) -> Table:
    inner = name.removesuffix(".gz")
    if not inner.endswith(TEXT_SUFFIXES):
        raise BadFile(_("Of compressed files only .csv.gz can be read. Unpack the file first."))
    if not head.startswith(GZIP):
        raise BadFile(_("The file is named .gz but is not compressed with gzip. Name it .csv."))
    unpacked = _unpack(_opener(data))

    def open_unpacked() -> BinaryIO:
        return Path(unpacked.name).open("rb")  # the closure keeps the temporary file alive

    with open_unpacked() as stream:
        _check_text(inner, stream.read(4096))
    return read_csv(open_unpacked, options.delimiter, options.encoding)


def _unpack(open_bytes: Callable[[], BinaryIO]) -> "tempfile._TemporaryFileWrapper[bytes]":
    """The unpacked bytes in a temporary file, which lives as long as its object. Bounded in size and ratio."""
    unpacked = tempfile.NamedTemporaryFile(prefix="spm-import-", suffix=".csv")  # noqa: SIM115  # closed by its owner
    size = 0
    try:
        with open_bytes() as packed, gzip.GzipFile(fileobj=packed) as stream:
            while block := stream.read(BLOCK):
                size += len(block)
                if size > MAX_UNPACKED or size > MAX_RATIO * max(packed.tell(), BLOCK):
                    raise BadFile(_("The file is too large when unpacked. Split it into several files."))
                unpacked.write(block)
    except (OSError, EOFError, zlib.error) as error:
        if has_no_room(error):
            raise
        raise BadFile(_("The compressed file is damaged or cut off. Make it again.")) from None
    unpacked.flush()
    return unpacked


def _check_workbook(head: bytes) -> None:
    """Refuse bytes that are no XLSX in spite of the name."""
    if head.startswith(OLE):
        raise BadFile(
            _("The workbook is protected by a password, or an old .xls. Save it as .xlsx without a password.")
        )
    if not head.startswith(ZIP):
        raise BadFile(
            _("The file is named .xlsx but is no Excel workbook. Open it in a spreadsheet and save it as .xlsx.")
        )


def _check_text(name: str, head: bytes) -> None:
    """Refuse bytes that are no text table in spite of the name."""
    kind = _contents(head)
    if kind is not None:
        raise BadFile(
            _("The file is named %(suffix)s but holds %(kind)s. Export it as CSV or save it as .xlsx.")
            % {"suffix": Path(name).suffix, "kind": kind}
        )


def _contents(head: bytes) -> str | None:
    """What the first bytes are, in words, where they are surely no table of text."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    signatures = {
        ZIP: _("a workbook or a zip archive"),
        GZIP: _("a gzip archive"),
        OLE: _("an old Excel workbook (.xls)"),
        b"%pdf": _("a PDF"),
        b"<": _("a web page or XML"),
        b"{\\rtf": _("a text document (RTF)"),
        b"\x89png": _("a picture"),
        b"\xff\xd8\xff": _("a picture"),
        b"sqlite format": _("a database"),
    }
    for signature, words in signatures.items():
        if head.startswith(signature) or start.startswith(signature):
            return words
    return _("JSON") if _is_json(start) else None


def _is_json(start: bytes) -> bool:
    if not start.startswith((b"{", b"[")):
        return False
    try:
        json.loads(start)
    except ValueError as error:  # cut at 4,096 bytes: JSON so far, unless it goes wrong at once
        return len(start) > 4000 and "line 1 column 2 " not in str(error)
    return True


def _way_out(name: str, head: bytes) -> str:
    """The sentence for a file of a type that is not read at all."""
    suffix = Path(name).suffix
    ways = {
        ".xls": _("Old Excel workbooks (.xls) cannot be read. Save the file as .xlsx or CSV."),
        ".xlsb": _("Binary Excel workbooks (.xlsb) cannot be read. Save the file as .xlsx or CSV."),
        ".xlsm": _("Workbooks with macros (.xlsm) cannot be read. Save the file as .xlsx."),
        ".ods": _("OpenDocument spreadsheets (.ods) cannot be read. Save the file as .xlsx or CSV."),
        ".numbers": _("Numbers documents cannot be read. Export the file as Excel or CSV."),
        ".pdf": _("A PDF cannot be read. Export the table as CSV or XLSX from where it was made."),
        ".zip": _("A zip archive cannot be read. Unpack it and load the files one by one."),
        ".json": _("JSON cannot be read. Export the table as CSV or XLSX."),
        ".xml": _("XML cannot be read. Export the table as CSV or XLSX."),
        ".html": _("A web page cannot be read. Export the table as CSV or XLSX."),
    }
    if suffix in ways:
        return ways[suffix]
    kind = _contents(head)
    if kind is not None:
        return _("The file holds %(kind)s. Export the table as CSV or XLSX.") % {"kind": kind}
    return _("Files that end in “%(suffix)s” cannot be read. Name it .csv, .csv.gz or .xlsx, as it is.") % {
        "suffix": suffix or name
    }
