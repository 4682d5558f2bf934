"""The market of the demo company beyond its accounts: deals as the CRM has them, target markets and customers."""

from datetime import date

from spm.dashboards.demo_planning import moment
from spm.dashboards.norvik import cast, wants
from spm.dashboards.norvik.deals import deals
from spm.dashboards.norvik.figures import HIRED_IN_APRIL
from spm.dashboards.norvik.sheets import Sheet
from spm.keys import normalise
from spm.market.choices import Outcome
from spm.market.models import Account, Opportunity, ProductFamily, Territory
from spm.org import clock
from spm.org.models import User
from territories import market_writing, target_markets
from territories.field_writing import Change
from territories.market_writing import MARKET

WRITTEN, HIRED_WROTE = date(2026, 1, 22), date(2026, 4, 28)


def files() -> list[Sheet]:
    headers = tuple(wants.HEADERS.split())
    return [Sheet("target_customers", "norvik-target-customers.csv", headers, tuple(wants.customer_rows()))]


def write_deals() -> None:
    """What a CRM would hand over; there is no file of deals yet."""
    accounts = dict(Account.objects.values_list("external_id", "pk"))
    people = dict(User.objects.people().values_list("email", "pk"))
    families = dict(ProductFamily.objects.values_list("name", "pk"))
    Opportunity.objects.bulk_create(
        Opportunity(
            external_id=deal.number,
            key=normalise(deal.number),
            account_id=accounts[deal.customer.account_id],
            owner_id=people[deal.owner],
            name=deal.name,
            product_family_id=families[deal.family],
            amount=deal.amount,
            opened_on=deal.opened_on,
            close_on=deal.close_on,
            closed_on=deal.closed_on,
            outcome=Outcome.OPEN if deal.closed_on is None else Outcome.WON if deal.is_won else Outcome.LOST,
        )
        for deal in deals()
    )


def write_markets() -> None:
    """Of every territory by who holds it, on a day of January; of the one hired in April, then."""
    for code, person in cast.SELLERS.items():
        by, territory = User.objects.get(email=person.email), Territory.objects.get(code=code)
        with clock.at(moment(HIRED_WROTE if code == HIRED_IN_APRIL else WRITTEN, 14)):
            for kind, name, why, profile, potential in wants.markets_of(code):
                row = target_markets.add(territory, name, owner=by)
                said = {"kind": kind, "reason": why, "profile": profile, "potential": str(potential)}
                changes = [Change(f"{MARKET}{row.pk}", field, text, 0, "") for field, text in said.items()]
                market_writing.save(territory, changes, by)
