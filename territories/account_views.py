"""The list of accounts, and the map of one: what it bought, who decides there and how, where it has stood."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.errors import RuleViolation
from spm.keys import as_key
from spm.market.models import Account
from spm.org import clock
from spm.org.gates import user_of
from spm.org.models import Company
from spm.ui.exports import export_format
from territories import (
    access,
    account_list,
    account_naming,
    account_plan_queries,
    field_posts,
    map_queries,
    map_tables,
    map_writing,
    maps,
    tables,
)
from territories.choices import Need, StakeholderRole
from territories.field_writing import Outcome
from territories.models import DecisionStep, Influence, Stakeholder

OFFERED = 20  # at once, while a name or number is typed


def company_or_404() -> Company:
    found = clock.company()
    if found is None:
        raise Http404
    return found


def account_or_404(request: HttpRequest, pk: int) -> Account:
    """The account of that key; 404 where there is none, and alike where its map is not the user's to open."""
    rows: Any = Account.objects.visible_to(user_of(request)).worked_by(user_of(request)).select_related("parent")
    found: Account = get_object_or_404(rows, pk=pk)
    return found


@login_required
@require_safe
def account_list_page(request: HttpRequest) -> HttpResponseBase:
    """The accounts the user works, by name; narrowed to a territory, a tier, or what a map asks for."""
    user, wish, company = user_of(request), account_list.wish_of(request.GET), clock.company()
    if company is None:
        return render(request, "dashboards/no_calendar.html", {"title": _("Accounts")})
    if export_format(request):
        return tables.export_accounts(request, account_list.every_line(user, wish))
    found = account_list.account_list(user, wish, request.GET.get("page", ""))
    context = {"found": found, "company": company, "needs": Need.choices}
    context["can_move"] = access.can_make_moves(user)
    return render(request, "territories/account_list.html", context)


@login_required
@require_safe
def account_names(request: HttpRequest) -> JsonResponse:
    """The accounts that the user sees whose name or number has the words of ``?q=``, for a field to choose one in."""
    found = account_naming.offers(user_of(request), request.GET.get("q", ""), OFFERED)
    return JsonResponse({"accounts": [{"value": one.value, "label": one.label} for one in found.rows]})


@login_required
@require_safe
def account_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One account: its head, the map of its people, how it decides, and where it has stood."""
    return _page(request, account_or_404(request, pk))


def _page(request: HttpRequest, account: Account, outcome: Outcome | None = None) -> HttpResponseBase:
    sheet = map_queries.map_sheet(user_of(request), company_or_404(), account)
    if export_format(request):
        return map_tables.export_map(request, sheet)
    fields, versions = sheet.drawn
    drawn = json.dumps({"fields": fields, "versions": versions})
    context = {"sheet": sheet, "head": sheet.head, "outcome": outcome, "drawn": drawn}
    context["can_move"] = access.can_make_moves(user_of(request))
    return render(request, "territories/account_detail.html", context, status=409 if outcome else 200)


@require_POST
@login_required
def map_save(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Write the fields that differ from what the page showed; then what a button of the form asks for.

    A script is answered in JSON. Without one the page comes back, with both texts where somebody else was faster.
    """
    user, account = user_of(request), account_or_404(request, pk)
    if not access.can_edit_map(user, account):
        raise PermissionDenied
    try:
        outcome = map_writing.save(account, field_posts.changes_of(request), user)
        if field_posts.is_script(request):
            return JsonResponse(field_posts.told(outcome), status=field_posts.status_of(outcome))
        if outcome.conflicts or outcome.refused:
            return _page(request, account, outcome)
        anchor = _press(request, account)
    except RuleViolation as error:
        messages.error(request, str(error))
        anchor = ""
    return redirect(reverse("territories:account-detail", args=[pk]) + anchor)


def _press(request: HttpRequest, account: Account) -> str:
    """What the pressed button asks for; the anchor to go back to. Raises RuleViolation."""
    for verb, press in _BUTTONS.items():
        if verb in request.POST:
            return press(request, account)
    return ""


