"""The page of the allocation grid, and its verbs: save, paste, spread, hold, undo. One POST is one batch."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from spm.errors import RuleViolation
from spm.org.gates import user_of, visible_or_404
from spm.org.models import FiscalYear, Period, User
from spm.org.scopes import scope_of
from spm.ui.exports import export_format
from targets import access, allocation, allocation_pages, cycles, grid_cells, holds, tables, typed_numbers
from targets.allocation_grid import AllocationGrid, Totals
from targets.allocation_pages import AllocationView, Place
from targets.allocation_preview import Preview
from targets.allotting import CannotAllocate, Options
from targets.batches import Conflict
from targets.choices import BatchKind, Measure, Method
from targets.goals import Holder, OwnQuota, of_person, of_team
from targets.grid_blocks import Names
from targets.grid_cells import Pasted, Sent
from targets.grid_views import GridDesk, asks_apart, whole_number
from targets.models import GoalBatch

ECHOED = ("node", "method", "total", "over", "ramp")
"""What a spread is chosen by, and comes back with its preview."""


def _place(request: HttpRequest, label: str) -> Place:
    """The grid of the address; 404 for an unknown year or team, 403 for who leads nobody."""
    user, year = user_of(request), visible_or_404(FiscalYear, request, label=label)
    if not access.can_see_plan(user):
        raise PermissionDenied
    return allocation_pages.place_of(user, year, request.GET, writes=request.method == "POST")


class AllocationDesk(GridDesk):
    """The page of an allocation, and the way back to it."""

    place: Place
    how: ClassVar = {
        BatchKind.EDIT: gettext_lazy("Typed into the allocation grid"),
        BatchKind.PASTE: gettext_lazy("Pasted into the allocation grid"),
        BatchKind.SPREAD: gettext_lazy("A total typed into the allocation grid, with those below it"),
    }

    def _write(self, grid: AllocationGrid, sent: Sent) -> GoalBatch | HttpResponse:
        """Store what was typed; a total that moves numbers which stand already is shown first."""
        place, choice = self.place, self.request.POST.get("spread", "")
        where, goals = self._where(), [goal for _model, goal in grid_cells.goals_of(grid, sent)]
        seen = self.seen(grid)
        try:
            typed = typed_numbers.read(where, goals, below=choice != "alone")
        except CannotAllocate as error:
            messages.error(self.request, str(error))
            return self.page(self.view_of(grid, sent, seen=seen), 422, is_stuck=choice != "alone")
        lacks = cycles.needs_reason(place.cycle) and not self.reason
        if (typed.is_total or "preview" in self.request.POST) and (not choice or lacks):
            view = allocation_pages.with_after(self.view_of(grid, sent, seen=seen), typed.preview.after)
            asks = str(cycles.REASON_WANTED) if choice else ""
            return self.page(view, 422 if choice else 200, typed=typed, choice=choice, asks_reason=asks)
        self.check_reason()
        told = self.told()
        if typed.moves_below and not self.reason:
            told["reason"] = str(self.how[BatchKind.SPREAD])
        return typed_numbers.write(typed, where, **told)

    def names(self) -> Names:
        """The e-mails of the people whom the viewer sees."""
        known = User.objects.visible_to(self.place.user).values_list("pk", "email")
        return {of_person(pk): (email,) for pk, email in known}

    def view_of(
        self, grid: AllocationGrid, sent: Sent | None = None, *, seen: int | None = None, pasted: Pasted | None = None
    ) -> AllocationView:
        view = allocation_pages.view_of(self.place, grid, sent, seen=seen, pasted=pasted)
        after = self._after(grid, sent) if pasted and sent else None
        return allocation_pages.with_after(view, after) if after else view

    def _where(self) -> typed_numbers.Place:
        place = self.place
        return typed_numbers.Place(place.plan, place.cycle, place.measure, place.team, place.user)

    def _after(self, grid: AllocationGrid, sent: Sent) -> Totals | None:
        """The totals once the good cells of a block are stored; None where these cannot be stored as they are."""
        goals = [goal for _model, goal in grid_cells.goals_of(grid, sent)]
        try:
            return typed_numbers.read(self._where(), goals).preview.after
        except RuleViolation:
            return None

    def back(self) -> HttpResponse:
        return redirect(f"{reverse('targets:allocate', args=[self.place.year.label])}?{self.place.query}")

    def page(self, view: AllocationView, status: int = 200, **more: Any) -> HttpResponse:
        place, label = self.place, self.place.year.label
        context = {
            "view": view,
            "asks": asks_apart(view, more),
            "grid": view.grid,
            "totals": view.grid.totals,
            "year": place.year,
            "measure": place.measure,
            "measures": Measure.choices,
            "columns": place.columns,
            "basis": place.basis,
            "kinds": [(allocation.QUARTERS, _("Quarters")), (allocation.MONTHS, _("Months"))],
            "methods": Method.choices,
            "nodes": [line.row for line in view.lines if line.row.can_spread and place.cycle.pk],
            "can_request": access.can_request_revision(place.user, place.plan),
            "can_import": access.can_see_plan(place.user),
            "chosen": self.request.POST,
            "fields": [(key, value) for key, value in self.request.POST.items() if key in ECHOED or _is_share(key)],
            "sees_all": scope_of(place.user).everything,
            "page_url": reverse("targets:allocate", args=[label]),
            "usual_columns": f"{reverse('targets:allocate', args=[label])}?{urlencode(place.kept)}",
            "hold_url": reverse("targets:allocate-hold", args=[label]),
            "paste_url": reverse("targets:allocate-paste", args=[label]),
            "undo_url": reverse("targets:allocate-undo", args=[label]),
        }
        return render(self.request, "targets/allocate.html", context | more, status=status)


def _is_share(key: str) -> bool:
    return key.startswith("share:")


@login_required
def allocate(request: HttpRequest, year: str) -> HttpResponseBase:
    """Show the grid, or store what was typed into it: all of it, or nothing and everything is still there."""
    desk = AllocationDesk(request, _place(request, year))
    if request.method != "POST" and export_format(request):
        grids = desk.place.whole_grids(of_one_team="team" in request.GET)
        return tables.export_allocation(request, desk.place.user, grids, desk.place.basis.suffix)
    grid = desk.place.grid()
    return desk.save(grid) if request.method == "POST" else desk.page(desk.view_of(grid))


@require_POST
@login_required
def allocate_paste(request: HttpRequest, year: str) -> HttpResponse:
    """What a block copied from a spreadsheet would change, with the reason for each cell it cannot; stores nothing."""
    return AllocationDesk(request, _place(request, year)).paste()


@require_POST
@login_required
def allocate_undo(request: HttpRequest, year: str) -> HttpResponse:
    """Give every number of one batch the value it had before."""
    return AllocationDesk(request, _place(request, year)).undo()


@require_POST
@login_required
def allocate_spread(request: HttpRequest, year: str) -> HttpResponse:
    """Spread a number over those below it: first a preview, then, sent again with ``apply``, one batch."""
    desk = AllocationDesk(request, _place(request, year))
    place, grid = desk.place, desk.place.grid()
    try:
        desk.check_stage()
        preview = _preview(request, place)
        if preview is None:
            return desk.page(desk.view_of(grid), **_asked(request, place))
        if "apply" in request.POST:
            desk.check_reason()
            seen = request.POST.get("seen", "")
            batch = allocation.apply(preview, by=place.user, seen=seen, reason=desk.reason)
            desk.say_changed(batch)
            return desk.back()
    except Conflict as conflict:
        return desk.conflict(Sent(), conflict)
    except RuleViolation as error:
        messages.error(request, str(error))
        return desk.page(desk.view_of(grid), 422, **_typed_parts(request, place))
    return desk.page(desk.view_of(grid), preview=preview)


def _node(request: HttpRequest, place: Place) -> Holder | None:
    """The team whose number is spread, as the form names it; empty: what the page is about."""
    text = request.POST.get("node", "")
    if not text:
        return of_team(place.team) if place.team is not None else None
    if (key := whole_number(text)) is None:
        raise Http404
    return of_team(key)


def _preview(request: HttpRequest, place: Place) -> Preview | None:
    """What the form asks for; None where the percents of the manual method are still to be typed."""
    data, language, node = request.POST.dict(), get_language() or "", _node(request, place)
    if not place.cycle.pk:
        raise RuleViolation(_("Begin the planning of the year first."))
    method = data.get("method", "")
    if method not in Method.values:
        raise RuleViolation(_("Choose a method."))
    shares = {
        Holder(f"{kind}_id", int(key)): grid_cells.read_percent(text, language)
        for name, text in data.items()
        if (parts := name.split(":"))[0] == "share" and len(parts) == 3 and parts[2].isdecimal()
        for kind, key in [(parts[1], parts[2])]
        if kind in ("person", "team") and text.strip()
    }
    if method == Method.MANUAL and not shares:
        return None
    total, over = data.get("total", "").strip(), data.get("over", "").strip()
    currency = place.grid().currency
    options = Options(
        total=grid_cells.read_amount(total, currency, language) if total else None,
        over={int(node.key) if node else None: grid_cells.read_percent(over, language)} if over else {},
        shares=shares,
        ramp="ramp" in data,
    )
    return allocation.preview(place.plan, node, place.measure, Method(method), place.user, options)


def _asked(request: HttpRequest, place: Place) -> dict[str, Any]:
    """What the page asks for the manual method: the percent of each direct child, and what the spread is chosen by."""
    parts = [
        (name, label, request.POST.get(name, grid_cells.text_of(share)))
        for name, label, share in _parts(request, place)
    ]
    return {"parts": parts, "fields": [(key, value) for key, value in request.POST.items() if key in ECHOED]}


def _typed_parts(request: HttpRequest, place: Place) -> dict[str, Any]:
    """The same after a refusal, with the percents as they were typed; nothing where none were."""
    try:
        return _asked(request, place) if any(map(_is_share, request.POST)) else {}
    except RuleViolation:
        return {}


def _parts(request: HttpRequest, place: Place) -> list[tuple[str, str, Decimal]]:
    """The direct children of the node with the percent each has now, for the manual method."""
    node = _node(request, place)
    rows = [row for row in replace(place, team=int(node.key) if node else None, page=1).grid().rows]
    rows = [row for row in rows if not row.depth and not row.is_rest]
    whole = sum((row.amount or Decimal(0) for row in rows), Decimal(0))
    even = Decimal(100) / len(rows) if rows else Decimal(0)
    found = []
    for row in rows:
        share = (row.amount or Decimal(0)) / whole * 100 if whole else even
        found.append((f"share:{row.holder.column.removesuffix('_id')}:{row.holder.key}", row.name, round(share, 2)))
    if found:
        rest = 100 - sum((share for _name, _label, share in found[1:]), Decimal(0))
        found[0] = (*found[0][:2], rest)
    return found


@require_POST
@login_required
def allocate_hold(request: HttpRequest, year: str) -> HttpResponse:
    """Keep a number when totals are spread, or with ``release`` let it move again."""
    desk = AllocationDesk(request, _place(request, year))
    place = desk.place
    periods = Period.objects.visible_to(place.user).filter(fiscal_year=place.year).in_bulk()
    name, releases = _cell_to_hold(request, place)
    found = grid_cells.parse_cell(name, periods)
    if found is None:
        raise Http404
    holder, period = found
    try:
        verb = holds.release if releases else holds.hold
        verb(place.plan, holder, place.measure, period, by=place.user)
    except (holds.NotYours, OwnQuota) as error:
        raise PermissionDenied from error
    except RuleViolation as error:
        messages.warning(request, str(error))
    return desk.still_typed()


def _cell_to_hold(request: HttpRequest, place: Place) -> tuple[str, bool]:
    """The name of the cell that a button stands at, or that a form names by row and column; whether to release it."""
    data = request.POST
    if "chosen" not in data:
        return data.get("release") or data.get("cell", ""), "release" in data
    grid, row, column = place.grid(), whole_number(data.get("hold_row", "")), whole_number(data.get("hold_column", ""))
    cells = grid_cells.cells_of(grid.rows[row]) if row is not None and row < len(grid.rows) else ()
    name = cells[column].name if column is not None and column < len(cells) else ""
    return name, data["chosen"] == "release"
