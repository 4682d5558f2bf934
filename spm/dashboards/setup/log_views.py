"""Setup: the audit log."""

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from spm.dashboards.setup import tables
from spm.dashboards.setup.forms import AuditFilter
from spm.org.audit_words import details
from spm.org.gates import admins_only, user_of
from spm.org.models import AuditEntry
from spm.ui.exports import export_format


@require_safe
@admins_only
def audit_log(request: HttpRequest) -> HttpResponseBase:
    """Who did what and when, newest first, 50 a page."""
    entries = AuditEntry.objects.visible_to(user_of(request)).select_related("actor").order_by("-at", "-pk")
    narrowed = AuditFilter(request.GET)
    if narrowed.is_valid():
        kind, since = narrowed.cleaned_data["kind"], narrowed.cleaned_data["since"]
        entries = entries.filter(kind=kind) if kind else entries
        entries = entries.filter(at__date__gte=since) if since else entries
    if export_format(request):
        return tables.export_audit(request, entries.iterator(chunk_size=2_000))
    page = Paginator(entries, 50).get_page(request.GET.get("page"))
    rows = [(entry, details(entry)) for entry in page]
    return render(request, "setup/audit.html", {"page": page, "rows": rows, "form": narrowed})
