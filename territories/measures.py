"""How well an account is covered, and on how many people it hangs. Pure: who is on the map comes in, a figure goes out.

Contact coverage (domain.md A27) is a weighted share of the people on the map, from 0 to 1:

- a person weighs their influence (1 to 5), twice that where the role decides (decision-maker, influencer);
- a person counts whole where they were met in the last ``RECENT_DAYS`` days and somebody of ours looks after them;
  half where they were met at any time; not at all where never met, not known yet, or no longer at the account.

Coverage = Σ weight × counted ÷ Σ weight. Without anybody on the map there is none: never 0 %.

An account is single-threaded where exactly one person who is still there was met within ``THREAD_DAYS`` days: the
day this one leaves, nobody at the account knows us.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

RECENT_DAYS = 90
THREAD_DAYS = 365
WHOLE, HALF, NONE = Decimal(1), Decimal("0.5"), Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody on the map. ``decides``: the role is one of those who decide; ``known``: a person, not a placeholder."""

    decides: bool
    influence: int
    known: bool
    met_on: date | None = None
    has_relation: bool = False
    left_on: date | None = None

    def is_there(self, today: date) -> bool:
        return self.known and (self.left_on is None or self.left_on > today)


def weight(part: Part) -> int:
    return part.influence * (2 if part.decides else 1)


def counted(part: Part, today: date) -> Decimal:
    """How far one person is covered: 1, ½ or 0."""
    if part.met_on is None or not part.is_there(today):
        return NONE
    recent = part.met_on >= today - timedelta(days=RECENT_DAYS)
    return WHOLE if recent and part.has_relation else HALF


def contact_coverage(parts: Sequence[Part], today: date) -> Decimal | None:
    """From 0 to 1; None where nobody is on the map."""
    if not parts:
        return None
    return sum((weight(part) * counted(part, today) for part in parts), NONE) / sum(map(weight, parts))


def never_met(parts: Iterable[Part], today: date) -> tuple[int, int]:
    """(never met, all) of those who decide: "2 of 5 decision roles never met". Who has left was met by nobody."""
    deciding = [part for part in parts if part.decides]
    return sum(part.met_on is None or not part.is_there(today) for part in deciding), len(deciding)


def threads(parts: Iterable[Part], today: date) -> int:
    """How many people who are still there were met within ``THREAD_DAYS`` days."""
    since = today - timedelta(days=THREAD_DAYS)
    return sum(part.is_there(today) and part.met_on is not None and part.met_on >= since for part in parts)


def is_single_threaded(parts: Iterable[Part], today: date) -> bool:
    return threads(parts, today) == 1
