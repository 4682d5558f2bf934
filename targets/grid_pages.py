"""What every page of a grid is chosen by and draws: inputs with what was typed, the undo on offer, both values of a
conflict.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.translation import gettext as _

from spm.org.models import FiscalYear, User
from targets import access, batches, grid_cells
from targets.batches import Conflict
from targets.goals import Holder
from targets.grid_cells import Cell, Grid, GridRow, Pasted, Sent
from targets.models import CompanyPlan, GoalBatch, PlanningCycle


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
    pasted: Pasted | None = None
    conflicts: tuple[dict[str, str], ...] = ()
    lead: str = ""

    @property
    def count(self) -> int:
        """How many inputs differ from what is stored."""
        return sum(one.is_new for line in self.lines for one in line.inputs)


def drawn(place: Place, grid: Grid, sent: Sent, seen: int | None, pasted: Pasted | None) -> dict[str, Any]:
    """The fields of a GridView, with what was sent and is not stored still in its inputs."""
    texts = grid_cells.drawn(grid) | {name: sent.was.get(name, "") for name in sent.texts}
    return {
        "place": place,
        "grid": grid,
        "lines": tuple(_line(top, row, sent) for top, row in enumerate(grid.rows)),
        "seen": grid.revision if seen is None else seen,
        "was": json.dumps(texts, ensure_ascii=False, separators=(",", ":")),
        "undoable": _undoable(place),
        "pasted": pasted,
    }


def _line(top: int, row: GridRow, sent: Sent) -> Line:
    inputs = []
    for left, cell in enumerate(grid_cells.cells_of(row)):
        text = sent.texts.get(cell.name, grid_cells.text_of(cell.amount))
        fault = sent.faults.get(cell.name, "")
        inputs.append(Drawn(cell, text, f"{top},{left}", fault, cell.name in sent.texts))
    return Line(row, tuple(inputs))


def _undoable(place: Place) -> GoalBatch | None:
    """The user's newest batch, if it may still be undone."""
    found = batches.last_undoable(place.plan, place.user)
    return found if found and access.can_undo(place.user, found) else None


def conflicts_of(conflict: Conflict, grid: Grid) -> tuple[dict[str, str], ...]:
    """Both values of each cell, for the page of a conflict."""
    names: Mapping[tuple[Holder, str], str] = {(row.year.holder, row.year.measure): row.name for row in grid.rows}
    found = []
    for cell in conflict.cells:
        who = {"value": grid_cells.text_of(cell.theirs) or "—", "name": cell.by.name if cell.by else "—"}
        found.append(
            {
                "label": f"{names.get((cell.holder, cell.measure), '')}, {cell.period.title}",
                "yours": grid_cells.text_of(cell.yours) or "—",
                "theirs": _("%(value)s (%(name)s)") % who,
            }
        )
    return tuple(found)
