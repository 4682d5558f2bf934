"""The tables of what-if as files: the scenarios of a year, versions side by side, and what was adjusted."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from spm.org.exports import audited_table
from spm.ui.exports import Column, Row, Value
from targets.choices import PlanState
from targets.models import CompanyPlan
from targets.scenario_queries import Cell, Comparison, StepLine


def export_list(
    request: HttpRequest, plans: Iterable[CompanyPlan], table: Comparison | None, name: str
) -> HttpResponseBase:
    """The scenarios of a year, or what they and the working version add up to (``?table=totals``)."""
    if table is not None and request.GET.get("table") == "totals":
        return _export_totals(request, table, name)
    return _export_plans(request, plans, name)


def export_one(request: HttpRequest, table: Comparison, steps: Sequence[StepLine], name: str) -> HttpResponseBase:
    """The comparison by holder, or of it the totals alone, or the adjustments of the scenario (``?table=``)."""
    named = request.GET.get("table", "")
    if named == "totals":
        return _export_totals(request, table, name)
    return _export_steps(request, steps, name) if named == "steps" else _export_holders(request, table, name)


def _export_holders(request: HttpRequest, table: Comparison, name: str) -> HttpResponseBase:
    """One line per holder; of each version its number, and what it reaches if everyone performs as last year."""
    columns = [Column(_("Level")), Column(_("Holder"))]
    for one in table.columns:
        columns += [
            Column(f"{one.title}: {_('number')}", "money"),
            Column(f"{one.title}: {_('as last year')}", "money"),
            Column(f"{one.title}: {_('reached')}", "percent"),
            Column(f"{one.title}: {_('over-assignment')}", "percent"),
        ]
    rows: Iterable[Row] = (
        [line.level, line.name, *(value for cell in line.cells for value in _values(cell))] for line in table.lines
    )
    return audited_table(request, columns, rows, name)


def _export_plans(request: HttpRequest, plans: Iterable[CompanyPlan], name: str) -> HttpResponseBase:
    """One line per scenario of a year."""
    columns = [*map(Column, (_("Name"), _("State"), _("By"))), Column(_("Made"), "moment"), Column(_("Reason"))]
    rows: Iterable[Row] = (
        [plan.name, _state(plan), plan.author.name if plan.author else "", plan.created_at, plan.reason]
        for plan in plans
    )
    return audited_table(request, columns, rows, name)


def _state(plan: CompanyPlan) -> str:
    words = {
        PlanState.APPROVED: _("adopted"),
        PlanState.SUBMITTED: _("handed on as a revision"),
        PlanState.DISCARDED: _("discarded"),
    }
    return words.get(PlanState(plan.state), pgettext("scenario", "open"))


def _export_totals(request: HttpRequest, table: Comparison, name: str) -> HttpResponseBase:
    """One line per version: what it plans and assigns, and how many reach their number as last year."""
    columns = [Column(_("Version")), Column(_("Company plan"), "money"), Column(_("Quotas"), "money")]
    columns += [Column(_("Managers over the plan"), "percent"), Column(_("Quotas over the plan"), "percent")]
    columns += [Column(_("As last year"), "money"), Column(_("Of the plan"), "percent")]
    columns += [Column(text, "number") for text in (_("People who reach it"), _("People"), _("Open positions"))]
    rows: Iterable[Row] = (
        [
            *(one.title, one.company.amount, one.quotas, ratio(one.company.over), ratio(one.over_of_quotas)),
            *(_cents(one.company.expected), ratio(one.company.reached), one.at_goal, one.people, one.positions),
        ]
        for one in table.columns
    )
    return audited_table(request, columns, rows, f"{name}-totals")


def _export_steps(request: HttpRequest, steps: Sequence[StepLine], name: str) -> HttpResponseBase:
    """One line per adjustment of a scenario, those undone too."""
    columns = [Column(_("Adjustment")), Column(_("Who")), Column(_("When"), "moment"), Column(_("Reason"))]
    columns += [Column(_("Numbers"), "number"), Column(_("Undone"))]
    rows: Iterable[Row] = (
        [
            *(line.text, line.step.batch.by.name if line.step.batch.by else "", line.step.batch.at),
            *(line.step.batch.reason, line.count, line.undone),
        ]
        for line in steps
    )
    return audited_table(request, columns, rows, f"{name}-adjustments")


def _values(cell: Cell) -> tuple[Value, ...]:
    return cell.amount, _cents(cell.expected), ratio(cell.reached), ratio(cell.over)


def _cents(value: Decimal | None) -> Decimal | None:
    return None if value is None else round(value, 2)


def ratio(value: Decimal | None) -> Decimal | None:
    """As files hold a ratio: four decimals."""
    return None if value is None else round(value, 4)
