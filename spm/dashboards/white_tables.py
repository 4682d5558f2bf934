"""The white space as a file: every account of the list on whatever page, every family, in exact amounts."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from spm.dashboards.actuals import Subject
from spm.dashboards.periods import View
from spm.dashboards.white_cells import CellKind
from spm.dashboards.white_space import AccountRow, WhiteFile
from spm.org.exports import audited_table
from spm.ui.exports import Column, Value


def export_white_space(request: HttpRequest, file: WhiteFile, view: View, subject: Subject) -> HttpResponseBase:
    """Three columns per family: what was credited, of what is white the amount expected, and the state in words."""
    columns = [Column(_("Account")), Column(_("Number")), Column(_("Segment")), Column(_("Target rank"), "number")]
    columns += [Column(_("Potential"), "money"), Column(str(view.measure.label), "money")]
    columns += [Column(pgettext("potential", "Left"), "money"), Column(_("Open pipeline"), "money")]
    for column in file.columns:
        columns += [Column(column.name, "money"), Column(_("%(family)s: expected") % {"family": column.name}, "money")]
        columns += [Column(_("%(family)s: state") % {"family": column.name})]
    columns += [Column(_("Other families"), "money")]
    words = {
        CellKind.BOUGHT: _("bought"),
        CellKind.OPEN: _("in the pipeline"),
        CellKind.BEFORE: _("bought before"),
        CellKind.WHITE: _("never bought"),
    }
    name = f"white-space-{subject.name}-{view.label}-{view.measure}"
    return audited_table(request, columns, (_line(row, words) for row in file.rows), name)


def _line(row: AccountRow, words: dict[CellKind, str]) -> list[Value]:
    line: list[Value] = [row.name, row.external_id, row.segment, row.rank]
    line += [row.potential, row.actual, row.left, row.pipeline]
    for cell in row.cells:
        line += [cell.amount, cell.expected, words[cell.kind]]
    return [*line, row.others]
