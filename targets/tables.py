"""The tables of planning as files, in exact amounts; an allocation as the import of quotas reads it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from spm.org import clock
from spm.org.exports import audited_table
from spm.org.models import FiscalYear, Team, User
from spm.ui.exports import Column, Row, Sheet, Value
from targets.allocation_grid import AllocationGrid
from targets.choices import Measure, Scope
from targets.company_grid import CompanyGrid
from targets.fairness import FairnessSheet, Share
from targets.grids import Grid
from targets.models import CompanyPlan, Target
from targets.past_numbers import Numbers
from targets.past_plans import AsOf
from targets.review_queries import Review
from targets.revision_queries import RevisionView
from targets.scenario_tables import ratio
from targets.version_queries import ComparisonPage, VersionLine


def export_grid(request: HttpRequest, grid: Grid, suffix: str = "") -> HttpResponseBase:
    """One line per holder, one column per leaf period, the year at the end."""
    periods = [Column(period.label, "money") for period in grid.periods]
    columns = [Column(_("Holder")), *periods, Column(_("Year"), "money")]
    rows: list[Sequence[Value]] = [
        [line.label, *(cell.amount for cell in line.cells), line.total] for line in grid.lines
    ]
    return audited_table(request, columns, rows, f"territories-{grid.year}-{grid.measure}{suffix}")


def export_company(request: HttpRequest, grid: CompanyGrid, suffix: str = "") -> HttpResponseBase:
    """One line per segment, measure and column of the grid: what the import of the company plan reads back.

    The file says of which day the plan is and not when it was made: asked for later as of its day, it is the same to
    the byte (INV-28).
    """
    heads = ("fiscal_year", "measure", "period", "segment", "amount", "currency")
    columns = [Column(head, "money" if head == "amount" else "text") for head in heads]
    rows: list[Sequence[Value]] = [
        [grid.year, row.measure.value, cell.period.label, row.segment, cell.amount, grid.currency]
        for row in grid.rows
        for cell in row.cells
        if cell.amount is not None
    ]
    past = grid.facts.past
    title = f"company-plan-{grid.year}{suffix}"
    name = f"{title}-as-of-{past.day.isoformat()}" if past else title
    return audited_table(request, columns, rows, name, as_of=past.day if past else clock.today(), title=title)


def export_allocation(
    request: HttpRequest, user: User, grids: Sequence[AllocationGrid], suffix: str = ""
) -> HttpResponseBase:
    """What the imports of quotas and of targets read back, whole: of a workbook a sheet for each, else the quotas.

    One line per holder and column of the grids. Whoever has no number has an empty amount; whom the viewer does not
    see is left out.
    """
    first = grids[0]
    quotas = Sheet("quotas", _columns("name", "email"), list(_quota_rows(user, grids)))
    targets = Sheet("targets", _columns("scope", "key"), list(_target_rows(user, grids)))
    name = f"quotas-{first.year}-{first.measure}{suffix}"
    return audited_table(request, quotas.columns, quotas.rows, name, title=quotas.title, more=[targets])


def _columns(*subject: str) -> list[Column]:
    return [Column(head, "money" if head == "amount" else "text") for head in (*subject, "measure", "period", "amount")]


def _quota_rows(user: User, grids: Sequence[AllocationGrid]) -> Iterable[Row]:
    emails = dict(User.objects.visible_to(user).values_list("pk", "email"))
    people = {row.holder: row for grid in grids for row in grid.rows if row.holder.column == "person_id"}
    for holder, row in people.items():
        for cell in row.cells:
            yield [row.name, emails.get(int(holder.key), ""), cell.measure, cell.period.label, cell.amount]


def _target_rows(user: User, grids: Sequence[AllocationGrid]) -> Iterable[Row]:
    """Of teams those of the grids, of territories all whose targets the viewer sees; a sum of others is no target."""
    first = grids[0]
    shown = {int(row.holder.key) for grid in grids for row in grid.rows if row.is_team}
    shown |= {grid.team for grid in grids if grid.team is not None}
    rows = Target.objects.visible_to(user).filter(plan=first.plan, measure=first.measure)
    given: dict[tuple[str, str], dict[int, Decimal]] = defaultdict(dict)
    for team, territory, leaf, amount in rows.values_list("team__code", "territory__code", "period_id", "amount"):
        given[("team", team) if territory is None else ("territory", territory)][leaf] = amount
    teams = Team.objects.visible_to(user).filter(pk__in=shown).order_by("name", "pk").values_list("code", flat=True)
    territories = sorted(key for scope, key in given if scope == "territory")
    for key in [*(("team", code) for code in teams), *(("territory", code) for code in territories)]:
        for period, leaves in zip(first.columns, first.leaves, strict=True):
            found = [given[key][leaf] for leaf in leaves if leaf in given[key]]
            yield [*key, first.measure, period.label, sum(found, Decimal(0)) if found else None]


def export_numbers(request: HttpRequest, found: Numbers, year: FiscalYear, past: AsOf | None) -> HttpResponseBase:
    """Quotas, and targets on a sheet of their own or where ``?table=targets`` names them, as their imports read them.

    Whole, of all measures. The file says of which day it is and not when it was made: asked for later as of its day,
    it is the same to the byte (INV-28), as long as nobody's e-mail and no code of a team or territory is another.
    """
    leaves = {leaf.pk: leaf for leaf in found.leaves}
    rows: dict[bool, list[Row]] = {True: [], False: []}
    for one in sorted(found.held, key=lambda one: (one.scope.value, one.holder)):  # a name may be another by then
        is_quota = one.scope == Scope.PERSON
        holder = (one.key,) if is_quota else (one.scope.value, one.key)
        for leaf, amount in sorted(one.amounts.items(), key=lambda pair: leaves[pair[0]].starts_on):
            rows[is_quota].append([*holder, one.measure.value, leaves[leaf].label, amount, found.currency])
    quotas = Sheet("quotas", [*_columns("email"), Column("currency")], rows[True])
    targets = Sheet("targets", [*_columns("scope", "key"), Column("currency")], rows[False])
    first, more = (targets, []) if request.GET.get("table") == "targets" else (quotas, [targets])
    title = f"{first.title}-{year.label}"
    name, day = (f"{title}-as-of-{past.day.isoformat()}", past.day) if past else (title, clock.today())
    return audited_table(request, first.columns, first.rows, name, as_of=day, title=first.title, more=more)


def export_review(request: HttpRequest, page: Review, suffix: str = "") -> HttpResponseBase:
    """One line per letter, in whole amounts; or per team, where ``?table=teams`` names what managers propose."""
    if request.GET.get("table") == "teams":
        return _export_proposals(request, page, suffix)
    columns = [
        Column(_("Rep")),
        Column(_("Proposed"), "money"),
        Column(_("Rep’s view"), "money"),
        Column(_("Difference"), "money"),
        Column(_("Note")),
        Column(_("Comments"), "number"),
        Column(_("State")),
        Column(_("Days"), "number"),
    ]
    lines: Iterable[Row] = (
        [row.name, row.proposed, row.view, row.difference, row.note, row.comments, row.state.label, row.days]
        for row in page.rows
    )
    return audited_table(request, columns, lines, f"review-{page.cycle.fiscal_year.label}{suffix}")


def _export_proposals(request: HttpRequest, page: Review, suffix: str) -> HttpResponseBase:
    amounts = (_("Target"), _("Manager’s view"), _("Difference"))
    columns = [Column(_("Team")), *(Column(text, "money") for text in amounts), Column(_("Note"))]
    lines: Iterable[Row] = (
        [row.name, row.standing.target, row.standing.proposed, row.standing.difference, row.standing.note]
        for row in page.teams
    )
    return audited_table(request, columns, lines, f"review-teams-{page.cycle.fiscal_year.label}{suffix}")


def export_revision(request: HttpRequest, view: RevisionView, name: str) -> HttpResponseBase:
    """Each number before and after by month, or the totals of the year where ``?table=effects`` names them."""
    amounts = [Column(text, "money") for text in (_("Before"), _("After"), _("Difference"))]
    if request.GET.get("table") == "effects":
        columns = [*map(Column, (pgettext("holder of a total", "Of"), _("Number"), _("Measure"))), *amounts]
        effects: Iterable[Row] = (
            [one.node, one.what, one.measure, one.before, one.after, one.difference] for one in view.effects
        )
        return audited_table(request, columns, effects, f"{name}-totals")
    columns = [*map(Column, (_("Holder"), _("Measure"), _("Month"))), *amounts]
    rows: Iterable[Row] = (
        [holder.name, holder.measure, month, move.before, move.after, move.difference]
        for holder in view.holders
        for month, move in zip(view.months, holder.months, strict=True)
    )
    return audited_table(request, columns, rows, name)


def export_revisions(request: HttpRequest, year: str, revisions: Sequence[CompanyPlan]) -> HttpResponseBase:
    """One line per revision (with ``told``); ``From`` is the first day that it changes."""
    titles = (_("Cause"), _("Reason"), _("Requested by"), _("State"), _("Decided by"))
    columns = [Column(_("Revision"), "number"), Column(_("From"), "date"), *map(Column, titles)]
    lines: Iterable[Row] = (
        [
            revision.number,
            revision.effective.starts_on if revision.effective else None,
            revision.get_cause_display() if told else "",
            revision.reason if told else "",
            revision.author.name if told and revision.author else "",
            revision.get_state_display(),
            revision.decided_by.name if told and revision.decided_by else "",
        ]
        for revision in revisions
        for told in [getattr(revision, "told", False)]
    )
    return audited_table(request, columns, lines, f"revisions-{year}")


def export_versions(request: HttpRequest, year: str, lines: Sequence[VersionLine]) -> HttpResponseBase:
    """One line per version, with its total in each measure."""
    texts = [_("Version"), _("Kind"), _("Number"), _("Author"), _("When"), _("Reason"), _("State"), _("Decided by")]
    kinds = {_("Number"): "number", _("When"): "moment"}
    columns = [Column(text, kinds.get(text, "text")) for text in texts]
    columns += [Column(str(measure.label), "money") for measure in Measure]
    rows: list[Sequence[Value]] = []
    for line in lines:
        plan = line.plan
        people = [one.name if one else "" for one in (plan.author, plan.decided_by)]
        said: list[Value] = [line.title, plan.get_kind_display(), plan.number, people[0], plan.created_at, plan.reason]
        rows.append([*said, str(plan.get_state_display()), people[1], *line.totals])
    return audited_table(request, columns, rows, f"versions-{year}")


def export_comparison(request: HttpRequest, page: ComparisonPage) -> HttpResponseBase:
    """One line per period and holder: both versions, the difference in amount and as a ratio."""
    found = page.found
    columns = [Column(_("Part")), Column(_("Name"))]
    columns += [Column(text, "money") for text in (page.before_title, page.after_title, _("Difference"))]
    columns.append(Column(_("Difference, %"), "percent"))
    parts = [(_("Period"), found.months), (_("Holder"), tuple(row.difference for row in page.rows))]
    rows: list[Sequence[Value]] = [
        [part, one.name, one.before, one.after, one.difference, one.share] for part, lines in parts for one in lines
    ]
    return audited_table(request, columns, rows, f"compare-{found.before.fiscal_year.label}-{found.measure}")


def export_fairness(request: HttpRequest, sheet: FairnessSheet, name: str) -> HttpResponseBase:
    """One line per person, ratios with their distance from the median."""
    columns = [Column(_("Rep")), Column(_("Team")), Column(_("Quota"), "money")]
    for head in (_("Potential"), _("Last year, adjusted"), _("History")):
        columns += [
            Column(head, "money"),
            Column(f"{_('Quota')} ÷ {head}", "percent"),
            Column(f"{head}: {_('distance from the median')}", "percent"),
        ]
    columns += [Column(_("Years of history"), "number"), Column(_("Ramp"), "percent"), Column(_("Months"), "number")]
    rows: Iterable[Row] = (
        [
            row.name,
            row.team,
            row.quota,
            *(value for share in (row.potential, row.last, row.history) for value in _share(share)),
            row.years,
            ratio(row.ramp),
            row.months,
        ]
        for row in sheet.rows
    )
    return audited_table(request, columns, rows, name)


def _share(share: Share) -> tuple[Value, ...]:
    base = None if share.base is None else round(share.base, 2)
    return base, ratio(share.ratio), ratio(share.distance)
