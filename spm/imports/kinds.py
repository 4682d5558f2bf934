"""What can be imported: the columns of a kind, how its rows are judged and written, and the registry of kinds.

A kind is described once, by the app that owns its tables, in that app's ``imports.py``. The machine
(``spm.imports.batches``) reads, maps and parses a file without knowing any table, then lets the kind's ``Loader``
judge and write the rows inside one transaction.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from spm.errors import RuleViolation
from spm.imports.choices import RowOutcome
from spm.keys import normalise

if TYPE_CHECKING:
    from spm.imports.models import ImportBatch
    from spm.org.models import Company, User


class UnknownKind(RuleViolation):
    """No kind of import bears this name."""


class ColumnType(StrEnum):
    """How the text of a cell is understood; the parsers are in ``spm.imports.cells``."""

    TEXT = "text"  # str, blanks at the ends stripped
    EMAIL = "email"  # str
    DATE = "date"  # datetime.date
    AMOUNT = "amount"  # Decimal with at most four decimals; the cell may carry a currency sign or code
    NUMBER = "number"  # Decimal: a weight or a share
    RATE = "rate"  # Decimal: how much of one currency buys one of another
    INTEGER = "integer"  # int
    BOOLEAN = "boolean"  # bool
    CURRENCY = "currency"  # ISO 4217 code, upper case
    CHOICE = "choice"  # one of ``Column.choices``, whatever the case of the cell


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical header of a kind."""

    name: str
    type: ColumnType = ColumnType.TEXT
    required: bool = False  # the header must be there; see ``filled`` for the cells
    filled: bool = False  # an empty cell is refused
    choices: tuple[str, ...] = ()
    other_words: tuple[tuple[str, str], ...] = ()  # a word that files have for one of the choices, and that choice
    max_length: int = 200
    is_code: bool = False  # an id or a code: 0001 is not 1
    help: str | Promise = ""
    example: str = ""


class Row(NamedTuple):
    """A parsed row: canonical header → value, None for an empty cell. Headers that the file lacks are absent."""

    number: int  # as the spreadsheet shows it
    values: dict[str, Any]


class Difference(NamedTuple):
    """What a new or changed row makes of one number; None = no number. ``group``: what it may be added up with.

    ``parts``: the stored numbers of which ``before`` is the sum, in their order; empty where it is one number.
    ``holder`` tells whose it is where several have one name, two people or a team and a territory.
    """

    name: str
    group: str
    period: str
    before: Decimal | None
    after: Decimal | None
    parts: tuple[Decimal | None, ...] = ()
    holder: str = ""


class Verdict(NamedTuple):
    """What a row would do, and for one that needs a person's eye why."""

    outcome: RowOutcome
    column: str = ""
    value: str = ""
    reason: str = ""
    payload: Any = None  # for ``Loader.write``: what to write for a new or changed row
    facts: dict[str, Any] | None = None  # plain values that the kind wants to find the row by, once it is not loaded
    difference: Difference | None = None  # of kinds that load numbers: shown before the file is loaded


UNCHANGED = Verdict(RowOutcome.UNCHANGED)


def new(payload: Any) -> Verdict:
    return Verdict(RowOutcome.NEW, payload=payload)


def changed(payload: Any) -> Verdict:
    return Verdict(RowOutcome.CHANGED, payload=payload)


def refused(column: str, value: Any, reason: str | Promise) -> Verdict:
    return Verdict(RowOutcome.REFUSED, column, "" if value is None else str(value), str(reason))


def parked(column: str, value: Any, reason: str | Promise) -> Verdict:
    return Verdict(RowOutcome.PARKED, column, "" if value is None else str(value), str(reason))


@dataclass
class Run:
    """One judging (and perhaps writing) of one file: what a loader may know about it."""

    batch: "ImportBatch"
    company: "Company"
    by: "User | None" = None
    headers: frozenset[str] = frozenset()  # canonical headers that the file fills
    source: str = "file"
    is_snapshot: bool = False
    notes: list[str] = field(default_factory=list)  # told in preview and report


class Loader:
    """Judges and writes the rows of one file.

    A kind that ``streams`` gets blocks of at most 5,000 rows: ``survey`` for all of them first,
    then ``judge`` and ``write`` block by block. Any other kind gets the whole file as one block. Writing happens inside
    the one transaction of the commit; everything a loader has read since that transaction began is current, because
    imports commit one after the other.
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def survey(self, rows: Sequence[Row]) -> None:
        """See all rows once before the first is judged: dates to lock, sets that must add up."""

    def survey_refused(self, cells: Sequence[Mapping[str, str]]) -> None:
        """See the rows that could not be parsed, as canonical header → text: a set that lacks one is not whole."""

    def lock(self) -> None:
        """Take the row locks the write needs; called inside the transaction, before judging."""

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        """One verdict per row. Lookups are read here or on first use, never one query per row."""
        raise NotImplementedError

    def write(self, verdicts: Sequence[Verdict]) -> None:
        """Write the new and changed rows of one block and remember what undo needs."""
        raise NotImplementedError

    def absent(self) -> int:
        """How many stored lines of this source the file no longer names (full snapshots alone)."""
        return 0

    def finish(self) -> None:
        """Last step inside the transaction: tombstones of a snapshot, stale marks."""


class ImportKind(ABC):
    """One kind of file. Subclasses set the class attributes and name their loader."""

    name: ClassVar[str]
    label: ClassVar[str | Promise]
    help: ClassVar[str | Promise] = ""
    columns: ClassVar[tuple[Column, ...]]
    key: ClassVar[tuple[str, ...]]  # the columns that tell two rows of a file apart
    loader: ClassVar[type[Loader]]
    streams: ClassVar[bool] = False
    takes_snapshots: ClassVar[bool] = False
    order: ClassVar[int] = 100  # place in menus: the order in which an empty company loads its files
    for_managers: ClassVar[bool] = False  # managers load it too, what they may set; the loader refuses the rest

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def required_headers(self) -> list[str]:
        return [column.name for column in self.columns if column.required]

    def identity(self, values: dict[str, Any]) -> tuple[Any, ...]:
        """What makes two rows of one file the same thing; texts in their normal form (INV-12)."""
        return tuple(
            normalise(value) if isinstance(value, str) else value for value in (values.get(name) for name in self.key)
        )

    def group_label(self, group: str) -> str | Promise:
        """How a ``Difference.group`` is called."""
        return group

    @abstractmethod
    def undo(self, batch: "ImportBatch", by: "User | None") -> None:
        """Put back what the batch changed, inside the caller's transaction. Raises RuleViolation where it cannot."""


_kinds: dict[str, ImportKind] = {}


def register[Kind: type[ImportKind]](kind: Kind) -> Kind:
    """Class decorator: make the kind known under its name."""
    _kinds[kind.name] = kind()
    return kind


def kind_named(name: str) -> ImportKind:
    """The kind of this name. Raises UnknownKind with the names there are."""
    try:
        return _kinds[name]
    except KeyError:
        names = ", ".join(kind.name for kind in all_kinds())
        raise UnknownKind(
            _("There is no import kind “%(name)s”. Kinds: %(names)s.") % {"name": name, "names": names}
        ) from None


def all_kinds() -> list[ImportKind]:
    """Every kind, in the order in which an empty company loads its files."""
    return sorted(_kinds.values(), key=lambda kind: (kind.order, kind.name))


def names_for_managers() -> list[str]:
    """The kinds that managers load too."""
    return [kind.name for kind in all_kinds() if kind.for_managers]


def autodiscover() -> None:
    """Import the ``imports`` module of every app, which registers its kinds."""
    autodiscover_modules("imports")
