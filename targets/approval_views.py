"""The page on which admins submit, approve or return the company plan, and its verbs."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.errors import RuleViolation
from spm.org.gates import admins_only, user_of, visible_or_404
from spm.org.models import FiscalYear, User
from spm.talk.queries import thread_panel
from spm.ui import typed
from spm.ui.exports import export_format
from targets import access, approvals, grids, number_tables
from targets.grid_views import whole_number
from targets.models import CompanyPlan


def _plan(request: HttpRequest, label: str) -> CompanyPlan:
    """The working version of the year; 404 where there is none."""
    year = visible_or_404(FiscalYear, request, label=label)
    rows = CompanyPlan.objects.visible_to(user_of(request)).working().filter(fiscal_year=year)
    found: CompanyPlan = get_object_or_404(rows.select_related("fiscal_year", "submitted_by", "decided_by"))
    return found


@require_safe
@admins_only
def plan_approval(request: HttpRequest, year: str) -> HttpResponseBase:
    """How far the company plan has come, whose turn it is, and what was said about it."""
    user, plan = user_of(request), _plan(request, year)
    levels = grids.summary(user, plan.fiscal_year)
    if export_format(request):
        return number_tables.export_levels(request, levels, None, year)
    context = {
        "year": plan.fiscal_year,
        "plan": plan,
        "levels": levels,
        "panel": thread_panel(user, approvals.PLAN, plan.pk),
        "typed": typed.kept(request),
        **_turn(user, plan),
    }
    return render(request, "targets/plan_approval.html", context)


def _turn(user: User, plan: CompanyPlan) -> dict[str, Any]:
    """Who may do what now; ``deciders``: the admins who may decide, none where the submitter is the only one."""
    changed = approvals.changed_since(plan)
    return {
        "changed": changed,
        "can_submit": access.can_submit_plan(user, plan) and not approvals.stands_approved(plan),
        "can_decide": access.can_decide_plan(user, plan),
        "can_withdraw": access.can_withdraw_plan(user, plan),
        "deciders": access.other_admins(plan.submitted_by or user),
    }


@require_POST
@admins_only
def plan_decide(request: HttpRequest, year: str) -> HttpResponse:
    """Submit the company plan, take it back, approve it, or return it with a comment."""
    user, plan, data = user_of(request), _plan(request, year), request.POST
    seen = whole_number(data.get("version", ""))
    try:
        if "submit" in data:
            approvals.submit(plan, by=user)
            messages.success(request, _("The company plan is submitted."))
        elif "withdraw" in data:
            approvals.withdraw(plan, by=user)
            messages.success(request, _("The company plan is a draft again."))
        elif not access.can_decide_plan(user, plan):
            raise PermissionDenied
        elif "approve" in data:
            approvals.approve(plan, by=user, seen=seen)
            messages.success(request, _("The company plan is approved. Next: hand it on to be allocated."))
        else:
            approvals.send_back(plan, by=user, comment=data.get("comment", ""), seen=seen)
            messages.success(request, _("The company plan is returned."))
    except RuleViolation as error:
        messages.error(request, str(error))
        typed.keep(request, "comment")
    return redirect("targets:plan-approval", year=year)
