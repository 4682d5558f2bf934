"""What a change of territory brings to a person's number or takes from it: a line of the quota letter.

Last year as it would read in the hands of those who own the territories as the year begins. What the owner of a
territory sold there, or what nobody sold in a vacant one, goes to who owns it then: because the territory has another
owner, or because the account stands in another territory. What somebody sold in a territory of somebody else stays.
One-off deals are left out and a running year is scaled to a whole one, as in last year adjusted, so both add up.
Amounts in company currency. Rules: ux.md, quota letter; domain.md, Territory change and credit.
"""

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from spm.market.choices import AssignmentRole
from spm.market.models import AccountPlacement, Assignment, Territory
from spm.money import ZERO
from spm.org.models import User
from spm.ui.fields import MoneyField
from targets import curves
from targets.allocation_facts import Calendar
from targets.choices import Measure
from targets.models import Credit, PlanningCycle

NOTE = 300  # characters of a letter's line

type Dated = Mapping[int, list[tuple[date, int | None]]]
"""Subject → (from when, object or None), by day."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One territory that somebody gains or loses; ``accounts``: so many of it, 0 the whole of it."""

    territory: str
    gained: bool
    accounts: int


@dataclass
class Handover:
    """What moves to a person (negative: away) in one measure, and by which territories."""

    amount: Decimal = ZERO
    whole: set[tuple[int, bool]] = field(default_factory=set)  # (territory, gained)
    accounts: dict[tuple[int, bool], set[int]] = field(default_factory=lambda: defaultdict(set))

    def take(self, amount: Decimal, territory: int, account: int | None, *, gained: bool) -> None:
        """``account``: that which moved alone."""
        self.amount += amount if gained else -amount
        if account is None:
            self.whole.add((territory, gained))
        else:
            self.accounts[territory, gained].add(account)


@dataclass(frozen=True)
class Ground:
    """Who owned what, and where accounts stood: of the territories and accounts that change until ``day`` alone."""

    day: date
    owners: Dated
    places: Dated
    names: Mapping[int, str]
    house: frozenset[int]

    @property
    def is_empty(self) -> bool:
        return not self.owners and not self.places

    def owner(self, territory: int | None, day: date) -> int | None:
        return _as_of(self.owners.get(territory or 0, []), day)

    def note(self, handover: Handover) -> str:
        """As a line of a letter keeps it; ``moved_of`` reads it."""
        whole = [(name, gained, 0) for territory, gained in handover.whole if (name := self.names.get(territory))]
        parts = handover.accounts.items()
        some = [(name, gained, len(of)) for (key, gained), of in parts if (name := self.names.get(key))]
        rows = sorted([*whole, *some], key=lambda row: (not row[1], row[2] > 0, row[0]))
        while rows and len(text := json.dumps(rows, ensure_ascii=False)) > NOTE:
            rows.pop()
        return text if rows else ""


def moved_of(note: str) -> list[Moved] | None:
    """What a line's note holds; None for words of another kind."""
    try:
        return [Moved(str(name), bool(gained), int(accounts)) for name, gained, accounts in json.loads(note)]
    except (TypeError, ValueError):
        return None


def read_ground(calendar: Calendar) -> Ground:
    """What changes between the first day of last year and that of the year; four queries."""
    day = calendar.year.starts_on
    if not calendar.before:
        return Ground(day, {}, {}, {}, frozenset())
    window = Q(starts_on__gt=calendar.before[0].starts_on, starts_on__lte=day)
    owners = Assignment.objects.filter(role=AssignmentRole.OWNER)
    changed = owners.filter(window).order_by().values_list("territory", flat=True)
    moved = AccountPlacement.objects.filter(window).order_by().values_list("account", flat=True)
    places = _dated(AccountPlacement.objects.filter(account__in=moved).values_list("account", "territory", "starts_on"))
    touched = {territory for rows in places.values() for _start, territory in rows}
    held = owners.filter(Q(territory__in=changed) | Q(territory__in=touched))
    house = User.objects.filter(is_house=True).values_list("pk", flat=True)
    return Ground(
        day,
        _dated(held.values_list("territory", "person", "starts_on")),
        places,
        dict(Territory.objects.real().values_list("pk", "name")),
        frozenset(house),
    )


def read(cycle: PlanningCycle, measure: str, calendar: Calendar, share: Decimal, ground: Ground) -> dict[int, Handover]:
    """Person → what moves to or from them. ``share``: of last year that has passed. At most one query."""
    found: dict[int, Handover] = defaultdict(Handover)
    if ground.is_empty or not share:
        return found
    for person, territory, account, day, amount in _sold(cycle, measure, calendar, ground):
        _hand_over(found, ground, person, territory, account, day, amount / share)
    return found


def _hand_over(  # noqa: PLR0913, PLR0917  # what a sale is
    found: dict[int, Handover],
    ground: Ground,
    person: int,
    territory: int,
    account: int | None,
    day: date,
    amount: Decimal,
) -> None:
    places = ground.places.get(account or 0)
    stands = territory if places is None else _as_of(places, ground.day)
    then, now = ground.owner(territory, day), ground.owner(stands, ground.day)
    if now == person or person not in ({then} if then is not None else ground.house):
        return
    alone = account if stands != territory else None
    if person not in ground.house:
        found[person].take(amount, territory, alone, gained=False)
    if now is not None:
        found[now].take(amount, territory, alone, gained=True)


def _sold(cycle: PlanningCycle, measure: str, calendar: Calendar, ground: Ground) -> Iterable[Any]:
    """(person, territory, account, day, amount) of what was sold last year in what has changed hands since."""
    first, last = calendar.before[0].starts_on, calendar.before[-1].ends_on
    touched = Q(territory__in=list(ground.owners)) | Q(actual__account__in=list(ground.places))
    rows = Credit.objects.filter(touched, date__range=(first, last), is_overlay=False)
    rows = rows.exclude(actual__in=cycle.one_offs.values("actual"))
    summed = (
        curves.counted(Measure(measure), rows).order_by().values_list("person", "territory", "actual__account", "date")
    )
    return summed.annotate(sum=Sum("counts", output_field=MoneyField()))


def _dated(rows: Iterable[tuple[int, int | None, date]]) -> Dated:
    found: dict[int, list[tuple[date, int | None]]] = defaultdict(list)
    for subject, value, start in rows:
        found[subject].append((start, value))
    return {subject: sorted(own, key=lambda row: row[0]) for subject, own in found.items()}


def _as_of(rows: Sequence[tuple[date, int | None]], day: date) -> int | None:
    place = bisect_right([start for start, _value in rows], day)
    return rows[place - 1][1] if place else None
