"""`verify` finds nothing on sound data, and names the invariant when a row was altered behind its back."""

import io

import pytest
from django.core.management import call_command
from django.db import connection

from spm.org import guards
from spm.org.models import Period
from spm.org.verification import run_all
from targets import closing, judged, rollup
from targets.models import Actual, Attainment, Credit, PeriodTotal, RollupRun, Target
from tests.builders import make_actual, make_plan, make_quota, make_territory

pytestmark = pytest.mark.django_db


@pytest.fixture
def company_at_work(year, cast):
    """Credits, quotas, a target, a territory tree and one closed month, all rolled up."""
    make_territory("Patch", parent=make_territory("Region"), owner=cast.rep)
    for person in (cast.rep, cast.outsider, cast.loner, None):
        make_actual(person, "2026-01-10", "10.0001", cost=4)
        make_actual(person, "2026-02-10", -3, kind="booking")
    make_quota(cast.rep, "2026-01", 80, "revenue")
    make_quota(cast.teammate, "2026-02", 0, "revenue")
    leaf = Period.objects.get(label="2026-02")
    Target.objects.create(plan=make_plan(year), team=cast.north, measure="margin", period=leaf, amount=9)
    rollup.rebuild()
    closing.close(Period.objects.get(label="2026-01"), by=cast.admin)
    guards.drop(connection)
    return cast


def broken():
    return {finding.invariant.number for finding in run_all() if finding.breaches} - {"INV-27"}


def test_sound_data_has_no_breach(company_at_work):
    guards.install(connection)
    out = io.StringIO()
    call_command("verify", stdout=out)
    assert "INV-22" in out.getvalue()


def test_inv_02_and_03_an_altered_credit_is_found(company_at_work):
    Credit.objects.filter(pk=Credit.objects.first().pk).update(amount=1)
    assert {"INV-02", "INV-03", "INV-22"} <= broken()


def test_inv_02_a_line_altered_behind_its_credits_is_found(company_at_work):
    Actual.objects.filter(pk=Actual.objects.first().pk).update(amount=1)
    assert broken() == {"INV-02", "INV-03"}


def test_inv_04_an_altered_quarter_is_found(company_at_work):
    Attainment.objects.filter(period__level="quarter", company__isnull=False).update(actual=1)
    assert broken() == {"INV-04"}


@pytest.mark.parametrize("holder", ["team", "territory", "company"])
def test_inv_05_an_altered_parent_is_found(company_at_work, holder):
    rows = Attainment.objects.filter(period__label="2026-02", measure="bookings")
    rows.filter(**{f"{holder}__isnull": False}).update(actual=77)
    assert "INV-05" in broken()


def test_inv_04_a_target_that_takes_the_place_of_other_months_is_found(company_at_work, monkeypatch):
    make_quota(company_at_work.rep, "2026-03", 5, "margin")
    rollup.rebuild()
    assert broken() == set()

    def whole(scope, measure, years=None):
        """As if the target of a quarter were its number, whatever months it was given for."""
        rows = Attainment.objects.filter(measure=measure, **{f"{scope}__isnull": False})
        told = {(row.team_id or row.territory_id, row.period_id): (row.target, row.quota_sum) for row in rows}
        return {key: amount for key, given in told.items() if (amount := judged.quota_of(scope, *given)) is not None}

    monkeypatch.setattr(judged, "by_period", whole)
    assert broken() == {"INV-04"}


def test_inv_08_a_negative_quota_is_found(company_at_work):
    Attainment.objects.filter(period__label="2026-01", target=80).update(target=-80)
    assert "INV-08" in broken()


def test_inv_20_and_22_a_missing_total_is_found(company_at_work):
    PeriodTotal.objects.filter(period__label="2026-02").first().delete()
    assert {"INV-20", "INV-22"} <= broken()


def test_inv_25_totals_of_an_unfinished_run_are_found(company_at_work):
    run = RollupRun.objects.create(
        period=Period.objects.get(label="2026-02"), state="stale", requested_at="2026-01-01T00:00Z"
    )
    Attainment.objects.filter(period__label="2026-02").update(run=run)
    assert "INV-25" in broken()


def test_inv_29_an_altered_closed_period_is_found(company_at_work):
    Attainment.objects.filter(period__label="2026-01", person=company_at_work.rep).update(lines=9)
    assert "INV-29" in broken()


def test_inv_22_a_stale_period_is_not_yet_held_to_its_credits(company_at_work):
    make_actual(company_at_work.rep, "2026-02-11", 5)
    assert broken() == set()
