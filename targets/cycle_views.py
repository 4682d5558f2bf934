"""Pages of the planning cycle: the list of years, one year's home, and the verbs that move it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from spm.errors import RuleViolation
from spm.org import calendars
from spm.org.gates import user_of, visible_or_404
from spm.org.models import FiscalYear
from spm.ui import typed
from spm.ui.exports import export_format
from targets import access, cycle_queries, cycles, grids, number_tables
from targets.basis import basis_of, planned_years
from targets.choices import Measure, Stage
from targets.cycle_forms import PolicyForm, StagesForm
from targets.models import CompanyPlan, PlanningCycle


def _measure(request: HttpRequest) -> Measure:
    """The measure that the address names; bookings where it names none, or one that does not exist."""
    wanted = request.GET.get("measure", "")
    return Measure(wanted) if wanted in Measure.values else Measure.BOOKINGS


def _cycle(request: HttpRequest, year: str) -> PlanningCycle:
    """The cycle of the year an address names, for who may run it (403); 404 without one."""
    if not access.can_run_cycle(user_of(request)):
        raise PermissionDenied
    cycle = cycles.cycle_of(visible_or_404(FiscalYear, request, label=year))
    if cycle is None:
        raise Http404
    return cycle


@login_required
@require_safe
def year_list(request: HttpRequest) -> HttpResponseBase:
    """Fiscal years with their stage and what is planned; a rep is led to the own numbers of each year."""
    user, measure = user_of(request), _measure(request)
    may_run, basis = access.can_run_cycle(user), basis_of(request.GET)
    years = cycle_queries.year_lines(user, measure, baseline=basis.is_baseline)
    if export_format(request):
        return number_tables.export_years(request, years, f"fiscal-years-{measure}{basis.suffix}")
    context = {
        "years": years,
        "basis": basis,
        "measure": measure,
        "measures": Measure.choices,
        "sees_plan": access.can_see_plan(user),
        "can_edit": may_run,
        "next": cycle_queries.next_to_plan(user) if may_run else None,
    }
    return render(request, "targets/year_list.html", context)


@login_required
@require_safe
def year_detail(request: HttpRequest, year: str) -> HttpResponseBase:
    """One year: its cycle, what holds it up, and the three levels side by side; a rep is led to the own numbers."""
    user = user_of(request)
    fiscal_year = get_object_or_404(planned_years(user), label=year)
    if not access.can_see_plan(user):
        return redirect("targets:quota", year=year, pk=user.pk)
    measure, cycle = _measure(request), getattr(fiscal_year, "cycle", None)
    may_run, basis = access.can_run_cycle(user), basis_of(request.GET, fiscal_year)
    levels = grids.summary(user, fiscal_year, baseline=basis.is_baseline)
    page = cycle_queries.cycle_home(user, cycle, measure, basis.kind) if cycle else None
    if export_format(request):
        return number_tables.export_levels(request, levels, page.waterfall if page else None, year)
    unplanned = CompanyPlan.objects.visible_to(user).working().filter(fiscal_year=fiscal_year)
    context = {
        "year": fiscal_year,
        "basis": basis,
        "levels": levels,
        "measure": measure,
        "measures": Measure.choices,
        "can_run": may_run,
        "working": page.working if page else unplanned.first(),
        "page": page,
        "typed": typed.kept(request),
        "source": cycles.latest_before(fiscal_year) if may_run and not cycle else None,
    }
    return render(request, "targets/year_detail.html", context)


@require_POST
@login_required
def cycle_create(request: HttpRequest) -> HttpResponse:
    """Begin to plan a year; one that has no calendar yet gets it by the rule of the year before."""
    user, label = user_of(request), request.POST.get("year", "")
    if not access.can_run_cycle(user):
        raise PermissionDenied
    try:
        with transaction.atomic():
            year = _year_to_plan(request, label)
            source = cycles.latest_before(year) if "copy" in request.POST else None
            cycles.create_cycle(year, user, source, with_numbers=source is not None and "numbers" in request.POST)
    except RuleViolation as error:
        messages.error(request, str(error))
        return redirect("targets:year-list")
    messages.success(request, _("Planning %(year)s has begun.") % {"year": year.label})
    return redirect("targets:year", year=year.label)


def _year_to_plan(request: HttpRequest, label: str) -> FiscalYear:
    """The fiscal year of that label, made if it is the one on offer. Raises Http404."""
    offered = cycle_queries.next_to_plan(user_of(request))
    if offered is not None and offered.year is None and label == offered.label:
        return calendars.create_following(offered.last, label)
    return visible_or_404(FiscalYear, request, label=label)


@require_POST
@login_required
def cycle_advance(request: HttpRequest, year: str) -> HttpResponse:
    """Enter the stage that the form names, if it is the next one."""
    cycle = _cycle(request, year)
    to = request.POST.get("to", "")
    return _moved(request, year, lambda: cycles.advance(cycle, to, user_of(request)))


@require_POST
@login_required
def cycle_back(request: HttpRequest, year: str) -> HttpResponse:
    """Return to the stage before, with a reason."""
    cycle = _cycle(request, year)
    reason = request.POST.get("reason", "")
    return _moved(request, year, lambda: cycles.step_back(cycle, reason, user_of(request)))


def _moved(request: HttpRequest, year: str, move: Any) -> HttpResponse:
    try:
        words = {"year": year, "stage": Stage(move().stage).label}
        messages.success(request, _("Planning %(year)s is in the stage “%(stage)s” now.") % words)
    except RuleViolation as error:
        messages.error(request, str(error))
        typed.keep(request, "reason")
    return redirect("targets:year", year=year)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cycle_edit(request: HttpRequest, year: str) -> HttpResponse:
    """Owners and due dates of the stages, and the policy: all of it is stored, or none."""
    cycle, user = _cycle(request, year), user_of(request)
    stages = StagesForm(request.POST or None, user=user, cycle=cycle)
    policy = PolicyForm(request.POST or None, instance=cycle)
    if request.method == "POST" and stages.is_valid() & policy.is_valid():
        try:
            with transaction.atomic():
                policy.claim()
                cycles.set_stages(cycle, stages.stages, by=user)
                if any(name in policy.changed_data for name in cycles.POLICY):
                    cycles.set_policy(cycle, by=user, **policy.policy)
        except RuleViolation as error:
            stages.add_error(None, str(error))
        else:
            messages.success(request, _("Owners, dates and policy are saved."))
            return redirect("targets:year", year=year)
    conflicts = (*policy.conflicts, *stages.differences()) if policy.is_overtaken else ()
    context = {"year": cycle.fiscal_year, "stages": stages, "policy": policy, "conflicts": conflicts}
    return render(request, "targets/cycle_edit.html", context, status=422 if stages.is_bound else 200)
