"""The tables of the pages as files. Each export is written to the audit log."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from spm.dashboards.actuals import (
    CHUNK,
    LeftOutLines,
    Subject,
    as_counted,
    as_left_out,
    credits_of,
    left_out_of,
    rule_of,
    territory_names,
)
from spm.dashboards.board import RowKind
from spm.dashboards.charts import pacing_amounts, pacing_names
from spm.dashboards.columns import OF_MARKET, OF_RATES, Shown
from spm.dashboards.figures import Figures, standing
from spm.dashboards.performance import Performance
from spm.dashboards.periods import View
from spm.dashboards.reps import RepPage
from spm.dashboards.rows import heat
from spm.dashboards.saved import ListedView
from spm.dashboards.territories import TerritoryList, TerritoryRow
from spm.dashboards.territory import TerritoryPage
from spm.dashboards.two_trees import TwoTrees
from spm.errors import RuleViolation
from spm.org.exports import audited_table
from spm.org.gates import user_of
from spm.org.models import ALWAYS, Company, User
from spm.ui.exports import XLSX, Column, Value, export_format
from spm.ui.numbers import number
from targets.models import Credit
from targets.number_tables import Table, bridge_table

MOST_LINES = 100_000
type Streamed = tuple[list[Column], Iterator[Sequence[Value]]]
"""Columns, and rows that are read as the file is written."""


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
        "at_plan_rates": (_("At plan rates"), "money", lambda at, _company: at.at_plan_rates),
        "effect": (_("Currency effect"), "money", lambda at, _company: at.effect),
        "growth": (pgettext("growth", "Change"), "percent", lambda at, _company: _six(at.growth)),
        "status": (_("Status"), "text", lambda at, company: standing(at, company).label),
    }


def _six(value: Decimal | None) -> Decimal | None:
    return None if value is None else round(value, 6)


def _four(value: Decimal | None) -> Decimal | None:
    return None if value is None else round(value, 4)


def figure_keys(shown: Shown, of: Iterable[Figures] = ()) -> tuple[str, ...]:
    """The figures that a file holds: those chosen for the screen, else all usual ones. Pictures have no cell.

    ``of``: the figures of its rows, which tell whether rates of exchange did anything to them.
    """
    if not shown.is_chosen:
        return (*USUAL, *OF_RATES) if any(at.effect for at in of) else USUAL
    keys = [("needed", "recent") if key == "needed" else (key,) for key in shown.keys]
    return tuple(key for pair in keys for key in pair if key in _figures())


def figure_columns(view: View, keys: Sequence[str]) -> list[Column]:
    known = _figures()
    return [Column(view.quota_word if key == "quota" else known[key][0], known[key][1]) for key in keys]


def figure_values(at: Figures, company: Company, keys: Sequence[str] = USUAL) -> list[Value]:
    known = _figures()
    return [known[key][2](at, company) for key in keys]


def export_board(request: HttpRequest, page: Performance) -> HttpResponseBase:
    """The table that ``?table=`` names: heat, quarters, pacing, bridge, or else the team table."""
    named = request.GET.get("table", "")
    parts = {"heat": _heat, "quarters": _quarters, "pacing": _pacing, "bridge": _bridge}
    columns, rows = parts.get(named, _board)(page)
    subject = f"performance-{named}" if named in parts else "performance"
    return audited_table(request, columns, rows, _named(subject, page.view))


def _board(page: Performance) -> Table:
    """Every row of the team table, not only of the page on screen."""
    kinds = {
        RowKind.TEAM: _("Team"),
        RowKind.PERSON: _("Rep"),
        RowKind.DIRECT: _("Team"),
        RowKind.OVERLAY: _("Remainder"),
        RowKind.REST: _("Remainder"),
    }
    company = page.company
    keys = figure_keys(page.columns, (row.figures for row, _level in page.ordered))
    columns = [Column(_("Kind")), Column(_("Name")), *figure_columns(page.view, keys)]
    rows: list[Sequence[Value]] = [[_("Total"), page.name, *figure_values(page.total.figures, company, keys)]]
    rows += [
        [kinds[row.kind], page.names.of(row), *figure_values(row.figures, company, keys)]
        for row, _level in page.ordered
    ]
    return columns, rows


def _heat(page: Performance) -> Table:
    """Everybody of the heat map, not only of the page on screen; ratios of the quota, to date in a running month."""
    found = heat(page.ordered, page.board.total, page.view, page.names, {})
    columns = [Column(_("Rep")), *(Column(long, "percent") for long, _short in found.headers)]
    columns.append(Column(found.whole, "percent"))
    rows: list[Sequence[Value]] = [
        [row.name, *(_six(cell.ratio) for cell in row.cells), _six(row.whole.ratio)] for row in found.rows
    ]
    return columns, rows


def _quarters(page: Performance) -> Table:
    columns = [Column(_("Quarter")), *figure_columns(page.view, USUAL)]
    rows: list[Sequence[Value]] = [
        [row.label, *figure_values(row.figures, page.company, USUAL)] for row in page.quarters
    ]
    if page.view.covers_year:
        rows.insert(0, [_("To date"), *figure_values(page.total.figures, page.company, USUAL)])
    return columns, rows


def _pacing(page: Performance | RepPage) -> Table:
    """The lines of the chart to the end of each leaf period, in whole amounts."""
    columns = [Column(_("To the end of")), *map(_money, pacing_names(page.lines, page.view))]
    rows: list[Sequence[Value]] = [
        [title, *map(_four, amounts)] for title, amounts in pacing_amounts(page.lines, page.view.window)
    ]
    return columns, rows


def _bridge(page: Performance) -> Table:
    """Totals as they are, steps as what they add or take away."""
    return bridge_table(page.bridge)


def export_rep(request: HttpRequest, page: RepPage) -> HttpResponseBase:
    """The table that ``?table=`` names: pacing, halves, accounts, or else the months."""
    named = request.GET.get("table", "")
    parts = {"pacing": _pacing, "halves": _halves, "accounts": _rep_accounts}
    columns, rows = parts.get(named, _months)(page)
    subject = f"rep-{page.person.pk}" + (f"-{named}" if named in parts else "")
    return audited_table(request, columns, rows, _named(subject, page.view))


def _months(page: RepPage | TerritoryPage) -> Table:
    shown = [page.total, *page.month_rows] if isinstance(page, RepPage) else page.months
    keys = figure_keys(page.columns, (row.figures for row in shown))
    columns = [Column(_("Month")), *figure_columns(page.view, keys)]
    rows: list[Sequence[Value]] = [[row.label, *figure_values(row.figures, page.company, keys)] for row in shown]
    return columns, rows


def _halves(page: RepPage) -> Table:
    columns = [Column(_("Team")), Column(_("From"), "date"), _money(page.view.quota_word), _money(_("Actual"))]
    rows: list[Sequence[Value]] = [
        [half.team, half.since, half.figures.quota, half.figures.actual] for half in page.halves
    ]
    return columns, rows


def _rep_accounts(page: RepPage) -> Table:
    """Every account, the rest that is in none of them, and the total."""
    texts = (_("Account"), _("Number"), _("Tier"))
    columns = [*map(Column, texts), _money(_("Actual")), _money(_("Comparison to date")), Column(_("Share"), "percent")]
    columns += [_money(_("12 months")), _money(_("Potential")), Column(_("Share of wallet"), "percent")]
    rows: list[Sequence[Value]] = [[_("Total"), "", "", page.total.figures.actual, *[None] * 5]]
    for row in page.accounts.rows if page.accounts else ():
        names = (row.name, row.external_id, row.tier)
        amounts = (row.actual, row.before, _six(row.share), row.year, row.potential, _six(row.wallet))
        rows.append([*names, *amounts])
    rows += [[_("Remainder"), "", "", page.not_listed, *[None] * 5]] if page.not_listed else []
    return columns, rows


class TooLong(RuleViolation):
    """More lines than a workbook is made of."""


def export_actuals(
    request: HttpRequest, company: Company, view: View, subject: Subject, *, left_out: bool
) -> HttpResponseBase:
    """All lines that count, or all that do not. CSV takes any number; raises TooLong for a workbook of too many."""
    user = user_of(request)
    lines = left_out_of(user, view, subject, rule_of(request.GET)) if left_out else credits_of(user, view, subject)
    if export_format(request) == XLSX and lines.count() > MOST_LINES:
        told = _(
            "A workbook takes %(most)s lines at most, and these are more. CSV takes all; a shorter period has fewer."
        )
        raise TooLong(told % {"most": number(MOST_LINES)})
    name = f"lines-{view.label}-{view.measure}"
    if isinstance(lines, LeftOutLines):
        return audited_table(request, *_left_out(user, company, view, subject, lines), name + "-left-out")
    return audited_table(request, *_counted(lines), name)


def _counted(lines: QuerySet[Credit]) -> Streamed:
    texts = (_("Line"), _("Account"), _("Credited to"), _("Territory"))
    columns = [Column(_("Date"), "date"), *map(Column, texts), Column(_("Share"), "percent"), _money(_("Counts"))]
    return columns, (
        [row.date, row.external_id, row.account, row.person, row.territory, row.share, row.counts]
        for row in map(as_counted, lines.iterator(chunk_size=CHUNK))
    )


def _left_out(user: User, company: Company, view: View, subject: Subject, lines: LeftOutLines) -> Streamed:
    seen = territory_names(user)
    columns = [Column(_("Date"), "date"), *map(Column, (_("Line"), _("Account"), _("Kind"))), _money(_("Amount"))]
    columns += [*map(Column, (_("Currency"), _("Rule"), _("Why it does not count")))]
    return columns, (
        [row.date, row.external_id, row.account, row.kind, row.amount, row.currency, row.rule, row.reason]
        for row in (as_left_out(line, view, company, subject, seen) for line in lines)
    )


def _of_territory() -> dict[str, tuple[Column, Callable[[TerritoryRow], Value]]]:
    return {
        "owner": (Column(_("Owner")), lambda row: row.owner.name if row.owner else ""),
        "accounts": (Column(_("Accounts"), "number"), lambda row: row.land.accounts),
        "key": (Column(_("Key accounts"), "number"), lambda row: row.land.key),
        "potential": (_money(_("Potential")), lambda row: row.land.potential),
        "share": (Column(_("Share of potential"), "percent"), lambda row: _six(row.share)),
        "coverage": (Column(_("Coverage of key accounts"), "percent"), lambda row: _six(row.land.coverage)),
        "plan": (Column(_("Territory plan")), lambda row: str(row.plan.label) if row.plan else ""),
    }


def export_territories(request: HttpRequest, page: TerritoryList) -> HttpResponseBase:
    """Every territory, or what the two trees add up to (``?table=trees``), for those who are shown it."""
    if request.GET.get("table") == "trees" and page.trees:
        return audited_table(request, *_trees(page.trees), _named("two-trees", page.view))
    shown, known = page.columns, _of_territory()
    keys = figure_keys(shown, (row.figures for row in page.rows))
    facts = [key for key in OF_MARKET if key in shown.keys or not shown.is_chosen]
    columns = [Column(_("Territory")), *(known[key][0] for key in facts), *figure_columns(page.view, keys)]
    rows: list[Sequence[Value]] = [
        [row.name, *(known[key][1](row) for key in facts), *figure_values(row.figures, page.company, keys)]
        for row in page.rows
    ]
    return audited_table(request, columns, rows, _named("territories", page.view))


def export_territory(request: HttpRequest, page: TerritoryPage) -> HttpResponseBase:
    """The table that ``?table=`` names: months, holders, beside, or else the accounts."""
    named = request.GET.get("table", "")
    parts = {"months": _months, "holders": _holders, "beside": _beside}
    columns, rows = parts.get(named, _accounts)(page)
    subject = f"territory-{page.name}" + (f"-{named}" if named in parts else "")
    return audited_table(request, columns, rows, _named(subject, page.view))


def _trees(trees: TwoTrees) -> Table:
    columns = [Column(_("Part")), *map(_money, (_("Target"), _("Quotas"), _("Actual")))]
    return columns, [
        [_("Territories"), trees.territory_target, None, trees.territory_actual],
        [_("Unassigned"), None, None, trees.unassigned],
        [_("By territory"), trees.territory_target, None, trees.by_territory],
        [_("Teams and people"), trees.team_target, trees.quotas, trees.people_actual],
        [_("House"), None, None, trees.house],
        [_("By person"), trees.team_target, trees.quotas, trees.by_person],
    ]


def _holders(page: TerritoryPage) -> Table:
    """Who held it, the newest first; an empty first day: always."""
    columns = [Column(_("Person")), Column(_("Role")), Column(_("From"), "date"), Column(_("Until"), "date")]
    rows: list[Sequence[Value]] = [
        [one.name or _("vacant"), str(one.role), one.since if one.since > ALWAYS else None, one.until]
        for one in page.spells
    ]
    return columns, rows


def _beside(page: TerritoryPage) -> Table:
    columns, found = [Column(_("Part")), _money(_("Amount"))], page.beside
    if found is None:
        return columns, []
    rows: list[Sequence[Value]] = [
        [_("Target of this territory"), found.target],
        [_("Targets of the territories below"), found.below],
        [_("Quota of its owner, all territories"), found.owner_quota],
    ]
    if found.team:
        rows.append([_("Target of the owner's team, %(team)s") % {"team": found.team}, found.team_target])
    return columns, rows


def _accounts(page: TerritoryPage) -> Table:
    """Every account of the territory, the rest that is not listed, and the total."""
    texts = (_("Account"), _("Number"), _("Tier"))
    columns = [*map(Column, texts), Column(_("Lines"), "number"), _money(_("Actual"))]
    rows: list[Sequence[Value]] = [[_("Total"), "", "", None, page.figures.actual]]
    rows += [[row.name, row.external_id, row.tier, row.lines, row.actual] for row in page.accounts]
    rows += [[_("Remainder"), "", "", None, page.not_listed]] if page.not_listed else []
    return columns, rows


def export_saved_views(request: HttpRequest, views: Sequence[ListedView]) -> HttpResponseBase:
    titles = (_("View"), _("Shows"), _("Shared with"), _("By"), _("Pinned"), _("Weekly e-mail"))
    yes, no = _("yes"), _("no")
    rows: list[Sequence[Value]] = [
        [row.name, row.words, row.shared_with, row.by, yes if row.pinned else no, yes if row.mailed else no]
        for row in views
    ]
    return audited_table(request, [Column(title) for title in titles], rows, "saved-views")
