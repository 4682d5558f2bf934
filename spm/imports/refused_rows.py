"""The rows that were not loaded, as a file to be mended and uploaded again."""

import csv
import io
from typing import Any

from django.db.models import Count

from spm.imports.kinds import kind_named
from spm.imports.models import ImportBatch

EXTRA = ("row", "refused column", "reason")
RISKY = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # noqa: RUF001  # spreadsheets run the full-width forms too


def as_csv(batch: ImportBatch) -> bytes:
    """UTF-8 CSV with canonical headers, then three columns that an upload does not read: where and why.

    Cells are written as the file had them; text that a spreadsheet would run as a formula is prefixed (INV-19).
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
    is_number = text[:1] in "+-" and text[1:2].isdigit()
    return f"'{text}" if text.startswith(RISKY) and not is_number else text


def grouped(batch: ImportBatch, most: int = 20) -> list[Any]:
    """The same complaint counted once: column, value, reason and how many rows, the most frequent first."""
    rows = batch.rows.values("outcome", "column", "value", "reason").annotate(count=Count("pk"))
    return list(rows.order_by("-count", "column", "value")[:most])
