"""What the page of the company plan is chosen by and what it draws: blocks of a segment, months with quarter sums."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from spm.org.models import FiscalYear, Period, User
from spm.ui.numbers import percent, thousands, unit_thousands
from targets import grid_cells, past_plans, segments
from targets.allocation import MONTHS, QUARTERS
from targets.basis import Basis, version_of
from targets.choices import Measure
from targets.company_grid import WHOLE, CompanyGrid, Facts, Row, read_facts, read_grid, segment_name
from targets.cycles import cycle_of
from targets.grid_cells import Pasted, Sent
from targets.grid_pages import Drawn, GridView, drawn
from targets.models import CompanyPlan, PlanningCycle
from targets.past_plans import AsOf
from targets.plans import working_plan
from targets.undoing import OF_PLAN

SEGMENT_LENGTH = 120


@dataclass(frozen=True)
class Place:
    """Which grid: as the address says it. ``segment``: one to show although it has no number yet.

    ``past``: the day as whose end left it the plan is shown.
    """

    user: User
    year: FiscalYear
    cycle: PlanningCycle
    plan: CompanyPlan
    columns: str
    segment: str
    basis: Basis
    past: AsOf | None = None

    @property
    def query(self) -> str:
        return urlencode({"columns": self.columns} | ({"segment": self.segment} if self.segment else {}))

    @cached_property
    def facts(self) -> Facts:
        return read_facts(self.user, self.plan, [self.segment] if self.segment else [], self.past)

    def grid(self) -> CompanyGrid:
        calendar = self.facts.calendar
        return read_grid(self.facts, self.user, calendar.quarters if self.columns == QUARTERS else calendar.leaves)


def place_of(user: User, year: FiscalYear, query: QueryDict, *, writes: bool, past: AsOf | None = None) -> Place:
    """The grid that an address names; what is written goes into the working version."""
    until = past.until if past else None
    basis, plan = (Basis(), working_plan(year, user)) if writes else version_of(query, year, until)
    segment = query.get("segment", "").strip()[:SEGMENT_LENGTH]
    return Place(
        user=user,
        year=year,
        cycle=cycle_of(year) or PlanningCycle(pk=0, fiscal_year=year),
        plan=past_plans.as_it_stood(plan, until),
        columns=QUARTERS if query.get("columns") == QUARTERS else MONTHS,
        segment=segments.spellings(plan, [segment])[segment] if segment else "",
        basis=basis,
        past=past,
    )


@dataclass(frozen=True, slots=True)
class Head:
    """One column: of a period, or of the sum of a quarter (``is_sum``). ``quarter``: its place among the quarters."""

    period: Period
    quarter: int
    is_sum: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One number of a row: an input, or the sum of a quarter (``drawn`` None), beside last year's."""

    head: Head
    drawn: Drawn | None
    counted: Decimal | None
    before: Decimal | None
    growth: Decimal | None
    rate: Decimal | None = None

    @property
    def hint(self) -> str:
        """What counts where nothing is given: shown in the empty input."""
        is_given = self.drawn is None or self.drawn.cell.amount is not None
        return "" if is_given else grid_cells.text_of(self.counted)


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """One measure of a block: the year, then the columns. ``unsplit``: the company's number − its segments."""

    row: Row
    year: Entry
    entries: tuple[Entry, ...]
    split: Decimal | None
    unsplit: Decimal | None


@dataclass(frozen=True, slots=True)
class Block:
    """The three measures of the whole company or of one segment, and the margin rate below them."""

    name: str
    is_whole: bool
    lines: tuple[MeasureLine, ...]
    year_rate: Decimal | None
    before_rate: Decimal | None
    rates: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class YearTotal:
    """One measure of the year above the grid."""

    measure: Measure
    amount: Decimal | None
    growth: Decimal | None


@dataclass(frozen=True, kw_only=True)
class CompanyView(GridView):
    """Everything that the page shows."""

    place: Place
    grid: CompanyGrid
    heads: tuple[Head, ...]
    blocks: tuple[Block, ...]
    totals: tuple[YearTotal, ...]


