"""Setup: the team tree."""

from copy import copy
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.dashboards.setup import queries, tables
from spm.dashboards.setup.forms import HolderForm, TeamForm, TeamPlaceForm, first_of
from spm.errors import RuleViolation
from spm.org import teams
from spm.org.clock import today
from spm.org.gates import admins_only, user_of, visible_or_404
from spm.org.models import Team, TeamLead, TeamPlacement, User
from spm.ui.exports import export_format


@require_safe
@admins_only
def team_list(request: HttpRequest) -> HttpResponseBase:
    rows = queries.team_rows(user_of(request))
    if export_format(request):
        return tables.export_tree(request, rows, _("Lead"), _("Members"), "teams")
    return render(request, "setup/teams.html", {"rows": rows})


@admins_only
def team_create(request: HttpRequest) -> HttpResponse:
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = teams.create_team(code=form.cleaned_data["name"], by=user_of(request))
        except RuleViolation as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("%(name)s is added.") % {"name": team.name})
            return redirect("setup:team", pk=team.pk)
    context = {"form": form, "title": _("New team")}
    return render(request, "setup/team_form.html", context, status=422 if form.errors else 200)


@admins_only
def team_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One team: its name, where it stands and who leads it, with their dates."""
    team = visible_or_404(Team, request, pk=pk)
    form = TeamForm(request.POST or None, instance=copy(team))  # the page goes on about the team as stored
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                form.claim()
                teams.update_team(team, code=team.code, **form.told, by=user_of(request))
            messages.success(request, _("Saved."))
            return redirect("setup:team", pk=pk)
        except RuleViolation as error:
            form.add_error(None, str(error))
    context = {"form": form, "team": team, **_team_parts(user_of(request), team)}
    return render(request, "setup/team.html", context, status=422 if form.errors else 200)


def _team_parts(user: User, team: Team) -> dict[str, Any]:
    placements = TeamPlacement.objects.visible_to(user).filter(team=team).select_related("parent")
    leads = TeamLead.objects.visible_to(user).filter(team=team).select_related("person")
    placed, led = placements.as_of(today()).first(), leads.as_of(today()).first()
    return {
        "placements": placements.order_by("-starts_on"),
        "leads": leads.order_by("-starts_on"),
        "place": TeamPlaceForm(
            user=user, team=team, initial=first_of(today()) | {"parent": placed.parent_id if placed else None}
        ),
        "lead": HolderForm(user=user, initial=first_of(today()) | {"person": led.person_id if led else None}),
    }


@require_POST
@admins_only
def team_place(request: HttpRequest, pk: int) -> HttpResponse:
    """From a day on, the team stands under another one, or at the top."""
    team = visible_or_404(Team, request, pk=pk)
    form = TeamPlaceForm(request.POST, user=user_of(request), team=team)
    if form.is_valid():
        try:
            teams.place_team(team, **form.cleaned_data, by=user_of(request))
            messages.success(request, queries.placed_words(user_of(request), form.cleaned_data["starts_on"]))
        except RuleViolation as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("Choose a team and a day."))
    return redirect("setup:team", pk=pk)


@require_POST
@admins_only
def team_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """From a day on, a person leads the team; nobody = vacant."""
    team = visible_or_404(Team, request, pk=pk)
    form = HolderForm(request.POST, user=user_of(request))
    if form.is_valid():
        teams.set_lead(team, **form.cleaned_data, by=user_of(request))
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Choose a day."))
    return redirect("setup:team", pk=pk)
