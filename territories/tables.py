"""The tables of territories as files, in exact amounts."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org.exports import audited_table
from spm.ui.exports import Column, Value
from territories.account_list import AccountLine
from territories.plan_board import Board


def export_board(request: HttpRequest, page: Board, suffix: str = "") -> HttpResponseBase:
    """One line per plan that the viewer sees."""
    columns = [
        Column(_("Person")),
        Column(_("Territory")),
        Column(_("State")),
        Column(_("Version"), "number"),
        Column(_("Complete sections"), "number"),
        Column(_("Named"), "money"),
        Column(_("Quota"), "money"),
        Column(_("Not yet named"), "money"),
        Column(_("Progress"), "percent"),
        Column(_("Untouched lines"), "number"),
        Column(_("Last edit"), "moment"),
    ]
    rows: list[Sequence[Value]] = [
        [
            card.person.name,
            card.territory,
            card.label,
            card.number,
            card.complete,
            card.named,
            card.quota,
            card.left,
            card.progress,
            card.stale,
            card.edited_at,
        ]
        for card in page.cards
    ]
    return audited_table(request, columns, rows, f"territory-plans-{page.year.label}{suffix}")


def export_accounts(request: HttpRequest, lines: Iterable[AccountLine]) -> HttpResponseBase:
    """One line per account of the list, whatever page of it is shown."""
    texts = (_("Account"), _("Number"), _("Tier"), _("Territory"), _("Owner"))
    columns = [
        *map(Column, texts),
        Column(_("Revenue last year"), "money"),
        Column(_("Revenue to date"), "money"),
        Column(_("Potential"), "money"),
        Column(_("Share of potential"), "percent"),
        Column(_("Contact coverage"), "percent"),
        Column(_("Decision roles"), "number"),
        Column(_("Never met"), "number"),
        Column(_("Single-threaded")),
        Column(_("Last met"), "date"),
    ]
    yes, no = _("yes"), _("no")
    rows: Iterable[Sequence[Value]] = (
        (
            *(line.name, line.external_id, line.tier, line.territory, line.holder),
            *(line.before, line.actual, line.potential, line.share),
            *(line.coverage, line.roles, line.never, yes if line.is_single else no, line.met_on),
        )
        for line in lines
    )
    return audited_table(request, columns, rows, "accounts")