def view_of(
    place: Place, grid: CompanyGrid, sent: Sent | None = None, *, seen: int | None = None, pasted: Pasted | None = None
) -> CompanyView:
    """The page, with what was sent and is not stored still in its inputs. ``seen``: the number to send back."""
    columns = OF_PLAN if place.past is None else frozenset[str]()  # of what stood once nothing is taken back
    fields = drawn(place, grid, sent or Sent(), seen, pasted, columns)
    heads, facts = _heads(grid), grid.facts
    lines = [_line(facts, heads, line.row, line.inputs) for line in fields["lines"]]
    size = len(Measure)
    blocks = tuple(_block(facts, heads, tuple(lines[i : i + size])) for i in range(0, len(lines), size))
    year = facts.calendar.year
    totals = [YearTotal(one, facts.counted(WHOLE, one, year), facts.growth(WHOLE, one, year)) for one in Measure]
    return CompanyView(**fields, heads=heads, blocks=blocks, totals=tuple(totals), lead=_lead(facts))


def _heads(grid: CompanyGrid) -> tuple[Head, ...]:
    """The columns of the page: after the months of a quarter their sum, unless the quarters are the columns."""
    quarters = grid.facts.calendar.quarters
    places = {quarter.pk: place for place, quarter in enumerate(quarters)}
    if grid.columns == quarters:
        return tuple(Head(quarter, places[quarter.pk], False) for quarter in quarters)
    heads = []
    for i, month in enumerate(grid.columns):
        place = places.get(month.parent_id or 0, -1)
        heads.append(Head(month, place, False))
        following = grid.columns[i + 1 : i + 2]
        if place >= 0 and not (following and following[0].parent_id == month.parent_id):
            heads.append(Head(quarters[place], place, True))
    return tuple(heads)


def _line(facts: Facts, heads: tuple[Head, ...], row: Row, inputs: tuple[Drawn, ...]) -> MeasureLine:
    def entry(head: Head, one: Drawn | None) -> Entry:
        of = row.segment, row.measure, head.period
        return Entry(head, one, facts.counted(*of), facts.before(*of), facts.growth(*of))

    year, columns = inputs[0], iter(inputs[1:])
    entries = tuple(entry(head, None if head.is_sum else next(columns)) for head in heads)
    split = facts.split(row.measure, facts.calendar.year) if row.segment == WHOLE else None
    unsplit = None if split is None or year.cell.amount is None else year.cell.amount - split
    return MeasureLine(row, entry(Head(facts.calendar.year, -1, False), year), entries, split, unsplit)


def _block(facts: Facts, heads: tuple[Head, ...], lines: tuple[MeasureLine, ...]) -> Block:
    segment, year = lines[0].row.segment, facts.calendar.year
    return Block(
        name=segment_name(segment),
        is_whole=segment == WHOLE,
        lines=lines,
        year_rate=facts.rate(segment, year),
        before_rate=facts.rate_before(segment, year),
        rates=tuple(Entry(head, None, None, None, None, facts.rate(segment, head.period)) for head in heads),
    )


def _lead(facts: Facts) -> str:
    """The company plan in one sentence."""
    year, unit = facts.calendar.year, unit_thousands(facts.currency)
    amount = facts.counted(WHOLE, Measure.BOOKINGS, year)
    words = {"year": year.label}
    if amount is None:
        return _("%(year)s has no bookings plan yet.") % words
    words["amount"] = f"{thousands(amount)} {unit}"
    growth = facts.growth(WHOLE, Measure.BOOKINGS, year)
    if growth is None:
        return _("The company plans %(amount)s of bookings in %(year)s.") % words
    words |= {"growth": percent(growth, 1, signed=True), "before": facts.calendar.before_label}
    return _("The company plans %(amount)s of bookings in %(year)s, %(growth)s on %(before)s.") % words
