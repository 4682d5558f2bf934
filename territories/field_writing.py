"""Fields written one by one while others may write too: what was changed, what became of it, how words are read.

A change names what it was made on (``was``, and the row's version ``seen``). Where somebody, or another window, wrote
the same field since, it comes back as a conflict with both texts. Rule: ux.md, Autosave.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.ui.amounts import AmountField, parse_amount

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


def whole(text: str, low: int, high: int) -> int:
    """A whole number of a list of choices. Raises BadWords for any other."""
    try:
        found = int(text.strip().replace("−", "-"))
    except ValueError:
        found = low - 1
    if not low <= found <= high:
        raise BadWords(_("Choose one of the list."))
    return found
