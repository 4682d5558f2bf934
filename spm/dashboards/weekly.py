"""The weekly e-mail of a saved view: its table as its owner may see it at that moment, in plain text and HTML.

What is due is asked every hour; each e-mail is a job of its own, named by view and Monday, so that none is sent twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from spm.dashboards.access import can_open_performance
from spm.dashboards.columns import Shown
from spm.dashboards.figures import Figures
from spm.dashboards.performance import focus_name
from spm.dashboards.performance import performance as read_performance
from spm.dashboards.periods import View
from spm.dashboards.queries import view_of as state_of
from spm.dashboards.reps import rep_page
from spm.dashboards.saved import address_of, focus_of, parameters_of
from spm.dashboards.tables import figure_columns, figure_keys, figure_values
from spm.jobs import mailing
from spm.jobs.queue import enqueue
from spm.org import clock, saving
from spm.org.models import Company, SavedView, User
from spm.ui.numbers import day, percent, thousands, unit_thousands

SALT = "weekly e-mail of a saved view"
USUAL = ("quota", "actual", "pace", "gap", "status")
MOST_ROWS = 50

type Line = tuple[str, Figures]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What an e-mail shows, formatted in the language of the moment."""

    title: str
    sentence: str
    told: tuple[str, ...]
    caption: str
    heads: list[str]
    rows: list[list[str]]
    left_out: int  # rows beyond the most that a mail holds


def ask_for_due(now: datetime) -> int:
    """Ask for a job for each view whose Monday has come; how many were asked for. Run twice, nothing more is asked."""
    rows = SavedView.objects.filter(mailed=True, deleted_at=None, owner__is_active=True).select_related("owner")
    asked = 0
    for view in rows.order_by("pk"):
        monday = saving.monday_of(view.owner, now)
        if view.mailed_for is None or view.mailed_for < monday:
            told = {"view": view.pk, "monday": monday.isoformat()}
            asked += enqueue("weekly_view", arguments=told, slot=f"weekly_view {view.pk} {monday}") is not None
    return asked


def send(pk: int, monday: date) -> bool:
    """Mail the view to its owner; False where it is sent already, not wanted any more, or its owner has left."""
    rows = SavedView.objects.filter(pk=pk, mailed=True, deleted_at=None, owner__is_active=True)
    view = rows.select_related("owner").first()
    company = clock.company()
    if view is None or company is None or (view.mailed_for and view.mailed_for >= monday):
        return False
    with translation.override(view.owner.locale or company.language):
        sheet = sheet_of(view.owner, company, view)
        if sheet is not None:
            mailing.send(message_of(view, sheet))
    SavedView.objects.filter(pk=pk).update(mailed_for=monday)
    return sheet is not None


def sheet_of(user: User, company: Company, saved: SavedView) -> Sheet | None:
    """The table as the user may see it now; None where there is nothing: no calendar, or no team any more to see."""
    params, told = parameters_of(user, saved)
    view = state_of(user, company, params)
    if view is None:
        return None
    if not can_open_performance(user):
        page = rep_page(user, company, view, user, is_whole=False)
        lines = [(row.label, row.figures) for row in (page.total, *page.month_rows)]
        return _sheet(saved, view, company, page.sentence, (told, *view.told), page.columns, lines)
    focus = focus_of(user, view)
    if focus is None:
        return None
    board = read_performance(user, company, view, focus, focus_name(user, company, focus))
    lines = [(board.name, board.total.figures)]
    lines += [(board.names.of(row), row.figures) for row, _level in board.ordered if not row.is_past]
    return _sheet(saved, view, company, board.sentence, (told, *view.told), board.columns, lines)


def _sheet(  # noqa: PLR0913  # what the two kinds of page have in common
    saved: SavedView,
    view: View,
    company: Company,
    sentence: str,
    told: Sequence[str],
    shown: Shown,
    lines: Sequence[Line],
) -> Sheet:
    keys = figure_keys(shown) if shown.is_chosen else USUAL
    unit, columns = unit_thousands(company.currency), figure_columns(view, keys)
    heads = [f"{column.header}, {unit}" if column.kind == "money" else str(column.header) for column in columns]
    rows = []
    for name, at in lines[:MOST_ROWS]:
        values = zip(figure_values(at, company, keys), columns, strict=True)
        rows.append([name, *(_cell(value, column.kind) for value, column in values)])
    words = {"measure": view.measure.label, "period": view.title, "day": day(view.today)}
    caption = _("%(measure)s, %(period)s, as of %(day)s") % words
    left_out = max(len(lines) - MOST_ROWS, 0)
    return Sheet(saved.name, sentence, tuple(filter(None, told)), caption, ["", *heads], rows, left_out)


def _cell(value: object, kind: str) -> str:
    if kind in ("money", "percent"):
        amount = value if isinstance(value, Decimal) else None
        return thousands(amount) if kind == "money" else percent(amount)
    return str(value)


def message_of(view: SavedView, sheet: Sheet) -> EmailMultiAlternatives:
    """Plain text first; the way out stands in the text and in the headers, for the mail program's own button."""
    link, ending = settings.BASE_URL + address_of(view), settings.BASE_URL + unsubscribe_path(view)
    told = [sheet.title, sheet.sentence, *sheet.told, sheet.caption, text_table(sheet), link]
    way_out = _("You asked for this e-mail every Monday. End it: %(link)s") % {"link": ending}
    body = "\n\n".join(told) + f"\n\n-- \n{way_out}"
    message = EmailMultiAlternatives(
        subject=" ".join(f"{view.name}: {sheet.sentence}".split())[:150],  # one line, whatever names hold
        body=body,
        to=[view.owner.email],
        headers={"List-Unsubscribe": f"<{ending}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
    page = render_to_string("mail/view.html", {"sheet": sheet, "link": link, "ending": ending})
    message.attach_alternative(page, "text/html")
    return message


def text_table(sheet: Sheet) -> str:
    """Columns by blanks, names to the left and figures to the right."""
    rows = [sheet.heads, *sheet.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(sheet.heads))]
    lines = []
    for name, *cells in rows:
        figures = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *figures]).rstrip())
    return "\n".join(lines)


def unsubscribe_path(view: SavedView) -> str:
    return reverse("dashboards:saved-unsubscribe", args=[signing.dumps(view.pk, salt=SALT)])


def view_of(token: str) -> SavedView | None:
    """The view whose e-mail carried the token; None for a token that this installation did not give out."""
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return SavedView.objects.filter(pk=pk).first()
