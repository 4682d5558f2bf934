"""Pages of what-if: the scenarios of a year, one beside the working version, its steps, and what becomes of it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from spm.errors import NothingToDo, RuleViolation
from spm.org.gates import admins_only, user_of
from spm.org.models import FiscalYear
from spm.ui.exports import export_format
from targets import (
    access,
    batches,
    fairness,
    grid_cells,
    revision_queries,
    scenario_queries,
    scenario_tables,
    scenarios,
    tables,
)
from targets.basis import BASELINE, CURRENT, Basis, basis_of, planned_years
from targets.batches import Conflict
from targets.choices import Measure, PlanKind, WhatIf
from targets.models import CompanyPlan, ScenarioStep
from targets.scenario_forms import AdjustForm, RequestForm, ScenarioForm


def _measure(request: HttpRequest) -> Measure:
    wanted = request.GET.get("measure", "")
    return Measure(wanted) if wanted in Measure.values else Measure.BOOKINGS


def _plans(request: HttpRequest, year: str) -> list[CompanyPlan]:
    """The working version and the baseline, if there are any, and the scenarios of the year, as far as visible."""
    kinds = (PlanKind.WORKING, PlanKind.BASELINE, PlanKind.SCENARIO)
    rows = CompanyPlan.objects.visible_to(user_of(request)).filter(fiscal_year__label=year, kind__in=kinds)
    return list(rows.select_related("fiscal_year", "author", "decided_by").order_by("-number"))


def _of_kind(plans: list[CompanyPlan], kind: PlanKind) -> CompanyPlan | None:
    return next((plan for plan in plans if plan.kind == kind), None)


def _scenario(request: HttpRequest, year: str, pk: int) -> CompanyPlan:
    rows = CompanyPlan.objects.visible_to(user_of(request)).filter(kind=PlanKind.SCENARIO)
    found: CompanyPlan = get_object_or_404(rows.select_related("fiscal_year"), fiscal_year__label=year, pk=pk)
    return found


@admins_only
def scenario_list(request: HttpRequest, year: str) -> HttpResponseBase:
    """The scenarios of a year beside the working version; a POST copies it into a new one."""
    user, measure = user_of(request), _measure(request)
    fiscal_year = get_object_or_404(planned_years(user), label=year)
    plans, basis = _plans(request, year), basis_of(request.GET, fiscal_year)
    working, beside = _of_kind(plans, PlanKind.WORKING), _of_kind(plans, basis.kind)
    form = ScenarioForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if working is None:
                raise RuleViolation(_("%(year)s has no numbers yet.") % {"year": year})
            made = scenarios.create(working, form.cleaned_data["name"], user, reason=form.cleaned_data["reason"])
            messages.success(request, _("Adjust it; the working version stays as it is."))
            return redirect("targets:scenario", year=year, pk=made.pk)
        except RuleViolation as error:
            form.add_error(None, str(error))
    opened = [plan for plan in plans if plan.kind == PlanKind.SCENARIO and plan.frozen_at is None]
    shown = [beside, *opened] if beside else []
    steps = scenario_queries.read_steps(user, opened)
    table = scenario_queries.compare(user, fiscal_year, shown, measure, steps) if opened and shown else None
    listed = [plan for plan in plans if plan.kind == PlanKind.SCENARIO]
    if export_format(request) and request.method == "GET":
        return scenario_tables.export_list(request, listed, table, f"scenarios-{year}{basis.suffix}")
    context = {
        "year": fiscal_year,
        "basis": basis,
        "form": form,
        "table": table,
        "lead": scenario_queries.lead(table) if table else "",
        "scenarios": listed,
        "measure": measure,
        "measures": Measure.choices,
    }
    return render(request, "targets/scenario_list.html", context, status=422 if form.errors else 200)


@admins_only
@require_safe
def scenario_detail(request: HttpRequest, year: str, pk: int) -> HttpResponseBase:
    """One scenario beside the working version and, where the address names them, other scenarios."""
    return _detail(request, year, pk)


def _detail(request: HttpRequest, label: str, pk: int, status: int = 200, **more: Any) -> HttpResponseBase:
    user, measure, plans = user_of(request), _measure(request), _plans(request, label)
    scenario = next((plan for plan in plans if plan.pk == pk and plan.kind == PlanKind.SCENARIO), None)
    if scenario is None:
        raise Http404
    year = scenario.fiscal_year
    basis = basis_of(request.GET, year)
    wanted = {scenario.pk, *(int(key) for key in request.GET.getlist("with") if key.isdecimal() and len(key) < 19)}
    scenarios_of_year = [plan for plan in plans if plan.kind == PlanKind.SCENARIO]
    beside = [plan for plan in plans if plan.kind == basis.kind]
    shown = [*beside, scenario, *(one for one in scenarios_of_year if one.pk in wanted and one != scenario)]
    steps = scenario_queries.read_steps(user, shown)
    table = scenario_queries.compare(user, year, shown, measure, steps)
    if export_format(request):
        lines = scenario_queries.step_lines(steps, scenario)
        return scenario_tables.export_one(request, table, lines, f"scenario-{year.label}-{measure}{basis.suffix}")
    working = _of_kind(plans, PlanKind.WORKING)
    seen, since = scenario_queries.since_copy(user, scenario, working) if working else (0, 0)
    context = {
        "year": year,
        "basis": basis,
        "scenario": scenario,
        "table": table,
        "lead": scenario_queries.lead(table),
        "steps": scenario_queries.step_lines(steps, scenario),
        "others": [plan for plan in scenarios_of_year if plan.pk != scenario.pk],
        "wanted": wanted,
        "measure": measure,
        "measures": Measure.choices,
        "kinds": WhatIf.choices,
        "is_open": scenario.frozen_at is None,
        "locked": working is not None and working.locked_at is not None,
        "since": since,
        "seen": seen,
        "request_form": RequestForm(),
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "targets/scenario_detail.html", context | more, status=status)


@admins_only
def scenario_adjust(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """Ask one question: growth, over-assignment, hires, a leaver, a territory that moves."""
    scenario, user = _scenario(request, year, pk), user_of(request)
    wanted = request.GET.get("kind", "")
    kind = WhatIf(wanted) if wanted in WhatIf.values else WhatIf.GROWTH
    form = AdjustForm(request.POST or None, kind=kind, user=user, scenario=scenario)
    if request.method == "POST" and form.is_valid():
        try:
            step = scenarios.adjust(scenario, form.asked, user, reason=form.cleaned_data["reason"])
            count = len(step.batch.changes)
            messages.success(request, ngettext("%(n)s number changed.", "%(n)s numbers changed.", count) % {"n": count})
            return redirect("targets:scenario", year=year, pk=pk)
        except RuleViolation as error:
            form.add_error(None, str(error))
    context = {
        "year": scenario.fiscal_year,
        "scenario": scenario,
        "form": form,
        "kind": kind,
        "kinds": WhatIf.choices,
    }
    return render(request, "targets/scenario_adjust.html", context, status=422 if form.errors else 200)


@require_POST
@admins_only
def scenario_undo(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """Take one step back."""
    scenario, text = _scenario(request, year, pk), request.POST.get("step", "")
    steps = ScenarioStep.objects.visible_to(user_of(request)).filter(plan=scenario)
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    step = get_object_or_404(steps.select_related("plan", "batch__plan"), pk=int(text))
    try:
        count = len(scenarios.undo(step, user_of(request)).changes)
        messages.success(request, ngettext("%(n)s number undone.", "%(n)s numbers undone.", count) % {"n": count})
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect("targets:scenario", year=year, pk=pk)


@require_POST
@admins_only
def scenario_adopt(request: HttpRequest, year: str, pk: int) -> HttpResponseBase:
    """Give the working version the scenario's numbers; both values where others changed some of them since."""
    scenario, user = _scenario(request, year, pk), user_of(request)
    told = {"reason": request.POST.get("reason", ""), "seen": request.POST.get("seen", "")}
    try:
        batch, own, positions = scenarios.adopt(scenario, user, **told)
    except Conflict as conflict:
        return _conflict(request, scenario, conflict)
    except NothingToDo as error:
        messages.info(request, str(error))
        return redirect("targets:scenario", year=year, pk=pk)
    except RuleViolation as error:
        messages.error(request, str(error))
        return _detail(request, year, pk, 422)
    count = len(batch.changes)
    text = ngettext("Adopted: %(n)s number changed.", "Adopted: %(n)s numbers changed.", count) % {"n": count}
    messages.success(request, f"{text} {_('One undo on the page of the allocation takes it back.')}")
    if own:
        text = ngettext("%(n)s number stays: it is your own.", "%(n)s numbers stay: they are your own.", own)
        messages.warning(request, text % {"n": own})
    if positions:
        text = ngettext(
            "%(n)s open position keeps its number in the scenario: nobody holds it yet.",
            "%(n)s open positions keep their numbers in the scenario: nobody holds them yet.",
            positions,
        )
        messages.warning(request, text % {"n": positions})
    return redirect("targets:allocate", year=year)


