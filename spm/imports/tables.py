"""The list of imports as a file. The export is written to the audit log."""

from collections.abc import Iterable, Mapping

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from spm.imports.models import ImportBatch
from spm.org.exports import audited_table
from spm.ui.exports import Column, Row


def export_batches(
    request: HttpRequest, batches: Iterable[ImportBatch], labels: Mapping[str, str | Promise]
) -> HttpResponseBase:
    """``labels``: what each kind is called."""
    counts = (_("Read"), _("New"), _("Changed"), _("Unchanged"), _("Refused"), _("Parked"))
    columns = [
        *map(Column, (_("File"), _("Kind"), _("State"), _("Who"))),
        Column(_("When"), "moment"),
        *(Column(count, "number") for count in counts),
        Column(_("Hash")),
    ]
    lines: Iterable[Row] = (
        [
            batch.filename,
            labels.get(batch.kind, batch.kind),
            batch.get_state_display(),
            batch.created_by.name if batch.created_by else _("Command line"),
            batch.created_at,
            batch.read,
            batch.new,
            batch.changed,
            batch.unchanged,
            batch.refused,
            batch.parked,
            batch.sha256,
        ]
        for batch in batches
    )
    return audited_table(request, columns, lines, "imports")
