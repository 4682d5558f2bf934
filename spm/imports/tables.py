"""The list of imports and the tables of one import as files. Each export is written to the audit log."""

from collections.abc import Iterable, Iterator, Mapping

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from spm.imports import differences, refused_rows
from spm.imports.kinds import kind_named
from spm.imports.models import ImportBatch
from spm.org.exports import audited_table
from spm.ui.exports import Column, Row

type Table = tuple[list[Column], Iterable[Row]]


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


def export_batch(request: HttpRequest, batch: ImportBatch) -> HttpResponseBase:
    """The table of an import that ``?table=`` names: reasons, differences, or else every row that is not loaded.

    Of the differences the file holds what is kept of them one by one, below the totals of all.
    """
    named = request.GET.get("table", "")
    parts = {"reasons": _reasons, "differences": _differences}
    columns, rows = parts.get(named, _rows)(batch)
    return audited_table(request, columns, rows, f"import-{batch.pk}-{named if named in parts else 'rows'}")


def _rows(batch: ImportBatch) -> Table:
    kept = batch.rows.order_by("number", "pk").values_list("number", "column", "value", "reason")
    columns = [Column(_("Row"), "number"), *map(Column, (_("Column"), _("Value"), _("Reason")))]
    return columns, kept.iterator(chunk_size=2_000)


def _reasons(batch: ImportBatch) -> Table:
    columns = [Column(_("Rows"), "number"), *map(Column, (_("Column"), _("Value"), _("Reason")))]
    found = refused_rows.grouped(batch, most=None)
    return columns, [[one["count"], one["column"], one["value"], one["reason"]] for one in found]


def _differences(batch: ImportBatch) -> Table:
    columns = [
        *map(Column, (_("Holder"), _("Measure"), _("Period"))),
        *(Column(name, "money") for name in (_("Before"), _("After"), _("Difference"))),
    ]
    page = differences.page_of(kind_named(batch.kind), batch.differences)
    return columns, _changes(page) if page else []


def _changes(page: differences.Page) -> Iterator[Row]:
    for one in page.sums:
        yield [_("Total"), one.group, "", one.before, one.after, one.difference]
    for one in page.rows:
        yield [one.name, one.group, one.period, one.before, one.after, one.difference]
