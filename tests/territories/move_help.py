"""Two territories of North with quotas, deals and last year's sales: what tests of move packages begin with.

Rep One holds West with Alpha, Beta, Gamma; Rep Two holds East with Delta. Last year Alpha booked 300, Beta 600, Gamma
100, so Alpha is 3/10 of Rep One's bookings. Quotas of bookings: 1,000 a month for Rep One, 500 for Rep Two.
"""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

from spm.market.models import AccountPlacement, Opportunity
from targets import rollup
from targets.models import Quota
from territories import moves
from territories.models import MovePackage
from tests.builders import make_account, make_actual, make_company, make_plan, make_quota, make_territory, make_year

TODAY = date(2026, 9, 18)
OCTOBER = date(2026, 10, 1)


def settle(cast, day=TODAY):
    """``day``: on which the company's clock stands."""
    make_company(fixed_today=day)
    make_year("2025", date(2025, 1, 1))
    year = make_year()
    west, east = make_territory("West", owner=cast.rep), make_territory("East", owner=cast.teammate)
    accounts = {}
    for name, territory, potential in (
        ("Alpha", west, 900),
        ("Beta", west, 400),
        ("Gamma", west, None),
        ("Delta", east, 250),
    ):
        accounts[name.lower()] = make_account(name, external_id=f"N-{name}", potential=potential)
        AccountPlacement.objects.create(account=accounts[name.lower()], territory=territory)
    for name, amount in (("alpha", 300), ("beta", 600), ("gamma", 100)):
        make_actual(cast.rep, "2025-05-05", amount, kind="booking", account=accounts[name])
        make_actual(cast.rep, "2025-06-05", amount * 2, account=accounts[name], cost=amount)
    make_plan(year)
    for month in range(1, 13):
        make_quota(cast.rep, f"2026-{month:02}", 1000)
        make_quota(cast.teammate, f"2026-{month:02}", 500)
    rollup.rebuild()
    return SimpleNamespace(**vars(cast), year=year, west=west, east=east, **accounts)


def deal(account, opened="2026-08-01", closed=None, amount=70, **fields):
    """An opportunity of the account, open unless it closed on a day."""
    outcome = "won" if closed else "open"
    number = Opportunity.objects.count() + 1
    values = {"external_id": f"D{number}", "name": f"Deal {number}", "amount": Decimal(amount)} | fields
    return Opportunity.objects.create(account=account, opened_on=opened, closed_on=closed, outcome=outcome, **values)


def values(land, **fields):
    """What the form of a package gives."""
    told = {"name": "Package", "to_territory": land.east, "effective_on": OCTOBER, "hold_over": "all"}
    return told | {"hold_days": None, "reason": "A better cut", "moves_quota": True} | fields


def draft(land, *accounts, by=None, **fields):
    """A stored draft that brings Alpha, or these accounts, from West to East on 1 October."""
    keys = [account.pk for account in accounts or (land.alpha,)]
    return moves.save(MovePackage(), values(land, **fields), keys, by or land.north_manager)


def on(day):
    """The company's clock stands on that day."""
    make_company(fixed_today=day)


def placed():
    rows = AccountPlacement.objects.filter(starts_on__gt=date(2026, 1, 1)).order_by("starts_on", "account__name")
    return [
        (row.account.name, row.territory.name, row.starts_on) for row in rows.select_related("account", "territory")
    ]


def quotas(person):
    rows = Quota.objects.filter(person=person, plan__kind="working", measure="bookings")
    return {row.period.label[5:]: row.amount for row in rows.select_related("period")}
