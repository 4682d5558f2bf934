"""The customers a territory wants, in their order: put in, moved, won, dropped, taken out and brought back.

Those that are wanted are ranked from 1 without a gap (INV-75). Every verb locks the territory first, so that two who
re-rank at once come one after the other.
"""

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.keys import normalise
from spm.market.models import Account, ProductFamily, Territory
from spm.org import clock, retries
from territories import caps
from territories.choices import TargetStatus
from territories.field_writing import BadWords, still_there, words
from territories.models import TargetCustomer

NAME = 120
KEY = 300  # characters of a name in normal form


class ListFull(RuleViolation):
    """The territory has as many target markets or customers as it takes."""


class AlreadyWanted(RuleViolation):
    """The account, or the name, stands among the target customers of the territory."""


class RankMoved(RuleViolation):
    """Somebody else re-ranked meanwhile."""


def lock(territory: int) -> None:
    """Of two who write to the same list the second one waits; inside ``atomic``."""
    Territory.objects.select_for_update(no_key=True).get(pk=territory)


@retries.atomic
def add(
    territory: Territory,
    *,
    account: Account | None = None,
    name: str = "",
    family: ProductFamily | None = None,
    potential: Decimal | None = None,
    reason: str = "",
) -> TargetCustomer:
    """A customer at the end of the ranking: an account, or the name of one that is none yet.

    Raises AlreadyWanted, ListFull, BadWords.
    """
    lock(territory.pk)
    said = "" if account else words(name, NAME)
    if account is None and not said:
        raise BadWords(_("Choose an account, or write the name of one we want."))
    _refuse_twice(territory.pk, account.pk if account else None, said)
    refuse_full(territory.pk)
    rank = TargetCustomer.objects.filter(territory=territory).wanted().count() + 1
    row = TargetCustomer(territory=territory, rank=rank, account=account, name=said, product_family=family)
    row.potential, row.reason = potential, words(reason, caps.WHY)
    row.save()
    return row


def _refuse_twice(territory: int, account: int | None, name: str) -> None:
    same = {"account": account} if account else {"account__isnull": True, "key": key_of(name)}
    row = TargetCustomer.objects.standing().filter(territory=territory, **same).first()
    if row is None:
        return
    if row.rank is None:
        raise AlreadyWanted(_("It is among those that were won or dropped; take it up again there."))
    raise AlreadyWanted(_("It is a target customer already, at rank %(rank)d.") % {"rank": row.rank})


def key_of(name: str) -> str:
    """The name in normal form. Raises BadWords for one of letters that become too many there."""
    key = normalise(name)
    if len(key) > KEY:
        raise BadWords(_("Write the name in fewer characters."))
    return key


def refuse_same_name(row: TargetCustomer, name: str, beside: Iterable[TargetCustomer]) -> None:
    """Raises AlreadyWanted where another one of the territory bears the name, or is given it by the same call, and
    BadWords as ``key_of``.

    ``beside``: those of the territory as the call has changed them so far.
    """
    key = key_of(name)
    others = TargetCustomer.objects.standing().filter(territory=row.territory_id).exclude(pk=row.pk)
    given = any(one.pk != row.pk and one.account_id is None and normalise(one.name) == key for one in beside)
    if given or others.filter(account__isnull=True, key=key).exists():
        raise AlreadyWanted(_("Another target customer bears this name."))


def refuse_full(territory: int) -> None:
    """Raises ListFull where one more would be too many."""
    if TargetCustomer.objects.filter(territory=territory).wanted().count() >= caps.CUSTOMERS:
        raise ListFull(
            _("A territory takes %(most)d target customers. Win, drop or take out one first.")
            % {"most": caps.CUSTOMERS}
        )


@retries.atomic
def move(row: TargetCustomer, to: int, *, seen: int | None) -> int:
    """Put a customer at rank ``to`` (held within the list); the others make room. Gives the rank it has now.

    ``seen``: the rank that the page showed; raises RankMoved where it stands elsewhere by now, AlreadyGone, BadWords.
    """
    lock(row.territory_id)
    row = still_there(TargetCustomer.objects.standing(), row.pk)
    if row.rank is None:
        raise BadWords(_("Only a customer that is still wanted has a rank."))
    if seen != row.rank:
        raise RankMoved(
            _("Somebody else changed the ranking meanwhile; it is at rank %(rank)d now. Look at it again.")
            % {"rank": row.rank}
        )
    order = [one for one in TargetCustomer.objects.filter(territory=row.territory_id).wanted() if one.pk != row.pk]
    order.insert(max(0, min(to - 1, len(order))), row)
    rank(order)
    return row.rank


