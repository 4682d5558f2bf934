"""The list of jobs as a file. The export is written to the audit log."""

from collections.abc import Iterable
from decimal import Decimal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.jobs.models import Job
from spm.org.exports import audited_table
from spm.ui.exports import Column, Row


def export_jobs(request: HttpRequest, jobs: Iterable[Job]) -> HttpResponseBase:
    columns = [
        *map(Column, (_("Job"), _("Subject"), _("State"), _("Asked for by"))),
        Column(_("Asked for at"), "moment"),
        Column(_("Seconds"), "number"),
        Column(_("Result")),
    ]
    lines: Iterable[Row] = (
        [
            job.label,
            _(job.subject) if job.subject else "",
            job.get_state_display(),
            job.created_by.name if job.created_by else _("Schedule") if job.slot else _("The system"),
            job.created_at,
            None if job.seconds is None else Decimal(f"{job.seconds:.1f}"),
            job.error or job.said,
        ]
        for job in jobs
    )
    return audited_table(request, columns, lines, "jobs")
