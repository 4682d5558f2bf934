"""Which columns a table shows: those that the address names, else the set that fits the width. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Shown:
    """The columns of one table as its template asks for them: ``{% if "gap" in columns.keys %}``."""

    keys: tuple[str, ...]
    is_chosen: bool
    choices: tuple[tuple[str, str | Promise, bool], ...]  # key, label, shown now

    @property
    def narrow(self) -> str:
        """Class of the cells that a phone leaves out: none where somebody chose the columns."""
        return "" if self.is_chosen else "not-narrow"

    @property
    def small(self) -> str:
        """Classes of the cells that a phone and a tablet leave out: none where somebody chose the columns."""
        return "" if self.is_chosen else "not-narrow not-tablet"

    def without(self, keys: Collection[str]) -> "Shown":
        """The usual columns without these; what somebody chose stays."""
        if self.is_chosen or not keys:
            return self
        choices = tuple((key, label, is_shown and key not in keys) for key, label, is_shown in self.choices)
        return replace(self, keys=tuple(key for key in self.keys if key not in keys), choices=choices)

    def not_offering(self, keys: Collection[str]) -> "Shown":
        """The same without the choice of these, unless somebody chose them."""
        return replace(self, choices=tuple(one for one in self.choices if one[0] not in keys or one[2]))


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table can show, in order, and what it shows where nobody chose."""

    known: tuple[str, ...]
    usual: tuple[str, ...]
    labels: Mapping[str, str | Promise]

    def shown(self, chosen: Sequence[str]) -> Shown:
        """In the order of the table. Keys of other tables are passed over; where none is left it is the usual set."""
        keys = tuple(key for key in self.known if key in chosen)
        now = keys or self.usual
        return Shown(now, bool(keys), tuple((key, self.labels[key], key in now) for key in self.known))
