"""What every page of a grid is chosen by and draws: inputs with what was typed, the undo on offer, both values of a
conflict.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils.translation import gettext as _

from spm.money import total
from spm.org.models import FiscalYear, User
from spm.ui.numbers import moment
from targets import cycles, grid_cells, presences, undoing
from targets.batches import Conflict, Overtaken
from targets.goals import Holder
from targets.grid_cells import Cell, Grid, GridRow, Pasted, Sent
from targets.models import CompanyPlan, GoalBatch, PlanningCycle
from targets.presences import Presence


class Place(Protocol):
    """Which grid, as the address says it. A ``cycle`` without a key: nobody plans the year by one."""

    @property
    def user(self) -> User: ...
    @property
    def year(self) -> FiscalYear: ...
    @property
    def cycle(self) -> PlanningCycle: ...
    @property
    def plan(self) -> CompanyPlan: ...
    @property
    def query(self) -> str: ...

    def grid(self) -> Grid: ...


@dataclass(frozen=True)
class Drawn:
    """One input: the text in it, what is wrong with it, whether it is not stored yet; ``at``: its line and place."""

    cell: Cell
    text: str
    at: str
    fault: str = ""
    is_new: bool = False


@dataclass(frozen=True)
class Line:
    """One row of the page with its inputs: the year first."""

    row: Any
    inputs: tuple[Drawn, ...]


@dataclass(frozen=True, kw_only=True)
class GridView:
    """A grid as a page shows it. ``seen`` and ``was`` go back with what is typed."""

    place: Any
    grid: Any
    lines: tuple[Line, ...]
    seen: int
    was: str
    undoable: GoalBatch | None
    presence: Presence | None
    needs_reason: bool
    pasted: Pasted | None = None
    conflicts: tuple[dict[str, str], ...] = ()
    lead: str = ""

    @property
    def count(self) -> int:
        """How many inputs differ from what is stored."""
        return sum(one.is_new for line in self.lines for one in line.inputs)


def drawn(
    place: Place, grid: Grid, sent: Sent, seen: int | None, pasted: Pasted | None, columns: Collection[str]
) -> dict[str, Any]:
    """The fields of a GridView, with what was sent and is not stored still in its inputs.

    ``columns``: of the numbers that the page is about, for the undo it offers.
    """
    own, presence = presences.read(place.plan, place.user)
    texts = grid_cells.drawn(grid) | {name: sent.was.get(name, "") for name in sent.texts}
    return {
        "place": place,
        "grid": grid,
        "lines": tuple(_line(top, row, sent) for top, row in enumerate(grid.rows)),
        "seen": grid.revision if seen is None else seen,
        "was": json.dumps(texts, ensure_ascii=False, separators=(",", ":")),
        "undoable": undoing.offered(place.user, place.plan, place.cycle, own, columns),
        "presence": presence,
        "needs_reason": cycles.needs_reason(place.cycle),
        "pasted": pasted,
    }


def _line(top: int, row: GridRow, sent: Sent) -> Line:
    inputs = []
    for left, cell in enumerate(grid_cells.cells_of(row)):
        text = sent.texts.get(cell.name, grid_cells.text_of(cell.amount))
        fault = sent.faults.get(cell.name, "")
        inputs.append(Drawn(cell, text, f"{top},{left}", fault, cell.name in sent.texts))
    return Line(row, tuple(inputs))


def conflicts_of(conflict: Conflict, grid: Grid) -> tuple[dict[str, str], ...]:
    """Both values of each number, for the page of a conflict; months of a row that one save changed are one line."""
    names: Mapping[tuple[Holder, str], str] = {(row.year.holder, row.year.measure): row.name for row in grid.rows}
    rows: dict[tuple[Holder, str, datetime], list[Overtaken]] = defaultdict(list)
    for cell in conflict.cells:
        rows[cell.holder, cell.measure, cell.at].append(cell)
    return tuple(_conflict(names.get((holder, measure), ""), cells) for (holder, measure, _at), cells in rows.items())


def _conflict(name: str, cells: Sequence[Overtaken]) -> dict[str, str]:
    ordered = sorted(cells, key=lambda cell: cell.period.starts_on)
    first, last = ordered[0], ordered[-1]
    title = first.period.title
    if len(cells) > 1:
        title = _("%(first)s to %(last)s") % {"first": title, "last": last.period.title}
    theirs = total(cell.theirs for cell in cells)
    who = {"value": grid_cells.text_of(theirs) or "—", "name": first.by.name if first.by else "—"}
    return {
        "label": f"{name}, {title}",
        "yours": grid_cells.text_of(total(cell.yours for cell in cells)) or "—",
        "theirs": _("%(value)s (%(name)s, %(at)s)") % {**who, "at": moment(first.at)},
    }
