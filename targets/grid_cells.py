"""The cells of a grid, and what comes back from it: typed cells and pasted blocks, read against their grid.

Every input travels with the text it was drawn with, all of them in one field ``was`` as JSON: what equals it was not
touched. Nothing is stored here, and nothing that was typed gets lost: a fault stands beside the text it is about.
"""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Protocol
from urllib.parse import quote

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.money import ZERO
from spm.org.models import Period
from spm.ui.amounts import parse_amount
from spm.ui.numbers import decimals_of, number
from targets.goals import MODEL_OF, Goal, GoalModel, Holder, refuse_amount
from targets.models import PlanLine

LETTERS = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1"})
MOST_CELLS = 20_000
"""A block of more cells is no block of this grid."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The number of a holder for one measure and a period of any level. ``name`` is its input: ``c:person:12:345``."""

    holder: Holder
    measure: str
    period: Period
    amount: Decimal | None
    held: bool  # stays when a total is spread
    closed: bool
    editable: bool

    @property
    def name(self) -> str:
        if self.holder.column == "segment":
            return f"c:{self.measure}:{quote(str(self.holder.key), safe='')}:{self.period.pk}"
        return f"c:{self.holder.column.removesuffix('_id')}:{self.holder.key}:{self.period.pk}"


class GridRow(Protocol):
    """One line of a grid: the year's number, and those of the columns."""

    @property
    def name(self) -> str: ...
    @property
    def year(self) -> Cell: ...
    @property
    def cells(self) -> tuple[Cell, ...]: ...


