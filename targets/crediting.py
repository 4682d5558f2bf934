"""The rules of credit: for whom and where a line counts. Reads the dated facts once, then answers in memory.

Person: the one the line names; none named = *House*. Territory, by the event date: the line's explicit territory,
else the one its account is placed in that day, else the one its person owns that day, else *Unassigned*. A person who
owns several territories on a day is credited in the one taken last; ties go to the smallest key. One default credit of
share 1, unless the credits import replaced it. Rules: design.md §4, domain.md "Territory change and credit".
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import NamedTuple

from spm.market.choices import AssignmentRole
from spm.market.models import Account, AccountPlacement, Assignment, ProductFamily, Territory
from spm.money import shares_of
from spm.org.choices import PeriodLevel, PeriodState
from spm.org.models import Company, Period, User

TEN_THOUSANDTH = Decimal("0.0001")


class LeafPeriod(NamedTuple):
    """A leaf period of the calendar, both ends inclusive."""

    pk: int
    label: str
    starts_on: date
    ends_on: date
    state: str

    @property
    def takes_lines(self) -> bool:
        """Whether a line dated here counts at once; in a soft-closed or closed period it waits."""
        return self.state == PeriodState.OPEN


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a line: for a person, in a territory (None = by the rules), a fraction of 0 to 1."""

    person: int
    territory: int | None
    share: Decimal
    is_overlay: bool = False


class Spans[Value]:
    """The values of one dated fact: each holds from its day until the next one; before the first there is None."""

    __slots__ = ("days", "values")

    def __init__(self) -> None:
        self.days: list[date] = []
        self.values: list[Value | None] = []

    def add(self, day: date, value: Value | None) -> None:
        """Append the next value; days come in ascending order."""
        self.days.append(day)
        self.values.append(value)

    def on(self, day: date) -> Value | None:
        at = bisect_right(self.days, day)
        return self.values[at - 1] if at else None


class Resolver:
    """Names → keys, and the territory of a line, from memory: a fixed number of queries for any number of lines.

    Names are compared in normal form (``spm.keys.normalise``): ``people`` by e-mail, ``accounts`` by account id,
    ``territories`` by code, ``families`` by name, each to the primary key.
    """

    @cached_property
    def people(self) -> dict[str, int]:
        return dict(User.objects.people().values_list("email_key", "pk"))

    @cached_property
    def accounts(self) -> dict[str, int]:
        return dict(Account.objects.values_list("key", "pk"))

    @cached_property
    def territories(self) -> dict[str, int]:
        return dict(Territory.objects.values_list("key", "pk"))

    @cached_property
    def families(self) -> dict[str, int]:
        return dict(ProductFamily.objects.values_list("key", "pk"))

    @cached_property
    def house(self) -> int:
        return User.objects.house().pk

    @cached_property
    def unassigned(self) -> int:
        found: int = Territory.objects.values_list("pk", flat=True).get(is_unassigned=True)
        return found

    @cached_property
    def currency(self) -> str:
        return Company.objects.values_list("currency", flat=True).first() or ""

    @cached_property
    def leaves(self) -> list[LeafPeriod]:
        rows = Period.objects.filter(level=PeriodLevel.MONTH).order_by("starts_on")
        return [LeafPeriod(*row) for row in rows.values_list("pk", "label", "starts_on", "ends_on", "state")]

    @cached_property
    def _leaf_starts(self) -> list[date]:
        return [leaf.starts_on for leaf in self.leaves]

    def leaf_on(self, day: date) -> LeafPeriod | None:
        """The leaf period that contains ``day``; None outside the calendar."""
        at = bisect_right(self._leaf_starts, day)
        leaf = self.leaves[at - 1] if at else None
        return leaf if leaf and day <= leaf.ends_on else None

    @cached_property
    def _placements(self) -> dict[int, Spans[int]]:
        """Account → its territories over time."""
        spans: dict[int, Spans[int]] = defaultdict(Spans)
        rows = AccountPlacement.objects.order_by("account_id", "starts_on")
        for account, territory, day in rows.values_list("account_id", "territory_id", "starts_on"):
            spans[account].add(day, territory)
        return dict(spans)

    @cached_property
    def _holdings(self) -> dict[int, list[tuple[date, int, date | None]]]:
        """Person → (from, territory, until or None) of what they own: taken last first, then smallest key."""
        owners = Assignment.objects.filter(role=AssignmentRole.OWNER).order_by("territory_id", "starts_on")
        rows = list(owners.values_list("territory_id", "person_id", "starts_on"))
        held: dict[int, list[tuple[date, int, date | None]]] = defaultdict(list)
        following = [*rows[1:], None] if rows else []
        for (territory, person, day), after in zip(rows, following, strict=True):
            until = after[2] if after and after[0] == territory else None
            if person is not None:
                held[person].append((day, territory, until))
        for spans in held.values():
            spans.sort(key=lambda span: (-span[0].toordinal(), span[1]))
        return dict(held)

    def territory_owned(self, person: int, day: date) -> int | None:
        """The territory that ``person`` owns on ``day``."""
        for since, territory, until in self._holdings.get(person, ()):
            if since <= day and (until is None or day < until):
                return territory
        return None

    def territory_of(self, person: int, account: int | None, day: date) -> int:
        """Where a line without an explicit territory counts; always a stored row, *Unassigned* at the least."""
        placed = self._placements[account].on(day) if account in self._placements else None
        return placed or self.territory_owned(person, day) or self.unassigned


def share_sum(shares: Iterable[Share]) -> Decimal:
    """The sum of the shares that count, overlays aside; 1 for a sound set."""
    return sum((part.share for part in shares if not part.is_overlay), Decimal(0))


def divide(amount: Decimal, shares: Sequence[Share]) -> list[Decimal]:
    """``amount`` over ``shares``, in their order: those that count add up to it exactly, overlays are rounded alone.

    Largest remainder to the ten-thousandth, ties to the smallest (person, territory).
    """
    counting = [i for i, part in enumerate(shares) if not part.is_overlay]
    counting.sort(key=lambda i: (shares[i].person, shares[i].territory or 0))
    parts = [(amount * part.share).quantize(TEN_THOUSANDTH, rounding=ROUND_HALF_EVEN) for part in shares]
    for i, exact in zip(counting, shares_of(amount, [shares[i].share for i in counting]), strict=True):
        parts[i] = exact
    return parts
