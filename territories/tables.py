"""The tables of territories as files, in exact amounts."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org.exports import audited_table
from spm.ui.exports import Column, Value
from territories.plan_board import Board


def export_board(request: HttpRequest, page: Board) -> HttpResponseBase:
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
    return audited_table(request, columns, rows, f"territory-plans-{page.year.label}")
