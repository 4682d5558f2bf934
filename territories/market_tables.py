"""Target markets and customers as files. Those of customers have the headers of their import kind."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org.exports import audited_table
from spm.ui.exports import Column, Value
from territories.market_queries import MarketPage

CUSTOMERS = {
    "territory": "text",
    "rank": "number",
    "account_id": "text",
    "name": "text",
    "product_family": "text",
    "potential": "money",
    "reason": "text",
    "next_step": "text",
    "status": "text",
    "outcome": "text",
}


def export_markets(request: HttpRequest, page: MarketPage) -> HttpResponseBase:
    """The table that ``?table=`` names: "markets", else the customers."""
    return _markets(request, page) if request.GET.get("table") == "markets" else _customers(request, page)


def _customers(request: HttpRequest, page: MarketPage) -> HttpResponseBase:
    rows: list[Sequence[Value]] = [
        (
            *(page.territory.code, row.rank, row.account_id, "" if row.account else row.name),
            *(row.family, row.potential, row.reason, row.next_step, row.status, row.outcome),
        )
        for row in (*page.wanted, *page.settled)
    ]
    columns = [Column(name, kind) for name, kind in CUSTOMERS.items()]
    return audited_table(request, columns, rows, f"target-customers-{page.territory.code}", title="target_customers")


def _markets(request: HttpRequest, page: MarketPage) -> HttpResponseBase:
    columns = [
        *map(Column, (_("Target market"), _("Kind"), _("Why"), _("Ideal customer"))),
        Column(_("Potential"), "money"),
        Column(_("Owner")),
    ]
    rows: list[Sequence[Value]] = [
        (row.name, row.kind, row.reason, row.profile, row.potential, row.owner) for row in page.markets
    ]
    return audited_table(request, columns, rows, f"target-markets-{page.territory.code}")
