"""The plan of an account for a year: read, written field by field, reviewed by whoever manages its owner."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.errors import RuleViolation
from spm.keys import as_key
from spm.market.models import Account
from spm.org.gates import user_of
from spm.org.models import FiscalYear
from spm.talk.queries import thread_panel
from spm.ui import typed
from spm.ui.exports import export_format
from territories import access, account_plan_queries, account_plans, anchors, field_posts, field_writing, map_tables
from territories.account_views import account_or_404, company_or_404
from territories.field_writing import Outcome
from territories.models import AccountObjective, AccountPlan, AccountReview


def _years(request: HttpRequest, label: str) -> tuple[FiscalYear, list[str]]:
    """The year of the address, and the labels of all."""
    years = list(FiscalYear.objects.visible_to(user_of(request)).order_by("-starts_on"))
    for year in years:
        if year.label == label:
            return year, [one.label for one in years]
    raise Http404


@login_required
@require_safe
def account_plan(request: HttpRequest, pk: int, year: str) -> HttpResponseBase:
    """Strategy, strengths and weaknesses, objectives, coverage, reviews and what is said about all of it."""
    return _page(request, account_or_404(request, pk), year)


def _page(request: HttpRequest, account: Account, label: str, outcome: Outcome | None = None) -> HttpResponseBase:
    user = user_of(request)
    year, labels = _years(request, label)
    page = account_plan_queries.plan_page(user, company_or_404(), account, year, labels)
    if export_format(request):
        return map_tables.export_plan(request, page)
    fields, versions = page.drawn
    context = {
        "page": page,
        "outcome": outcome,
        "drawn": json.dumps({"fields": fields, "versions": versions}),
        "talk": thread_panel(user, anchors.ACCOUNT, account.pk, label),
        "scores": account_plans.SCORES,
        "typed": typed.kept(request),
    }
    return render(request, "territories/account_plan.html", context, status=409 if outcome else 200)


@require_POST
@login_required
def account_plan_save(request: HttpRequest, pk: int, year: str) -> HttpResponseBase:
    """Write the fields that differ from what the page showed; then what a button of the form asks for."""
    user, account = user_of(request), account_or_404(request, pk)
    if not access.can_edit_map(user, account):
        raise PermissionDenied
    fiscal_year, _labels = _years(request, year)
    anchor = ""
    try:
        outcome = account_plans.save(account, fiscal_year, field_posts.changes_of(request), user)
        if field_posts.is_script(request):
            return JsonResponse(field_posts.told(outcome), status=field_posts.status_of(outcome))
        if outcome.conflicts or outcome.refused:
            return _page(request, account, year, outcome)
        anchor = _press(request, account, fiscal_year)
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect(account_plans.path_of(pk, year) + anchor)


def _press(request: HttpRequest, account: Account, year: FiscalYear) -> str:
    """What the pressed button asks for; the anchor to go back to. Raises RuleViolation."""
    user = user_of(request)
    if "copy" in request.POST:
        account_plans.copy_last(account, year, user)
    elif "add" in request.POST:
        row = account_plans.add_objective(account, year, request.POST.get("new-objective", ""), user)
        return f"#objective-{row.pk}"
    elif "remove" in request.POST:
        rows = AccountObjective.objects.visible_to(user).select_related("plan")
        row = get_object_or_404(rows, plan__account=account, pk=as_key(request.POST["remove"]))
        key = row.pk
        account_plans.remove_objective(row, user)
        undo = account_plans.path_of(account.pk, year.label) + f"objectives/{key}/restore/"
        messages.success(request, _("The objective is taken out."), extra_tags=f"undo:{undo}")
        return "#objectives"
    return ""


@require_POST
@login_required
def objective_restore(request: HttpRequest, pk: int, year: str, objective: int) -> HttpResponse:
    """Undo: bring an objective back that was taken out."""
    user, account = user_of(request), account_or_404(request, pk)
    if not access.can_edit_map(user, account):
        raise PermissionDenied
    try:
        account_plans.restore_objective(account, objective, user)
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect(f"{account_plans.path_of(pk, year)}#objectives")


@require_POST
@login_required
def review_schedule(request: HttpRequest, pk: int, year: str) -> HttpResponse:
    """A manager sets the day of a review."""
    user, account = user_of(request), account_or_404(request, pk)
    fiscal_year, _labels = _years(request, year)
    if not access.can_review_account(user, AccountPlan(account=account, fiscal_year=fiscal_year)):
        raise PermissionDenied
    try:
        day = field_writing.day(request.POST.get("due_on", ""))
        if day is None:
            raise account_plans.BadReview(_("Choose a day."))
        account_plans.schedule_review(account, fiscal_year, day, user)
        messages.success(request, _("The review is set."))
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect(f"{account_plans.path_of(pk, year)}#reviews")


@require_POST
@login_required
def review_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Hold a review with a score and a comment, or take it off the calendar."""
    user = user_of(request)
    rows: Any = AccountReview.objects.visible_to(user).select_related("plan__account", "plan__fiscal_year")
    review: AccountReview = get_object_or_404(rows, pk=pk)
    if not access.can_review_account(user, review.plan):
        raise PermissionDenied
    try:
        if "cancel" in request.POST:
            account_plans.cancel_review(review, user)
        else:
            score, comment = as_key(request.POST.get("score", "")) or 0, request.POST.get("comment", "")
            account_plans.hold_review(review, score=score, comment=comment, by=user)
            messages.success(request, _("The review is noted; the owner hears of it."))
    except RuleViolation as error:
        typed.keep(request, "comment")
        messages.error(request, str(error))
    return redirect(f"{account_plans.path_of(review.plan.account_id, review.plan.fiscal_year.label)}#reviews")