def _conflict(request: HttpRequest, scenario: CompanyPlan, conflict: Conflict) -> HttpResponseBase:
    working = next(plan for plan in _plans(request, scenario.fiscal_year.label) if plan.kind == PlanKind.WORKING)
    names = revision_queries.names_of(user_of(request), [cell.holder for cell in conflict.cells])
    found = [
        {
            "label": f"{names.get(cell.holder, '')}, {Measure(cell.measure).label}, {cell.period.title}",
            "yours": grid_cells.text_of(cell.yours) or "—",
            "theirs": _("%(value)s (%(name)s)")
            % {"value": grid_cells.text_of(cell.theirs) or "—", "name": cell.by.name if cell.by else "—"},
        }
        for cell in conflict.cells
    ]
    messages.error(request, str(conflict))
    return _detail(request, working.fiscal_year.label, scenario.pk, 409, conflicts=found, seen=batches.newest(working))


@require_POST
@admins_only
def scenario_revise(request: HttpRequest, year: str, pk: int) -> HttpResponseBase:
    """Hand the scenario on as a request for a revision of a locked year."""
    scenario, form = _scenario(request, year, pk), RequestForm(request.POST)
    if form.is_valid():
        try:
            made = scenarios.request_revision(scenario, user_of(request), **form.cleaned_data)
            messages.success(request, _("The revision is requested; somebody else decides on it."))
            return redirect("targets:revision", year=year, pk=made.pk)
        except RuleViolation as error:
            form.add_error(None, str(error))
    for told in form.non_field_errors():
        messages.error(request, str(told))
    return _detail(request, year, pk, 422, request_form=form)


