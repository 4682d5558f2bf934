"""The tables of a year's numbers as files: fiscal years, levels, one holder's number and its history, a letter."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org.exports import audited_table
from spm.ui.bridge import Bridge
from spm.ui.exports import Column, Row, Value
from targets.choices import Measure
from targets.cycle_queries import YearLine
from targets.grids import HolderTable, Levels
from targets.letter_queries import LetterPage
from targets.number_history import NumberChange

type Table = tuple[list[Column], list[Sequence[Value]]]
HISTORY = "history"


def bridge_table(bridge: Bridge | None) -> Table:
    """A waterfall as a table: totals as they stand, steps as what they add or take away."""
    columns = [Column(_("Step")), Column(_("Amount"), "money")]
    steps = bridge.steps if bridge else ()
    return columns, [[step.label, round(step.ends - step.starts, 4)] for step in steps]


def export_history(request: HttpRequest, changes: Sequence[NumberChange], name: str) -> HttpResponseBase:
    """Each change of a number or of a table of numbers, newest first; not only the page of it on screen."""
    columns = [Column(_("When"), "moment"), *map(Column, (_("Who"), _("Number"), _("Period")))]
    columns += [Column(_("Before"), "money"), Column(_("After"), "money"), Column(_("Reason"))]
    rows: Iterable[Row] = (
        [one.at, one.by.name if one.by else "", one.what, one.period, one.before, one.amount, one.reason]
        for one in changes
    )
    return audited_table(request, columns, rows, f"{name}-history")


def export_number(
    request: HttpRequest, table: HolderTable, changes: Sequence[NumberChange], name: str
) -> HttpResponseBase:
    """One line per leaf period with the amount of each measure, the year on top; or the history of these numbers."""
    if request.GET.get("table") == HISTORY:
        return export_history(request, changes, name)
    columns = [Column(_("Period")), *(Column(str(measure.label), "money") for measure in Measure)]
    rows: list[Sequence[Value]] = [[label, *amounts] for label, amounts in [(_("Year"), table.totals), *table.lines]]
    return audited_table(request, columns, rows, name)


def export_years(request: HttpRequest, years: Sequence[YearLine], name: str) -> HttpResponseBase:
    """One line per fiscal year; what the reader may not see of it is empty."""
    amounts = (_("Company plan"), _("Team targets"), _("Quotas"))
    counts = (_("Letters"), _("Letters answered"), _("Acknowledged"))
    columns = [Column(_("Fiscal year")), Column(_("Stage")), *(Column(text, "money") for text in amounts)]
    columns += [Column(_("Allocated"), "percent"), *(Column(text, "number") for text in counts)]
    columns.append(Column(_("Stage due"), "date"))
    rows: Iterable[Row] = (
        [
            *(
                year.label,
                year.stage_label,
                year.plan,
                year.targets,
                year.quotas,
                None if year.allocated is None else round(year.allocated, 4),
            ),
            *(year.letters, year.answered, year.acknowledged, year.due_on),
        ]
        for year in years
    )
    return audited_table(request, columns, rows, name)


def export_levels(
    request: HttpRequest, levels: Iterable[tuple[Measure, Levels]], bridge: Bridge | None, year: str
) -> HttpResponseBase:
    """The year by measure and level, or the way from last year to the quotas where ``?table=`` names it."""
    if request.GET.get("table") == "bridge":
        return audited_table(request, *bridge_table(bridge), f"plan-{year}-steps")
    heads = (_("Company plan"), _("Team targets"), _("Quotas"))
    columns = [Column(_("Measure")), *(Column(text, "money") for text in heads)]
    rows: list[Sequence[Value]] = [
        [str(measure.label), sums.plan, sums.targets, sums.quotas] for measure, sums in levels
    ]
    return audited_table(request, columns, rows, f"plan-{year}")


def export_letter(request: HttpRequest, page: LetterPage, name: str) -> HttpResponseBase:
    """The number by quarter and month, or how it was made (``?table=made``), or its history (``?table=history``)."""
    named = request.GET.get("table", "")
    if named == HISTORY:
        return export_history(request, page.changes, name)
    measures = [Column(str(measure.label), "money") for measure in Measure]
    if named == "made":
        reasons = [Column(f"{measure.label}: {_('reason')}") for measure in Measure]
        made: list[Sequence[Value]] = [
            [line.label, *(amount for amount, _note in line.cells), *(note for _amount, note in line.cells)]
            for line in page.made
        ]
        made.append([_("Quota"), *page.sums, *("" for _measure in Measure)])
        return audited_table(request, [Column(_("Line")), *measures, *reasons], made, f"{name}-made")
    rows: Iterable[Row] = ([line.label, *line.amounts] for line in page.numbers)
    return audited_table(request, [Column(_("Period")), *measures], rows, name)
