"""The tables of rules as files."""

from collections.abc import Sequence
from datetime import date

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from spm.org.exports import audited_table
from spm.ui.exports import Column, Value
from territories.models import RuleSet
from territories.rule_queries import Found, Preview, SetList, SetPage

PLACES = ("country", "region", "postal_from", "postal_to", "industry", "segment")
CANONICAL = ("rule_set", "territory", "priority", "account_id", *PLACES, "size_from", "size_to")
"""The headers of the import, so that a file can be loaded again."""


def export_sets(request: HttpRequest, page: SetList) -> HttpResponseBase:
    columns = [Column(_("Rules")), Column(_("State")), Column(_("From"), "date"), Column(_("Accounts moved"), "number")]
    rows: list[Sequence[Value]] = [
        [row.name, row.get_state_display(), row.starts_on, row.moved_count] for row in page.sets
    ]
    return audited_table(request, columns, rows, "territory-rules")


def export_set(request: HttpRequest, page: SetPage) -> HttpResponseBase:
    """The rules under the headers of their import; ``?table=overlaps`` or ``unplaced``: that table."""
    table = request.GET.get("table")
    if table == "overlaps":
        columns = [Column(_("Wins")), Column(_("Also claims")), Column(_("Accounts"), "number")]
        rows: list[Sequence[Value]] = [[pair.first, pair.second, pair.accounts] for pair in page.overlaps]
        return audited_table(request, columns, rows, "territory-rules-overlaps")
    if table == "unplaced":
        found = [[row.name, row.external_id, row.before] for row in page.unplaced.object_list]
        texts = (_("Account"), _("Number"), _("Stands today in"))
        return audited_table(request, [Column(text) for text in texts], found, "territory-rules-unplaced")
    return audited_table(request, [Column(name) for name in CANONICAL], _canonical(page.rule_set), "territory-rules")


def _canonical(rule_set: RuleSet) -> list[Sequence[Value]]:
    rules = rule_set.rules.select_related("territory", "account").order_by("priority", "pk")
    return [
        [
            rule_set.name,
            rule.territory.code,
            str(rule.priority),
            rule.account.external_id if rule.account else "",
            *(getattr(rule, place) for place in PLACES),
            *("" if size is None else f"{size:f}" for size in (rule.size_from, rule.size_to)),
        ]
        for rule in rules
    ]


def export_moves(request: HttpRequest, moves: Sequence[Found], day: date) -> HttpResponseBase:
    texts = (_("Account"), _("Number"), _("Stands in"), _("Would stand in"))
    columns = [*map(Column, texts), Column(_("Potential"), "money")]
    rows: list[Sequence[Value]] = [[row.name, row.external_id, row.before, row.after, row.potential] for row in moves]
    return audited_table(request, columns, rows, f"territory-moves-{day:%Y-%m-%d}")


def export_ways(request: HttpRequest, page: Preview) -> HttpResponseBase:
    """How many accounts go from where to where."""
    columns = [Column(_("Stands in")), Column(_("Would stand in"))]
    columns += [Column(_("Accounts"), "number"), Column(_("Potential"), "money")]
    rows: list[Sequence[Value]] = [[way.before, way.after, way.accounts, way.potential] for way in page.ways]
    return audited_table(request, columns, rows, f"territory-ways-{page.day:%Y-%m-%d}")
