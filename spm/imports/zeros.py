"""Ids made of digits that differ in leading zeros alone: what a spreadsheet drops when it takes an id for a number.

``0001`` and ``1`` stay two ids (INV-12), but nobody has both: one of them has been through a spreadsheet. Counted as
a second line, it would double a total without a word. Pure functions over normalised ids.
"""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext as _


def is_digits(key: str) -> bool:
    """Whether ``key`` is made of the digits 0 to 9, as an id is that a spreadsheet takes for a number."""
    return key.isascii() and key.isdigit()


def bare(key: str) -> str:
    """What a spreadsheet leaves of an id made of digits: ``0042`` is 42, ``000`` is 0."""
    return key.lstrip("0") or "0"


class ZeroForms:
    """Ids made of digits, by what is left of each without its zeros; of several the one that has most of them."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self.fullest: dict[str, str] = {}
        self.update(keys)

    def update(self, keys: Iterable[str]) -> None:
        for key in keys:
            if is_digits(key):
                number = bare(key)
                if len(key) > len(self.fullest.get(number, "")):
                    self.fullest[number] = key

    def other(self, key: str) -> str | None:
        """The id here that differs from ``key`` in leading zeros alone; None where there is none, or only ``key``."""
        found = self.fullest.get(bare(key)) if self.fullest and is_digits(key) else None
        return None if found == key else found

    def fuller(self, key: str) -> str | None:
        """The same, where it has zeros that ``key`` lacks."""
        found = self.other(key)
        return found if found and len(found) > len(key) else None

    def sentence(self, key: str, unknown: str | Promise) -> str | Promise:
        """Why nothing has this id: its zeros, where they are the reason, else ``unknown``."""
        found = self.other(key)
        return reason(key, found) if found else unknown


def reason(key: str, other: str) -> str:
    """Why a row with the id ``key`` is refused, where ``other`` is known."""
    if len(key) < len(other):
        return _(
            "The ids have lost leading zeros: there is “%(other)s”. Format the column as text in the spreadsheet "
            "and put the zeros back."
        ) % {"other": other}
    return _(
        "“%(other)s” is there already, and seems to be this id without its leading zeros. Undo the import that "
        "brought it, then load this one."
    ) % {"other": other}