def _add(request: HttpRequest, account: Account) -> str:
    user, said = user_of(request), request.POST
    role = said.get("new-role", "")
    role = role if role in StakeholderRole.values else StakeholderRole.INFLUENCER
    match said["add"]:
        case "person":
            row = maps.add_person(
                account, name=said.get("new-name", ""), title=said.get("new-title", ""), role=role, by=user
            )
            return f"#person-{row.pk}"
        case "wanted":
            row = maps.add_wanted(account, wanted=said.get("new-wanted", ""), role=role, by=user)
            return f"#person-{row.pk}"
        case "line":
            source, target = as_key(said.get("new-source", "")), as_key(said.get("new-target", ""))
            maps.draw_line(account, source or 0, target or 0)
            return "#lines"
        case "step":
            maps.add_step(account, said.get("new-step", ""), user)
    return "#steps"


def _know(request: HttpRequest, account: Account) -> str:
    row = _person(request, account, request.POST["know"])
    maps.name_person(row, name=request.POST.get(f"known-{row.pk}", ""), by=user_of(request))
    return f"#person-{row.pk}"


def _remove(request: HttpRequest, account: Account) -> str:
    row = _person(request, account, request.POST["remove"])
    maps.remove_person(row, user_of(request))
    undo = reverse("territories:map-person-restore", args=[account.pk, row.pk])
    messages.success(request, _("The person is taken off the map."), extra_tags=f"undo:{undo}")
    return "#people"


def _person(request: HttpRequest, account: Account, key: str) -> Stakeholder:
    rows = Stakeholder.objects.visible_to(user_of(request))
    found: Stakeholder = get_object_or_404(rows, account=account, pk=as_key(key))
    return found


def _erase(request: HttpRequest, account: Account) -> str:
    rows = Influence.objects.visible_to(user_of(request)).select_related("source")
    maps.erase_line(get_object_or_404(rows, source__account=account, pk=as_key(request.POST["erase"])))
    return "#lines"


def _step(request: HttpRequest, account: Account, key: str) -> DecisionStep:
    rows = DecisionStep.objects.visible_to(user_of(request))
    found: DecisionStep = get_object_or_404(rows, account=account, pk=as_key(key))
    return found


def _drop(request: HttpRequest, account: Account) -> str:
    step = _step(request, account, request.POST["drop"])
    key = step.pk
    maps.remove_step(step, user_of(request))
    undo = reverse("territories:map-step-restore", args=[account.pk, key])
    messages.success(request, _("The step is taken out."), extra_tags=f"undo:{undo}")
    return "#steps"


def _up(request: HttpRequest, account: Account) -> str:
    return _move(request, account, "up")


def _down(request: HttpRequest, account: Account) -> str:
    return _move(request, account, "down")


def _move(request: HttpRequest, account: Account, verb: str) -> str:
    step = _step(request, account, request.POST[verb])
    maps.move_step(step, verb == "up", user_of(request))
    return f"#step-{step.pk}"


_BUTTONS = {"add": _add, "know": _know, "remove": _remove, "erase": _erase, "drop": _drop, "up": _up, "down": _down}


@require_POST
@login_required
def person_restore(request: HttpRequest, pk: int, person: int) -> HttpResponse:
    """Undo: bring somebody back who was taken off the map, with the lines and steps that were theirs."""
    user, account = user_of(request), account_or_404(request, pk)
    if not access.can_edit_map(user, account):
        raise PermissionDenied
    try:
        maps.restore_person(account, person, user)
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('territories:account-detail', args=[pk])}#person-{person}")


@require_POST
@login_required
def step_restore(request: HttpRequest, pk: int, step: int) -> HttpResponse:
    """Undo: bring a step back that was taken out, at the end of the way."""
    user, account = user_of(request), account_or_404(request, pk)
    if not access.can_edit_map(user, account):
        raise PermissionDenied
    try:
        maps.restore_step(account, step, user)
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('territories:account-detail', args=[pk])}#steps")


@login_required
@require_safe
def account_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The account on paper: head, drawing and table of its people, how it decides, what we intend this year."""
    user = user_of(request)
    sheet = map_queries.map_sheet(user, company_or_404(), account_or_404(request, pk))
    objectives = account_plan_queries.objectives_of(user, sheet.plan, sheet.head.today)
    context = {"sheet": sheet, "head": sheet.head, "objectives": objectives}
    return render(request, "territories/account_print.html", context)
