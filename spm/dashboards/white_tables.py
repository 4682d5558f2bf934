"""The white space as a file: the page shown, account by account, families as columns, in exact amounts."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.dashboards.white_cells import CellKind
from spm.dashboards.white_space import WhiteSpace
from spm.org.exports import audited_table
from spm.ui.exports import Column, Value


def export_white_space(request: HttpRequest, page: WhiteSpace) -> HttpResponseBase:
    """Two columns per family: what was credited, and of what is white the amount expected."""
    columns = [Column(_("Account")), Column(_("Number")), Column(_("Segment"))]
    columns += [Column(_("Potential"), "money"), Column(str(page.view.measure.label), "money")]
    columns += [Column(_("Open pipeline"), "money")]
    for column in page.columns:
        columns += [Column(column.name, "money"), Column(_("%(family)s: expected") % {"family": column.name}, "money")]
        columns += [Column(_("%(family)s: state") % {"family": column.name})]
    columns += [Column(_("Other families"), "money")]
    words = {
        CellKind.BOUGHT: _("bought"),
        CellKind.OPEN: _("in the pipeline"),
        CellKind.BEFORE: _("bought before"),
        CellKind.WHITE: _("never bought"),
    }
    rows: list[Sequence[Value]] = []
    for row in page.rows:
        line: list[Value] = [row.name, row.external_id, row.segment, row.potential, row.actual, row.pipeline]
        for cell in row.cells:
            line += [cell.amount, cell.expected, words[cell.kind]]
        rows.append([*line, row.others])
    name = f"white-space-{page.subject.name}-{page.view.label}-{page.view.measure}"
    return audited_table(request, columns, rows, name)
