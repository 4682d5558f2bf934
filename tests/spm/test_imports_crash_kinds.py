"""Killed at any statement, the import of a file of any kind has written all of its rows or none of them.

``test_imports_crash`` has what a worker's job does around it, and how the sweeper ends it.
"""

from functools import partial

import pytest

from spm.imports import batches, staging
from spm.imports.models import ImportBatch
from tests import leftovers
from tests.builders import make_account, make_person, make_plan, make_team, make_territory
from tests.spm.imports_help import load, upload
from tests.targets.test_planning_crash import kill_before_every_statement

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = "external_id,kind,date,email,amount\n"
STANDING = HEAD + "a,revenue,2026-01-05,ana@x.com,10\nb,booking,2026-02-05,,20\nc,revenue,2026-03-05,ana@x.com,30\n"
FILES = {
    "periods": "fiscal_year,quarter,period,starts_on,ends_on\n"
    "2027,2027-Q1,2027-A,2027-01-01,2027-02-14\n2027,2027-Q1,2027-B,2027-02-15,2027-03-31\n"
    "2027,2027-Q2,2027-C,2027-04-01,2027-12-31\n",
    "rates": "currency,starts_on,rate\nUSD,2026-01-01,0.95\nUSD,2026-03-01,0.85\nNOK,2026-01-01,0.0852\n",
    "seasonality": "profile,fiscal_year,period_no,weight\n" + "".join(f"usual,2026,{n},{n}\n" for n in range(1, 13)),
    "teams": "team,parent,lead_email\nNorth,Sales,bob@x.com\nSales,,ana@x.com\nSouth,Sales,\n",
    "people": "email,name,team\ncy@x.com,Cy,North\nana@x.com,Anna,North\ndi@x.com,Di,\n",
    "memberships": "email,team,starts_on\nana@x.com,North,2026-04-01\nbob@x.com,North,\nana@x.com,East,2026-07-01\n",
    "territories": "territory,parent,name\nT1,T0,Harbour\nT2,T0,Hills\nT0,,Land\n",
    "assignments": "territory,email,role,starts_on\nT0,ana@x.com,owner,\nT0,bob@x.com,overlay,2026-03-01\n",
    "accounts": "account_id,name,parent_id,segment,potential,owner_email\n"
    "K1,First,,Large,100,ana@x.com\nK2,Second,K1,Small,,\nK0,Nought,,,7,bob@x.com\n",
    "placements": "account_id,territory,starts_on\nK0,T0,\nK0,,2026-06-01\n",
    "company_plan": "fiscal_year,measure,period,segment,amount\n2026,bookings,2026,,1200\n2026,revenue,2026-Q1,,30\n",
    "targets": "scope,key,measure,period,amount\nteam,North,bookings,2026,1200\nterritory,T0,revenue,2026-Q1,30\n",
    "quotas": "email,measure,period,amount\nana@x.com,bookings,2026,1200\nbob@x.com,revenue,2026-Q1,30\n",
    "actuals": HEAD + "a,revenue,2026-04-05,ana@x.com,11\nd,booking,2026-03-05,bob@x.com,-3\ne,booking,2026-03-06,,4\n",
    "credits": "external_id,email,share\na,ana@x.com,0.4\na,bob@x.com,0.6\nc,bob@x.com,1\n",
}
"""Something new and something changed of each kind, loaded in blocks of two rows."""


def commit(pk):
    before, staging.BLOCK = staging.BLOCK, 2
    try:
        batches.commit(ImportBatch.objects.get(pk=pk))
    finally:
        staging.BLOCK = before


@pytest.fixture
def standing(year, messages):
    make_person("Ana", email="ana@x.com"), make_person("Bob", email="bob@x.com")
    make_team("North"), make_team("East")
    make_territory("T0"), make_account("Nought", external_id="K0")
    make_plan(year)
    load("actuals", STANDING)
    leftovers.finish(messages)


@pytest.mark.parametrize("kind", FILES)
def test_inv_15_killed_at_every_statement_a_file_of_any_kind_is_there_whole_or_not_at_all(standing, messages, kind):
    batch = upload(kind, FILES[kind])
    assert kill_before_every_statement(partial(commit, batch.pk)) > 10
    batch.refresh_from_db()
    assert (batch.state, batch.refused, batch.new + batch.changed > 0) == ("committed", 0, True)
    leftovers.finish(messages)


def test_control_a_commit_that_is_not_one_transaction_is_found(standing, messages):
    batch = upload("people", FILES["people"])
    with pytest.raises(AssertionError):
        kill_before_every_statement(partial(torn, batch.pk))


def torn(pk):
    """What a commit without its one transaction would do."""
    make_person("Half", email="half@x.com")
    commit(pk)
