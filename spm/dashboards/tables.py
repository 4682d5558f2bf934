"""The tables of the pages as files. Each export is written to the audit log."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from spm.dashboards.actuals import ActualsPage, as_counted, as_left_out, credits_of, left_out_of, territory_names
from spm.dashboards.board import RowKind
from spm.dashboards.columns import Shown
from spm.dashboards.figures import Figures
from spm.dashboards.performance import Performance
from spm.dashboards.periods import View
from spm.dashboards.reps import RepPage
from spm.dashboards.saved import ListedView
from spm.dashboards.territories import TerritoryList
from spm.dashboards.territory import TerritoryPage
from spm.org.exports import audited_table
from spm.org.models import Company, User
from spm.ui.exports import Column, Value
from spm.ui.status import status_of

MOST_LINES = 100_000


def _money(title: str) -> Column:
    return Column(title, "money")


def _named(subject: str, view: View) -> str:
    """The name of a file, which says against which version its numbers stand."""
    return f"{subject}-{view.label}-{view.measure}" + (f"-{view.plan}" if view.is_baseline else "")


type Figure = tuple[str, str, Callable[[Figures, Company], Value]]
"""Header, kind of cell, and what of the figures stands there: exact amounts, ratios unrounded to six decimals."""
USUAL = ("quota", "actual", "attainment", "variance", "expected", "pace", "gap", "to_go", "before")


def _figures() -> dict[str, Figure]:
    return {
        "quota": (_("Quota"), "money", lambda at, _company: at.quota),
        "actual": (_("Actual"), "money", lambda at, _company: at.actual),
        "attainment": (_("Attainment"), "percent", lambda at, _company: _six(at.attainment)),
        "variance": (_("Variance"), "money", lambda at, _company: at.actual - at.quota if at.quota else None),
        "expected": (_("Expected to date"), "money", lambda at, _company: round(at.expected, 4) if at.quota else None),
        "pace": (_("Pace"), "percent", lambda at, _company: _six(at.pace)),
        "gap": (_("Gap"), "money", lambda at, _company: _four(at.gap)),
        "to_go": (_("To go"), "money", lambda at, _company: at.to_go),
        "needed": (_("Needed per month"), "money", lambda at, _company: _four(at.needed)),
        "recent": (_("Average of the last three months"), "money", lambda at, _company: _four(at.recent)),
        "before": (_("Comparison to date"), "money", lambda at, _company: at.before),
        "growth": (pgettext("growth", "Change"), "percent", lambda at, _company: _six(at.growth)),
        "status": (_("Status"), "text", lambda at, company: status_of(at.pace, company).label),
    }


def _six(value: Decimal | None) -> Decimal | None:
    return None if value is None else round(value, 6)


def _four(value: Decimal | None) -> Decimal | None:
    return None if value is None else round(value, 4)


def figure_keys(shown: Shown) -> tuple[str, ...]:
    """The figures that a file holds: those chosen for the screen, else all usual ones. Pictures have no cell."""
    if not shown.is_chosen:
        return USUAL
    keys = [("needed", "recent") if key == "needed" else (key,) for key in shown.keys]
    return tuple(key for pair in keys for key in pair if key in _figures())


def figure_columns(view: View, keys: Sequence[str]) -> list[Column]:
    known = _figures()
    return [Column(view.quota_word if key == "quota" else known[key][0], known[key][1]) for key in keys]


def figure_values(at: Figures, company: Company, keys: Sequence[str] = USUAL) -> list[Value]:
    known = _figures()
    return [known[key][2](at, company) for key in keys]


def export_board(request: HttpRequest, page: Performance) -> HttpResponseBase:
    """Every row of the team table, not only of the page on screen."""
    kinds = {
        RowKind.TEAM: _("Team"),
        RowKind.PERSON: _("Rep"),
        RowKind.DIRECT: _("Team"),
        RowKind.OVERLAY: _("Remainder"),
        RowKind.REST: _("Remainder"),
    }
    keys, company = figure_keys(page.columns), page.company
    columns = [Column(_("Kind")), Column(_("Name")), *figure_columns(page.view, keys)]
    rows: list[Sequence[Value]] = [[_("Total"), page.name, *figure_values(page.total.figures, company, keys)]]
    rows += [
        [kinds[row.kind], page.names.of(row), *figure_values(row.figures, company, keys)]
        for row, _level in page.ordered
    ]
    return audited_table(request, columns, rows, _named("performance", page.view))


def export_months(request: HttpRequest, page: RepPage) -> HttpResponseBase:
    keys = figure_keys(page.columns)
    columns = [Column(_("Month")), *figure_columns(page.view, keys)]
    rows: list[Sequence[Value]] = [
        [row.label, *figure_values(row.figures, page.company, keys)] for row in [page.total, *page.month_rows]
    ]
    return audited_table(request, columns, rows, _named(f"rep-{page.person.pk}", page.view))


def export_actuals(request: HttpRequest, user: User, page: ActualsPage) -> HttpResponseBase:
    """All lines that count, or all that do not."""
    name = f"lines-{page.view.label}-{page.view.measure}"
    if page.shows_left_out:
        lines = left_out_of(user, page.view, page.subject)[:MOST_LINES]
        seen = territory_names(user)
        left = (as_left_out(line, page.view, page.company, page.subject, seen) for line in lines)
        columns = [Column(_("Date"), "date"), *map(Column, (_("Line"), _("Account"), _("Kind"))), _money(_("Amount"))]
        columns += [*map(Column, (_("Currency"), _("Rule"), _("Why it does not count")))]
        rows: Iterable[Sequence[Value]] = (
            [row.date, row.external_id, row.account, row.kind, row.amount, row.currency, row.rule, row.reason]
            for row in left
        )
        return audited_table(request, columns, rows, name + "-left-out")
    counted = (as_counted(row) for row in credits_of(user, page.view, page.subject)[:MOST_LINES])
    texts = (_("Line"), _("Account"), _("Credited to"), _("Territory"))
    columns = [Column(_("Date"), "date"), *map(Column, texts), Column(_("Share"), "percent"), _money(_("Counts"))]
    rows = (
        [row.date, row.external_id, row.account, row.person, row.territory, row.share, row.counts] for row in counted
    )
    return audited_table(request, columns, rows, name)


def export_territories(request: HttpRequest, page: TerritoryList) -> HttpResponseBase:
    keys, shown = figure_keys(page.columns), page.columns
    facts = [key for key in ("owner", "accounts") if key in shown.keys or not shown.is_chosen]
    about = {"owner": Column(_("Owner")), "accounts": Column(_("Accounts"), "number")}
    columns = [Column(_("Territory")), *(about[key] for key in facts), *figure_columns(page.view, keys)]
    rows = []
    for row in page.rows:
        told: dict[str, Value] = {"owner": row.owner.name if row.owner else "", "accounts": row.accounts}
        rows.append([row.name, *(told[key] for key in facts), *figure_values(row.figures, page.company, keys)])
    return audited_table(request, columns, rows, _named("territories", page.view))


def export_accounts(request: HttpRequest, page: TerritoryPage) -> HttpResponseBase:
    """Every account of the territory, the rest that is not listed, and the total."""
    texts = (_("Account"), _("Number"), _("Tier"))
    columns = [*map(Column, texts), Column(_("Lines"), "number"), _money(_("Actual"))]
    rows: list[Sequence[Value]] = [[_("Total"), "", "", None, page.figures.actual]]
    rows += [[row.name, row.external_id, row.tier, row.lines, row.actual] for row in page.accounts]
    rows += [[_("Remainder"), "", "", None, page.not_listed]] if page.not_listed else []
    return audited_table(request, columns, rows, f"territory-{page.view.label}-{page.view.measure}")


def export_saved_views(request: HttpRequest, views: Sequence[ListedView]) -> HttpResponseBase:
    titles = (_("View"), _("Shows"), _("Shared with"), _("By"), _("Pinned"), _("Weekly e-mail"))
    yes, no = _("yes"), _("no")
    rows: list[Sequence[Value]] = [
        [row.name, row.words, row.shared_with, row.by, yes if row.pinned else no, yes if row.mailed else no]
        for row in views
    ]
    return audited_table(request, [Column(title) for title in titles], rows, "saved-views")
