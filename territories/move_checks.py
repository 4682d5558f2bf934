"""What stands in the way of a package, as a sentence. Nothing is written here; the verbs ask before they write."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.errors import RuleViolation
from spm.market.models import Account
from spm.org.choices import PeriodState
from spm.org.models import Period, User
from spm.periods import ONE_DAY
from spm.ui.numbers import day as day_words
from spm.ui.numbers import number
from targets.staleness import refuse_closed
from territories import access, move_ground
from territories.choices import MoveState
from territories.models import MovedAccount, MovePackage

MOST = 1000
"""Accounts of one package: what a person can look through. More are moved by rules."""
NAMED = 3


class BadPackage(RuleViolation):
    """The package cannot be stored or applied as it is."""


class NotAllowed(RuleViolation):
    """The package moves accounts of somebody whom the user does not lead."""


def refuse(
    package: MovePackage, accounts: Sequence[int], by: User, *, drafted: Mapping[int, int | None] | None
) -> None:
    """Raise what is in the way, the simplest first.

    ``drafted``: where each account stood when the draft was saved; None while it is being saved. Raises PeriodClosed,
    NotAllowed, BadPackage.
    """
    refuse_count(len(accounts))
    day = package.effective_on
    refuse_closed(Period.objects.leaves().filter(state=PeriodState.CLOSED, ends_on__gte=day).order_by("starts_on"))
    stand = move_ground.stand_on(day - ONE_DAY, accounts)
    owners = move_ground.owners_on(day, {package.to_territory_id, *(land for land in stand.values() if land)})
    _refuse_vacant(package, owners.get(package.to_territory_id))
    _refuse_foreign(by, [owners.get(package.to_territory_id), *(owners.get(stand.get(one) or 0) for one in accounts)])
    _refuse_there(package, [one for one in accounts if stand.get(one) == package.to_territory_id])
    if drafted is not None:
        _refuse_moved([one for one in accounts if stand.get(one) != drafted[one]])
    _refuse_later(package, accounts)
    _refuse_promised(package, accounts)


def refuse_count(count: int) -> None:
    """Raises BadPackage for a package without accounts and for one that nobody can look through."""
    if not count:
        raise BadPackage(_("Choose at least one account."))
    if count > MOST:
        told = {"count": number(count), "most": number(MOST)}
        raise BadPackage(
            _("A package holds at most %(most)s accounts, these are %(count)s. Move so many by territory rules.") % told
        )


def _refuse_vacant(package: MovePackage, owner: int | None) -> None:
    if owner is None:
        told = {"territory": package.to_territory.name, "day": day_words(package.effective_on)}
        raise BadPackage(
            _("Nobody holds %(territory)s on %(day)s. Give it an owner first, or choose another territory.") % told
        )


def _refuse_foreign(by: User, people: Iterable[int | None]) -> None:
    if not access.can_move(by, set(people)):
        raise NotAllowed(
            _("A manager moves accounts between people they lead. For others and for vacant territories, ask an admin.")
        )


def _refuse_there(package: MovePackage, accounts: Sequence[int]) -> None:
    if accounts:
        told = {"accounts": named(accounts), "territory": package.to_territory.name}
        raise BadPackage(_("Already in %(territory)s: %(accounts)s. Take them out of the package.") % told)


def _refuse_moved(accounts: Sequence[int]) -> None:
    if accounts:
        raise BadPackage(
            _("Moved meanwhile, since this was drafted: %(accounts)s. Open the draft, look at it and save it again.")
            % {"accounts": named(accounts)}
        )


def _refuse_later(package: MovePackage, accounts: Sequence[int]) -> None:
    """A placement on the day or later is somebody else's word on the same account."""
    if found := sorted(move_ground.placed_since(package.effective_on, accounts)):
        told = {"accounts": named(found), "day": day_words(package.effective_on)}
        raise BadPackage(
            _("Placed anew on %(day)s or later: %(accounts)s. Choose a day after that, or take them out.") % told
        )


def _refuse_promised(package: MovePackage, accounts: Sequence[int]) -> None:
    """Another package that is proposed, or that holds the account over, moves it."""
    found = _promised(package.pk, accounts)
    if found:
        other = _waiting(package.pk).filter(account__in=found[:1]).select_related("package").first()
        told = {"accounts": named(found), "package": other.package.name if other else ""}
        raise BadPackage(_("The package “%(package)s” moves them already: %(accounts)s. Take them out.") % told)


def _promised(but: int | None, accounts: Sequence[int]) -> list[int]:
    rows = _waiting(but)
    return _among(accounts, lambda block: rows.filter(account__in=block).values_list("account", flat=True))


def _waiting(but: int | None) -> QuerySet[MovedAccount]:
    """What every package that is proposed or holds accounts over is going to move, of all but this one."""
    waits = Q(package__state=MoveState.PROPOSED)
    waits |= Q(package__state=MoveState.ACTIVE, moves_on=None, overtaken=False)
    rows: QuerySet[MovedAccount] = MovedAccount.objects.filter(waits)
    return rows if but is None else rows.exclude(package=but)


def _among(accounts: Sequence[int], rows: Callable[[Sequence[int]], Iterable[int]]) -> list[int]:
    return [key for start in range(0, len(accounts), 1000) for key in rows(accounts[start : start + 1000])]


def still_there(package: MovePackage, day: date, accounts: Sequence[int]) -> set[int]:
    """Those that stand as the day begins where the package brought them, and that nobody has said more of."""
    stand = move_ground.stand_on(day - ONE_DAY, accounts)
    there = [one for one in accounts if stand.get(one) == package.to_territory_id]
    return set(there) - move_ground.placed_since(day, there) - set(_promised(None, there))


def named(accounts: Sequence[int]) -> str:
    """The first few by name, and how many more."""
    names = list(Account.objects.filter(pk__in=accounts[:MOST]).order_by("name", "pk").values_list("name", flat=True))
    said, more = ", ".join(names[:NAMED]), len(names) - NAMED
    if more <= 0:
        return said
    return ngettext("%(names)s and %(n)d more", "%(names)s and %(n)d more", more) % {"names": said, "n": more}
