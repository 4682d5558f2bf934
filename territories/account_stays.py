"""Where an account has stood, and who held it there: placements and assignments of every day, laid over each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from spm.market.choices import HELPING, AssignmentRole
from spm.market.models import Account, AccountPlacement, Assignment, Territory
from spm.org import clock
from spm.org.models import ALWAYS, User
from spm.org.scopes import scope_of
from spm.periods import ONE_DAY


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in which the account stood in one territory under one owner. Empty where the viewer does not see it."""

    starts_on: date | None  # None = always
    until: date | None  # the last day; None = still
    territory: str
    is_placed: bool
    holder: str
    is_vacant: bool
    is_now: bool


@dataclass(frozen=True)
class Whereabouts:
    """Of today: ``territory`` with its owner and those who help there; and every stay, the newest first."""

    territory: Territory | None
    holder: User | None
    helpers: Sequence[User]
    stays: Sequence[Stay]


@dataclass(frozen=True)
class _Eyes:
    """What the viewer may read: people (None = everybody) and the territories that they hold today."""

    people: frozenset[int] | None
    lands: frozenset[int]

    def see(self, person: User | None) -> bool:
        return person is not None and (self.people is None or person.pk in self.people)


def whereabouts(user: User, account: Account) -> Whereabouts:
    """Two queries. Of times under people whom the viewer does not see the days alone are told."""
    today = clock.today()
    placed = list(AccountPlacement.objects.filter(account=account).select_related("territory").order_by("starts_on"))
    lands = {row.territory_id for row in placed if row.territory_id}
    held = list(Assignment.objects.filter(territory__in=lands).select_related("person").order_by("starts_on", "pk"))
    owners = [row for row in held if row.role == AssignmentRole.OWNER]
    eyes = _eyes(user, held, today)
    stays: list[Stay] = []
    for row, until in zip_longest(placed, [later.starts_on for later in placed[1:]]):  # the last one has no end
        stays += _under(row, until, [one for one in owners if one.territory_id == row.territory_id], eyes, today)
    here = next((row.territory for row in reversed(placed) if row.starts_on <= today), None)
    return Whereabouts(
        territory=here,
        holder=_holder([row for row in owners if here and row.territory_id == here.pk], today),
        helpers=_helpers([row for row in held if here and row.territory_id == here.pk], today),
        stays=stays[::-1],
    )


def _eyes(user: User, held: Sequence[Assignment], today: date) -> _Eyes:
    scope = scope_of(user)
    if scope.people is None:
        return _Eyes(None, frozenset(row.territory_id for row in held))
    lands = set()
    for land in {row.territory_id for row in held}:
        rows = [row for row in held if row.territory_id == land]
        owner = _holder([row for row in rows if row.role == AssignmentRole.OWNER], today)
        if {one.pk for one in (owner, *_helpers(rows, today)) if one} & scope.people:
            lands.add(land)
    return _Eyes(scope.people, frozenset(lands))


def _holder(owners: Sequence[Assignment], day: date) -> User | None:
    """The owner on ``day``; rows are of one territory, in order."""
    return next((row.person for row in reversed(owners) if row.starts_on <= day), None)


def _helpers(held: Sequence[Assignment], day: date) -> list[User]:
    """Who helps on ``day``; the last row of a person says whether it has ended. Rows are in order."""
    last = {row.person.pk: row for row in held if row.role in HELPING and row.starts_on <= day and row.person}
    return [row.person for row in last.values() if row.person and row.role == AssignmentRole.OVERLAY]


def _under(
    row: AccountPlacement, until: date | None, owners: Sequence[Assignment], eyes: _Eyes, today: date
) -> list[Stay]:
    """One placement, cut where its territory changed hands."""
    cuts = sorted({row.starts_on, *(one.starts_on for one in owners if row.starts_on < one.starts_on)})
    cuts = [cut for cut in cuts if until is None or cut < until]
    found = []
    for start, end in zip(cuts, [*cuts[1:], until], strict=True):
        person = _holder(owners, start)
        shown = row.territory is not None and (row.territory.pk in eyes.lands or eyes.see(person))
        found.append(
            Stay(
                starts_on=None if start == ALWAYS else start,
                until=end - ONE_DAY if end else None,
                territory=row.territory.shown_name if row.territory and shown else "",
                is_placed=row.territory is not None,
                holder=person.name if person and eyes.see(person) else "",
                is_vacant=shown and person is None,
                is_now=start <= today and (end is None or today < end),
            )
        )
    return found