class Grid(Protocol):
    """What cells are read against. ``revision`` goes back with every write as ``seen``."""

    @property
    def year(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def columns(self) -> tuple[Period, ...]: ...
    @property
    def rows(self) -> tuple[GridRow, ...]: ...
    @property
    def revision(self) -> int: ...
    @property
    def is_open(self) -> bool: ...


@dataclass(frozen=True)
class Sent:
    """What a page sent: texts by cell name that differ from what was drawn, and what is wrong with them."""

    texts: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    amounts: Mapping[str, Decimal | None] = field(default_factory=dict)
    was: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PastedCell:
    """One cell of a block as the preview shows it."""

    before: Decimal | None
    text: str
    fault: str


@dataclass(frozen=True)
class PastedRow:
    """One line of a block beside the line of the grid it falls on; ``name`` is empty below the last one."""

    name: str
    cells: tuple[PastedCell, ...]

    @property
    def faults(self) -> list[str]:
        return list(dict.fromkeys(cell.fault for cell in self.cells if cell.fault))


@dataclass(frozen=True)
class Pasted:
    """A block laid on the grid. ``texts`` are those that fall on cells which may be changed."""

    rows: tuple[PastedRow, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return sum(bool(cell.text) for row in self.rows for cell in row.cells)

    @property
    def rejected(self) -> int:
        return sum(bool(cell.fault) for row in self.rows for cell in row.cells)

    @property
    def accepted(self) -> int:
        return self.count - self.rejected


def text_of(amount: Decimal | None) -> str:
    """An amount as its input shows it."""
    return "" if amount is None else number(amount, decimals_of(amount))


def cells_of(row: GridRow) -> tuple[Cell, ...]:
    """The inputs of a line in the order of the page: the year, then the columns."""
    return (row.year, *row.cells)


def drawn(grid: Grid) -> dict[str, str]:
    """The texts of all inputs."""
    return {cell.name: text_of(cell.amount) for row in grid.rows for cell in cells_of(row) if cell.editable}


def read_sent(grid: Grid, data: Mapping[str, str], language: str, pasted: Pasted | None = None) -> Sent:
    """The cells that somebody typed into, with those of a block laid over them."""
    was = _was(data.get("was", ""))
    texts = {
        name: text.strip()[:100]
        for name, text in data.items()
        if name.startswith("c:") and text.strip() != was.get(name, "")
    }
    texts |= pasted.texts if pasted else {}
    editable = {cell.name: cell for row in grid.rows for cell in cells_of(row) if cell.editable}
    faults, amounts = {}, {}
    for name, text in texts.items():
        try:
            if name not in editable:
                raise RuleViolation(_("This number cannot be changed here."))
            amounts[name] = _read(editable[name], text, grid.currency, language) if text else None
        except RuleViolation as error:
            faults[name] = str(error)
    faults |= _split_wrongly(grid, amounts)
    return Sent(texts, faults, amounts, was)


def _was(text: str) -> dict[str, str]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _read(cell: Cell, text: str, currency: str, language: str) -> Decimal:
    """The company may plan below zero, a margin for one; targets and quotas are not negative."""
    return read_amount(text, currency, language, negative=MODEL_OF[cell.holder.column] is PlanLine)


def read_amount(text: str, currency: str, language: str, *, negative: bool = False) -> Decimal:
    """The amount that somebody wrote, below zero only where ``negative``. Raises RuleViolation that names the text."""
    try:
        amount = parse_amount(text, language)
    except ValueError as error:
        raise RuleViolation(_not_an_amount(text, language)) from error
    refuse_amount(amount, currency, negative=negative)
    return amount


def read_percent(text: str, language: str) -> Decimal:
    """Whole percents as somebody wrote them: "8", "+8 %". Raises RuleViolation with a sentence."""
    try:
        return parse_amount(text.strip().removesuffix("%").strip().removeprefix("+"), language)
    except ValueError as error:
        raise RuleViolation(_("“%(text)s” is not a percentage.") % {"text": text[:40]}) from error


def _not_an_amount(text: str, language: str) -> str:
    if re.search(r"\d", text) and (meant := text.translate(LETTERS)) != text:
        try:
            words = {"text": text, "meant": text_of(parse_amount(meant, language))}
            return _("“%(text)s” holds a letter. Did you mean %(meant)s?") % words
        except ValueError:
            pass
    return _("“%(text)s” is not an amount. Write it like 1200000, 1.2M or 1200k.") % {"text": text}


def _split_wrongly(grid: Grid, amounts: Mapping[str, Decimal | None]) -> dict[str, str]:
    """Years that were given together with their parts, and are not the sum of them."""
    faults = {}
    for row in grid.rows:
        parts = [amounts.get(cell.name, cell.amount) or ZERO for cell in row.cells]
        given = any(cell.name in amounts for cell in row.cells)
        if row.year.name in amounts and given and (amounts[row.year.name] or ZERO) != sum(parts, ZERO):
            words = {"sum": text_of(sum(parts, ZERO))}
            faults[row.year.name] = _("The parts of the year add up to %(sum)s. Give one or the other.") % words
    return faults


def goals_of(grid: Grid, sent: Sent) -> list[tuple[GoalModel, Goal]]:
    """The readable cells as goals; a year that is the sum of parts which were given too needs no goal of its own."""
    goals: list[tuple[GoalModel, Goal]] = []
    for row in grid.rows:
        good = [cell for cell in cells_of(row) if cell.name in sent.amounts and cell.name not in sent.faults]
        if len(good) > 1 and good[0] is row.year:
            good = good[1:]
        for cell in good:
            goal = Goal(cell.holder, cell.measure, cell.period, sent.amounts[cell.name])
            goals.append((MODEL_OF[cell.holder.column], goal))
    return goals


# Blocks


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


def lay(grid: Grid, text: str, row: str, column: str, language: str) -> Pasted:
    """The block laid on the grid from a cell on, to the right and downward. Empty cells of it change nothing.

    ``row``, ``column``: the place of the cell among the lines and inputs of the page, from 0. Raises RuleViolation
    where there is no such cell, or no block.
    """
    block = read_block(text)
    top, left = (int(place) if place.isascii() and place.isdecimal() else MOST_CELLS for place in (row, column))
    if top >= len(grid.rows) or left > len(grid.columns):
        raise RuleViolation(_("Choose the cell in which the block begins."))
    width = max(map(len, block))
    texts: dict[str, str] = {}
    rows = []
    for i, line in enumerate(block):
        beside = grid.rows[top + i] if top + i < len(grid.rows) else None
        cells = cells_of(beside)[left:] if beside else ()
        places_right = (*cells, *[None] * len(line))
        laid = [_lay(cell, typed, grid.currency, language) for typed, cell in zip(line, places_right, strict=False)]
        texts |= {cell.name: typed[:100] for typed, cell in zip(line, cells, strict=False) if typed and cell.editable}
        laid += [PastedCell(None, "", "")] * (width - len(laid))
        rows.append(PastedRow(beside.name if beside else "", tuple(laid)))
    heads = [grid.year, *(period.title for period in grid.columns)][left : left + width]
    pasted = Pasted(tuple(rows), texts, tuple(heads + [""] * (width - len(heads))))
    return _with_sums(grid, pasted, top, left, language)


def _lay(cell: Cell | None, text: str, currency: str, language: str) -> PastedCell:
    if cell is None:
        return PastedCell(None, text, _("“%(text)s” lies outside the grid.") % {"text": text} if text else "")
    fault = ""
    if text and not cell.editable:
        fault = _("This number cannot be changed here.")
    elif text:
        try:
            _read(cell, text, currency, language)
        except RuleViolation as error:
            fault = str(error)
    return PastedCell(cell.amount, text, fault)


def _with_sums(grid: Grid, pasted: Pasted, top: int, left: int, language: str) -> Pasted:
    """The same with the years that are not the sum of what was pasted beside them."""
    if left:
        return pasted
    sent = read_sent(grid, {}, language, pasted)
    rows = list(pasted.rows)
    for place, row in enumerate(grid.rows[top : top + len(rows)]):
        first, *rest = rows[place].cells
        if fault := sent.faults.get(row.year.name):
            rows[place] = replace(rows[place], cells=(replace(first, fault=fault), *rest))
    return replace(pasted, rows=tuple(rows))
