"""Who has no number yet: said in words where a percentage of a half-made allocation would mislead.

Those count who may be expected to carry one: everybody with a number, and whoever leads no team, since a lead often
has none.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import ngettext


@dataclass(frozen=True, slots=True)
class Lacking:
    """``people``: who has no number, of so many as there should be numbers."""

    people: frozenset[int] = frozenset()
    of: int = 0

    def __bool__(self) -> bool:
        return bool(self.people)

    @property
    def words(self) -> str:
        """ "3 of 14 have no number yet" """
        told = ngettext("%(n)s of %(of)s has no number yet", "%(n)s of %(of)s have no number yet", len(self.people))
        return told % {"n": len(self.people), "of": self.of}

    def explains(self, over: Decimal | None, least: Decimal) -> bool:
        """Whether an over-assignment (ratio) below the policy's least says no more than that the work is not done."""
        return bool(self) and (over is None or over < least)


def lacking(people: Iterable[int], leads: Collection[int], numbered: Collection[int]) -> Lacking:
    """``people``: all below a node; ``leads``: who leads a team; ``numbered``: who has a number of the measure."""
    expected = {person for person in people if person in numbered or person not in leads}
    return Lacking(frozenset(expected.difference(numbered)), len(expected))
