"""The deals of last year as files: what counts, and who decided it."""

from collections.abc import Iterable
from itertools import batched

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org.exports import audited_table
from spm.ui.exports import Column, Row
from targets.number_tables import HISTORY
from targets.one_off_queries import Change, Deal, Deals
from targets.scenario_tables import ratio

BLOCK = 1_000
"""How many deals are told at once: a team's year may be longer than memory, and than a list in a statement."""


def export_deals(request: HttpRequest, deals: Deals, name: str) -> HttpResponseBase:
    """The table that the address names, whole: the deals, or their history."""
    if request.GET.get("table") == HISTORY:
        return _history(request, deals.changes(newest=None), name)
    lines = deals.summed().iterator(BLOCK)
    return _deals(request, (deal for block in batched(lines, BLOCK, strict=False) for deal in deals.told(block)), name)


def _deals(request: HttpRequest, deals: Iterable[Deal], name: str) -> HttpResponseBase:
    texts = (_("Line"), _("Account"), _("Credited to"))
    columns = [Column(_("Date"), "date"), *map(Column, texts), Column(_("Counts"), "money")]
    columns += [Column(_("Share of last year"), "percent"), Column(_("Left out because")), Column(_("By"))]
    columns.append(Column(_("When"), "moment"))
    rows: Iterable[Row] = (
        [
            deal.date,
            deal.external_id,
            deal.account,
            ", ".join(deal.people),
            deal.counts,
            ratio(deal.share),
            *((deal.left_out.reason, deal.left_out.by, deal.left_out.at) if deal.left_out else ("", "", None)),
        ]
        for deal in deals
    )
    return audited_table(request, columns, rows, name)


def _history(request: HttpRequest, changes: Iterable[Change], name: str) -> HttpResponseBase:
    columns = [Column(_("When"), "moment"), *map(Column, (_("Who"), _("What"), _("Deal"), _("Reason")))]
    rows: Iterable[Row] = ([one.at, one.by, one.what, one.deal, one.reason] for one in changes)
    return audited_table(request, columns, rows, f"{name}-history")
