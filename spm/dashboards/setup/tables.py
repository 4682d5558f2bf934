"""The tables of the setup pages as files."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.dashboards.setup.queries import PersonRow, TreeRow, YearRow
from spm.org.audit_words import details
from spm.org.exports import audited_table
from spm.org.models import AuditEntry, Invitation
from spm.ui.exports import Column, Row
from targets.ramp_queries import ScheduleRow


def export_people(request: HttpRequest, rows: Sequence[PersonRow]) -> HttpResponseBase:
    titles = (_("Name"), _("E-mail"), _("Employee id"), _("Team"), _("Leads"), _("Admin"), _("Access"))
    columns = [*map(Column, titles), Column(_("Last sign-in"), "moment")]
    lines: Iterable[Row] = (
        [row.name, row.email, row.employee_id, row.team, row.leads, row.is_admin, row.state, row.last_login]
        for row in rows
    )
    return audited_table(request, columns, lines, "people")


def export_links(request: HttpRequest, found: Iterable[tuple[Invitation, str]]) -> HttpResponseBase:
    """One-time links by name, to be passed on."""
    columns = [*map(Column, (_("Name"), _("E-mail"), _("One-time link"))), Column(_("Good until"), "moment")]
    lines: Iterable[Row] = (
        [row.person.name, row.person.email, link, row.expires_at] for row, link in found if row.person
    )
    return audited_table(request, columns, lines, "invitations")


def export_tree(request: HttpRequest, rows: Sequence[TreeRow], holder: str, size: str, name: str) -> HttpResponseBase:
    """``holder`` and ``size``: what the second and third column are called."""
    columns = [Column(_("Level"), "number"), Column(_("Name")), Column(holder), Column(size, "number")]
    lines: Iterable[Row] = ([row.depth, row.name, row.holder, row.size] for row in rows)
    return audited_table(request, columns, lines, name)


def export_calendar(request: HttpRequest, years: Sequence[YearRow]) -> HttpResponseBase:
    """One line per leaf period of every fiscal year, and how it stands."""
    columns = [*map(Column, (_("Fiscal year"), _("Quarter"), _("Period")))]
    columns += [Column(_("From"), "date"), Column(_("To"), "date"), Column(_("State"))]
    columns += [Column(_("Rolled up"), "moment"), Column(_("To be rolled up"))]
    lines: Iterable[Row] = (
        [
            *(year.label, leaf.quarter, leaf.label, leaf.starts_on, leaf.ends_on),
            *(leaf.state_label, leaf.rolled_up_at, leaf.is_stale),
        ]
        for year in years
        for leaf in year.leaves
    )
    return audited_table(request, columns, lines, "calendar")


def export_ramps(request: HttpRequest, rows: Sequence[ScheduleRow]) -> HttpResponseBase:
    """One line per schedule, its months in one cell."""
    texts = (_("Name"), _("Per month since the start"), _("Default"))
    columns = [*map(Column, texts), Column(_("People with it as their own"), "number")]
    lines: Iterable[Row] = ([row.name, " · ".join(row.percents), row.is_default, row.people] for row in rows)
    return audited_table(request, columns, lines, "ramp-schedules")


def export_audit(request: HttpRequest, entries: Iterable[AuditEntry]) -> HttpResponseBase:
    columns = [Column(_("When"), "moment"), *map(Column, (_("Who"), _("Event"), _("What"), _("Details"), _("Address")))]
    lines: Iterable[Row] = (
        [
            entry.at,
            entry.actor.name if entry.actor else "",
            entry.get_kind_display(),
            entry.subject,
            details(entry),
            entry.address or "",
        ]
        for entry in entries
    )
    return audited_table(request, columns, lines, "audit-log")
