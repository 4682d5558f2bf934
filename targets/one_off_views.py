"""The deals of last year that a quota is measured by, and their verbs: leave out, count again, undo."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.errors import RuleViolation
from spm.org.gates import user_of, visible_or_404
from spm.org.models import Team, User
from spm.ui import typed
from spm.ui.exports import export_format
from spm.ui.redirects import back
from targets import access, one_off_queries, one_off_tables, one_offs
from targets.choices import Measure
from targets.goals import Holder, of_person, of_team
from targets.models import Actual, PlanningCycle
from targets.one_off_queries import Asked, Deals

LEFT_OUT = "left-out"


def _cycle(request: HttpRequest, label: str) -> PlanningCycle:
    """The year's cycle; 404 where no cycle plans it: only a planned year leaves something out of the one before."""
    rows = PlanningCycle.objects.visible_to(user_of(request)).select_related("fiscal_year")
    found: PlanningCycle = get_object_or_404(rows, fiscal_year__label=label)
    return found


@login_required
@require_safe
def person_deals(request: HttpRequest, year: str, pk: int) -> HttpResponseBase:
    """The deals of one person; of oneself once the letter of the year is sent."""
    cycle, person = _cycle(request, year), visible_or_404(User, request, pk=pk)
    if not access.can_read_deals(user_of(request), pk, cycle):
        raise Http404
    up = reverse("targets:quota", args=[year, pk])
    return _page(request, cycle, of_person(pk), person.shown_name, up)


@login_required
@require_safe
def team_deals(request: HttpRequest, year: str, pk: int) -> HttpResponseBase:
    """The deals of a team and those below it."""
    cycle, team = _cycle(request, year), visible_or_404(Team, request, pk=pk)
    if not access.can_see_targets(user_of(request), team):
        raise PermissionDenied
    up = f"{reverse('targets:allocate', args=[year])}?team={pk}"
    return _page(request, cycle, of_team(pk), team.name, up)


def _page(request: HttpRequest, cycle: PlanningCycle, holder: Holder, name: str, up: str) -> HttpResponseBase:
    user, label, data = user_of(request), cycle.fiscal_year.label, request.GET
    wanted = data.get("measure", "")
    measure = Measure(wanted) if wanted in Measure.values else Measure.BOOKINGS
    asked = Asked(measure, data.get("show") == LEFT_OUT, data.get("page", ""))
    if export_format(request):
        file = f"deals-{label}-{name}-{measure}"
        return one_off_tables.export_deals(request, Deals(user, cycle, holder, asked), file)
    context = {
        "page": one_off_queries.deals_page(user, cycle, holder, asked, name),
        "measures": Measure.choices,
        "measure": measure,
        "shows": [("", _("All deals")), (LEFT_OUT, _("Left out"))],
        "show": LEFT_OUT if asked.only_left_out else "",
        "typed": typed.kept(request),
        "up": up,
    }
    return render(request, "targets/deals.html", context)


@require_POST
@login_required
def leave_out(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """Leave a deal out of last year adjusted, with a reason; or put another reason in its place."""
    return _decide(request, year, pk, one_offs.leave_out, _("“%(deal)s” is left out of last year adjusted."))


@require_POST
@login_required
def count_again(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """Count a deal that was left out, with a reason."""
    return _decide(request, year, pk, one_offs.count_again, _("“%(deal)s” counts for last year adjusted again."))


def _decide(request: HttpRequest, year: str, pk: int, verb: Callable[..., Any], said: str) -> HttpResponse:
    cycle, actual = _deal(request, year, pk)
    try:
        verb(cycle, actual, reason=request.POST.get("reason", ""), by=user_of(request))
    except RuleViolation as error:
        messages.error(request, str(error))
        typed.keep(request, "reason", "deal")
    else:
        came_from = urlencode({"next": request.POST.get("next", "")})
        undoes = f"undo:{reverse('targets:deal-undo', args=[year, pk])}?{came_from}"
        messages.success(request, said % {"deal": actual.external_id}, extra_tags=undoes)
    return _back(request, year, actual)


@require_POST
@login_required
def undo(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """Take one's own last decision about a deal back."""
    cycle, actual = _deal(request, year, pk)
    try:
        one_offs.undo(cycle, actual, by=user_of(request))
        messages.success(request, _("“%(deal)s” is as it was before.") % {"deal": actual.external_id})
    except RuleViolation as error:
        messages.error(request, str(error))
    return _back(request, year, actual)


def _deal(request: HttpRequest, year: str, pk: int) -> tuple[PlanningCycle, Actual]:
    """404 for a line that the user does not see, 403 for one of which others hold a share."""
    user, cycle = user_of(request), _cycle(request, year)
    actual = visible_or_404(Actual, request, pk=pk)
    if not access.can_leave_out(user, one_offs.credited_to([actual.pk])[actual.pk]):
        raise PermissionDenied
    return cycle, actual


def _back(request: HttpRequest, year: str, actual: Actual) -> HttpResponse:
    """To the page asked from; without one to that of the person whose line it is."""
    return back(request, reverse("targets:person-deals", args=[year, actual.person_id]), f"deal-{actual.pk}")
