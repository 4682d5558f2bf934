"""What the page of an allocation is chosen by and what it shows beside the grid itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from spm.org.models import FiscalYear, User
from spm.org.scopes import scope_of
from spm.ui.numbers import percent, thousands, unit_thousands
from targets import access, allocation_cells, batches, measures
from targets.allocation import MONTHS, QUARTERS, NotYours, read_grid
from targets.allocation_cells import Pasted, Sent
from targets.allocation_grid import MAX_ROWS, AllocationGrid, Row, Totals
from targets.batches import Conflict
from targets.choices import BatchKind, Measure
from targets.cycles import cycle_of
from targets.goals import Holder
from targets.models import CompanyPlan, GoalBatch, PlanningCycle
from targets.plans import working_plan

BAND, EDGE = Decimal(240), Decimal(20)
"""The drawn width of the over-assignment, and what is left free at its ends."""


@dataclass(frozen=True)
class Place:
    """Which grid: as the address says it."""

    user: User
    year: FiscalYear
    cycle: PlanningCycle
    plan: CompanyPlan
    measure: Measure
    team: int | None
    columns: str
    page: int

    @property
    def query(self) -> str:
        return urlencode(
            {
                key: value
                for key, value in {
                    "team": self.team,
                    "measure": self.measure.value,
                    "columns": self.columns,
                    "page": self.page if self.page > 1 else None,
                }.items()
                if value is not None
            }
        )

    def grid(self) -> AllocationGrid:
        """The rows of one page of it. Raises Http404 for a team the user does not lead."""
        try:
            grid = read_grid(self.user, self.cycle, self.measure, self.team, self.columns, plan=self.plan)
        except NotYours as error:
            raise Http404 from error
        if not self.cycle.pk:
            grid = replace(grid, can_spread=False)
        first = (self.page - 1) * MAX_ROWS
        rows = grid.rows[first : first + MAX_ROWS]
        return replace(grid, rows=rows, more=len(grid.rows) > first + MAX_ROWS)


def place_of(user: User, year: FiscalYear, query: QueryDict) -> Place:
    """The grid that an address names; a manager who names no team gets the topmost one led. Raises Http404."""
    measure, team, page = query.get("measure", ""), query.get("team", ""), query.get("page", "")
    if team and not (team.isascii() and team.isdecimal() and len(team) < 19):
        raise Http404
    return Place(
        user=user,
        year=year,
        # A year that nobody plans by a cycle is shown by the policy every cycle begins with.
        cycle=cycle_of(year) or PlanningCycle(pk=0, fiscal_year=year),
        plan=working_plan(year),
        measure=Measure(measure) if measure in Measure.values else Measure.BOOKINGS,
        team=int(team) if team else _topmost(user),
        columns=MONTHS if query.get("columns") == MONTHS else QUARTERS,
        page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 4 else 1,
    )


def _topmost(user: User) -> int | None:
    scope = scope_of(user)
    if scope.everything:
        return None
    return next(iter(access.own_teams(user)), None)


@dataclass(frozen=True)
class Drawn:
    """One input: the text in it, what is wrong with it, whether it is not stored yet."""

    cell: Any
    text: str
    fault: str = ""
    is_new: bool = False


@dataclass(frozen=True)
class Line:
    """One row of the page with its inputs: the year first."""

    row: Row
    inputs: tuple[Drawn, ...]
    indent: int


@dataclass(frozen=True)
class Band:
    """The over-assignment as a drawing: positions on a line 280 wide; None = no number."""

    low: str
    width: str
    now: str | None
    then: str | None


@dataclass(frozen=True)
class PageView:
    """Everything that the page shows. ``after``: totals if what is previewed were stored."""

    place: Place
    grid: AllocationGrid
    lines: tuple[Line, ...]
    seen: int
    was: str
    band: Band
    undoable: GoalBatch | None
    after: Totals | None = None
    pasted: Pasted | None = None
    conflicts: list[dict[str, str]] = field(default_factory=list)
    lead: str = ""
    next_page: int = 0

    @property
    def count(self) -> int:
        """How many inputs differ from what is stored."""
        return sum(one.is_new for line in self.lines for one in line.inputs)


def view_of(
    place: Place,
    grid: AllocationGrid,
    sent: Sent | None = None,
    *,
    seen: int | None = None,
    pasted: Pasted | None = None,
) -> PageView:
    """The page, with what was sent and is not stored still in its inputs. ``seen``: the number to send back."""
    sent = sent or Sent()
    lines = tuple(_line(row, sent) for row in grid.rows)
    undoable = batches.last_undoable(place.plan, place.user)
    if undoable and undoable.kind == BatchKind.IMPORT:
        undoable = None  # taken back where it was loaded, with its file
    after = None
    if pasted:
        allocated = allocation_cells.allocated_after(grid, sent)
        over = measures.over_assignment(allocated, grid.totals.to_allocate)
        low, high = grid.totals.over_min, grid.totals.over_max
        after = replace(grid.totals, allocated=allocated, over=over, in_policy=over is None or low <= over <= high)
    texts = allocation_cells.drawn(grid) | {name: sent.was.get(name, "") for name in sent.texts}
    return PageView(
        place=place,
        grid=grid,
        lines=lines,
        seen=grid.revision if seen is None else seen,
        was=json.dumps(texts, ensure_ascii=False, separators=(",", ":")),
        band=band(grid.totals, after),
        undoable=undoable if undoable and access.can_undo(place.user, undoable) else None,
        after=after,
        pasted=pasted,
        lead=_lead(grid),
        next_page=place.page + 1 if grid.more else 0,
    )


def _line(row: Row, sent: Sent) -> Line:
    inputs = []
    for cell in allocation_cells.cells_of(row):
        text = sent.texts.get(cell.name, allocation_cells.text_of(cell.amount))
        inputs.append(Drawn(cell, text, sent.faults.get(cell.name, ""), cell.name in sent.texts))
    return Line(row, tuple(inputs), min(row.depth, 6))


def conflicts_of(conflict: Conflict, names: Mapping[Holder, str]) -> list[dict[str, str]]:
    """Both values of each cell, for the page of a conflict."""
    found = []
    for cell in conflict.cells:
        who = {"value": allocation_cells.text_of(cell.theirs) or "—", "name": cell.by.name if cell.by else "—"}
        found.append(
            {
                "label": f"{names.get(cell.holder, '')}, {cell.period.title}",
                "yours": allocation_cells.text_of(cell.yours) or "—",
                "theirs": _("%(value)s (%(name)s)") % who,
            }
        )
    return found


def band(now: Totals, then: Totals | None) -> Band:
    """Where the policy and the over-assignment stand on one line."""
    values = [value for value in (now.over, then.over if then else None) if value is not None]
    low, high = min([now.over_min, *values]), max([now.over_max, *values])
    span = high - low or Decimal(1)

    def at(value: Decimal) -> Decimal:
        return (EDGE + (value - low) / span * BAND).quantize(Decimal("0.1"))

    policy = at(now.over_max) - at(now.over_min)
    return Band(
        low=str(at(now.over_min)),
        width=str(max(policy, Decimal(2))),
        now=None if now.over is None else str(at(now.over)),
        then=None if then is None or then.over is None else str(at(then.over)),
    )


def _lead(grid: AllocationGrid) -> str:
    """The state of the allocation in one sentence."""
    totals, unit = grid.totals, unit_thousands(grid.currency)
    if totals.to_allocate is None or totals.over is None:
        return _("There is no number to allocate yet.") if totals.to_allocate is None else _("Nobody has a quota yet.")
    rest = thousands(abs(totals.remaining or Decimal(0)))
    words = {"over": percent(totals.over, 1, signed=True), "rest": f"{rest} {unit}"}
    if totals.in_policy:
        return _("The quotas lie %(over)s from the number to allocate: in policy.") % words
    if totals.over < totals.over_min:
        return _("%(rest)s are still to be allocated.") % words
    return _("The quotas are %(rest)s above the number to allocate: more than the policy allows.") % words