def rank(order: Iterable[TargetCustomer]) -> list[TargetCustomer]:
    """Number them from 1 in this order; those whose rank changed, stored."""
    moved = []
    for place, one in enumerate(order, start=1):
        if one.rank != place:
            one.rank = place
            one.save(update_fields=["rank"])  # what the page shows of it is compared with the rank itself
            moved.append(one)
    return moved


def close_ranks(territory: int) -> None:
    """Number the wanted ones from 1 again, after one has left the ranking."""
    rank(TargetCustomer.objects.filter(territory=territory).wanted())


@retries.atomic
def settle(row: TargetCustomer, status: TargetStatus, why: str, *, seen: int | None) -> None:
    """Won or dropped: it leaves the ranking. ``why`` is needed of what is dropped. ``seen``: version on the page.

    Raises BadWords, RankMoved, AlreadyGone.
    """
    lock(row.territory_id)
    row = still_there(TargetCustomer.objects.standing(), row.pk)
    said = words(why, caps.WHY)
    if status == TargetStatus.DROPPED and not said:
        raise BadWords(_("Say why it is dropped; whoever plans next year will ask."))
    if row.status != TargetStatus.OPEN or (seen is not None and seen != row.version):
        raise RankMoved(_("Somebody else changed “%(name)s” meanwhile. Look at it again.") % {"name": name_of(row)})
    row.status, row.outcome_words, row.rank = status, said, None
    row.version += 1
    row.save()
    close_ranks(row.territory_id)


@retries.atomic
def want_again(row: TargetCustomer, *, at: int | None = None) -> None:
    """Back into the ranking, at its end or at rank ``at``; what was said of its outcome goes. Raises ListFull."""
    lock(row.territory_id)
    row = still_there(TargetCustomer.objects.standing(), row.pk)
    if row.status == TargetStatus.OPEN:
        return
    refuse_full(row.territory_id)
    _put_back(row, at)


@retries.atomic
def take_out(row: TargetCustomer) -> None:
    """Off the list; ``bring_back`` is its undo. Raises AlreadyGone."""
    lock(row.territory_id)
    row = still_there(TargetCustomer.objects.standing(), row.pk)
    row.removed_at, row.rank = clock.now(), None
    row.version += 1
    row.save()
    close_ranks(row.territory_id)


@retries.atomic
def bring_back(territory: Territory, pk: int, *, at: int | None = None) -> None:
    """Undo of taking out, at its old rank. Raises RuleViolation, AlreadyWanted, ListFull."""
    lock(territory.pk)
    row = TargetCustomer.objects.filter(territory=territory, pk=pk, removed_at__isnull=False).first()
    if row is None:
        raise RuleViolation(_("There is no such customer to bring back."))
    _refuse_twice(territory.pk, row.account_id, row.name)
    row.removed_at = None
    if row.status != TargetStatus.OPEN:
        row.version += 1
        row.save()
        return
    refuse_full(territory.pk)
    _put_back(row, at)


def _put_back(row: TargetCustomer, at: int | None) -> None:
    order = list(TargetCustomer.objects.filter(territory=row.territory_id).wanted().exclude(pk=row.pk))
    row.status, row.outcome_words, row.rank = TargetStatus.OPEN, "", len(order) + 1
    row.version += 1
    row.save()
    if at is not None:
        order.insert(max(0, min(at - 1, len(order))), row)
        rank(order)


@retries.atomic
def link(row: TargetCustomer, account: Account) -> None:
    """The name has become an account. Raises AlreadyWanted, AlreadyGone."""
    lock(row.territory_id)
    row = still_there(TargetCustomer.objects.standing(), row.pk)
    others = TargetCustomer.objects.standing().filter(territory=row.territory_id, account=account).exclude(pk=row.pk)
    if others.exists():
        raise AlreadyWanted(_("“%(name)s” is a target customer already.") % {"name": account.name})
    row.account, row.name = account, ""
    row.version += 1
    row.save()


def families() -> list[tuple[int, str]]:
    """(key, name) of every family of products, by name; what is sold is no secret to anybody who may sign in."""
    return list(ProductFamily.objects.values_list("pk", "name"))


def family_of(key: int | None) -> ProductFamily | None:
    return ProductFamily.objects.filter(pk=key).first() if key else None


def name_of(row: TargetCustomer) -> str:
    """As people call it: the account's name, or that of one that is none yet."""
    return row.account.name if row.account else row.name
