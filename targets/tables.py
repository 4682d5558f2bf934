"""The grids of targets as files: exact amounts, one row per holder; an allocation as the import of quotas reads it."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org.exports import audited_table
from spm.org.models import User
from spm.ui.exports import Column, Value
from targets.allocation_grid import AllocationGrid
from targets.grids import Grid


def export_grid(request: HttpRequest, grid: Grid) -> HttpResponseBase:
    """One line per holder, one column per leaf period, the year at the end."""
    periods = [Column(period.label, "money") for period in grid.periods]
    columns = [Column(_("Holder")), *periods, Column(_("Year"), "money")]
    rows: list[Sequence[Value]] = [
        [line.label, *(cell.amount for cell in line.cells), line.total] for line in grid.lines
    ]
    return audited_table(request, columns, rows, f"{grid.kind}-{grid.year}-{grid.measure}")


def export_allocation(request: HttpRequest, user: User, grid: AllocationGrid) -> HttpResponseBase:
    """One line per person and column of the grid: what the import of quotas reads back, with a name nobody reads."""
    emails = dict(User.objects.visible_to(user).values_list("pk", "email"))
    kinds = {"amount": "money"}
    columns = [Column(head, kinds.get(head, "text")) for head in ("name", "email", "measure", "period", "amount")]
    rows: list[Sequence[Value]] = [
        [row.name, emails.get(int(row.holder.key), ""), grid.measure, cell.period.label, cell.amount]
        for row in grid.rows
        if not row.is_team
        for cell in row.cells
        if cell.amount is not None
    ]
    return audited_table(request, columns, rows, f"quotas-{grid.year}-{grid.measure}")
