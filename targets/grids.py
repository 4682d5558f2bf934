"""A year's targets of territories as a grid: territories down, leaf periods across, for one measure.

Read here, compared when sent back. Teams and people: ``allocation``; the company: ``company_grid``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet, Sum, Value
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from spm.market.models import Territory
from spm.money import ZERO, total
from spm.org import retries
from spm.org.choices import PeriodLevel, PeriodState
from spm.org.models import FiscalYear, Period, User
from spm.org.scopes import history_of
from spm.ui.amounts import parse_amount
from spm.ui.fields import MoneyField
from targets import plans
from targets.choices import Measure
from targets.goals import Goal, Holder, lock_plan, of_territory
from targets.models import CompanyPlan, PlanLine, Quota, Target
from targets.number_history import NEWEST_OF_ALL, NumberChange, changes, in_force


@dataclass(frozen=True)
class Cell:
    """One leaf period of one holder. ``name`` is its input; ``typed`` what was sent and could not be stored."""

    name: str
    amount: Decimal | None
    closed: bool
    title: str  # of its period
    typed: str | None = None
    error: str = ""


@dataclass(frozen=True)
class Line:
    """One holder with the cells of the year."""

    holder: Holder
    label: str
    cells: tuple[Cell, ...]

    @property
    def total(self) -> Decimal | None:
        amounts = [cell.amount for cell in self.cells if cell.amount is not None]
        return sum(amounts, Decimal(0)) if amounts else None


@dataclass(frozen=True)
class Grid:
    """What a grid page shows. ``periods`` are the leaves of the year in order."""

    year: str
    measure: str
    periods: tuple[Period, ...]
    lines: tuple[Line, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no holder has a number yet."""
        return all(cell.amount is None for line in self.lines for cell in line.cells)

    @property
    def totals(self) -> list[Decimal | None]:
        """One sum per leaf period, and the year's at the end."""
        columns = zip(*[[cell.amount for cell in line.cells] for line in self.lines], strict=True)
        sums = [total(column) for column in columns]
        return [*sums, total(sums)] if sums else []

    @property
    def sums(self) -> list[tuple[Period | None, Decimal | None]]:
        """The same beside their periods; None stands for the year."""
        return list(zip((*self.periods, None), self.totals, strict=False))


@dataclass(frozen=True)
class Sent:
    """What a grid page sent back: goals to set, cells that could not be read, cells somebody else changed meanwhile."""

    goals: tuple[Goal, ...]
    unread: dict[str, str]  # name of the cell → sentence
    overtaken: dict[str, str]


def read(user: User, year: FiscalYear, measure: str, *, baseline: bool = False) -> Grid:
    """The grid as the user sees it, or as it was locked: a fixed number of queries, whatever its size."""
    periods = tuple(Period.objects.visible_to(user).filter(fiscal_year=year, level=PeriodLevel.MONTH))
    rows = Target.objects.visible_to(user).of_version(baseline=baseline)
    rows = rows.filter(plan__fiscal_year=year, measure=measure)
    found = rows.filter(territory__isnull=False).values_list("territory_id", "period_id", "amount")
    stored = {(territory, period): amount for territory, period, amount in found}
    lines = tuple(
        Line(of_territory(row.pk), row.name, _cells(of_territory(row.pk), periods, stored))
        for row in Territory.objects.visible_to(user).real()
    )
    return Grid(year.label, measure, periods, lines)


def cell_name(holder: Holder, period: Period) -> str:
    return f"c:{quote(str(holder.key), safe='')}:{period.pk}"


def _cells(holder: Holder, periods: Iterable[Period], stored: Mapping[tuple[Any, int], Decimal]) -> tuple[Cell, ...]:
    return tuple(
        Cell(
            cell_name(holder, period),
            stored.get((holder.key, period.pk)),
            period.state == PeriodState.CLOSED,
            period.title,
        )
        for period in periods
    )


