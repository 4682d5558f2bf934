"""The page of the allocation grid, and its verbs: save, paste, spread, hold, undo. One POST is one batch."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from spm.errors import NothingToDo, RuleViolation
from spm.org.gates import user_of, visible_or_404
from spm.org.models import FiscalYear, Period
from spm.org.scopes import scope_of
from spm.ui.exports import export_format
from targets import access, allocation, allocation_cells, allocation_pages, batches, cycles, holds, tables
from targets.allocation import Preview
from targets.allocation_cells import Sent
from targets.allocation_grid import AllocationGrid, parse_cell
from targets.allocation_pages import PageView, Place
from targets.allotting import Options
from targets.batches import Conflict
from targets.choices import BatchKind, Measure, Method
from targets.goals import Holder, of_team
from targets.models import GoalBatch

ECHOED = ("node", "method", "total", "over", "ramp")
"""What a spread is chosen by, and comes back with its preview."""


def _place(request: HttpRequest, label: str) -> Place:
    """The grid of the address; 404 for an unknown year or team, 403 for who leads nobody."""
    user, year = user_of(request), visible_or_404(FiscalYear, request, label=label)
    if not access.can_see_plan(user):
        raise PermissionDenied
    return allocation_pages.place_of(user, year, request.GET)


def _back(place: Place) -> HttpResponse:
    return redirect(f"{reverse('targets:allocate', args=[place.year.label])}?{place.query}")


def _page(request: HttpRequest, view: PageView, status: int = 200, **more: Any) -> HttpResponse:
    place = view.place
    context = {
        "view": view,
        "grid": view.grid,
        "totals": view.grid.totals,
        "year": place.year,
        "cycle": place.cycle if place.cycle.pk else None,
        "measure": place.measure,
        "measures": Measure.choices,
        "columns": place.columns,
        "kinds": [(allocation.QUARTERS, _("Quarters")), (allocation.MONTHS, _("Months"))],
        "methods": Method.choices,
        "nodes": [line.row for line in view.lines if line.row.can_spread and place.cycle.pk],
        "can_request": access.can_request_revision(place.user, place.plan),
        "can_import": access.can_edit_plan(place.user, None),
        "chosen": request.POST,
        "fields": [(key, value) for key, value in request.POST.items() if key in ECHOED or key.startswith("share:")],
        "sees_all": scope_of(place.user).everything,
    }
    return render(request, "targets/allocate.html", context | more, status=status)


@login_required
def allocate(request: HttpRequest, year: str) -> HttpResponseBase:
    """Show the grid, or store what was typed into it: all of it, or nothing and everything is still there."""
    place = _place(request, year)
    grid = place.grid()
    if request.method == "POST":
        return _save(request, place, grid)
    if export_format(request):
        return tables.export_allocation(request, place.user, grid)
    return _page(request, allocation_pages.view_of(place, grid))


def _save(request: HttpRequest, place: Place, grid: AllocationGrid) -> HttpResponse:
    sent = allocation_cells.read_sent(grid, request.POST.dict(), get_language() or "")
    left_out = len(sent.faults) if "skip" in request.POST else 0
    if sent.faults and not left_out:
        messages.error(request, _told(sent))
        return _page(request, allocation_pages.view_of(place, grid, sent, seen=_seen(request, grid)), 422)
    try:
        _check_stage(place)
        kind = BatchKind.PASTE if request.POST.get("kind") == BatchKind.PASTE else BatchKind.EDIT
        batch = batches.write_batch(
            place.plan,
            allocation_cells.goals_of(grid, sent),
            by=place.user,
            kind=kind,
            reason=request.POST.get("reason", ""),
            seen=request.POST.get("seen", ""),
        )
    except Conflict as conflict:
        return _conflict(request, place, sent, conflict)
    except NothingToDo as error:
        messages.info(request, str(error))
        return _back(place)
    except RuleViolation as error:
        messages.error(request, str(error))
        return _page(request, allocation_pages.view_of(place, grid, sent, seen=_seen(request, grid)), 422)
    _say_changed(request, batch, left_out)
    return _back(place)


def _check_stage(place: Place) -> None:
    if place.cycle.pk:
        cycles.require_stage(place.cycle, *sorted(cycles.BEFORE_LOCK, key=cycles.ORDER.index))


def _told(sent: Sent) -> str:
    """One sentence for all marked cells; those that are not on the page stand in it, for nothing may be lost."""
    first = next(iter(sent.faults.items()))
    words = {"fault": first[1], "text": sent.texts.get(first[0], "")}
    return _("Nothing is stored yet: look at the marked cells. %(fault)s") % words


def _seen(request: HttpRequest, grid: AllocationGrid) -> int:
    """The number to send back: the one that came, as long as this plan can have given it out."""
    text = request.POST.get("seen", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1
    return number if 0 <= number <= grid.revision else grid.revision


def _say_changed(request: HttpRequest, batch: GoalBatch, left_out: int = 0) -> None:
    count = len(batch.changes)
    messages.success(request, ngettext("%(n)s number changed.", "%(n)s numbers changed.", count) % {"n": count})
    if left_out:
        text = ngettext("%(n)s cell was left out.", "%(n)s cells were left out.", left_out)
        messages.warning(request, text % {"n": left_out})


def _conflict(request: HttpRequest, place: Place, sent: Sent, conflict: Conflict) -> HttpResponse:
    """Both values of what somebody else changed meanwhile; the next save puts these in the place of theirs."""
    grid = place.grid()
    names = {row.holder: row.name for row in grid.rows}
    view = allocation_pages.view_of(place, grid, replace(sent, was=allocation_cells.drawn(grid)))
    view = replace(view, conflicts=allocation_pages.conflicts_of(conflict, names))
    return _page(request, view, 409)


@require_POST
@login_required
def allocate_paste(request: HttpRequest, year: str) -> HttpResponse:
    """What a block copied from a spreadsheet would change, with the reason for each cell it cannot; stores nothing."""
    place = _place(request, year)
    grid, language = place.grid(), get_language() or ""
    data = request.POST.dict()
    try:
        if not grid.is_open:
            raise RuleViolation(_("%(year)s is locked. Request a revision.") % {"year": year})
        pasted = allocation_cells.lay(
            grid, data.get("block", ""), data.get("at_row", ""), data.get("at_column", ""), language
        )
    except RuleViolation as error:
        messages.error(request, str(error))
        sent = allocation_cells.read_sent(grid, data, language)
        return _page(request, allocation_pages.view_of(place, grid, sent, seen=_seen(request, grid)), 422)
    sent = allocation_cells.read_sent(grid, data, language, pasted)
    return _page(request, allocation_pages.view_of(place, grid, sent, seen=_seen(request, grid), pasted=pasted))


@require_POST
@login_required
def allocate_spread(request: HttpRequest, year: str) -> HttpResponse:
    """Spread a number over those below it: first a preview, then, sent again with ``apply``, one batch."""
    place = _place(request, year)
    grid = place.grid()
    try:
        _check_stage(place)
        preview = _preview(request, place)
        if preview is None:
            return _page(request, allocation_pages.view_of(place, grid), parts=_parts(request, place))
        if "apply" in request.POST:
            reason = request.POST.get("reason", "")
            batch = allocation.apply(preview, by=place.user, seen=request.POST.get("seen", ""), reason=reason)
            _say_changed(request, batch)
            return _back(place)
    except Conflict as conflict:
        return _conflict(request, place, Sent(), conflict)
    except RuleViolation as error:
        messages.error(request, str(error))
        return _page(request, allocation_pages.view_of(place, grid), 422)
    return _page(request, allocation_pages.view_of(place, grid), preview=preview)


def _node(request: HttpRequest, place: Place) -> Holder | None:
    """The team whose number is spread, as the form names it; empty: what the page is about."""
    text = request.POST.get("node", "")
    if not text:
        return of_team(place.team) if place.team is not None else None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    return of_team(int(text))


def _preview(request: HttpRequest, place: Place) -> Preview | None:
    """What the form asks for; None where the percents of the manual method are still to be typed."""
    data, language, node = request.POST.dict(), get_language() or "", _node(request, place)
    if not place.cycle.pk:
        raise RuleViolation(_("Begin the planning of the year first."))
    method = data.get("method", "")
    if method not in Method.values:
        raise RuleViolation(_("Choose a method."))
    shares = {
        Holder(f"{kind}_id", int(key)): allocation_cells.read_percent(text, language)
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
        total=allocation_cells.read_amount(total, currency, language) if total else None,
        over={int(node.key) if node else None: allocation_cells.read_percent(over, language)} if over else {},
        shares=shares,
        ramp="ramp" in data,
    )
    return allocation.preview(place.plan, node, place.measure, Method(method), place.user, options)


def _parts(request: HttpRequest, place: Place) -> list[tuple[str, str, Decimal]]:
    """The direct children of the node with the percent each has now, for the manual method."""
    node = _node(request, place)
    rows = [row for row in replace(place, team=int(node.key) if node else None, page=1).grid().rows if not row.depth]
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
    mine = access.numbers_of if holder.column == "person_id" else access.targets_of
    if not mine(place.user, [int(holder.key)]):
        raise PermissionDenied
    try:
        verb = holds.release if "release" in request.POST else holds.hold
        verb(place.plan, holder, place.measure, period, by=place.user)
    except RuleViolation as error:
        messages.warning(request, str(error))
    return _back(place)


@require_POST
@login_required
def allocate_undo(request: HttpRequest, year: str) -> HttpResponse:
    """Give every number of one batch the value it had before."""
    place = _place(request, year)
    text = request.POST.get("batch", "")
    key = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    batch = get_object_or_404(GoalBatch.objects.visible_to(place.user), plan=place.plan, pk=key)
    if not access.can_undo(place.user, batch):
        raise PermissionDenied
    try:
        count = len(batches.undo(batch, by=place.user).changes)
        messages.success(request, ngettext("%(n)s number undone.", "%(n)s numbers undone.", count) % {"n": count})
    except RuleViolation as error:
        messages.error(request, str(error))
    return _back(place)
