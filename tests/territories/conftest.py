"""A plan to write: a rep with a quota of 4,800 and an account, in a year that begins tomorrow's tomorrow."""

from datetime import date
from types import SimpleNamespace

import pytest

from targets.models import Quota
from territories import plans
from territories.models import TerritoryPlan
from tests.builders import make_account, make_quota, make_territory, make_year
from tests.territories import map_help


@pytest.fixture
def planned(cast):
    """Years 2026 and 2027; Rep One owns Baltic Coast with two accounts and has a quota of 4,800 in 2027."""
    make_year()
    year = make_year("2027", date(2027, 1, 1))
    territory = make_territory("Baltic Coast", owner=cast.rep)
    accounts = [make_account(name, owner=cast.rep, tier="A") for name in ("Halvorsen", "Ostsee")]
    for month in range(1, 13):
        make_quota(cast.rep, f"2027-{month:02}", 400)
    plans.roll_out(year, cast.admin)
    plan = TerritoryPlan.objects.select_related("fiscal_year", "person").get(person=cast.rep, fiscal_year=year)
    assert Quota.objects.count() == 12
    return SimpleNamespace(**vars(cast), year=year, territory=territory, accounts=accounts, plan=plan)


@pytest.fixture
def mapped(cast):
    """Rep One's account Halvorsen in Baltic Coast, with a map of three people: see ``map_help.settle``."""
    return map_help.settle(cast)
