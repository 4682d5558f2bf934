"""Setup: territories and who holds them."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.dashboards.setup import queries, tables
from spm.dashboards.setup.forms import AssignForm, TerritoryForm, first_of
from spm.errors import RuleViolation
from spm.market import territories
from spm.market.choices import AssignmentRole
from spm.market.models import Assignment, Territory
from spm.org.clock import today
from spm.org.gates import admins_only, user_of, visible_or_404
from spm.ui.exports import export_format


@require_safe
@admins_only
def territory_list(request: HttpRequest) -> HttpResponseBase:
    rows = queries.territory_rows(user_of(request))
    if export_format(request):
        return tables.export_tree(request, rows, _("Owner"), _("Accounts"), "territories")
    return render(request, "setup/territories.html", {"rows": rows})


@admins_only
def territory_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, Territory(), _("New territory"))


@admins_only
def territory_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One territory: its name and place, who holds it and who held it."""
    territory = _territory(request, pk)
    return _edit(request, territory, territory.name)


def _territory(request: HttpRequest, pk: int) -> Territory:
    return visible_or_404(Territory, request, pk=pk, is_unassigned=False)


def _edit(request: HttpRequest, territory: Territory, title: str) -> HttpResponse:
    user = user_of(request)
    form = TerritoryForm(request.POST or None, instance=territory, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                territories.lock_tree()
                form.claim()
                saved = territories.save(form.save(commit=False), parent=form.cleaned_data["parent"])
        except RuleViolation as error:
            form.add_error(_field_of(error), str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("setup:territory", pk=saved.pk)
    context = {"form": form, "territory": territory, "title": title}
    if territory.pk:
        held = Assignment.objects.visible_to(user).filter(territory=territory).select_related("person")
        context |= {"assignments": held.order_by("-starts_on"), "assign": _assign_form(request, person=_owner(held))}
    return render(request, "setup/territory.html", context, status=422 if form.errors else 200)


def _field_of(error: RuleViolation) -> str | None:
    """The field that a refusal is about; None for the form as a whole."""
    about = {territories.TerritoryTaken: "code", territories.TerritoryLoop: "parent"}
    return about.get(type(error))


def _owner(held: Any) -> int | None:
    """Key of who owns the territory today; ``held``: its assignments."""
    row = held.as_of(today()).filter(role=AssignmentRole.OWNER).first()
    return row.person_id if row else None


def _assign_form(request: HttpRequest, data: object = None, person: int | None = None) -> AssignForm:
    return AssignForm(data, user=user_of(request), initial=first_of(today()) | {"person": person})


@require_POST
@admins_only
def territory_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """From a day on, somebody holds the territory, or nobody."""
    territory = _territory(request, pk)
    form = _assign_form(request, request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            territories.assign(
                territory,
                person=values["person"],
                starts_on=values["starts_on"],
                role=AssignmentRole(values["role"]),
                replace=values["replace"],
            )
            messages.success(request, _("Saved. Credits from that day on are counted again."))
        except RuleViolation as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("Choose a day."))
    return redirect("setup:territory", pk=pk)
