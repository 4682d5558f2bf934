"""Pages and verbs of saved views: make, list, change, store, delete, bring back."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from spm.dashboards import weekly
from spm.dashboards.forms_saved import SavedViewForm, as_initial
from spm.dashboards.periods import THIS, View
from spm.dashboards.queries import view_of
from spm.dashboards.saved import address_of, listed, state_words
from spm.dashboards.tables import export_saved_views
from spm.errors import RuleViolation
from spm.keys import is_storable
from spm.org import clock, saving
from spm.org.access import can_edit_saved_view
from spm.org.choices import SavedPage
from spm.org.gates import user_of, visible_or_404
from spm.org.models import SavedView
from spm.ui import error_pages
from spm.ui.exports import export_format


@login_required
@require_safe
def saved_list(request: HttpRequest) -> HttpResponseBase:
    """All views that the user sees: one's own, and those shared with a team one belongs to."""
    rows = listed(user_of(request))
    if export_format(request):
        return export_saved_views(request, rows)
    own = [row for row in rows if not row.by]
    words = {"own": len(own), "shared": len(rows) - len(own)}
    return render(request, "dashboards/saved_list.html", {"rows": rows, **words})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def saved_create(request: HttpRequest) -> HttpResponse:
    """Keep the state that the address holds under a name; ``of`` says of which page it is."""
    user, page, view = user_of(request), _page(request), _state(request)
    form = SavedViewForm(request.POST or None, user=user, moving=view is not None and view.is_running)
    if request.method == "POST" and form.is_valid():
        try:
            made = saving.create(user, page, _query(request.GET, view, form.cleaned_data), form.wish)
        except RuleViolation as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("View “%(name)s” saved.") % {"name": made.name})
            return redirect(address_of(made))
    told = state_words(user, page, saving.known(page, _texts(request.GET)), view)
    context = {"form": form, "told": told, "crumbs": _crumbs(), "cancel": _back_to(page, request.GET)}
    return render(request, "dashboards/saved_form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def saved_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename, share, pin, mail; for the owner alone."""
    user, view = user_of(request), _own(request, pk)
    form = SavedViewForm(request.POST or None, user=user, initial=as_initial(view))
    if request.method == "POST" and form.is_valid():
        try:
            saving.update(view, form.wish)
        except RuleViolation as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("View “%(name)s” saved.") % {"name": view.name})
            return redirect("dashboards:saved-list")
    told = state_words(user, SavedPage(view.page), view.query, None)
    context = {"form": form, "view_row": view, "told": told, "crumbs": _crumbs()}
    context["cancel"] = address_of(view)
    return render(request, "dashboards/saved_form.html", context, status=422 if form.is_bound else 200)


@require_POST
@login_required
def saved_store(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the state that the form carries in place of the one that is kept."""
    view = _own(request, pk)
    state = QueryDict(request.POST.get("state", "")[:2000].lstrip("?"))
    if not all(map(is_storable, _texts(state).values())):  # "%00" comes to be a NUL only here
        return error_pages.unstorable(request)
    shown = view_of(user_of(request), company, state) if (company := clock.company()) else None
    moves = view.query.get("period", THIS).startswith(THIS)
    saving.store(view, _query(state, shown, {"moves": moves}))
    messages.success(request, _("View “%(name)s” shows this state from now on.") % {"name": view.name})
    return redirect(address_of(view))


@require_POST
@login_required
def saved_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the view away, with an undo beside the message."""
    view = _own(request, pk)
    saving.delete(view)
    undo = reverse("dashboards:saved-restore", args=[view.pk])
    messages.success(request, _("View “%(name)s” deleted.") % {"name": view.name}, extra_tags=f"undo:{undo}")
    return redirect("dashboards:saved-list")


@require_POST
@login_required
def saved_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring back one's own view that was deleted within the day."""
    view = SavedView.objects.visible_to(user_of(request), deleted=True).filter(pk=pk).first()
    if view is None:
        raise Http404
    try:
        saving.restore(view)
        messages.success(request, _("View “%(name)s” is back.") % {"name": view.name})
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect("dashboards:saved-list")


@csrf_exempt  # mail programs post here without any session; what may be done stands in the signed token
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """End the weekly e-mail that carries this token: by its button, or by the mail program's (RFC 8058)."""
    view = weekly.view_of(token)
    if view is None:
        raise Http404
    if request.method == "POST":
        saving.end_mails(view)
    return render(request, "dashboards/unsubscribe.html", {"ended": request.method == "POST" or not view.mailed})


def _own(request: HttpRequest, pk: int) -> SavedView:
    """The view, for who may change it: hidden → 404, shared by somebody else → 403."""
    view = visible_or_404(SavedView, request, pk=pk)
    if not can_edit_saved_view(user_of(request), view):
        raise PermissionDenied
    return view


def _page(request: HttpRequest) -> SavedPage:
    asked = request.GET.get("of", "")
    return SavedPage(asked) if asked in SavedPage.values else SavedPage.PERFORMANCE


def _state(request: HttpRequest) -> View | None:
    company = clock.company()
    return view_of(user_of(request), company, request.GET) if company else None


def _query(asked: QueryDict, view: View | None, said: dict[str, Any]) -> dict[str, str]:
    """The state as text; a running period that is to move on is kept by its kind."""
    query = _texts(asked) | (view.parameters if view else {})
    if view is not None and view.is_running and said.get("moves"):
        query["period"] = f"{THIS}{view.span}"
    return query


def _texts(state: QueryDict) -> dict[str, str]:
    return {name: str(value) for name, value in state.items()}


def _crumbs() -> list[tuple[str, str]]:
    return [(_("Saved views"), reverse("dashboards:saved-list"))]


def _back_to(page: SavedPage, state: QueryDict) -> str:
    kept = QueryDict(mutable=True)
    kept.update(saving.known(page, _texts(state)))
    address = reverse(f"dashboards:{page}")
    return f"{address}?{kept.urlencode()}" if kept else address
