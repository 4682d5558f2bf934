"""A plan to write: a rep with a quota of 4,800 and an account, in a year that begins tomorrow's tomorrow."""

from datetime import date
from types import SimpleNamespace

import pytest

from targets.models import Quota
from territories import caps, plan_flow, plan_writing, plans
from territories.choices import Section
from territories.models import PlanSection, TerritoryPlan
from tests.builders import make_account, make_quota, make_territory, make_year
from tests.territories import map_help, market_help


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


def filled(most):
    """Words of exactly so many characters, wide letters among them."""
    text = "Wm Xenon Mauritius Quantum Warmwasser Hammer Gummi Komma Whim " * 4
    return (text[:most].rstrip() + "MMMMMMMM")[:most]


@pytest.fixture
def fullest(planned):
    """Every section full, every text at its cap, every account with a name of three words and a tier."""
    for section in caps.LISTS:
        for _line in range(caps.LINES):
            line = plan_writing.add_line(planned.plan, section, planned.rep)
            line.text, line.risk = filled(caps.LINE), "medium" if section == Section.RETENTION else ""
            if section == Section.CHANNEL:
                line.partner, line.text = filled(caps.PARTNER), filled(caps.LINE - caps.PARTNER)
            line.amount = 1_234_567 if section in (Section.BUSINESS, Section.CHANNEL) else None
            line.due_on = "2027-09-30" if section in (Section.GOALS, Section.BUSINESS, Section.RETENTION) else None
            line.save()
    for number in range(caps.PRINTED_ACCOUNTS):
        account = make_account(
            f"{number} Westmoreland Wassermühlen und Hammerwerke am Main zu Worms GmbH",
            owner=planned.rep,
            tier="Tier A",
        )
        line = plan_writing.add_line(planned.plan, Section.ACCOUNTS, planned.rep)
        line.account, line.amount, line.due_on = account, 1_234_567, "2027-11-30"
        line.entry, line.next_step = filled(caps.ENTRY), filled(caps.NEXT_STEP)
        line.save()
    PlanSection.objects.filter(plan=planned.plan, section=Section.RETENTION).update(base=9_876_543)
    plan_flow.submit(planned.plan, planned.rep)
    plan_flow.approve(planned.plan, planned.north_manager)
    return planned


@pytest.fixture
def wanting(mapped):
    """Baltic Coast with three target customers and two target markets: see ``market_help.settle``."""
    return market_help.settle(mapped)
