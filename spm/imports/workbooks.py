"""The template workbook of a kind: one sheet with the canonical headers, each explained in a comment."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from spm.imports.kinds import Column, ColumnType, ImportKind

TEXT_FORMAT = "@"  # keeps leading zeros
DATE_FORMAT = "yyyy-mm-dd"
ROWS = 200  # rows that are formatted in advance


def template(kind: ImportKind, rows: Iterable[Sequence[Any]] = ()) -> bytes:
    """An XLSX file to fill in. Without ``rows`` nothing but the header is in it, so that it never loads an example.

    ``rows``: a value per column of the kind (``samples.sample_rows``).
    """
    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise RuntimeError("a new workbook has a sheet")
    sheet.title = kind.name
    sheet.freeze_panes = "A2"
    for place, column in enumerate(kind.columns, start=1):
        cell = sheet.cell(row=1, column=place, value=column.name)
        cell.font = Font(bold=column.required)
        cell.comment = Comment(explanation(column), "SPM")
        sheet.column_dimensions[get_column_letter(place)].width = max(14, len(column.name) + 4)
        for row in range(2, ROWS):
            sheet.cell(row=row, column=place).number_format = _number_format(column)
    for number, values in enumerate(rows, start=2):
        for place, value in enumerate(values, start=1):
            sheet.cell(row=number, column=place).value = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def explanation(column: Column) -> str:
    """What a column holds, in one line: required or not, choices, a hint, an example."""
    said = [_("required") if column.required else _("optional")]
    if column.choices:
        said.append(_("one of %(choices)s") % {"choices": ", ".join(column.choices)})
    if column.other_words:
        words = ", ".join(word for word, _choice in column.other_words)
        said.append(_("%(words)s are understood too") % {"words": words})
    if column.help:
        said.append(str(column.help))
    if column.example:
        said.append(_("for example %(example)s") % {"example": column.example})
    return "; ".join(said)


def _number_format(column: Column) -> str:
    if column.type == ColumnType.DATE:
        return DATE_FORMAT
    return TEXT_FORMAT if column.type in (ColumnType.TEXT, ColumnType.EMAIL) else "General"
