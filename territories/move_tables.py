"""The tables of move packages as files."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org.exports import audited_table
from spm.ui.exports import Column, Value
from territories import move_figures
from territories.move_figures import Pair
from territories.move_queries import MoveLine, MovePage


def export_list(request: HttpRequest, lines: Sequence[MoveLine]) -> HttpResponseBase:
    columns = [Column(_("Package")), Column(_("State")), Column(_("Effective on"), "date"), Column(_("To"))]
    columns += [Column(_("Accounts"), "number"), Column(_("Held over"), "number"), Column(_("Made by"))]
    rows: list[Sequence[Value]] = [
        [
            line.package.name,
            line.package.get_state_display(),
            line.package.effective_on,
            line.package.to_territory.name,
            line.accounts,
            line.waits,
            line.package.created_by.name,
        ]
        for line in lines
    ]
    return audited_table(request, columns, rows, "account-moves")


def export_page(request: HttpRequest, page: MovePage) -> HttpResponseBase:
    """The accounts; ``?table=sides`` or ``numbers``: before and after."""
    table = request.GET.get("table")
    if table == "sides":
        return _sides(request, page)
    return _numbers(request, page) if table == "numbers" else _accounts(request, page)


def _accounts(request: HttpRequest, page: MovePage) -> HttpResponseBase:
    columns = [Column(_("Account")), Column(_("Number")), Column(_("From")), Column(_("To"))]
    columns += [Column(_("Moves on"), "date"), Column(_("Potential"), "money")]
    columns += [Column(_("Open pipeline"), "money"), Column(_("Last year"), "money")]
    to = page.package.to_territory.name
    rows: list[Sequence[Value]] = [
        [row.name, row.external_id, row.origin, to, row.moves_on, row.potential, row.pipeline, row.last_year]
        for row in page.rows
    ]
    return audited_table(request, columns, rows, f"move-{page.package.pk}-accounts")


def _sides(request: HttpRequest, page: MovePage) -> HttpResponseBase:
    amounts = [_("Accounts"), _("Potential")]
    amounts += [_("Open pipeline"), _("Last year")] if page.is_whole else []
    columns = [Column(_("Territory")), Column(_("Holder"))]
    for number, name in enumerate(amounts):
        kind = "money" if number else "number"
        columns += [Column(text % {"name": name}, kind) for text in (_("%(name)s before"), _("%(name)s after"))]
    rows: list[Sequence[Value]] = [
        [side.name or _("No territory"), side.holder, *_flat(move_figures.pairs(side))] for side in page.sides
    ]
    if page.is_whole:
        rows.append([_("Total"), "", *_flat(tuple(page.totals.values()))])
    return audited_table(request, columns, rows, f"move-{page.package.pk}-sides")


def _numbers(request: HttpRequest, page: MovePage) -> HttpResponseBase:
    columns = [Column(_("Number of")), Column(_("Kind")), Column(_("Measure"))]
    columns += [Column(text, "money") for text in (_("Before"), _("Moves"), _("After"))]
    rows: list[Sequence[Value]] = [
        [row.name or _("Total"), row.kind, row.measure, row.amounts.before, row.amounts.moved, row.amounts.after]
        for row in [*page.numbers, *page.sums]
    ]
    return audited_table(request, columns, rows, f"move-{page.package.pk}-numbers")


def _flat(pairs: Sequence[Pair]) -> list[Value]:
    return [amount for pair in pairs for amount in pair]
