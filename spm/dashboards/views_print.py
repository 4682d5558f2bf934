"""The performance pages on paper: the same numbers, drawn by the server, with all rows and no controls."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from spm.dashboards import access
from spm.dashboards.board import Focus
from spm.dashboards.charts import pacing_drawing
from spm.dashboards.reps import rep_page
from spm.dashboards.views import focus_of, performance_of, state_of, team_or_404
from spm.org.gates import user_of, visible_or_404
from spm.org.models import User


@login_required
@require_safe
def performance_print(request: HttpRequest) -> HttpResponse:
    """The company, or what the user leads. A rep is sent to the paper of his own page."""
    user = user_of(request)
    if not access.can_open_performance(user):
        asked = request.GET.urlencode()
        return redirect(reverse("dashboards:rep-print", args=[user.pk]) + (f"?{asked}" if asked else ""))
    return _board(request, None, reverse("dashboards:performance"))


@login_required
@require_safe
def team_print(request: HttpRequest, pk: int) -> HttpResponse:
    """One team."""
    found = team_or_404(request, pk)
    return _board(request, Focus((found.pk,), is_company=False), reverse("dashboards:team", args=[pk]), found.name)


def _board(request: HttpRequest, focus: Focus | None, back: str, team: str = "") -> HttpResponse:
    company, view = state_of(request)
    if company is None or view is None:
        return render(request, "dashboards/no_calendar.html", {"title": _("Performance")})
    page = performance_of(user_of(request), company, view, focus or focus_of(request, view))
    drawing = pacing_drawing(page.lines, view, company.currency)
    context = {"page": page, "view": view, "drawing": drawing, "team": team, "back": back + view.query()}
    return render(request, "dashboards/performance_print.html", context)


@login_required
@require_safe
def rep_print(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: for that person and whoever answers for him."""
    person = visible_or_404(User, request, pk=pk)
    company, view = state_of(request)
    if company is None or view is None:
        return render(request, "dashboards/no_calendar.html", {"title": person.name})
    page = rep_page(user_of(request), company, view, person)
    drawing = pacing_drawing(page.lines, view, company.currency)
    back = reverse("dashboards:rep", args=[pk]) + view.query()
    return render(request, "dashboards/rep_print.html", {"page": page, "view": view, "drawing": drawing, "back": back})
