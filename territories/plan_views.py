"""The page of one plan: read it, write it field by field, hand it in, decide it, and tick its lines all year."""

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
from spm.org import clock
from spm.org.gates import user_of
from spm.org.models import User
from spm.ui import typed
from territories import access, account_naming, field_posts, plan_queries, plan_writing, plans
from territories import plan_history as history
from territories.choices import PlanStart, Section
from territories.field_writing import Outcome
from territories.models import TerritoryPlan, TerritoryPlanLine
from territories.plan_sheets import PlanSheet, as_typed
from territories.plan_talk_queries import plan_talk

OFFERED = 100  # accounts that the page offers by itself; any other is looked for as its name or number is typed


def _company() -> Any:
    found = clock.company()
    if found is None:
        raise Http404
    return found


def _plan(request: HttpRequest, pk: int) -> TerritoryPlan:
    rows = TerritoryPlan.objects.visible_to(user_of(request)).select_related("fiscal_year", "person", "territory")
    found: TerritoryPlan = get_object_or_404(rows, pk=pk)
    return found


def plan_of(request: HttpRequest, year: str, pk: int) -> TerritoryPlan:
    """The plan of that person and year; 404 where there is none, and where the user does not see it."""
    rows = TerritoryPlan.objects.visible_to(user_of(request)).select_related("fiscal_year", "person", "territory")
    found: TerritoryPlan = get_object_or_404(rows, fiscal_year__label=year, person__pk=pk)
    return found


@login_required
@require_safe
def plan_detail(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """The plan of a person and a year: six sections, what is missing, what was said and decided."""
    return _page(request, plan_of(request, year, pk))


def _page(request: HttpRequest, plan: TerritoryPlan, outcome: Outcome | None = None) -> HttpResponse:
    user = user_of(request)
    sheet = plan_queries.plan_sheet(user, plan, _company())
    if "baseline" in request.GET:
        sheet = history.with_baseline(sheet)
    context = {
        "sheet": as_typed(sheet, outcome.typed) if outcome else sheet,
        "outcome": outcome,
        "offers": account_naming.offers(user, "", OFFERED) if sheet.can_write else None,
        "drawn": _drawn(sheet),
        "talk": plan_talk(user, sheet, request.GET.get("talk", "")),
        "typed": typed.kept(request),
        "quarters": sheet.quarters if sheet.can_hold_review else [],
    }
    return render(request, "territories/plan_detail.html", context, status=409 if outcome else 200)


def _drawn(sheet: PlanSheet) -> str:
    """JSON: what the fields say as the page is drawn, and the versions they were drawn from; a save names both."""
    lines = [line for part in sheet.sections for line in part.lines]
    fields = {f"{line.pk}-{name}": text for line in lines for name, text in line.fields.items()}
    fields |= {f"plan-{goal.name}": goal.typed for goal in sheet.goals if goal.name}
    fields["base-base"] = next(part.base_field for part in sheet.sections if part.section == Section.RETENTION)
    return json.dumps({"fields": fields, "versions": dict(sheet.versions)})


@require_POST
@login_required
def plan_begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin blank, from last year's plan, or with the examples of the form."""
    user, plan = user_of(request), _plan(request, pk)
    if not access.can_write_plan(user, plan):
        raise PermissionDenied
    start = request.POST.get("start", "")
    try:
        plans.begin(plan, PlanStart(start) if start in PlanStart.values else PlanStart.BLANK, user)
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect(plans.path_of(plan))


# Writing


@require_POST
@login_required
def plan_save(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Write the fields that differ from what the page showed; then what a button of the form asks for.

    A script is answered in JSON. Without one the page comes back, with both texts where somebody else was faster.
    """
    user, plan = user_of(request), _plan(request, pk)
    if not access.can_write_plan(user, plan):
        raise PermissionDenied
    try:
        outcome = plan_writing.save(plan, field_posts.changes_of(request), user)
        if field_posts.is_script(request):
            return JsonResponse(field_posts.told(outcome), status=field_posts.status_of(outcome))
        if outcome.conflicts or outcome.refused:
            return _page(request, plan, outcome)
        anchor = _press(request, plan, user)
    except RuleViolation as error:
        messages.error(request, str(error))
        anchor = ""
    return redirect(plans.path_of(plan) + anchor)


def stored(request: HttpRequest, plan: TerritoryPlan) -> HttpResponse | None:
    """Write the fields that came along with another button; the page with what was typed where one is not taken.

    Raises RuleViolation.
    """
    changes = field_posts.changes_of(request)
    outcome = plan_writing.save(plan, changes, user_of(request)) if changes else Outcome()
    return _page(request, plan, outcome) if outcome.conflicts or outcome.refused else None


def _press(request: HttpRequest, plan: TerritoryPlan, user: User) -> str:
    """What the pressed button asks for; the anchor to go back to. Raises RuleViolation."""
    if (section := request.POST.get("add", "")) in Section.values:
        line = plan_writing.add_line(plan, Section(section), user)
        return f"#line-{line.pk}"
    for verb in ("remove", "up", "down"):
        if (key := as_key(request.POST.get(verb, ""))) is not None:
            return _press_line(request, plan, user, verb, key)
    return ""


def _press_line(request: HttpRequest, plan: TerritoryPlan, user: User, verb: str, key: int) -> str:
    line: TerritoryPlanLine = get_object_or_404(TerritoryPlanLine.objects.visible_to(user), pk=key, plan=plan)
    if verb == "remove":
        plan_writing.remove_line(line, user)
        undo = reverse("territories:plan-line-restore", args=[plan.pk, key])
        messages.success(request, _("The line is taken out."), extra_tags=f"undo:{undo}")
        return f"#section-{line.section}"
    plan_writing.move_line(line, verb == "up", user)
    return f"#line-{line.pk}"


@require_POST
@login_required
def line_restore(request: HttpRequest, pk: int, line: int) -> HttpResponse:
    """Undo: bring back a line that was taken out."""
    user, plan = user_of(request), _plan(request, pk)
    if not access.can_write_plan(user, plan):
        raise PermissionDenied
    try:
        back = plan_writing.restore_line(plan, line, user)
    except RuleViolation as error:
        messages.error(request, str(error))
        return redirect(plans.path_of(plan))
    return redirect(f"{plans.path_of(plan)}#line-{back.pk}")


# On paper, and version against version


@login_required
@require_safe
def plan_print(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """The plan on one page of A4 or Letter, black on white, with lines to sign on."""
    plan = plan_of(request, year, pk)
    sheet = plan_queries.plan_sheet(user_of(request), plan, _company())
    return render(request, "territories/plan_print.html", {"sheet": sheet})


@login_required
@require_safe
def plan_history(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """Two versions, word by word."""
    user, plan = user_of(request), plan_of(request, year, pk)
    page = history.history(user, plan, request.GET.get("before", ""), request.GET.get("after", ""))
    return render(request, "territories/plan_history.html", {"page": page, "plan": plan})
