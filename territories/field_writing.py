"""Fields written one by one while others may write too: what was changed, what became of it, how words are read.

A change names what it was made on (``was``, and the row's version ``seen``). Where somebody, or another window, wrote
the same field since, it comes back as a conflict with both texts. Rule: ux.md, Autosave.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.keys import as_key
from spm.org import clock
from spm.ui.amounts import AmountField, parse_amount
from spm.ui.numbers import decimals_of, number

LARGEST = Decimal(10) ** 11


class BadWords(RuleViolation):
    """The field cannot take this."""


class AlreadyGone(RuleViolation):
    """Somebody else, or the same button pressed twice, has taken it out."""


def still_there[Row: Model](rows: QuerySet[Row], pk: int) -> Row:
    """The row as it stands now, read under the lock of what it belongs to. Raises AlreadyGone."""
    row = rows.filter(pk=pk).first()
    if row is None:
        raise AlreadyGone(_("It has been taken out already."))
    return row


@dataclass(frozen=True, slots=True)
class Change:
    """One field as typed. ``row``: which row of the form, by its name there ("plan", the key of a line)."""

    row: str
    name: str
    text: str
    seen: int
    was: str

    @property
    def key(self) -> str:
        """As the form names the field."""
        return f"{self.row}-{self.name}"


@dataclass(frozen=True, slots=True)
class Conflict:
    change: Change
    theirs: str
    version: int
    at: datetime | None


@dataclass
class Outcome:
    """What became of a call: the versions of the rows touched, by row, and what was not taken."""

    versions: dict[str, int] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)  # field → sentence
    shown: dict[str, str] = field(default_factory=dict)  # field → what is stored, as an input shows it
    saved_at: datetime | None = None
    typed: dict[str, str] = field(default_factory=dict)  # field → what was typed and not taken

    def keep_typed(self, changes: Sequence[Change]) -> None:
        """Remember the texts that were not taken, for a page without scripts to show them again."""
        open_ones = {one.change.key for one in self.conflicts} | set(self.refused)
        self.typed = {change.key: change.text for change in changes if change.key in open_ones}

    @property
    def refusals(self) -> list[tuple[str, str]]:
        """(sentence, what was typed) of each field that was not taken."""
        return [(sentence, self.typed.get(key, "")) for key, sentence in self.refused.items()]


type Reader[Ground] = Callable[[Any, str, Ground], Any]
"""What a row's field takes: (row, text, ground) → the value stored. Raises RuleViolation."""


def _itself(row: Any, _name: str) -> Any:
    return row


@dataclass(frozen=True)
class Fields[Ground]:
    """The fields of a page whose rows are of several kinds, and the one way in which they are written and shown.

    ``readers``: by class of row and name of the field; ``columns``: of fields stored under another name; ``holder``:
    the row that holds the field, where it is one beside. ``Ground``: whom and what a field may name.
    """

    readers: Mapping[type, Mapping[str, Reader[Ground]]]
    columns: Mapping[str, str] = field(default_factory=dict)
    holder: Callable[[Any, str], Any] = _itself

    def write(self, rows: Mapping[str, Any], changes: Sequence[Change], ground: Ground) -> tuple[Outcome, list[str]]:
        """Take the changes into ``rows``, by their names in the form; the outcome, and which of them to ``store``."""
        outcome, touched = Outcome(), set()
        for change in changes:
            row = rows.get(change.row)
            if row is None or change.name not in self.readers[type(row)]:
                outcome.refused[change.key] = _("This row is gone; somebody took it out meanwhile.")
            elif self._take(row, change, ground, outcome):
                touched.add(change.row)
        outcome.keep_typed(changes)
        return outcome, sorted(touched)

    def _take(self, row: Any, change: Change, ground: Ground, outcome: Outcome) -> bool:
        """Whether the field took the change, and it says something new."""
        now = self.shown(row, change.name)
        if clashes(change, row.version, now):
            outcome.conflicts.append(Conflict(change, now, row.version, None))
            return False
        try:
            value = self.readers[type(row)][change.name](row, change.text, ground)
        except RuleViolation as refusal:
            outcome.refused[change.key] = str(refusal)
            return False
        holder, column = self.holder(row, change.name), self.columns.get(change.name, change.name)
        if getattr(holder, column) == value:
            return False
        setattr(holder, column, value)
        outcome.shown[change.key] = self.shown(row, change.name)
        return True

    def shown(self, row: Any, name: str) -> str:
        """What is stored, as an input shows it."""
        value = getattr(self.holder(row, name), self.columns.get(name, name), None)
        if value is None:
            return ""
        if isinstance(value, date):
            return value.isoformat()
        return number(value, decimals_of(value)) if isinstance(value, Decimal) else str(value)


def store(rows: Mapping[str, Any], touched: Sequence[str], outcome: Outcome, save: Callable[[Any], None]) -> Outcome:
    """Save what was touched, each as a new version; the outcome tells the versions of all rows."""
    for name in touched:
        rows[name].version += 1
        save(rows[name])
    outcome.saved_at = clock.now() if touched else None
    outcome.versions = {name: row.version for name, row in rows.items()}
    return outcome


def clashes(change: Change, version: int, now: str) -> bool:
    """Whether somebody else wrote the field since: ``now`` it says neither what was there before nor what is wanted."""
    wanted = change.text.strip().replace("\r\n", "\n")
    return change.seen != version and now not in (change.was, wanted)


def words(text: str, most: int) -> str:
    """One line of text. Raises BadWords beyond ``most`` characters."""
    said = " ".join(text.replace("\x00", "").split())
    if len(said) > most:
        told = _("%(count)d characters are too many: %(most)d fit.")
        raise BadWords(told % {"count": len(said), "most": most})
    return said


def lines(text: str, most: int) -> str:
    """Text of several lines. Raises BadWords beyond ``most`` characters."""
    rows = [" ".join(row.split()) for row in text.replace("\x00", "").splitlines()]
    said = "\n".join(rows).strip()
    if len(said) > most:
        told = _("%(count)d characters are too many: %(most)d fit.")
        raise BadWords(told % {"count": len(said), "most": most})
    return said


def amount(text: str, _by: object = None) -> Decimal | None:
    """An amount from 0 on, None for no text. Raises BadWords."""
    if not text.strip():
        return None
    try:
        found = parse_amount(text)
    except ValueError as error:
        raise BadWords(AmountField.default_error_messages["invalid"] % {"value": text}) from error
    if found < 0 or found >= LARGEST or found != round(found, 2):
        raise BadWords(_("Write an amount from 0 on, with at most two decimals."))
    return found


def day(text: str, _by: object = None) -> date | None:
    """A day in ISO, as the browser's picker sends it; None for no text. Raises BadWords."""
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise BadWords(_("Choose a day.")) from error


def one_of(text: str, keys: Collection[int | None]) -> int | None:
    """A key of a list of choices, None for no text. Raises BadWords for any other."""
    key = as_key(text.strip()) if text.strip() else None
    if text.strip() and (key is None or key not in keys):
        raise BadWords(_("Choose one of the list."))
    return key


def whole(text: str, low: int, high: int) -> int:
    """A whole number of a list of choices. Raises BadWords for any other."""
    try:
        found = int(text.strip().replace("−", "-"))
    except ValueError:
        found = low - 1
    if not low <= found <= high:
        raise BadWords(_("Choose one of the list."))
    return found
