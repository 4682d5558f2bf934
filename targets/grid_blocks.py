"""Blocks of cells copied from a spreadsheet, laid on a grid: downward from a cell, or by the names of their lines.

Nothing is stored here; what falls on no cell, or on one that cannot be changed, is told beside it.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.keys import normalise
from spm.ui.amounts import parse_amount
from targets.goals import Holder
from targets.grid_cells import Cell, Grid, GridRow, Pasted, PastedCell, PastedRow, cells_of, read_cell, read_sent

MOST_CELLS = 20_000
"""A block of more cells is no block of this grid."""
NAMING_COLUMNS = 2
"""At most so many columns at the left name the rows: a name, an e-mail."""
WORD = re.compile(r"[^\W\d_]{2}|@")

type Names = Mapping[Holder, Sequence[str]]
"""What else a row may be called by: the e-mail of a person."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a block: its cells, the row it falls on, and why on none; ``name``: what it calls the row."""

    cells: Sequence[str]
    row: GridRow | None
    name: str = ""
    fault: str = ""


def read_block(text: str) -> list[list[str]]:
    """Lines and cells as a spreadsheet copies them: tabs, quoted fields; empty lines at the end are none.

    Raises RuleViolation for what is no such block.
    """
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), delimiter="\t"))
    except csv.Error as error:
        raise RuleViolation(_("This is not a block of cells copied from a spreadsheet.")) from error
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if sum(map(len, rows)) > MOST_CELLS:
        raise RuleViolation(_("This block has more cells than the grid can have."))
    if not rows:
        raise RuleViolation(_("There is nothing to paste."))
    return [[cell.strip() for cell in row] for row in rows]


def lay(grid: Grid, text: str, at: tuple[str, str], language: str, names: Names | None = None) -> Pasted:
    """The block laid on the grid from a cell on, to the right and downward. Empty cells of it change nothing.

    ``at``: the place of the cell among the lines and inputs of the page, from 0. A block that begins on a person falls
    on people alone; one whose first columns hold names or e-mails on the rows of these names, wherever they stand.
    Raises RuleViolation where there is no such cell, or no block.
    """
    block = read_block(text)
    top, left = (int(place) if place.isascii() and place.isdecimal() else MOST_CELLS for place in at)
    if top >= len(grid.rows) or left > len(grid.columns):
        raise RuleViolation(_("Choose the cell in which the block begins."))
    naming = _naming_columns(block, language)
    lines = _by_name(grid, block, naming, names or {}) if naming else _downward(grid, block, top)
    width = max(len(line.cells) for line in lines)
    texts: dict[str, str] = {}
    rows = []
    for line in lines:
        cells = cells_of(line.row)[left:] if line.row else ()
        laid = _laid(line, cells, grid.currency, language)
        texts |= {cell.name: typed for typed, cell in zip(line.cells, cells, strict=False) if typed and cell.editable}
        name = line.row.name if line.row else line.name
        rows.append(PastedRow(name, (*laid, *[PastedCell(None, "", "")] * (width - len(laid)))))
    heads = [grid.year, *(period.title for period in grid.columns)][left : left + width]
    pasted = Pasted(tuple(rows), texts, tuple(heads + [""] * (width - len(heads))))
    return pasted if left else _with_sums(grid, pasted, lines, language)


def _downward(grid: Grid, block: Sequence[Sequence[str]], top: int) -> list[_Line]:
    """Row by row; from a person on over people alone, so that a list of people never falls on a team."""
    rows = [row for row in grid.rows[top:] if is_summary(grid.rows[top]) or not is_summary(row)]
    return [_Line(cells, row) for cells, row in zip(block, (*rows, *[None] * len(block)), strict=False)]


def is_summary(row: GridRow) -> bool:
    """Whether the row stands for others: a team, or those whom the viewer does not see."""
    return getattr(row, "is_team", False) or getattr(row, "is_rest", False)


def _naming_columns(block: Sequence[Sequence[str]], language: str) -> int:
    """How many columns at the left name the rows: all their cells are words, and none of them an amount."""
    width, found = max(map(len, block)), 0
    while found < min(NAMING_COLUMNS, width - 1):
        words = [line[found] for line in block if found < len(line) and line[found]]
        if not words or not all(WORD.search(word) and not _is_amount(word, language) for word in words):
            break
        found += 1
    return found


def _is_amount(text: str, language: str) -> bool:
    try:
        parse_amount(text, language)
    except ValueError:
        return False
    return True


def _by_name(grid: Grid, block: Sequence[Sequence[str]], naming: int, names: Names) -> list[_Line]:
    rows: dict[str, list[GridRow]] = defaultdict(list)
    for row in grid.rows:
        for name in {normalise(text) for text in (row.name, *names.get(row.year.holder, ()))}:
            rows[name].append(row)
    taken: set[str] = set()
    lines = []
    for line in block:
        called = [text for text in line[:naming] if text]
        found = next((rows[key] for text in reversed(called) if (key := normalise(text)) in rows), [])
        lines.append(_named(line[naming:], called, found, taken))
    return lines


def _named(cells: Sequence[str], called: Sequence[str], found: Sequence[GridRow], taken: set[str]) -> _Line:
    """One line and the row of its name. ``taken``: the rows that lines above it fall on."""
    name = ", ".join(called)
    if not called or not found:
        words = {"name": name or "—"}
        return _Line(cells, None, name, _("This page has no row “%(name)s”.") % words)
    if len(found) > 1:
        return _Line(cells, None, name, _("Several rows are called “%(name)s”: use their e-mails.") % {"name": name})
    row = found[0]
    if row.year.name in taken:
        return _Line(cells, None, name, _("“%(name)s” stands in this block twice.") % {"name": name})
    taken.add(row.year.name)
    return _Line(cells, row, name)


def _laid(line: _Line, cells: Sequence[Cell], currency: str, language: str) -> list[PastedCell]:
    if line.fault:
        return [PastedCell(None, text, line.fault if text else "") for text in line.cells]
    places = (*cells, *[None] * len(line.cells))
    return [_lay(cell, text, currency, language) for text, cell in zip(line.cells, places, strict=False)]


def _lay(cell: Cell | None, text: str, currency: str, language: str) -> PastedCell:
    if cell is None:
        return PastedCell(None, text, _("“%(text)s” lies outside the grid.") % {"text": text} if text else "")
    fault = ""
    if text and not cell.editable:
        fault = _("This number cannot be changed here.")
    elif text:
        try:
            read_cell(cell, text, currency, language)
        except RuleViolation as error:
            fault = str(error)
    return PastedCell(cell.amount, text, fault)


def _with_sums(grid: Grid, pasted: Pasted, lines: Sequence[_Line], language: str) -> Pasted:
    """The same with the years that are not the sum of what was pasted beside them."""
    sent = read_sent(grid, {}, language, pasted)
    rows = []
    for laid, line in zip(pasted.rows, lines, strict=True):
        fault = sent.faults.get(line.row.year.name, "") if line.row else ""
        first, *rest = laid.cells
        rows.append(replace(laid, cells=(replace(first, fault=fault), *rest)) if fault else laid)
    return replace(pasted, rows=tuple(rows))
