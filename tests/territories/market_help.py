"""A territory that wants three customers: what tests of target markets and customers begin with."""

from spm.market.models import AccountPlacement
from territories import target_customers, target_markets
from territories.models import TargetCustomer
from tests.builders import make_account


def settle(mapped):
    """Baltic Coast wants Halvorsen, Ostsee and a name that is no account; it goes for two markets."""
    mapped.second = make_account("Ostsee", owner=mapped.rep)
    AccountPlacement.objects.create(account=mapped.second, territory=mapped.territory)
    wanted = ({"account": mapped.account}, {"account": mapped.second}, {"name": "Nordic Dairy"})
    mapped.wanted = [target_customers.add(mapped.territory, **one) for one in wanted]
    mapped.markets = [target_markets.add(mapped.territory, name) for name in ("Dairies", "Breweries")]
    return mapped


def ranking(territory):
    """The names of those that are wanted, by rank; each stands at its number."""
    rows = list(TargetCustomer.objects.filter(territory=territory).wanted().select_related("account"))
    assert [row.rank for row in rows] == list(range(1, len(rows) + 1))
    return [target_customers.name_of(row) for row in rows]
