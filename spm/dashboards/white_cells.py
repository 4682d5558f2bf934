"""One cell of the white space: bought, open in the pipeline, bought before, or white. Pure."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _

from spm.ui.numbers import day, money_compact

MARKS = {"bought": "●", "open": "◐", "before": "◌", "white": "○"}


class CellKind(StrEnum):
    """In this order: what was credited in the days shown goes before the pipeline, that before what is past."""

    BOUGHT = "bought"
    OPEN = "open"
    BEFORE = "before"
    WHITE = "white"


@dataclass(frozen=True, slots=True)
class Cell:
    """``expected``: of a white one, what it may bring in a year; None where too little is known to say."""

    account: int
    family: int
    kind: CellKind
    account_name: str
    family_name: str
    amount: Decimal
    pipeline: Decimal
    expected: Decimal | None
    last: date | None
    label: str = ""  # the whole cell as a sentence, for who cannot see marks

    @property
    def mark(self) -> str:
        return MARKS[self.kind]

    @property
    def shown(self) -> Decimal | None:
        """The amount that stands in the cell."""
        shown = {CellKind.BOUGHT: self.amount, CellKind.OPEN: self.pipeline, CellKind.WHITE: self.expected}
        return shown.get(self.kind)


def _sentence(cell: Cell, currency: str) -> str:
    told = {
        "account": cell.account_name,
        "family": cell.family_name,
        "amount": money_compact(cell.shown, currency),
        "day": day(cell.last) if cell.last else "",
    }
    if cell.kind is CellKind.BOUGHT:
        return _("%(family)s at %(account)s: bought for %(amount)s") % told
    if cell.kind is CellKind.OPEN:
        return _("%(family)s at %(account)s: %(amount)s open in the pipeline") % told
    if cell.kind is CellKind.BEFORE and cell.last is None:
        return (
            _("%(family)s at %(account)s: bought from a colleague; when and for how much is not yours to read") % told
        )
    if cell.kind is CellKind.BEFORE:
        return _("%(family)s at %(account)s: last bought on %(day)s") % told
    if cell.expected is None:
        return _("%(family)s at %(account)s: never bought, too little is known to expect an amount") % told
    return _("%(family)s at %(account)s: never bought, %(amount)s may be expected") % told


def cell_of(  # noqa: PLR0913  # what is known of one cell
    *,
    account: int,
    family: int,
    name: tuple[str, str],
    amount: Decimal,
    last: date | None,
    was_bought: bool,
    pipeline: Decimal,
    expected: Decimal | None,
    currency: str,
) -> Cell:
    """``last``: the newest credit that the reader sees; ``was_bought``: from whomever; ``name``: of both."""
    if amount:
        kind = CellKind.BOUGHT
    elif pipeline:
        kind = CellKind.OPEN
    else:
        kind = CellKind.BEFORE if last or was_bought else CellKind.WHITE
    may_bring = expected if kind is CellKind.WHITE else None
    found = Cell(account, family, kind, *name, amount, pipeline, may_bring, last)
    return replace(found, label=_sentence(found, currency))
