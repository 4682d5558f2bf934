"""The pages of imports: history, upload, mapping, preview, report, undo. Admins; managers for what they may set."""

import io
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from spm.errors import RuleViolation
from spm.imports import access, batches, new_teams, proposals, queries, refused_rows, samples, tables, workbooks
from spm.imports.forms import PASTED, MappingForm, UploadForm
from spm.imports.kinds import ImportKind, UnknownKind, kind_named
from spm.imports.mappings import Mapping
from spm.imports.models import ImportBatch
from spm.org import audit
from spm.org.access import can_administer
from spm.org.choices import AuditKind
from spm.org.clock import company
from spm.org.gates import admins_only, user_of
from spm.org.limits import spend
from spm.ui.exports import export_format

PAGE = 50
type View = Callable[..., HttpResponseBase]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def importers_only(view: View) -> View:
    """Anonymous → sign-in page; signed in without the right to import anything → 403."""

    @wraps(view)
    @login_required
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not access.can_import(user_of(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return gated


@require_safe
@importers_only
def batch_list(request: HttpRequest) -> HttpResponseBase:
    """Every import, newest first: who, when, the file's hash, the counts."""
    found = ImportBatch.objects.visible_to(user_of(request)).select_related("created_by")
    labels = queries.kind_labels()
    if export_format(request):
        return tables.export_batches(request, found.iterator(chunk_size=2_000), labels)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = [(batch, labels.get(batch.kind, batch.kind)) for batch in page]
    return render(request, "imports/batch_list.html", {"page": page, "rows": rows})


@require_safe
@importers_only
def kind_list(request: HttpRequest) -> HttpResponse:
    """What can be imported, in the order in which an empty company loads it."""
    return render(request, "imports/kind_list.html", {"kinds": queries.kind_cards(user_of(request))})


@require_safe
@importers_only
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """The template workbook of a kind."""
    return _workbook(workbooks.template(_kind_of(request, kind)), kind)


@require_safe
@importers_only
def sample(request: HttpRequest, kind: str) -> HttpResponse:
    """The same with a few rows to look at, or to load."""
    wanted = _kind_of(request, kind)
    if kind not in samples.NAMES:
        raise Http404
    return _workbook(workbooks.template(wanted, samples.sample_rows(wanted)), f"{kind}-sample")


def _workbook(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@importers_only
def upload(request: HttpRequest, kind: str) -> HttpResponse:
    """A file or pasted cells; stored, then judged. Without a company first the form of that."""
    wanted, user = _kind_of(request, kind), user_of(request)
    if company() is None:
        messages.info(request, _("Name the company and its currency first; files are loaded into it."))
        return redirect("setup:company")
    form = UploadForm(request.POST or None, request.FILES or None, kind=wanted, user=user)
    if request.method == "POST":
        spend(request, "import")
    if request.method == "POST" and form.is_valid():
        try:
            batch = _stored(wanted, form, request)
            if proposals.of_batch(batch):
                return redirect("imports:map", pk=batch.pk)  # what the file seems to be is for a person to confirm
            batches.ask(batch, "preview", user)
        except RuleViolation as error:
            form.add_error(None, str(error))
        else:
            return redirect("imports:detail", pk=batch.pk)
    context = {"form": form, "kind": queries.kind_card(wanted)}
    return render(request, "imports/batch_create.html", context, status=422 if form.errors else 200)


def _stored(kind: ImportKind, form: UploadForm, request: HttpRequest) -> ImportBatch:
    told = form.cleaned_data
    pasted = told["pasted"].encode("utf-8", "surrogatepass") if told["pasted"].strip() else None
    file = io.BytesIO(pasted) if pasted is not None else told["file"]
    return batches.upload(
        kind,
        file,
        PASTED if pasted is not None else file.name,
        mapping=form.mapping(),
        source=told.get("source") or "file",
        is_snapshot=bool(told.get("is_snapshot")),
        by=user_of(request),
    )


@require_safe
@importers_only
def batch_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Progress, preview or report, whichever the import has come to."""
    batch = _batch_or_404(request, pk)
    if export_format(request):
        return tables.export_batch(request, batch)
    page = queries.batch_page(batch, user_of(request))
    return render(request, "imports/batch_detail.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@importers_only
def batch_map(request: HttpRequest, pk: int) -> HttpResponse:
    """Which column of the file fills which header."""
    batch, user = _batch_or_404(request, pk), user_of(request)
    if not access.can_load(user, batch):
        raise PermissionDenied
    headers, unreadable = [], ""
    try:
        headers = batches.headers_of(batch)
    except RuleViolation as error:
        unreadable = str(error)
    mapping = Mapping.from_json(batch.mapping)
    options: dict[str, Any] = {"mapping": mapping, "headers": headers}
    options["keeps_profiles"] = can_administer(user)
    options["proposed"] = proposals.period_columns(kind_named(batch.kind), mapping, headers)
    form = MappingForm(request.POST or None, kind=kind_named(batch.kind), **options)
    if request.method == "POST" and form.is_valid():

        def read_anew() -> None:
            batches.ask_with_mapping(batch, form.result, user)
            form.save(batch, user)

        return _asked(request, batch, read_anew)
    status = 422 if form.errors else 200
    context = {"form": form, "batch": batch, "unreadable": unreadable}
    return render(request, "imports/batch_map.html", context, status=status)


@require_POST
@importers_only
def batch_commit(request: HttpRequest, pk: int) -> HttpResponse:
    """Load the file; ``good_rows`` leaves the refused ones out."""
    batch, user = _batch_or_404(request, pk), user_of(request)
    if "good_rows" in request.POST:
        return _asked(request, batch, lambda: batches.commit_good_rows(batch, user))
    return _asked(request, batch, lambda: batches.ask(batch, "commit", user))


@require_POST
@importers_only
def batch_undo(request: HttpRequest, pk: int) -> HttpResponse:
    batch, user = _batch_or_404(request, pk), user_of(request)
    return _asked(request, batch, lambda: batches.ask(batch, "undo", user))


@require_POST
@admins_only
def batch_teams(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the teams that the file names and nobody has made yet, then judge it again."""
    batch, user = _batch_or_404(request, pk), user_of(request)
    if not access.can_load(user, batch):
        raise PermissionDenied
    names = new_teams.make(batch, user)
    messages.success(request, _("Teams made: %(names)s.") % {"names": ", ".join(names) or "–"})
    return _asked(request, batch, lambda: batches.ask(batch, "preview", user))


@require_safe
@importers_only
def batch_refused(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows that were not loaded, to be mended and uploaded again."""
    batch = _batch_or_404(request, pk)
    spend(request, "export")
    audit.record(
        AuditKind.EXPORT, actor=user_of(request), subject=_("Refused rows of %(batch)s") % {"batch": batch.filename}
    )
    response = HttpResponse(refused_rows.as_csv(batch), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-{batch.pk}.csv"'
    return response


def _asked(request: HttpRequest, batch: ImportBatch, verb: Callable[[], None]) -> HttpResponse:
    """Do it; a broken rule becomes a message. Either way the page of the import follows."""
    try:
        verb()
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect("imports:detail", pk=batch.pk)


def _batch_or_404(request: HttpRequest, pk: int) -> ImportBatch:
    found = ImportBatch.objects.visible_to(user_of(request)).select_related("job", "created_by", "undone_by")
    batch: ImportBatch = get_object_or_404(found, pk=pk)
    return batch


def _kind_of(request: HttpRequest, name: str) -> ImportKind:
    """The kind that an address names: 404 where there is none, 403 where it is not for the user to load."""
    try:
        kind = kind_named(name)
    except UnknownKind as error:
        raise Http404 from error
    if not access.can_use(user_of(request), kind):
        raise PermissionDenied
    return kind
