"""The tables of the page of rates as files; the rates by date as the import of rates reads them."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org.exports import audited_table
from spm.ui.exports import Column, Value
from targets.rate_queries import RatesPage


def export(request: HttpRequest, page: RatesPage) -> HttpResponseBase:
    """The table that ``?table=`` names: plan, history, or else the rates by date."""
    columns, rows, name = {"plan": _plan, "history": _history}.get(request.GET.get("table", ""), _dated)(page)
    return audited_table(request, columns, rows, f"{name}-{page.year.label}")


type Sheet = tuple[list[Column], list[Sequence[Value]], str]


def _dated(page: RatesPage) -> Sheet:
    columns = [Column("currency"), Column("starts_on", "date"), Column("rate", "rate")]
    rows: list[Sequence[Value]] = [[one.currency, one.starts_on, one.rate.normalize()] for one in page.shown]
    return columns, rows, "rates"


def _plan(page: RatesPage) -> Sheet:
    heads = [Column(_("Currency")), *(Column(head, "rate") for head in (_("Plan rate"), _("Year before"), _("Market")))]
    rows: list[Sequence[Value]] = [[one.currency, one.rate, one.before, one.market] for one in page.planned]
    return heads, rows, "plan-rates"


def _history(page: RatesPage) -> Sheet:
    columns = [
        Column(_("When"), "moment"),
        Column(_("Who")),
        Column(_("Currency")),
        Column(_("Plan rate"), "rate"),
        Column(_("Reason")),
    ]
    rows: list[Sequence[Value]] = [[one.at, one.by, one.currency, one.rate, one.reason] for one in page.history]
    return columns, rows, "plan-rates-history"
