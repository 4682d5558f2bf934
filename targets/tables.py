"""The grids of targets as files: exact amounts, one row per holder."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org.exports import audited_table
from spm.ui.exports import Column, Value
from targets.grids import Grid


def export_grid(request: HttpRequest, grid: Grid) -> HttpResponseBase:
    """One line per holder, one column per leaf period, the year at the end."""
    periods = [Column(period.label, "money") for period in grid.periods]
    columns = [Column(_("Holder")), *periods, Column(_("Year"), "money")]
    rows: list[Sequence[Value]] = [
        [line.label, *(cell.amount for cell in line.cells), line.total] for line in grid.lines
    ]
    return audited_table(request, columns, rows, f"{grid.kind}-{grid.year}-{grid.measure}")
