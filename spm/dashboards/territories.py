"""Reads for the list of territories: who holds them, what stands in them, and how they pace; as a map and a table."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from spm.dashboards.access import can_open_performance
from spm.dashboards.board import Row, RowKind
from spm.dashboards.columns import TERRITORIES as COLUMNS
from spm.dashboards.columns import Shown
from spm.dashboards.figures import ZERO, Cell, Figures, figures, plus, standing, units_of
from spm.dashboards.periods import View
from spm.dashboards.queries import Stamp, steady
from spm.dashboards.rows import bar_of
from spm.dashboards.territory_market import Land, PlanOf, lands, plans_of
from spm.dashboards.two_trees import TwoTrees, two_trees
from spm.market.choices import AssignmentRole
from spm.market.models import Assignment, Territory
from spm.market.territories import Chains, chains
from spm.org.access import can_administer
from spm.org.models import Company, User
from spm.ui import treemap
from spm.ui.fields import stored
from spm.ui.geometry import Bullet
from spm.ui.numbers import money_compact, percent
from spm.ui.status import Status, heat_band
from targets import baseline
from targets.models import Attainment, PeriodTotal, Target


@dataclass(frozen=True, slots=True)
class TerritoryRow:
    name: str
    owner: User | None
    land: Land
    plan: PlanOf | None
    figures: Figures
    status: Status
    bar: Bullet
    href: str
    owner_href: str
    is_region: bool  # territories stand below it, and have the owners
    hides_target: bool  # a rep reads own credits in it, and its target is for others to see

    @property
    def without_target(self) -> str:
        """Why there is no status."""
        return _("target of its owner") if self.hides_target else _("no target")

    @property
    def is_vacant(self) -> bool:
        return self.owner is None and not self.is_region and not self.hides_target  # a rep sees no other owner

    @property
    def share(self) -> Decimal | None:
        """Actual of the period ÷ a year's potential."""
        return self.figures.actual / self.land.potential if self.land.potential else None

    @property
    def band(self) -> str:
        """The colour of its pace: 1 to 6, "none" without a target."""
        return str(heat_band(self.figures.pace) or "none")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A tile of the map and the row it stands for, with all it says in words."""

    tile: treemap.Tile
    row: TerritoryRow
    sentence: str


@dataclass(frozen=True, slots=True)
class TreeMap:
    """Areas by potential; ``missing``: territories of which no potential is known."""

    wide: list[Drawn]
    narrow: list[Drawn]
    phone: list[Drawn]
    missing: int


@dataclass(frozen=True, slots=True)
class TerritoryList:
    view: View
    company: Company
    stamp: Stamp
    rows: list[TerritoryRow]
    vacant: int
    tree_map: TreeMap
    trees: TwoTrees | None  # of the whole company, for admins

    @property
    def sort(self) -> str:
        return self.view.sort

    @property
    def furthest_behind(self) -> TerritoryRow | None:
        paced = [row for row in self.rows if row.figures.pace is not None]
        return min(paced, key=lambda row: row.figures.gap or ZERO, default=None)

    @property
    def count(self) -> int:
        """How many territories there are, without regions and what is kept as Unassigned."""
        return sum(not row.is_region for row in self.rows)

    @property
    def paced(self) -> int:
        """How many have a pace."""
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
    cells = cells_of(user, view)
    rows = []
    territories = list(Territory.objects.visible_to(user))
    regions = {territory.parent_id for territory in territories}
    stands, planned = lands(user, view, territories), plans_of(user, view)
    for territory in territories:
        known, owner = cells.get(territory.pk, {}), owners.get(territory.pk)
        if territory.is_unassigned and not known:
            continue
        row = Row(RowKind.TEAM, territory.pk, figures(known, view.window), known)
        about = (owner, stands.get(territory.pk, Land()), planned.get(territory.pk))
        is_region = territory.pk in regions or territory.is_unassigned
        hides = reads_own_alone(user) and owner != user
        rows.append(_row(territory, about, row, view, company, is_region=is_region, hides_target=hides))
    trees = two_trees(user, view) if can_administer(user) else None
    vacant = sum(row.is_vacant for row in rows)
    return TerritoryList(view, company, stamp, in_order(rows, view), vacant, _tree_map(rows, company), trees)


SORTED: dict[str, Callable[[TerritoryRow], object]] = {
    "name": lambda row: row.name.casefold(),
    "owner": lambda row: row.owner.name.casefold() if row.owner else None,
    "accounts": lambda row: row.land.accounts,
    "key": lambda row: row.land.key,
    "potential": lambda row: row.land.potential,
    "share": lambda row: row.share,
    "coverage": lambda row: row.land.coverage,
    "plan": lambda row: row.plan.label if row.plan else None,
    "status": lambda row: row.status.rank,
}


def in_order(rows: Sequence[TerritoryRow], view: View) -> list[TerritoryRow]:
    """By the column that the address names; what has nothing there stands last, equals by name."""
    value = SORTED.get(view.sort_key) or (lambda row: getattr(row.figures, view.sort_key))
    named = sorted(rows, key=lambda row: row.name.casefold())
    known = [row for row in named if value(row) is not None]
    known.sort(key=value, reverse=view.descending)  # type: ignore[arg-type]  # one kind each
    return known + [row for row in named if value(row) is None]


def _tree_map(rows: Sequence[TerritoryRow], company: Company) -> TreeMap:
    shown = [row for row in rows if not row.is_region]
    sizes = [row.land.potential or ZERO for row in shown]
    labels = [(row.name, percent(row.figures.pace) if row.figures.pace is not None else "") for row in shown]
    sentences = [_sentence(row, company) for row in shown]
    wide, narrow, phone = (
        [Drawn(tile, shown[tile.index], sentences[tile.index]) for tile in treemap.draw(sizes, labels, frame)]
        for frame in (treemap.WIDE, treemap.NARROW, treemap.PHONE)
    )
    return TreeMap(wide, narrow, phone, sum(size <= 0 for size in sizes))


def _sentence(row: TerritoryRow, company: Company) -> str:
    told = {
        "name": row.name,
        "potential": money_compact(row.land.potential, company.currency),
        "status": row.status.label if row.figures.pace is not None else row.without_target,
        "pace": percent(row.figures.pace),
        "owner": row.owner.name if row.owner else _("vacant"),
    }
    if row.figures.pace is None:
        return _("%(name)s, %(owner)s: potential %(potential)s, %(status)s") % told
    return _("%(name)s, %(owner)s: potential %(potential)s, pace %(pace)s, %(status)s") % told


def reads_own_alone(user: User) -> bool:
    """A rep sees no row of a territory, which may hold credits of others: he reads his own credits in it, and the
    target of what he owns.
    """
    return not can_open_performance(user)


def own_in_territories(user: User, view: View) -> QuerySet[PeriodTotal]:
    leaves = [leaf.pk for leaf in view.window.leaves]
    own = PeriodTotal.objects.visible_to(user).filter(person=user, measure=view.measure, period__in=leaves)
    return own.order_by()


def _own_targets(user: User, view: View) -> Iterable[tuple[int, int, int]]:
    """(territory, leaf period, target as stored) of what the user owns, from the month on in which it became theirs.

    What came before was somebody else's to sell: against own credits its target would show a gap that is none. One
    query.
    """
    mine = Assignment.objects.visible_to(user).as_of(view.today).filter(role=AssignmentRole.OWNER, person=user)
    since = Subquery(mine.filter(territory=OuterRef("territory")).values("starts_on")[:1])
    leaves = [leaf.pk for leaf in view.window.leaves]
    rows = Target.objects.visible_to(user).of_version(baseline=view.is_baseline)
    rows = rows.filter(measure=view.measure, period__in=leaves, territory__isnull=False, period__ends_on__gte=since)
    return rows.order_by().values_list("territory", "period", stored("amount"))


def _own_cells(user: User, view: View, above: Chains) -> dict[int, dict[int, Cell]]:
    """His own leaf figures, each territory with all that stands below it, as the roll-up counts territories."""
    cells: dict[int, dict[int, Cell]] = defaultdict(dict)
    own = own_in_territories(user, view)
    for key, leaf, actual, effect in own.values_list("territory", "period", stored("amount"), stored("effect")):
        for area in above.get(key, (key,)):  # one that was made since the tree was read
            cells[area][leaf] = plus(cells[area].get(leaf, Cell()), Cell(actual, effect_units=effect))
    return cells


def cells_of(
    user: User, view: View, keys: Sequence[int] | None = None, above: Chains | None = None
) -> dict[int, dict[int, Cell]]:
    """Territory → its leaf figures in the window; ``keys``: of these alone. ``above``: the tree, where it is known."""
    cells: dict[int, dict[int, Cell]] = {}
    if reads_own_alone(user):
        cells = _own_cells(user, view, chains() if above is None else above)
        for key, leaf, target in _own_targets(user, view):
            cell = cells.setdefault(key, {}).get(leaf, Cell())
            cells[key][leaf] = Cell(cell.actual_units, cell.overlay_units, target, target, cell.effect_units)
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


def _row(  # noqa: PLR0913  # one row of many columns
    territory: Territory,
    about: tuple[User | None, Land, PlanOf | None],
    row: Row,
    view: View,
    company: Company,
    *,
    is_region: bool,
    hides_target: bool,
) -> TerritoryRow:
    owner, land, plan = about
    status = standing(row.figures, company)
    name = territory.shown_name
    return TerritoryRow(
        name=name,
        owner=owner,
        land=land,
        plan=plan,
        figures=row.figures,
        status=status,
        bar=bar_of(name, row.figures, status, company.currency),
        href=reverse("dashboards:territory", args=[territory.pk]) + view.query(sort=""),
        owner_href=reverse("dashboards:rep", args=[owner.pk]) + view.query(sort="") if owner else "",
        is_region=is_region,
        hides_target=hides_target,
    )
