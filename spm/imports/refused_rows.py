"""The rows that were not loaded, as a file to be mended and uploaded again."""

import csv
import io
import re
from typing import Any

from django.db.models import Count

from spm.imports.kinds import kind_named
from spm.imports.models import ImportBatch
from spm.ui.exports import guarded

MOST = 20  # complaints shown
EXTRA = ("row", "refused column", "reason")
NUMBER = re.compile(r"[+-]\d[\d., \u00a0\u202f]*")


def as_csv(batch: ImportBatch) -> bytes:
    """UTF-8 CSV with canonical headers, then three columns that an upload does not read: where and why.

    Cells are written as they were read; text that a spreadsheet would run as a formula is guarded, and read back as
    it was (INV-19).
    """
    rows = batch.rows.order_by("number", "pk")
    used = {name for cells in rows.values_list("cells", flat=True).iterator() for name in cells}
    headers = [column.name for column in kind_named(batch.kind).columns if column.name in used]
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([*headers, *EXTRA])
    for row in rows.iterator():
        cells = [row.cells.get(name, "") for name in headers]
        writer.writerow([_safe(text) for text in (*cells, str(row.number), row.column, row.reason)])
    return stream.getvalue().encode("utf-8-sig")


def _safe(text: str) -> str:
    return text if NUMBER.fullmatch(text) else guarded(text)


def how_many_reasons(batch: ImportBatch) -> int:
    """How many complaints ``grouped`` has altogether."""
    count: int = batch.rows.order_by().values("outcome", "column", "value", "reason").distinct().count()
    return count


def grouped(batch: ImportBatch, most: int | None = MOST) -> list[Any]:
    """The same complaint counted once: column, value, reason and how many rows, the most frequent first."""
    rows = batch.rows.values("outcome", "column", "value", "reason").annotate(count=Count("pk"))
    return list(rows.order_by("-count", "column", "value", "reason")[:most])
