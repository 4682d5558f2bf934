"""Reads for the list of territories: who holds them, how many accounts stand in them, and how they pace."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.urls import reverse

from spm.dashboards.access import can_open_performance
from spm.dashboards.board import Row, RowKind
from spm.dashboards.columns import TERRITORIES as COLUMNS
from spm.dashboards.columns import Shown
from spm.dashboards.figures import Cell, Figures, figures, units_of
from spm.dashboards.periods import View
from spm.dashboards.queries import Stamp, steady
from spm.dashboards.rows import bar_of
from spm.market.choices import AssignmentRole
from spm.market.models import AccountPlacement, Assignment, Territory
from spm.org.models import Company, User
from spm.ui.fields import stored
from spm.ui.geometry import Bullet
from spm.ui.status import Status, status_of
from targets import baseline
from targets.models import Attainment, PeriodTotal


@dataclass(frozen=True, slots=True)
class TerritoryRow:
    name: str
    owner: User | None
    accounts: int
    figures: Figures
    status: Status
    bar: Bullet
    href: str
    owner_href: str
    is_region: bool  # territories stand below it, and have the owners


@dataclass(frozen=True, slots=True)
class TerritoryList:
    view: View
    company: Company
    stamp: Stamp
    rows: list[TerritoryRow]
    vacant: int

    @property
    def paced(self) -> int:
        """How many have a pace; the first of the rows is the furthest behind."""
        return sum(row.figures.pace is not None for row in self.rows)

    @property
    def at_pace(self) -> int:
        return sum(row.figures.pace is not None and row.figures.pace >= 1 for row in self.rows)

    @property
    def columns(self) -> Shown:
        return COLUMNS.shown(self.view.columns)


def territory_list(user: User, company: Company, view: View) -> TerritoryList:
    return steady(user, lambda stamp: _read(user, company, view, stamp))


def _read(user: User, company: Company, view: View, stamp: Stamp) -> TerritoryList:
    held = Assignment.objects.visible_to(user).as_of(view.today).filter(role=AssignmentRole.OWNER)
    owners = {row.territory_id: row.person for row in held.select_related("person")}
    placed = AccountPlacement.objects.visible_to(user).as_of(view.today).order_by().values_list("territory")
    accounts = dict(placed.annotate(count=Count("pk")))
    cells = cells_of(user, view)
    rows = []
    territories = list(Territory.objects.visible_to(user))
    regions = {territory.parent_id for territory in territories}
    for territory in territories:
        known, owner = cells.get(territory.pk, {}), owners.get(territory.pk)
        if territory.is_unassigned and not known:
            continue
        row = Row(RowKind.TEAM, territory.pk, figures(known, view.window), known)
        is_region = territory.pk in regions
        rows.append(_row(territory, owner, accounts.get(territory.pk, 0), row, view, company, is_region=is_region))
    rows.sort(key=lambda row: (row.figures.gap is None, row.figures.gap or 0, row.name))
    return TerritoryList(view, company, stamp, rows, sum(row.owner is None and not row.is_region for row in rows))


def reads_own_alone(user: User) -> bool:
    """A rep sees no row of a territory, which may hold credits of others: he reads his own credits in it."""
    return not can_open_performance(user)


def own_in_territories(user: User, view: View) -> QuerySet[PeriodTotal]:
    leaves = [leaf.pk for leaf in view.window.leaves]
    own = PeriodTotal.objects.visible_to(user).filter(person=user, measure=view.measure, period__in=leaves)
    return own.order_by()


def cells_of(user: User, view: View, keys: Sequence[int] | None = None) -> dict[int, dict[int, Cell]]:
    """Territory → its leaf figures in the window; ``keys``: of these alone."""
    cells: dict[int, dict[int, Cell]] = {}
    if reads_own_alone(user):
        own = own_in_territories(user, view)
        for key, leaf, actual, effect in own.values_list("territory", "period", stored("amount"), stored("effect")):
            cells.setdefault(key, {})[leaf] = Cell(actual, effect_units=effect)
        return cells
    leaves = [leaf.pk for leaf in view.window.leaves]
    rows = Attainment.objects.visible_to(user).filter(measure=view.measure, period__in=leaves, territory__isnull=False)
    rows = rows if keys is None else rows.filter(territory__in=keys)
    locked = baseline.of_territories(view.measure, leaves) if view.is_baseline else {}
    columns = ("territory", "period", stored("actual"), stored("target"), stored("effect"))
    for key, leaf, actual, target, effect in rows.values_list(*columns):
        given = units_of(locked.get((key, leaf))) if view.is_baseline else target
        cells.setdefault(key, {})[leaf] = Cell(actual, 0, given, given, effect)
    return cells


def _row(  # noqa: PLR0913  # one row of six columns
    territory: Territory,
    owner: User | None,
    accounts: int,
    row: Row,
    view: View,
    company: Company,
    *,
    is_region: bool,
) -> TerritoryRow:
    status = status_of(row.figures.pace, company)
    name = territory.shown_name
    return TerritoryRow(
        name=name,
        owner=owner,
        accounts=accounts,
        figures=row.figures,
        status=status,
        bar=bar_of(name, row.figures, status, company.currency),
        href=reverse("dashboards:territory", args=[territory.pk]) + view.query(),
        owner_href=reverse("dashboards:rep", args=[owner.pk]) + view.query() if owner else "",
        is_region=is_region,
    )
