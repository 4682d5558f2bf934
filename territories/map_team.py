"""Who of us may look after somebody at an account: those who work it, those above them, and those beside them."""

from collections.abc import Iterable

from spm.market.models import Account
from spm.org import clock
from spm.org.models import User
from spm.org.scopes import history_of, scope_of
from territories import account_stays
from territories.account_stays import Whereabouts


def of(where: Whereabouts, account: Account, viewer: User, also: Iterable[int]) -> list[tuple[int, str]]:
    """(key, name) by name: the owner, helpers, the leads above the owner, the viewer, and who is named already.

    Of the owner's team, those whom the viewer sees. One query.
    """
    rows = User.objects.filter(pk__in=_keys(where, account, viewer) | set(also), is_active=True).order_by("name", "pk")
    return list(rows.values_list("pk", "name"))


def keys_of(account: Account, viewer: User) -> frozenset[int]:
    """The keys of the same people, as a form may name them."""
    return frozenset(_keys(account_stays.whereabouts(viewer, account), account, viewer))


def _keys(where: Whereabouts, account: Account, viewer: User) -> set[int]:
    tree = history_of(viewer).as_of(clock.today())
    holder = where.holder.pk if where.holder else account.owner_id
    team = tree.team_of.get(holder or 0)
    seen = scope_of(viewer).people
    beside = tree.people_in([team] if team else [])
    leads = {tree.lead[above] for above in tree.ancestors(team) if above in tree.lead}
    found = {viewer.pk, *leads, *(one.pk for one in where.helpers), *(beside if seen is None else beside & seen)}
    return found | ({holder} if holder else set())
