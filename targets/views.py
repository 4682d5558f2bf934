"""Pages of targets: the grid of territories, the number of a team with its history, a year's numbers on a past day."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from spm.errors import RuleViolation
from spm.org.gates import user_of, visible_or_404
from spm.org.models import FiscalYear, Team
from spm.ui.exports import export_format
from targets import access, cycles, grids, number_history, number_tables, past_numbers, past_plans, tables
from targets.basis import basis_of, planned_years, version_of
from targets.choices import Measure, Scope
from targets.goals import of_team
from targets.grids import Grid
from targets.models import Target
from targets.past_plans import BadDay


def _measure(request: HttpRequest) -> Measure:
    """The measure that the address names; bookings where it names none, or one that does not exist."""
    wanted = request.GET.get("measure", "")
    return Measure(wanted) if wanted in Measure.values else Measure.BOOKINGS


def _year(request: HttpRequest, label: str) -> FiscalYear:
    return visible_or_404(FiscalYear, request, label=label)


@login_required
def territory_grid(request: HttpRequest, year: str) -> HttpResponseBase:
    """Show the grid, or store what was typed into it: all of it, or nothing and everything is still there."""
    user, fiscal_year, measure = user_of(request), _year(request, year), _measure(request)
    if not access.can_see_plan(user):
        raise PermissionDenied
    # What is written goes into the working version, whichever was shown.
    basis, plan = version_of({} if request.method == "POST" else request.GET, fiscal_year)
    grid = grids.read(user, fiscal_year, measure, baseline=basis.is_baseline)
    if export_format(request) and request.method == "GET":
        if request.GET.get("table") == number_tables.HISTORY:
            changes = grids.territory_history(user, fiscal_year, measure)
            return number_tables.export_history(request, changes, f"territories-{year}-{measure}")
        return tables.export_grid(request, grid, basis.suffix)
    status = 200
    if request.method == "POST":
        if not access.can_edit_plan(user, None):
            raise PermissionDenied
        saved, grid = _store(request, grid, fiscal_year)
        if saved:
            return redirect(f"{request.path}?measure={measure}")
        status = 422
    may_edit = access.can_edit_target(user, plan) or status == 422  # what was typed stays to be read
    context = {
        "title": _("Territory targets"),
        "year": fiscal_year,
        "basis": basis,
        "grid": grid,
        "measure": measure,
        "measures": Measure.choices,
        "can_edit": may_edit,
        "is_locked": not access.is_open(plan),
        "can_request": access.can_request_revision(user, plan),
        "changes": grids.territory_history(user, fiscal_year, measure),
        "needs_reason": may_edit and cycles.needs_reason(cycles.cycle_of(fiscal_year)),
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "targets/grid.html", context, status=status)


def _store(request: HttpRequest, grid: Grid, year: FiscalYear) -> tuple[bool, Grid]:
    """(stored?, the grid to show if not). A refusal keeps what was typed and says why."""
    user, reason = user_of(request), request.POST.get("reason", "").strip()
    try:
        cycles.require_reason(cycles.cycle_of(year), reason)
        reason = reason or _("Typed into the targets of territories")
        sent, count = grids.store(user, year, grid.measure, request.POST, reason=reason)
    except RuleViolation as error:
        messages.error(request, str(error))
        return False, grids.with_errors(grid, request.POST, {})
    if faults := {**sent.unread, **sent.overtaken}:
        messages.error(request, _("Nothing is stored yet: look at the marked cells."))
        return False, grids.with_errors(grids.read(user, year, grid.measure), request.POST, faults)
    messages.success(request, ngettext("%(n)s number changed.", "%(n)s numbers changed.", count) % {"n": count})
    return True, grid


@login_required
@require_safe
def numbers(request: HttpRequest, year: str) -> HttpResponseBase:
    """Targets and quotas of the year as they stood at the end of a day, today where the address names none."""
    user, fiscal_year, measure = user_of(request), _year(request, year), _measure(request)
    if not access.can_see_plan(user):
        raise PermissionDenied
    past, fault = None, ""
    try:
        past = past_plans.asked(request.GET)
    except BadDay as error:
        fault = str(error)
    found = past_numbers.numbers(user, fiscal_year, past.until if past else None)
    if export_format(request) and not fault:
        return tables.export_numbers(request, found, fiscal_year, past)
    rows = found.of_measure(measure)
    page = Paginator(rows, number_history.PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "year": fiscal_year,
        "numbers": found,
        "page": page,
        "quotas": [(one, found.by_quarter(one)) for one in page if one.scope == Scope.PERSON],
        "targets": [(one, found.by_quarter(one)) for one in page if one.scope != Scope.PERSON],
        "past": past,
        "fault": fault,
        "measure": measure,
        "measures": Measure.choices,
    }
    return render(request, "targets/numbers.html", context, status=400 if fault else 200)


@login_required
@require_safe
def team_detail(request: HttpRequest, year: str, pk: int) -> HttpResponseBase:
    """The targets of one team in one year, all measures, with each change."""
    user, fiscal_year = user_of(request), get_object_or_404(planned_years(user_of(request)), label=year)
    team = visible_or_404(Team, request, pk=pk)
    if not access.can_see_targets(user, team):
        raise PermissionDenied
    back, basis = f"{reverse('targets:allocate', args=[year])}?team={team.pk}", basis_of(request.GET, fiscal_year)
    table = grids.holder_table(user, fiscal_year, Target, of_team(team.pk), baseline=basis.is_baseline)
    changes = number_history.of_holder(Target, of_team(team.pk), fiscal_year)
    if export_format(request):
        return number_tables.export_number(request, table, changes, f"targets-{team.name}-{year}{basis.suffix}")
    context = {
        "year": fiscal_year,
        "basis": basis,
        "name": team.name,
        "table": table,
        "changes": number_history.paged(changes, request.GET.get("page")),
        "back": back,
    }
    return render(request, "targets/number.html", context)
