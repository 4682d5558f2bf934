"""Rows that wait for their period to open: until a later file that stands has brought them, and not a day longer."""

from decimal import Decimal

import pytest

from spm.dashboards import alerts
from spm.dashboards.queries import stamp_of
from spm.dashboards.setup import queries
from spm.imports import batches
from spm.org.models import Company, Period
from targets import closing
from targets.choices import Measure
from targets.goals import Goal, of_person
from targets.models import Quota
from targets.quotas import set_quotas
from targets.unloaded import unloaded
from tests.builders import make_actual, make_plan, make_quota, make_team, make_territory
from tests.spm.imports_help import load, told

pytestmark = pytest.mark.django_db

LINES = "external_id,kind,date,email,amount\na,revenue,2026-01-05,{},10\nb,revenue,2026-01-06,{},20\n"
QUOTAS = "email,measure,period,amount\n{},bookings,2026-Q1,300\n"


@pytest.fixture
def leaf(cast, year):
    return Period.objects.get(level="month", label="2026-01")


@pytest.fixture
def closed(cast, leaf):
    closing.close(leaf, by=cast.admin)
    return leaf


def waiting(cast):
    """How many rows wait by the alert, and by the overview of setup; they agree."""
    found = [one.text for one in alerts.counted(cast.admin, Company.objects.get(), stamp_of(cast.admin))]
    by_alert = [int(text.split()[0]) for text in found if "to open" in text]
    assert by_alert == [count for count in [queries.parked_rows(cast.admin)] if count]
    return sum(by_alert)


def listed(cast):
    leaves = list(Period.objects.filter(level="month").order_by("starts_on"))
    return [(row.external_id, row.is_open) for row in unloaded(cast.admin, leaves, None, ())]


def lines(cast):
    return LINES.format(cast.rep.email, cast.rep.email)


def test_a_line_waits_until_it_is_loaded_and_again_after_the_undo(cast, closed):
    assert told(load("actuals", lines(cast))) == {"read": 2, "parked": 2}
    assert waiting(cast) == len(listed(cast)) == 2
    closing.reopen(closed, by=cast.admin, reason="late")
    late = load("actuals", lines(cast))
    assert (waiting(cast), listed(cast)) == (0, [])
    batches.undo(late)
    assert (waiting(cast), listed(cast)) == (2, [("a", True), ("b", True)])


def test_a_line_that_two_files_bring_in_vain_waits_once(cast, closed):
    for _ in range(2):
        load("actuals", lines(cast))
    assert waiting(cast) == len(listed(cast)) == 2
    load("actuals", lines(cast), source="other")
    assert waiting(cast) == len(listed(cast)) == 4


def test_a_restated_line_waits_again_after_the_undo(cast, leaf):
    load("actuals", lines(cast))
    closing.close(leaf, by=cast.admin)
    other = lines(cast).replace(",10\n", ",11\n")
    assert told(load("actuals", other)) == {"read": 2, "unchanged": 1, "parked": 1}
    closing.reopen(leaf, by=cast.admin, reason="late")
    late = load("actuals", other)
    assert (waiting(cast), listed(cast)) == (0, [])
    batches.undo(late)
    assert (waiting(cast), listed(cast)) == (1, [("a", True)])


def test_files_that_are_undone_or_never_loaded_wait_for_nothing(cast, closed):
    batches.undo(load("actuals", lines(cast)))
    assert (waiting(cast), listed(cast)) == (0, [])


def test_credits_wait_until_those_of_their_line_are_loaded(cast, leaf):
    make_actual(cast.rep, "2026-01-10", external_id="x")
    closing.close(leaf, by=cast.admin)
    rows = f"external_id,email,share\nx,{cast.rep.email},0.5\nx,{cast.teammate.email},0.5\n"
    assert told(load("credits", rows, source="test")) == {"read": 2, "parked": 2}
    assert (waiting(cast), listed(cast)) == (1, [])
    closing.reopen(leaf, by=cast.admin, reason="late")
    late = load("credits", rows, source="test")
    assert waiting(cast) == 0
    batches.undo(late)
    assert waiting(cast) == 1


@pytest.mark.parametrize("before", [None, 50])
def test_a_number_waits_until_it_is_loaded_or_typed(cast, year, leaf, before):
    if before:
        make_quota(cast.rep, leaf, before)
    closing.close(leaf, by=cast.admin)
    rows = QUOTAS.format(cast.rep.email)
    assert told(load("quotas", rows)) == {"read": 1, "parked": 1}
    assert waiting(cast) == 1
    closing.reopen(leaf, by=cast.admin, reason="late")
    late = load("quotas", rows)
    assert (Quota.objects.get(period=leaf).amount, waiting(cast)) == (100, 0)
    batches.undo(late)
    assert waiting(cast) == 1
    set_quotas(make_plan(year), [Goal(of_person(cast.rep.pk), Measure.BOOKINGS, leaf, Decimal(77))], by=cast.admin)
    assert waiting(cast) == 0


def test_numbers_of_every_holder_wait(cast, year, leaf):
    make_team("Far"), make_territory("NW")
    closing.close(leaf, by=cast.admin)
    targets = "scope,key,measure,period,amount\nteam,far,bookings,2026-01,10\nterritory,nw,revenue,2026-01,20\n"
    plan = "fiscal_year,measure,period,segment,amount\n2026,revenue,2026-01,,5\n2026,revenue,2026-01,Pumps,5\n"
    load("targets", targets), load("company_plan", plan)
    assert waiting(cast) == 4
    closing.reopen(leaf, by=cast.admin, reason="late")
    load("targets", targets)
    assert waiting(cast) == 2
    load("company_plan", plan)
    assert waiting(cast) == 0