@require_POST
@admins_only
def scenario_discard(request: HttpRequest, year: str, pk: int) -> HttpResponse:
    """Put the scenario away; it can still be read."""
    scenario = _scenario(request, year, pk)
    try:
        scenarios.discard(scenario, user_of(request))
        messages.success(request, _("“%(name)s” is discarded and can still be read.") % {"name": scenario.name})
    except RuleViolation as error:
        messages.error(request, str(error))
    return redirect("targets:scenarios", year=year)


def _sheet_plan(request: HttpRequest, year: FiscalYear, basis: Basis) -> CompanyPlan | None:
    """The working version, the baseline, or the scenario that the address names. Raises Http404."""
    text = request.GET.get("plan", "")
    plans = CompanyPlan.objects.visible_to(user_of(request)).filter(fiscal_year=year).select_related("fiscal_year")
    if text in ("", CURRENT, BASELINE):
        found: CompanyPlan | None = plans.filter(kind=basis.kind).first()
        return found
    key = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    named: CompanyPlan = get_object_or_404(plans, kind__in=(PlanKind.SCENARIO, PlanKind.WORKING), pk=key)
    return named


@login_required
@require_safe
def fairness_sheet(request: HttpRequest, year: str) -> HttpResponseBase:
    """Each person's number beside potential, last year, history, ramp and tenure; of the version that ``?plan=`` names:
    current, baseline, or a scenario by its key.
    """
    user, measure = user_of(request), _measure(request)
    fiscal_year = get_object_or_404(planned_years(user), label=year)
    if not access.can_see_plan(user):
        raise PermissionDenied
    basis = basis_of(request.GET, fiscal_year)
    plan, sort = _sheet_plan(request, fiscal_year, basis), request.GET.get("sort", "")
    sort = sort if sort.removeprefix("-") in fairness.SORTS else "-potential"
    sheet = fairness.sheet(user, fiscal_year, plan, measure, sort) if plan else None
    if sheet and export_format(request):
        return tables.export_fairness(request, sheet, f"fairness-{fiscal_year.label}-{measure}{basis.suffix}")
    context = {
        "year": fiscal_year,
        "plan": plan,
        "basis": basis,
        "is_scenario": plan is not None and plan.kind == PlanKind.SCENARIO,
        "sheet": sheet,
        "sort": sort,
        "measure": measure,
        "measures": Measure.choices,
    }
    return render(request, "targets/fairness.html", context)
