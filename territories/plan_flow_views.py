"""Verbs on a plan, by its key: hand in, take back, decide section by section and as a whole, change, tick, note."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from spm.errors import RuleViolation
from spm.keys import as_key
from spm.market.models import Territory
from spm.org.gates import user_of
from spm.org.models import User
from spm.ui import typed
from spm.ui.redirects import back
from territories import access, plan_flow, plan_tracking, plan_views, plans
from territories.choices import Section, SectionReview
from territories.models import TerritoryPlan, TerritoryPlanLine


def _plan(request: HttpRequest, pk: int) -> TerritoryPlan:
    rows = TerritoryPlan.objects.visible_to(user_of(request)).select_related("fiscal_year", "person")
    found: TerritoryPlan = get_object_or_404(rows, pk=pk)
    return found


def _act(request: HttpRequest, plan: TerritoryPlan, verb: Callable[[], object], said: str, *keep: str) -> HttpResponse:
    """Do it and say so; where a rule forbids it, say which and keep what was typed. Back to the plan or the board."""
    try:
        verb()
        messages.success(request, said)
    except RuleViolation as error:
        messages.error(request, str(error))
        if keep:
            typed.keep(request, *keep)
    return back(request, plans.path_of(plan))


@require_POST
@login_required
def plan_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign and hand in, with what was typed right before; where a field cannot be stored the plan stays here."""
    user, plan = user_of(request), _plan(request, pk)
    if plan.person_id != user.pk:
        raise PermissionDenied
    try:
        page = plan_views.stored(request, plan)
    except RuleViolation as error:
        messages.error(request, str(error))
        return redirect(plans.path_of(plan))
    return page or _act(request, plan, lambda: plan_flow.submit(plan, user), _("Plan submitted to your manager."))


@require_POST
@login_required
def plan_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what waits, to write on."""
    user, plan = user_of(request), _plan(request, pk)
    if plan.person_id != user.pk:
        raise PermissionDenied
    return _act(request, plan, lambda: plan_flow.withdraw(plan, user), _("The plan is yours again."))


@require_POST
@login_required
def plan_review(request: HttpRequest, pk: int) -> HttpResponse:
    """One section: approve it, or say that it is commented on."""
    user, plan = user_of(request), _plan(request, pk)
    if not access.manages(user, plan.person_id):
        raise PermissionDenied
    section, verdict = request.POST.get("section", ""), request.POST.get("verdict", "")
    if section not in Section.values or verdict not in SectionReview.values:
        messages.error(request, _("Choose a section and what you say of it."))
        return redirect(plans.path_of(plan))

    def say() -> None:
        plan_flow.review_section(plan, Section(section), SectionReview(verdict), user)

    return _act(request, plan, say, _("Noted."))


@require_POST
@login_required
def plan_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The manager signs, or gives the plan back with a word."""
    user, plan = user_of(request), _plan(request, pk)
    if not access.manages(user, plan.person_id):
        raise PermissionDenied
    name = {"name": plan.person.name}
    if "approve" in request.POST:
        return _act(request, plan, lambda: plan_flow.approve(plan, user), _("The plan of %(name)s is approved.") % name)
    note = request.POST.get("note", "")
    said = _("The plan of %(name)s is returned.") % name
    return _act(request, plan, lambda: plan_flow.return_(plan, user, note), said, "note")


@require_POST
@login_required
def plan_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose a change of the approved plan, or drop the one that is drafted."""
    user, plan = user_of(request), _plan(request, pk)
    if plan.person_id != user.pk:
        raise PermissionDenied
    if "drop" in request.POST:
        return _act(request, plan, lambda: plan_flow.drop_change(plan, user), _("The approved version stands again."))
    return _act(request, plan, lambda: plan_flow.propose_change(plan, user), _("You are writing the next version."))


@require_POST
@login_required
def plan_nudge(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind the author."""
    user, plan = user_of(request), _plan(request, pk)
    if not access.manages(user, plan.person_id):
        raise PermissionDenied
    said = _("%(name)s is reminded.") % {"name": plan.person.name}
    return _act(request, plan, lambda: plan_flow.nudge(plan, user), said)


@require_POST
@login_required
def plan_territory(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which of the held territories the plan is for."""
    user, plan = user_of(request), _plan(request, pk)
    if plan.person_id != user.pk:
        raise PermissionDenied
    key = as_key(request.POST.get("territory", ""))
    rows = Territory.objects.visible_to(user)
    chosen = get_object_or_404(rows, pk=key) if key is not None else None
    return _act(request, plan, lambda: plan_flow.choose_territory(plan, chosen, user), _("Saved."))


# A living plan


def _line(user: User, pk: int) -> TerritoryPlanLine:
    rows = TerritoryPlanLine.objects.visible_to(user).select_related("plan__fiscal_year", "plan__person")
    found: TerritoryPlanLine = get_object_or_404(rows, pk=pk)
    return found


@require_POST
@login_required
def line_track(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a line has come, and by what one sees it."""
    user = user_of(request)
    line = _line(user, pk)
    status, evidence = request.POST.get("status", ""), request.POST.get("evidence", "")

    def track() -> None:
        plan_tracking.track(line, status, evidence, user)

    return _act(request, line.plan, track, _("Noted."), "status", "evidence")


@require_POST
@login_required
def review_note(request: HttpRequest, pk: int) -> HttpResponse:
    """The quarterly talk about a plan, as the manager notes it."""
    user, plan = user_of(request), _plan(request, pk)
    if not access.manages(user, plan.person_id):
        raise PermissionDenied
    quarter, notes = as_key(request.POST.get("period", "")), request.POST.get("notes", "")
    return _act(
        request, plan, lambda: plan_tracking.note_review(plan, quarter, notes, user), _("The review is noted."), "notes"
    )
