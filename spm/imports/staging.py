"""From stored bytes to parsed rows, before any table is looked at and outside any transaction.

Parsed rows wait in a temporary file, in blocks of 5,000: the transaction that follows stays short, and memory stays
flat however long the file is.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.errors import RuleViolation
from spm.imports.bulk import BLOCK
from spm.imports.cells import RowParser
from spm.imports.formats import decide_format
from spm.imports.kinds import ImportKind, Row
from spm.imports.mapped import MappedRow
from spm.imports.mappings import Mapping
from spm.imports.models import ImportBatch
from spm.imports.periods import period_labels
from spm.imports.progress import OPENING, READING, Progress, rows_told, silent
from spm.imports.readers import read

KEPT = 5_000  # characters kept of a cell for the file of refused rows; no column takes as many
MOST_WHOLE_ROWS = 100_000  # of a kind that is judged as a whole, in memory

type Cells = dict[str, str]


class UnreadableFile(RuleViolation):
    """The file can be read, but not as rows of this kind."""


class StagedRow(NamedTuple):
    row: Row
    cells: Cells  # as the file has them, by canonical header, for the file of refused rows
    is_superseded: bool


class StagedRefusal(NamedTuple):
    """A row that could not be parsed: one reason, and its cells for the file of refused rows."""

    number: int
    column: str
    value: str
    reason: str
    cells: Cells


DAY, NUMBER = "$day", "$number"
"""How the two kinds of value that JSON does not know are marked; no header is spelt like this."""


def _marked(value: Any) -> dict[str, str]:
    return {DAY: value.isoformat()} if isinstance(value, date) else {NUMBER: str(value)}


def _unmarked(found: dict[str, Any]) -> Any:
    if DAY in found:
        return date.fromisoformat(found[DAY])
    return Decimal(found[NUMBER]) if NUMBER in found else found


class Spool:
    """Blocks of things in a temporary file, a line of JSON each, read back as often as one likes.

    Things are made of lists, dicts with text keys, texts, whole numbers, booleans, None, dates and Decimals.
    """

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile(prefix="spm-import-")  # noqa: SIM115  # lives as long as self
        self.count = 0
        self.waiting: list[Any] = []

    def add(self, item: Any) -> None:
        self.waiting.append(item)
        self.count += 1
        if len(self.waiting) == BLOCK:
            self.flush()

    def flush(self) -> None:
        if self.waiting:
            self.file.write(json.dumps(self.waiting, default=_marked).encode() + b"\n")
            self.waiting = []

    def blocks(self) -> Iterator[list[Any]]:
        self.flush()
        self.file.seek(0)
        while line := self.file.readline():
            place = self.file.tell()
            yield json.loads(line, object_hook=_unmarked)
            self.file.seek(place)


@dataclass
class Staged:
    """A file, read and parsed: good rows and refusals in spools, and what the preview tells about it."""

    kind: ImportKind
    headers: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)
    read: int = 0
    rows: Spool = field(default_factory=Spool)
    refusals: Spool = field(default_factory=Spool)
    last: dict[Any, int] = field(default_factory=dict)  # identity → serial number of its last row in the file
    superseded: set[int] = field(default_factory=set)  # serial numbers of rows that a later one replaces

    def blocks(self) -> Iterator[list[StagedRow]]:
        """Blocks of at most 5,000 rows; all rows in one block for a kind that does not stream."""
        serial = 0
        whole: list[StagedRow] = []
        for raw in self.rows.blocks():
            block = []
            for number, values, cells in raw:
                block.append(StagedRow(Row(number, values), cells, serial in self.superseded))
                serial += 1
            if self.kind.streams:
                yield block
            else:
                whole.extend(block)
        if whole:
            yield whole


def content_path(batch: ImportBatch) -> "tempfile._TemporaryFileWrapper[bytes]":
    """The uploaded bytes in a temporary file, which lives as long as the object returned."""
    file = tempfile.NamedTemporaryFile(prefix="spm-import-")  # noqa: SIM115  # closed by its owner
    for piece in batch.contents.order_by("number").iterator(chunk_size=4):
        file.write(bytes(piece.data))
    file.flush()
    return file


def stage(batch: ImportBatch, kind: ImportKind, currency: str, tell: Progress = silent) -> Staged:
    """Read, map and parse the file of ``batch``; amounts without a currency are in ``currency``.

    Raises RuleViolation where the file as a whole cannot be used, or asks something that only a person can answer.
    """
    tell(0, 0, OPENING)
    mapping = Mapping.from_json(batch.mapping)
    file = content_path(batch)
    table = read(Path(file.name), batch.filename, mapping.read_options(kind.name))
    mapped = mapping.apply(table, kind, period_labels())
    columns = [column for column in kind.columns if column.name in mapped.headers]
    counted = _Counted(mapped)
    decision = decide_format(counted.good(), columns, mapping.format.choice())
    if decision.asks:
        raise UnreadableFile(" ".join(decision.asks))
    staged = Staged(kind, headers=mapped.headers, notes=[*table.notes, *mapped.notes, *decision.notes])
    parser = RowParser(columns, decision, currency)
    for row in rows_told(mapped, counted.count, tell, READING):
        _stage_row(staged, row, parser)
    _tell_left_out(staged, mapped.left_out)
    return staged


class _Counted:
    """The rows of a file, counted while all of them are looked at: the pass that follows knows how many there are."""

    def __init__(self, rows: Iterable[MappedRow]) -> None:
        self.rows, self.count = rows, 0

    def good(self) -> Iterator[MappedRow]:
        for row in self.rows:
            self.count += 1
            if not row.refusal:
                yield row


def _stage_row(staged: Staged, mapped: MappedRow, parser: RowParser) -> None:
    staged.read += 1
    values, refusals = ({}, [mapped.refusal]) if mapped.refusal else parser.parse(mapped.number, mapped.cells)
    if refusals:
        first = refusals[0]
        staged.refusals.add((mapped.number, first.column, first.value[:KEPT], first.reason, _plain(mapped.cells)))
        return
    serial, identity = staged.rows.count, staged.kind.identity(values)
    if identity in staged.last:
        staged.superseded.add(staged.last[identity])
    staged.last[identity] = serial
    staged.rows.add((mapped.number, values, _plain(mapped.cells)))
    if not staged.kind.streams and staged.rows.count > MOST_WHOLE_ROWS:
        raise UnreadableFile(
            _("The file has more than %(most)d rows. Cut it into several files; the result is the same.")
            % {"most": MOST_WHOLE_ROWS}
        )


def _plain(cells: Cells) -> Cells:
    """Cells as bare text, which is all that the spool need keep, and not without end: 5,000 rows wait in memory."""
    return {name: str(text[:KEPT]) for name, text in cells.items()}


def _tell_left_out(staged: Staged, left_out: int) -> None:
    if left_out:
        staged.notes.append(
            ngettext(
                "%(count)d row of the file is left out by the mapping.",
                "%(count)d rows of the file are left out by the mapping.",
                left_out,
            )
            % {"count": left_out}
        )
    if not staged.read:
        raise UnreadableFile(_("The file has a header but no rows that could be loaded."))
