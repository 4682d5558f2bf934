"""Pages of versions: the list, a new one, two side by side, and bringing one back."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from spm.errors import NothingToDo, RuleViolation
from spm.org.gates import user_of, visible_or_404
from spm.org.models import FiscalYear, User
from spm.ui.exports import export_format
from targets import access, batches, tables, version_queries, versions
from targets.batches import Conflict
from targets.choices import Measure
from targets.grid_views import whole_number
from targets.models import CompanyPlan
from targets.plans import working_plan


def _year(request: HttpRequest, label: str) -> tuple[User, FiscalYear]:
    """The year of the address; 404 for an unknown one, 403 for who leads nobody."""
    user, year = user_of(request), visible_or_404(FiscalYear, request, label=label)
    if not access.can_see_plan(user):
        raise PermissionDenied
    return user, year


@login_required
def version_list(request: HttpRequest, year: str) -> HttpResponseBase:
    """The versions of a year; a POST keeps the numbers as they now stand, under a name."""
    user, fiscal_year = _year(request, year)
    status = 200
    if request.method == "POST":
        if not access.can_edit_plan(user, None):
            raise PermissionDenied
        try:
            name, reason = request.POST.get("name", ""), request.POST.get("reason", "")
            saved = versions.save_version(working_plan(fiscal_year), name, user, reason=reason)
            messages.success(request, _("“%(name)s” is kept as it now stands.") % {"name": saved.name})
            return redirect("targets:versions", year=year)
        except RuleViolation as error:
            messages.error(request, str(error))
            status = 422
    lines = version_queries.listed(user, fiscal_year)
    if export_format(request):
        return tables.export_versions(request, year, lines)
    context = {
        "year": fiscal_year,
        "lines": lines,
        "working": next((line for line in lines if line.is_working), None),
        "measures": list(Measure),
        "can_edit": access.can_edit_plan(user, None),
        "typed": request.POST,
    }
    return render(request, "targets/version_list.html", context, status=status)


@login_required
@require_safe
def version_compare(request: HttpRequest, year: str) -> HttpResponseBase:
    """Two versions side by side, by period and by holder; without two of them the way to choose."""
    user, fiscal_year = _year(request, year)
    chosen = [version_queries.version_of(user, fiscal_year, whole_number(request.GET.get(key, ""))) for key in "ab"]
    if None in chosen and (request.GET.get("a") or request.GET.get("b")):
        raise Http404
    wanted = request.GET.get("measure", "")
    measure = Measure(wanted) if wanted in Measure.values else Measure.BOOKINGS
    a, b = chosen
    page = version_queries.compared(user, a, b, measure) if a and b else None
    if page and export_format(request):
        return tables.export_comparison(request, page)
    context = {
        "year": fiscal_year,
        "page": page,
        "measure": measure,
        "measures": Measure.choices,
        "lines": version_queries.listed(user, fiscal_year),
    }
    return render(request, "targets/version_compare.html", context)


@login_required
def version_restore(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """What bringing a version back would change; a POST does it, as one batch that one undo takes back."""
    user, fiscal_year = _year(request, year)
    version = version_queries.version_of(user, fiscal_year, pk)
    if version is None:
        raise Http404
    if not access.can_edit_plan(user, None):
        raise PermissionDenied
    status = 200
    if request.method == "POST":
        try:
            told = {"reason": request.POST.get("reason", ""), "seen": request.POST.get("seen", "")}
            return _restored(request, *versions.restore(version, user, **told))
        except NothingToDo as error:
            messages.info(request, str(error))
        except Conflict as error:
            messages.error(request, str(error))
            status = 409
        except RuleViolation as error:
            messages.error(request, str(error))
            status = 422
    return _restore_page(request, user, version, status)


def _restored(request: HttpRequest, batch: Any, own: int) -> HttpResponse:
    """To the company plan, where the undo stands."""
    count = len(batch.changes)
    text = ngettext("%(n)s number is as it was.", "%(n)s numbers are as they were.", count)
    messages.success(request, text % {"n": count})
    if own:
        text = ngettext("%(n)s number of your own quota stays.", "%(n)s numbers of your own quota stay.", own)
        messages.warning(request, text % {"n": own})
    return redirect("targets:company", year=batch.plan.fiscal_year.label)


def _restore_page(request: HttpRequest, user: User, version: CompanyPlan, status: int) -> HttpResponse:
    working = working_plan(version.fiscal_year)
    counts, own = version_queries.counts(version, working, user)
    context = {
        "year": version.fiscal_year,
        "version": version,
        "title": versions.title(version),
        "counts": counts,
        "count": sum(counts.values()),
        "own": own,
        "seen": batches.newest(working),
        "is_open": access.is_open(working),
        "is_working": version.pk == working.pk,
        "typed": request.POST,
    }
    return render(request, "targets/version_restore.html", context, status=status)
