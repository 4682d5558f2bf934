"""A table as a file, and the entry that every export leaves in the audit log."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org import audit
from spm.org.choices import AuditKind
from spm.org.gates import user_of
from spm.org.limits import spend
from spm.ui.exports import CSV, Column, Value, export_format, table_response

AS_OF = "as_of"
"""The parameter by which pages are asked for a past day; the file says the day in words of its own."""


def audited_table(  # noqa: PLR0913  # what an export consists of, the last two by keyword
    request: HttpRequest,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Value]],
    name: str,
    *,
    as_of: date | None = None,
    **more: Any,
) -> HttpResponseBase:
    """The file that ``?format=`` asks for (CSV where it names none known), with the filters in force.

    Raises TooOften. ``rows`` come from ``visible_to``; ``name`` is the file's name without its ending;
    ``as_of``: the day of which the table is, where it can be asked for again. ``more``: what else ``table_response``
    takes by keyword, as further sheets.
    """
    spend(request, "export")
    fmt = export_format(request) or CSV
    asked = [(key, str(value)) for key, value in request.GET.items() if key != "format"]
    audit.record(
        AuditKind.EXPORT,
        actor=user_of(request),
        subject=request.path,
        request=request,
        format=fmt,
        query=dict(asked),
    )
    filters = [(key, value) for key, value in asked if as_of is None or key != AS_OF]
    return table_response(columns, rows, name, fmt, [(_("Page"), request.path), *filters], as_of=as_of, **more)
