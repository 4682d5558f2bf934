"""The tables of an account's pages as files. Stakeholders and steps have the headers of their import kinds."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org.exports import audited_table
from spm.ui.exports import Column, Value
from territories.account_plan_queries import PlanPage
from territories.map_queries import MapSheet

PEOPLE = {
    "account_id": "text",
    "name": "text",
    "wanted": "text",
    "title": "text",
    "role": "text",
    "influence": "number",
    "support": "number",
    "relation_email": "text",
    "reports_to": "text",
    "listens_to": "text",
    "last_met_on": "date",
    "next_step": "text",
}
STEPS = {
    "account_id": "text",
    "position": "number",
    "name": "text",
    "owner": "text",
    "criterion": "text",
    "evidence": "text",
    "due_on": "date",
    "done_on": "date",
}


def export_map(request: HttpRequest, sheet: MapSheet) -> HttpResponseBase:
    """The table that ``?table=`` names: "steps", "stays", else the stakeholders."""
    files = {"steps": _steps, "stays": _stays}
    return files.get(request.GET.get("table", ""), _people)(request, sheet)


def _people(request: HttpRequest, sheet: MapSheet) -> HttpResponseBase:
    number = sheet.head.external_id
    heard = {row.pk: [line.source for line in sheet.lines if line.target_pk == row.pk] for row in sheet.people}
    rows: list[Sequence[Value]] = [
        (
            *(number, row.name if row.is_known else "", "" if row.is_known else row.name, row.title),
            *(row.role, row.influence, row.support, row.relation_email, row.reports_to, "; ".join(heard[row.pk])),
            *(row.last_met_on, row.next_step),
        )
        for row in sheet.people
    ]
    columns = [Column(name, kind) for name, kind in PEOPLE.items()]
    return audited_table(request, columns, rows, f"stakeholders-{number}", title="stakeholders")


def _steps(request: HttpRequest, sheet: MapSheet) -> HttpResponseBase:
    number = sheet.head.external_id
    rows: list[Sequence[Value]] = [
        (number, row.position, row.name, row.owner, row.criterion, row.evidence, row.due_on, row.done_on)
        for row in sheet.steps
    ]
    columns = [Column(name, kind) for name, kind in STEPS.items()]
    return audited_table(request, columns, rows, f"decision-steps-{number}", title="decision_steps")


def _stays(request: HttpRequest, sheet: MapSheet) -> HttpResponseBase:
    columns = [Column(_("From"), "date"), Column(_("Until"), "date"), Column(_("Territory")), Column(_("Owner"))]
    rows: list[Sequence[Value]] = [(stay.starts_on, stay.until, stay.territory, stay.holder) for stay in sheet.stays]
    return audited_table(request, columns, rows, f"territories-{sheet.head.external_id}")


def export_plan(request: HttpRequest, page: PlanPage) -> HttpResponseBase:
    """The objectives of the year."""
    columns = [
        Column(_("Objective")),
        Column(_("Measure")),
        Column(_("Amount"), "money"),
        Column(_("By"), "date"),
        Column(_("Done on"), "date"),
    ]
    rows: list[Sequence[Value]] = [
        (row.text, row.measure, row.amount, row.due_on, row.done_on) for row in page.objectives
    ]
    return audited_table(request, columns, rows, f"account-plan-{page.account.external_id}-{page.year}")
