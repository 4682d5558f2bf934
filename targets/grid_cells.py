"""The cells of a grid, and what comes back from it, read against the grid; blocks are laid on it by ``grid_blocks``.

Every input travels with the text it was drawn with, all of them in one field ``was`` as JSON: what equals it was not
touched. Nothing is stored here, and nothing that was typed gets lost: a fault stands beside the text it is about.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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

LONGEST = 100
"""Characters; what is longer is no amount, and stays in its cell as it was typed."""
LETTERS = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1"})


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


def parse_cell(name: str, periods: Mapping[int, Period]) -> tuple[Holder, Period] | None:
    """Holder and period of an input's name; None where it is not the name of a cell of these periods."""
    kind, column, key, period = (name.split(":") + [""] * 4)[:4]
    known = kind == "c" and column in ("person", "team") and key.isdecimal() and period.isdecimal()
    if not known or len(key) > 18 or len(period) > 18 or int(period) not in periods:
        return None
    return Holder(f"{column}_id", int(key)), periods[int(period)]


def read_sent(grid: Grid, data: Mapping[str, str], language: str, pasted: Pasted | None = None) -> Sent:
    """The cells that somebody typed into, with those of a block laid over them."""
    was = _was(data.get("was", ""))
    texts = {
        name: text.strip() for name, text in data.items() if name.startswith("c:") and text.strip() != was.get(name, "")
    }
    texts |= pasted.texts if pasted else {}
    editable = {cell.name: cell for row in grid.rows for cell in cells_of(row) if cell.editable}
    faults, amounts = {}, {}
    for name, text in texts.items():
        try:
            if name not in editable:
                raise RuleViolation(_("This number cannot be changed here."))
            amounts[name] = read_cell(editable[name], text, grid.currency, language)
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


def read_cell(cell: Cell, text: str, currency: str, language: str) -> Decimal | None:
    """What somebody wrote into a cell; None takes its number away. Raises RuleViolation.

    The company may plan below zero, a margin for one; targets and quotas are not negative.
    """
    is_line = MODEL_OF[cell.holder.column] is PlanLine
    amount = read_amount(text, currency, language, negative=is_line) if text else None
    if cell.held and amount != cell.amount:
        raise RuleViolation(_("This number is held. Release it to change it."))
    return amount


def read_amount(text: str, currency: str, language: str, *, negative: bool = False) -> Decimal:
    """The amount that somebody wrote, below zero only where ``negative``. Raises RuleViolation that names the text."""
    if len(text) > LONGEST:
        raise RuleViolation(_not_an_amount(f"{text[:LONGEST]}…", language))
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
