"""The page of the allocation grid, and its verbs: save, paste, spread, hold, undo. One POST is one batch."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from spm.errors import RuleViolation
from spm.org.gates import user_of, visible_or_404
from spm.org.models import FiscalYear, Period
from spm.org.scopes import scope_of
from spm.ui.exports import export_format
from targets import access, allocation, allocation_pages, grid_cells, holds, tables
from targets.allocation import Preview
from targets.allocation_grid import AllocationGrid, parse_cell
from targets.allocation_pages import AllocationView, Place
from targets.allotting import Options
from targets.batches import Conflict
from targets.choices import Measure, Method
from targets.goals import Holder, OwnQuota, of_team
from targets.grid_cells import Pasted, Sent
from targets.grid_views import GridDesk, whole_number

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
    write = staticmethod(allocation.write_cells)

    def view_of(
        self, grid: AllocationGrid, sent: Sent | None = None, *, seen: int | None = None, pasted: Pasted | None = None
    ) -> AllocationView:
        return allocation_pages.view_of(self.place, grid, sent, seen=seen, pasted=pasted)

    def back(self) -> HttpResponse:
        return redirect(f"{reverse('targets:allocate', args=[self.place.year.label])}?{self.place.query}")

    def page(self, view: AllocationView, status: int = 200, **more: Any) -> HttpResponse:
        place, label = self.place, self.place.year.label
        context = {
            "view": view,
            "grid": view.grid,
            "totals": view.grid.totals,
            "year": place.year,
            "measure": place.measure,
            "measures": Measure.choices,
            "columns": place.columns,
            "kinds": [(allocation.QUARTERS, _("Quarters")), (allocation.MONTHS, _("Months"))],
            "methods": Method.choices,
            "nodes": [line.row for line in view.lines if line.row.can_spread and place.cycle.pk],
            "can_request": access.can_request_revision(place.user, place.plan),
            "can_import": access.can_edit_plan(place.user, None),
            "chosen": self.request.POST,
            "fields": [(key, value) for key, value in self.request.POST.items() if key in ECHOED or _is_share(key)],
            "sees_all": scope_of(place.user).everything,
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
    grid = desk.place.grid()
    if request.method == "POST":
        return desk.save(grid)
    if export_format(request):
        return tables.export_allocation(request, desk.place.user, grid)
    return desk.page(desk.view_of(grid))


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
            return desk.page(desk.view_of(grid), parts=_parts(request, place))
        if "apply" in request.POST:
            reason = request.POST.get("reason", "")
            batch = allocation.apply(preview, by=place.user, seen=request.POST.get("seen", ""), reason=reason)
            desk.say_changed(batch)
            return desk.back()
    except Conflict as conflict:
        return desk.conflict(Sent(), conflict)
    except RuleViolation as error:
        messages.error(request, str(error))
        return desk.page(desk.view_of(grid), 422)
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
    place = _place(request, year)
    periods = Period.objects.visible_to(place.user).filter(fiscal_year=place.year).in_bulk()
    found = parse_cell(request.POST.get("release") or request.POST.get("cell", ""), periods)
    if found is None:
        raise Http404
    holder, period = found
    try:
        verb = holds.release if "release" in request.POST else holds.hold
        verb(place.plan, holder, place.measure, period, by=place.user)
    except (holds.NotYours, OwnQuota) as error:
        raise PermissionDenied from error
    except RuleViolation as error:
        messages.warning(request, str(error))
    return AllocationDesk(request, place).back()
