"""Seasonality, company plan, targets and quotas from files."""

from decimal import Decimal

import pytest

from spm.imports import batches
from spm.imports.choices import BatchState
from spm.org.choices import PeriodState
from spm.org.models import Period
from targets.models import PlanLine, Quota, RollupRun, SeasonalityProfile, Target
from tests.builders import make_person, make_team, make_territory
from tests.spm.imports_help import load, told

pytestmark = pytest.mark.django_db

QUOTAS = """
    email,measure,period,amount,currency
    ana@x.com,bookings,2026-Q1,100.00,EUR
    ana@x.com,bookings,2026-04,"€ 1,250.50",
"""


@pytest.fixture
def ana(year):
    return make_person("Ana", email="ana@x.com")


def quotas():
    return list(Quota.objects.order_by("period__starts_on").values_list("period__label", "amount"))


def test_a_quarter_is_spread_in_minor_units_and_again_changes_nothing(ana):
    assert told(load("quotas", QUOTAS)) == {"read": 2, "new": 2}
    amounts = [Decimal("33.34"), Decimal("33.33"), Decimal("33.33"), Decimal("1250.5")]
    assert quotas() == list(zip(["2026-01", "2026-02", "2026-03", "2026-04"], amounts, strict=True))
    history = Quota.history.count()
    assert told(load("quotas", QUOTAS)) == {"read": 2, "unchanged": 2}
    assert Quota.history.count() == history


def test_changed_quotas_make_their_periods_stale_and_undo_restores_them(ana):
    load("quotas", QUOTAS)
    before = quotas()
    RollupRun.objects.all().delete()
    batch = load("quotas", QUOTAS.replace("100.00", "90.00"))
    assert told(batch) == {"read": 2, "changed": 1, "unchanged": 1}
    batches.undo(batch)
    assert quotas() == before
    batches.undo(load("quotas", "email,measure,period,amount\nana@x.com,revenue,2026,1200\n"))
    assert quotas() == before


def test_refusals_of_quotas_name_the_column(ana):
    rows = """
        email,measure,period,amount,currency
        bob@x.com,bookings,2026,1,
        ana@x.com,bookings,2031,1,
        ana@x.com,bookings,2026,-1,
        ana@x.com,revenue,2026,1,USD
        ana@x.com,margin,2026,0.005,
    """
    batch = load("quotas", rows)
    assert [row.column for row in batch.rows.all()] == ["email", "period", "amount", "currency", "amount"]
    assert (batch.state, Quota.objects.count()) == (BatchState.REFUSED, 0)


def test_a_year_and_a_month_within_it_cannot_both_be_meant(ana):
    rows = "email,measure,period,amount\nana@x.com,bookings,2026,1200\nana@x.com,bookings,2026-01,5\n"
    assert told(load("quotas", rows)) == {"read": 2, "new": 1, "refused": 1}


def test_inv_29_a_quota_of_a_closed_period_is_parked_and_listed(ana):
    load("quotas", QUOTAS)
    Period.objects.filter(label="2026-04").update(state=PeriodState.CLOSED)
    assert told(load("quotas", QUOTAS)) == {"read": 2, "unchanged": 2}
    batch = load("quotas", QUOTAS.replace("1,250", "1,300"))
    assert (told(batch), batch.rows.get().column) == ({"read": 2, "unchanged": 1, "parked": 1}, "period")


def test_targets_of_teams_and_territories(year):
    make_team("North"), make_territory("NW")
    rows = "scope,key,measure,period,amount\nteam,north,bookings,2026-01,10\nterritory,nw,revenue,2026-01,20\n"
    assert told(load("targets", rows)) == {"read": 2, "new": 2}
    assert Target.objects.count() == 2
    batch = load("targets", "scope,key,measure,period,amount\nteam,nw,bookings,2026-01,10\n")
    assert batch.rows.get().column == "key"


def test_a_company_plan_with_segments(year):
    rows = "fiscal_year,measure,period,segment,amount\n2026,bookings,2026,,1200\n2026,bookings,2026-01,SMB,7\n"
    assert told(load("company_plan", rows)) == {"read": 2, "new": 2}
    assert PlanLine.objects.filter(segment="").count() == 12
    batch = load("company_plan", rows.replace("\n2026,", "\n2027,"))
    assert {row.column for row in batch.rows.all()} == {"fiscal_year"}


def test_seasonality_weights_add_up_from_two_files_and_spread_a_year(ana):
    first = "profile,period_no,weight\n" + "".join(f"Standard,{n},1\n" for n in range(1, 7))
    second = "profile,period_no,weight\n" + "".join(f"standard,{n},3\n" for n in range(7, 13))
    assert told(load("seasonality", first)) == {"read": 6, "new": 6}
    assert told(load("seasonality", second)) == {"read": 6, "new": 6}
    assert told(load("seasonality", first)) == {"read": 6, "unchanged": 6}
    load("quotas", "email,measure,period,amount\nana@x.com,bookings,2026,2400\n")
    assert {amount for _period, amount in quotas()} == {Decimal(100), Decimal(300)}


def test_bad_weights_are_refused_and_undo_takes_a_profile_away(year):
    batch = load("seasonality", "profile,fiscal_year,period_no,weight\nA,,1,-1\nB,2031,1,1\nC,,1,0\n")
    assert [row.column for row in batch.rows.order_by("number")] == ["weight", "fiscal_year", "profile"]
    batches.undo(load("seasonality", "profile,period_no,weight\nD,1,1\n"))
    assert not SeasonalityProfile.objects.exists()
