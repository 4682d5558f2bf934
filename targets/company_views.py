"""The page of the company plan and its verbs: save, paste, spread a total, undo. One POST is one batch."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from spm.errors import RuleViolation
from spm.org.gates import admins_only, user_of, visible_or_404
from spm.org.models import FiscalYear, Period
from spm.ui.exports import export_format
from targets import (
    access,
    company_grid,
    company_pages,
    company_spread,
    grid_cells,
    grids,
    number_history,
    number_tables,
    past_plans,
    seasonality,
    tables,
)
from targets.allocation import MONTHS, QUARTERS
from targets.basis import basis_of
from targets.batches import Conflict
from targets.choices import BatchKind, Measure, PlanState, Season
from targets.company_grid import CompanyGrid
from targets.company_pages import CompanyView, Place
from targets.company_spread import PROFILE, Wish
from targets.goals import of_segment
from targets.grid_cells import Pasted, Sent
from targets.grid_views import GridDesk, asks_apart, whole_number
from targets.models import PlanLine
from targets.past_plans import AsOf, BadDay

CHOSEN = ("row", "period", "season", "total")
ECHOED = (*CHOSEN, "keep_as", "is_default")
"""What a spread is chosen by, and comes back with its preview."""


def _place(request: HttpRequest, label: str, past: AsOf | None = None) -> Place:
    """The grid of the address; 404 for an unknown year, 403 for who leads nobody."""
    user, year = user_of(request), visible_or_404(FiscalYear, request, label=label)
    if not access.can_see_plan(user):
        raise PermissionDenied
    return company_pages.place_of(user, year, request.GET, writes=request.method == "POST", past=past)


class CompanyDesk(GridDesk):
    """The page of the company plan, and the way back to it."""

    place: Place
    write = staticmethod(company_spread.write_cells)
    how: ClassVar = {
        BatchKind.EDIT: gettext_lazy("Typed into the company plan"),
        BatchKind.PASTE: gettext_lazy("Pasted into the company plan"),
    }

    def view_of(
        self, grid: CompanyGrid, sent: Sent | None = None, *, seen: int | None = None, pasted: Pasted | None = None
    ) -> CompanyView:
        return company_pages.view_of(self.place, grid, sent, seen=seen, pasted=pasted)

    def back(self) -> HttpResponse:
        return redirect(f"{reverse('targets:company', args=[self.place.year.label])}?{self.place.query}")

    def page(self, view: CompanyView, status: int = 200, **more: Any) -> HttpResponse:
        place, label, grid = self.place, self.place.year.label, view.grid
        hidden, until = not access.can_read_plan(place.user, place.year), place.past.until if place.past else None
        may_edit = place.past is None and access.can_edit_plan(place.user, None)
        context = {
            "view": view,
            "asks": asks_apart(view, more),
            "grid": grid,
            "year": place.year,
            "columns": place.columns,
            "basis": place.basis,
            "kinds": [(MONTHS, _("Months")), (QUARTERS, _("Quarters"))],
            "can_request": place.past is None and access.can_request_revision(place.user, place.plan),
            "can_import": may_edit and access.can_edit_plan(place.user, place.plan),
            "changes": () if hidden else number_history.of_model(PlanLine, place.year, until),
            "hidden": hidden,
            "waits": place.plan.state == PlanState.SUBMITTED and grid.is_open,
            "approval": reverse("targets:plan-approval", args=[label]) if place.cycle.pk and may_edit else "",
            "chosen": self.request.POST,
            "fields": [(key, value) for key, value in self.request.POST.items() if _is_echoed(key)],
            "page_url": reverse("targets:company", args=[label]),
            "paste_url": reverse("targets:company-paste", args=[label]),
            "undo_url": reverse("targets:company-undo", args=[label]),
        }
        if place.past:
            context["standing"] = None if hidden else past_plans.standing(place.plan, place.year, until)
        if grid.can_edit:
            context |= self._choices(grid)
        return render(self.request, "targets/company.html", context | more, status=status)

    def _choices(self, grid: CompanyGrid) -> dict[str, Any]:
        """What a total can be spread over and by, and the segments that have no row yet."""
        profiles = seasonality.profiles_of(self.place.year)
        calendar = grid.facts.calendar
        return {
            "spread_rows": [(f"{row.measure}:{row.segment}", row.name) for row in grid.rows],
            "spread_periods": (calendar.year, *calendar.quarters),
            "seasons": [*Season.choices, *((f"{PROFILE}{profile.pk}", profile.name) for profile in profiles)],
            "new_segments": [
                name for name in company_grid.account_segments(self.place.user) if name not in grid.facts.segments
            ],
        }


def _is_echoed(key: str) -> bool:
    return key in ECHOED or key.startswith("weight:")


@login_required
def company(request: HttpRequest, year: str) -> HttpResponseBase:
    """Show the grid, or store what was typed into it: all of it, or nothing and everything is still there."""
    if request.method == "POST":
        desk = CompanyDesk(request, _place(request, year))
        if not access.can_edit_plan(desk.place.user, None):
            raise PermissionDenied
        return desk.save(desk.place.grid())
    try:
        past = past_plans.asked(request.GET)
    except BadDay as error:
        desk = CompanyDesk(request, _place(request, year))
        return desk.page(desk.view_of(desk.place.grid()), 400, bad_day=error)
    desk = CompanyDesk(request, _place(request, year, past))
    return _company_file(desk) if export_format(request) else desk.page(desk.view_of(desk.place.grid()))


def _company_file(desk: CompanyDesk) -> HttpResponseBase:
    """The grid, or the changes below it, as a file."""
    request, place = desk.request, desk.place
    if request.GET.get("table") == number_tables.HISTORY and access.can_read_plan(place.user, place.year):
        found = number_history.of_model(PlanLine, place.year, place.past.until if place.past else None)
        return number_tables.export_history(request, found, f"company-plan-{place.year.label}")
    return tables.export_company(request, place.grid(), place.basis.suffix)


@login_required
@require_safe
def company_history(request: HttpRequest, year: str) -> HttpResponseBase:
    """The number of the whole company or of a segment, and how it came to be: each change, newest first."""
    user, fiscal_year = user_of(request), visible_or_404(FiscalYear, request, label=year)
    if not access.can_see_plan(user):
        raise PermissionDenied
    if not access.can_read_plan(user, fiscal_year):
        raise PermissionDenied
    segment, measure = request.GET.get("segment", "")[: company_pages.SEGMENT_LENGTH], request.GET.get("measure", "")
    wanted = Measure(measure) if measure in Measure.values else None
    found = number_history.of_holder(PlanLine, of_segment(segment), fiscal_year, measure=wanted)
    basis = basis_of(request.GET, fiscal_year)
    table = grids.holder_table(user, fiscal_year, PlanLine, of_segment(segment), baseline=basis.is_baseline)
    if export_format(request):
        return number_tables.export_number(request, table, found, f"company-plan-{segment}-{year}{basis.suffix}")
    context = {
        "year": fiscal_year,
        "basis": basis,
        "name": company_grid.segment_name(segment),
        "table": table,
        "changes": number_history.paged(found, request.GET.get("page")),
        "back": reverse("targets:company", args=[year]),
        "measure": measure if measure in Measure.values else "",
        "measures": [("", _("All measures")), *Measure.choices],
    }
    return render(request, "targets/number.html", context)


@require_POST
@admins_only
def company_paste(request: HttpRequest, year: str) -> HttpResponse:
    """What a block copied from a spreadsheet would change; stores nothing."""
    return CompanyDesk(request, _place(request, year)).paste()


@require_POST
@admins_only
def company_undo(request: HttpRequest, year: str) -> HttpResponse:
    """Give every number of one batch the value it had before."""
    return CompanyDesk(request, _place(request, year)).undo()


@require_POST
@admins_only
def company_spread_total(request: HttpRequest, year: str) -> HttpResponse:
    """Spread a total over its months: first a preview, then, sent again with ``apply``, one batch."""
    desk = CompanyDesk(request, _place(request, year))
    place, grid = desk.place, desk.place.grid()
    try:
        desk.check_stage()
        wish = _wish(request, grid)
        if wish.season == Season.CUSTOM and not wish.weights:
            shares = company_spread.present_shares(place.facts, wish)
            texts = [(leaf, grid_cells.text_of(share)) for leaf, share in shares]
            return desk.page(desk.view_of(grid), **_asked(request, texts, wish.period == place.facts.calendar.year))
        found = company_spread.preview(place.facts, wish, place.user)
        if "apply" in request.POST:
            desk.check_reason()
            told = {"seen": request.POST.get("seen", ""), "reason": desk.reason}
            desk.say_changed(company_spread.apply(found, place.facts, by=place.user, **told))
            return desk.back()
    except Conflict as conflict:
        return desk.conflict(Sent(), conflict)
    except RuleViolation as error:
        messages.error(request, str(error))
        return desk.page(desk.view_of(grid), 422, **_typed_weights(request, grid))
    return desk.page(desk.view_of(grid), preview=found)


def _asked(request: HttpRequest, shares: list[tuple[Period, str]], is_year: bool) -> dict[str, Any]:
    """What the page asks for weights of one's own: one for each period, and what the spread is chosen by."""
    fields = [(key, value) for key, value in request.POST.items() if key in CHOSEN]
    return {"shares": shares, "is_year": is_year, "fields": fields}


