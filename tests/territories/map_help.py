"""An account with a map: what tests of its pages, verbs and imports begin with."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

from spm.market.models import Account, AccountPlacement, Contact
from territories.models import DecisionStep, Stakeholder
from tests.builders import make_account, make_company, make_territory, make_year

TODAY = date(2026, 9, 18)


def put(account: Account, name: str, role: str, influence: int = 3, **fields) -> Stakeholder:
    """A known person on the map of an account; with ``wanted`` a placeholder instead."""
    if fields.pop("wanted", False):
        return Stakeholder.objects.create(account=account, placeholder=name, role=role, influence=influence, **fields)
    contact = Contact.objects.create(account=account, name=name)
    return Stakeholder.objects.create(account=account, contact=contact, role=role, influence=influence, **fields)


def take(account: Account, *names: str) -> list[DecisionStep]:
    """The steps of a decision, in this order."""
    return [
        DecisionStep.objects.create(account=account, position=number, name=name)
        for number, name in enumerate(names, start=1)
    ]


def settle(cast) -> SimpleNamespace:
    """Rep One holds Baltic Coast, where Halvorsen stands with three people on its map; Rep Three holds South Coast."""
    make_year("2025", date(2025, 1, 1))
    year = make_year()
    territory = make_territory("Baltic Coast", owner=cast.rep)
    account = make_account("Halvorsen", owner=cast.rep, tier="Key", potential=Decimal(400_000))
    AccountPlacement.objects.create(account=account, territory=territory)
    chief = put(account, "Ada Chief", "decider", 5, support=1, last_met_on=date(2026, 8, 1), relation=cast.rep)
    buyer = put(account, "Bo Buyer", "influence", 3, support=-1)
    user = put(account, "Cy User", "user", 2)
    return SimpleNamespace(
        **vars(cast),
        company=make_company(),
        year=year,
        territory=territory,
        south_land=make_territory("South Coast", owner=cast.outsider),
        account=account,
        chief=chief,
        buyer=buyer,
        user=user,
    )
