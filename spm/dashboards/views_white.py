"""The white space of a territory, a person or a team, and one cell of it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from spm.dashboards import white_tables
from spm.dashboards.actuals import Subject, subject_of
from spm.dashboards.periods import Span, View
from spm.dashboards.queries import view_of
from spm.dashboards.white_cell import cell_page
from spm.dashboards.white_space import asked, twelve_months, white_file, white_space, wish_of
from spm.org import clock
from spm.org.gates import user_of
from spm.org.models import Company
from spm.ui.exports import export_format
from targets.choices import Measure
from territories.similar_accounts import LEAST

KEPT = ("period", "measure")


def _asked(request: HttpRequest) -> tuple[Company, View, Subject] | None:
    """The company, what to see of it and of whom; None without a calendar. Raises Http404."""
    user, company = user_of(request), clock.company()
    view = view_of(user, company, asked(request.GET)) if company else None
    if company is None or view is None:
        return None
    view = twelve_months(view, request.GET)
    return company, view, subject_of(user, company, view, request.GET)


@login_required
@require_safe
def white(request: HttpRequest) -> HttpResponseBase:
    """The matrix of accounts and product families."""
    found = _asked(request)
    if found is None:
        return render(request, "dashboards/no_calendar.html", {"title": _("White space")})
    company, view, subject = found
    user, wish = user_of(request), wish_of(request.GET)
    if export_format(request):
        file = white_file(user, company, view, subject, wish)
        return white_tables.export_white_space(request, file, view, subject)
    page = white_space(user, company, view, subject, wish)
    context = {
        "page": page,
        "company": company,
        "least": LEAST,
        "kept": _kept(request, subject),
        **_choices(view, subject),
    }
    return render(request, "dashboards/white_space.html", context)


def _kept(request: HttpRequest, subject: Subject) -> str:
    """What a cell's address takes along."""
    parts = [f"{name}={pk}" for name, pk in subject.query.items()]
    parts += [f"{name}={request.GET[name]}" for name in KEPT if _is_plain(request.GET.get(name, ""))]
    return "&".join(parts)


def _is_plain(text: str) -> bool:
    return bool(text) and all(sign.isalnum() or sign == "-" for sign in text)


def _choices(view: View, subject: Subject) -> dict[str, Any]:
    year = dict(view.spans).get(Span.YEAR, "")
    return {
        "measures": [(str(measure), str(measure.label)) for measure in (Measure.REVENUE, Measure.BOOKINGS)],
        "spans": [("", _("12 months")), *([(year, year)] if year else [])],
        "hidden": list(subject.query.items()),
    }


@login_required
@require_safe
def cell(request: HttpRequest) -> HttpResponse:
    """What stands behind one cell: its credits, its pipeline, and what similar accounts buy."""
    found = _asked(request)
    if found is None:
        return render(request, "dashboards/no_calendar.html", {"title": _("White space")})
    company, view, subject = found
    page = cell_page(user_of(request), company, view, subject, request.GET)
    back = reverse("dashboards:white-space") + f"?{_kept(request, subject)}"
    return render(request, "dashboards/white_cell.html", {"page": page, "company": company, "back": back})