def sent(grid: Grid, data: Mapping[str, str], language: str | None = None) -> Sent:
    """Compare what a page sent with what is stored now.

    Each input ``c:…`` travels with ``w:…``, the stored text it was drawn with. Equal to that: untouched. A cell whose
    stored amount is another by now is *overtaken*: neither amount is lost, the page shows both.
    """
    goals, unread, overtaken = [], {}, {}
    for line in grid.lines:
        for period, cell in zip(grid.periods, line.cells, strict=True):
            typed = data.get(cell.name, "").strip()
            was = data.get("w" + cell.name[1:], "")
            if cell.name not in data or typed == was:
                continue
            try:
                amount = parse_amount(typed, language) if typed else None
                before = parse_amount(was, language) if was else None
            except ValueError:
                unread[cell.name] = _("“%(text)s” is not an amount. Write it like 1200000, 1.2M or 1200k.") % {
                    "text": typed
                }
                continue
            if cell.amount not in (before, amount):
                overtaken[cell.name] = _("Somebody else changed this meanwhile; you typed %(typed)s.") % {
                    "typed": typed or "—"
                }
                continue
            goals.append(Goal(line.holder, grid.measure, period, amount))
    return Sent(tuple(goals), unread, overtaken)


@retries.atomic
def store(user: User, year: FiscalYear, measure: str, data: Mapping[str, str], *, reason: str) -> tuple[Sent, int]:
    """(what was sent, how many numbers changed): all is stored, or nothing where a cell is unread or overtaken.

    Compared with what is stored once the plan is locked: whoever stores at the same time is seen, never overwritten.
    Raises what ``goals.GoalSheet.write`` raises.
    """
    plan = lock_plan(plans.working_plan(year, by=user))
    said = sent(read(user, year, measure), data, get_language())
    if said.unread or said.overtaken:
        return said, 0
    return said, len(plans.set_targets(plan, said.goals, by=user, reason=reason))


def with_errors(grid: Grid, data: Mapping[str, str], faults: Mapping[str, str]) -> Grid:
    """The grid as it is shown again after a refusal: everything typed is still there, each fault beside its cell."""

    def redraw(cell: Cell) -> Cell:
        return replace(cell, typed=data.get(cell.name), error=faults.get(cell.name, ""))

    lines = tuple(Line(line.holder, line.label, tuple(map(redraw, line.cells))) for line in grid.lines)
    return Grid(grid.year, grid.measure, grid.periods, lines)


@dataclass(frozen=True, slots=True)
class Levels:
    """What is planned at each level; None: nothing yet."""

    plan: Decimal | None
    targets: Decimal | None
    quotas: Decimal | None


@dataclass(frozen=True)
class YearSummary:
    """One fiscal year and one measure, whole year: what is planned at each level.

    ``of_planned``: quotas of the leaf periods for which the company has a plan.
    """

    label: str
    plan: Decimal | None
    targets: Decimal | None
    quotas: Decimal | None
    of_planned: Decimal
    has_baseline: bool


def summary(user: User, year: FiscalYear, *, baseline: bool = False) -> list[tuple[Measure, Levels]]:
    """One year, measure by measure, as far as the user sees it; two queries. Targets: as in ``summaries``."""
    levels = {
        "plan": PlanLine.objects.visible_to(user).counting(),
        "quotas": Quota.objects.visible_to(user),
    }
    first, second = (
        rows.of_version(baseline=baseline)
        .filter(plan__fiscal_year=year)
        .order_by()
        .annotate(level=Value(level))
        .values_list("level", "measure")
        .annotate(sum=Sum("amount", output_field=MoneyField()))
        for level, rows in levels.items()
    )
    sums = {(level, measure): amount for level, measure, amount in first.union(second, all=True)}
    targets = _topmost(
        user, Target.objects.visible_to(user).of_version(baseline=baseline).filter(plan__fiscal_year=year)
    )
    given = {measure: amount for (_year, measure), amount in targets.items()}
    return [(one, Levels(sums.get(("plan", one)), given.get(one), sums.get(("quotas", one)))) for one in Measure]


