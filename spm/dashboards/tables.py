"""The tables of the pages as files. Each export is written to the audit log."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.dashboards.actuals import ActualsPage, as_counted, as_left_out, credits_of, left_out_of
from spm.dashboards.board import RowKind
from spm.dashboards.figures import Figures
from spm.dashboards.performance import Performance
from spm.dashboards.reps import RepPage
from spm.dashboards.territories import TerritoryList
from spm.dashboards.territory import TerritoryPage
from spm.market.models import Territory
from spm.org.exports import audited_table
from spm.org.models import User
from spm.ui.exports import Column, Value

MOST_LINES = 100_000


def _money(title: str) -> Column:
    return Column(title, "money")


def figure_columns() -> list[Column]:
    return [
        _money(_("Quota")),
        _money(_("Actual")),
        Column(_("Attainment"), "percent"),
        _money(_("Variance")),
        _money(_("Expected to date")),
        Column(_("Pace"), "percent"),
        _money(_("Gap")),
        _money(_("To go")),
        _money(_("Comparison to date")),
    ]


def figure_values(at: Figures) -> list[Value]:
    """Exact amounts; ratios unrounded to six decimals."""
    ratios = [None if value is None else round(value, 6) for value in (at.attainment, at.pace)]
    variance = at.actual - at.quota if at.quota else None
    expected = round(at.expected, 4) if at.quota else None
    gap = None if at.gap is None else round(at.gap, 4)
    return [at.quota, at.actual, ratios[0], variance, expected, ratios[1], gap, at.to_go, at.before]


def export_board(request: HttpRequest, page: Performance) -> HttpResponseBase:
    """Every row of the team table, not only of the page on screen."""
    kinds = {
        RowKind.TEAM: _("Team"),
        RowKind.PERSON: _("Rep"),
        RowKind.DIRECT: _("Team"),
        RowKind.OVERLAY: _("Remainder"),
        RowKind.REST: _("Remainder"),
    }
    columns = [Column(_("Kind")), Column(_("Name")), *figure_columns()]
    rows: list[Sequence[Value]] = [[_("Total"), page.name, *figure_values(page.total.figures)]]
    rows += [[kinds[row.kind], page.names.of(row), *figure_values(row.figures)] for row, _level in page.ordered]
    return audited_table(request, columns, rows, f"performance-{page.view.label}-{page.view.measure}")


def export_months(request: HttpRequest, page: RepPage) -> HttpResponseBase:
    columns = [Column(_("Month")), *figure_columns()]
    rows: list[Sequence[Value]] = [[row.label, *figure_values(row.figures)] for row in [page.total, *page.month_rows]]
    return audited_table(request, columns, rows, f"rep-{page.person.pk}-{page.view.label}-{page.view.measure}")


def export_actuals(request: HttpRequest, user: User, page: ActualsPage) -> HttpResponseBase:
    """All lines that count, or all that do not."""
    name = f"lines-{page.view.label}-{page.view.measure}"
    if page.shows_left_out:
        lines = left_out_of(user, page.view, page.subject)[:MOST_LINES]
        seen = frozenset(Territory.objects.visible_to(user).values_list("pk", flat=True))
        left = (as_left_out(line, page.view, page.subject, seen) for line in lines)
        columns = [Column(_("Date"), "date"), *map(Column, (_("Line"), _("Account"), _("Kind"))), _money(_("Amount"))]
        columns += [Column(_("Rule")), Column(_("Why it does not count"))]
        rows: Iterable[Sequence[Value]] = (
            [row.date, row.external_id, row.account, row.kind, row.amount, row.rule, row.reason] for row in left
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
    columns = [Column(_("Territory")), Column(_("Owner")), Column(_("Accounts"), "number"), *figure_columns()]
    rows = [
        [row.name, row.owner.name if row.owner else "", row.accounts, *figure_values(row.figures)] for row in page.rows
    ]
    return audited_table(request, columns, rows, f"territories-{page.view.label}-{page.view.measure}")


def export_accounts(request: HttpRequest, page: TerritoryPage) -> HttpResponseBase:
    """Every account of the territory, the rest that is not listed, and the total."""
    texts = (_("Account"), _("Number"), _("Tier"))
    columns = [*map(Column, texts), Column(_("Lines"), "number"), _money(_("Actual"))]
    rows: list[Sequence[Value]] = [[_("Total"), "", "", None, page.figures.actual]]
    rows += [[row.name, row.external_id, row.tier, row.lines, row.actual] for row in page.accounts]
    rows += [[_("Remainder"), "", "", None, page.not_listed]] if page.not_listed else []
    return audited_table(request, columns, rows, f"territory-{page.view.label}-{page.view.measure}")