def _typed_weights(request: HttpRequest, grid: CompanyGrid) -> dict[str, Any]:
    """The same after a refusal, with the weights as they were typed; nothing where none were."""
    names = [(leaf, f"weight:{leaf.number}") for leaf in grid.facts.calendar.leaves]
    typed = [(leaf, request.POST[name]) for leaf, name in names if name in request.POST]
    return _asked(request, typed, "keep_as" in request.POST) if typed else {}


def _wish(request: HttpRequest, grid: CompanyGrid) -> Wish:
    """What the form asks for. Raises RuleViolation with a sentence."""
    data, language = request.POST.dict(), get_language() or ""
    row = next((row for row in grid.rows if f"{row.measure}:{row.segment}" == data.get("row", "")), None)
    if row is None:
        raise RuleViolation(_("Choose what the total is of."))
    total = data.get("total", "").strip()
    return Wish(
        segment=row.segment,
        measure=Measure(row.measure),
        period=_period(grid, data.get("period", "")),
        season=data.get("season", ""),
        total=grid_cells.read_amount(total, grid.currency, language, negative=True) if total else None,
        weights=_weights(data, language),
        keep_as=data.get("keep_as", "").strip(),
        is_default="is_default" in data,
    )


def _period(grid: CompanyGrid, text: str) -> Period:
    """The year, or the quarter that the form names."""
    calendar, key = grid.facts.calendar, whole_number(text)
    found = next((one for one in (calendar.year, *calendar.quarters) if one.pk == key), None)
    if found is None:
        raise RuleViolation(_("Choose the year or a quarter."))
    return found


def _weights(data: dict[str, str], language: str) -> dict[int, Decimal]:
    """Period number → weight, as somebody typed them; an empty one is 0."""
    found = {}
    for name, text in data.items():
        number = whole_number(name.removeprefix("weight:")) if name.startswith("weight:") else None
        if number is not None and number < 1000:
            found[number] = grid_cells.read_percent(text, language) if text.strip() else Decimal(0)
    return found