def summaries(user: User, measure: str, *, baseline: bool = False) -> list[YearSummary]:
    """Every fiscal year, newest first. Targets: the topmost ones of teams, as far as the user sees them.

    ``baseline``: as they were locked, in every year that is; other years as they stand.
    """

    def by_leaf(rows: Any) -> dict[int, dict[int, Decimal]]:
        of_measure = rows.of_version(baseline=baseline).filter(measure=measure)
        found: dict[int, dict[int, Decimal]] = defaultdict(dict)
        sums = of_measure.values_list("plan__fiscal_year", "period").annotate(sum=Sum("amount")).order_by()
        for year, leaf, amount in sums:
            found[year][leaf] = amount
        return found

    plans = by_leaf(PlanLine.objects.visible_to(user).counting())
    given = _topmost(user, Target.objects.visible_to(user).of_version(baseline=baseline).filter(measure=measure))
    targets = {year: amount for (year, _measure), amount in given.items()}
    quotas = by_leaf(Quota.objects.visible_to(user))
    frozen = set(CompanyPlan.objects.visible_to(user).filter(kind="baseline").values_list("fiscal_year", flat=True))
    return [
        YearSummary(
            year.label,
            total(plans.get(year.pk, {}).values()),
            targets.get(year.pk),
            total(quotas.get(year.pk, {}).values()),
            sum((amount for leaf, amount in quotas.get(year.pk, {}).items() if leaf in plans.get(year.pk, {})), ZERO),
            year.pk in frozen,
        )
        for year in FiscalYear.objects.visible_to(user).order_by("-starts_on")
    ]


def _topmost(user: User, targets: QuerySet[Target]) -> dict[tuple[int, str], Decimal]:
    """(Fiscal year, measure) → the sum of those of ``targets`` that teams have; one query.

    Of teams above each other the topmost one that has a target counts, leaf period by leaf period, each in the tree of
    its last day: what it hands on below is a part of it.
    """
    rows = targets.filter(team__isnull=False).order_by()
    given: dict[Any, dict[int, Decimal]] = defaultdict(dict)
    columns = ("plan__fiscal_year", "measure", "period__ends_on", "team", "amount")
    for year, measure, last, team, amount in rows.values_list(*columns):
        given[year, measure, last][team] = amount
    sums: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for (year, measure, last), of in given.items():
        tree = history_of(user).as_of(last)
        sums[year, measure] += sum((of[team] for team in of if of.keys().isdisjoint(tree.ancestors(team)[1:])), ZERO)
    return dict(sums)


@dataclass(frozen=True)
class HolderTable:
    """One holder's year: a line per leaf period with the amount of each measure, and their sums."""

    lines: tuple[tuple[str, tuple[Decimal | None, ...]], ...]
    totals: tuple[Decimal | None, ...]


def holder_table(user: User, year: FiscalYear, model: Any, holder: Holder, *, baseline: bool = False) -> HolderTable:
    """The numbers of one holder, as far as the user sees them, or as they were locked; ``model``: Target or Quota."""
    rows = model.objects.visible_to(user).of_version(baseline=baseline)
    rows = rows.filter(plan__fiscal_year=year, **{holder.column: holder.key})
    amounts = {(row.period_id, row.measure): row.amount for row in rows}
    leaves = Period.objects.visible_to(user).filter(fiscal_year=year, level=PeriodLevel.MONTH).order_by("starts_on")
    lines = tuple((leaf.title, tuple(amounts.get((leaf.pk, measure)) for measure in Measure)) for leaf in leaves)
    totals = tuple(total(amounts for amounts in column) for column in zip(*[line[1] for line in lines], strict=True))
    return HolderTable(lines, totals)


def territory_history(user: User, year: FiscalYear, measure: str) -> list[NumberChange]:
    """The newest changes of the targets of territories the user sees; one year and measure."""
    rows = in_force(Target, year).filter(measure=measure, territory__in=Territory.objects.visible_to(user))
    return changes(rows, limit=NEWEST_OF_ALL)
