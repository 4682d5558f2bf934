"""Closing, reopening and freezing, killed before every statement: the old state or the new one, never a mix."""

import pytest
from django.db import transaction

from spm.org.models import AuditEntry, FiscalYear, Period, User
from spm.org.verification import run_all
from targets import closing, plans, rollup
from targets.models import Attainment, CompanyPlan, PeriodClosing, PeriodReopening, Quota, RollupRun
from tests import children
from tests.builders import make_actual, make_company, make_person, make_plan, make_quota, make_team, make_year

pytestmark = pytest.mark.django_db(transaction=True)
MOST = 200  # statements that none of these needs


@pytest.fixture
def january():
    """A small company whose January has been rolled up once and is stale again."""
    make_company()
    make_year()
    make_person("Admin", is_admin=True)
    rep = make_person("Rep", team=make_team("North"))
    make_quota(rep, "2026-01", 80, "revenue")
    make_actual(rep, amount=100, cost=60)
    rollup.roll_up_stale()
    make_actual(rep, amount=11, external_id="late")
    return Period.objects.get(label="2026-01")


def close(pk):
    closing.close(Period.objects.get(pk=pk), by=User.objects.get(is_admin=True))


def reopen(pk):
    closing.reopen(Period.objects.get(pk=pk), by=User.objects.get(is_admin=True), reason="An invoice was missing")


def freeze(year):
    plans.freeze_baseline(plans.working_plan(FiscalYear.objects.get(pk=year)), by=User.objects.get(is_admin=True))


def whole_state():
    """Everything the three write, as counts and states: two of these differ where one of them has run."""
    return (
        list(Period.objects.filter(level="month").order_by("pk").values_list("state", flat=True)),
        PeriodClosing.objects.count(),
        PeriodReopening.objects.count(),
        RollupRun.objects.stale().count(),
        list(Attainment.objects.order_by("period", "pk").values_list("period", "measure", "actual")),
        [(plan.kind, plan.frozen_at is not None) for plan in CompanyPlan.objects.order_by("pk")],
        (Quota.objects.count(), Quota.history.count()),
        AuditEntry.objects.count(),
    )


def kill_before_every_statement(verb, key):
    """Run the verb in children killed one statement later each time, until it is done; return the statements it took.

    What its commit sets off may still be killed: the sweeper does that again.
    """
    old, statement = whole_state(), 1
    with transaction.atomic():
        verb(key)
        new = whole_state()
        transaction.set_rollback(True)
    assert old != new
    while True:
        got_through = children.got_through(children.start(verb, key, kill_before=statement))
        if whole_state() != old:
            break
        assert not got_through
        statement += 1
        assert statement < MOST
    assert got_through or whole_state() == new
    assert [finding for finding in run_all() if finding.breaches] == []
    return statement


def test_inv_29_a_close_killed_at_any_statement_has_closed_or_not_begun(january):
    assert kill_before_every_statement(close, january.pk) > 20
    kept = PeriodClosing.objects.get()
    assert (Period.objects.get(pk=january.pk).state, kept.digest) == ("closed", closing.digest_of(kept.rows))
    assert "111.0000" in {row["actual"] for row in kept.rows}  # the stale line was rolled up with it


def test_inv_30_a_reopening_killed_at_any_statement_has_opened_or_not_begun(january):
    close(january.pk)
    assert kill_before_every_statement(reopen, january.pk) > 5
    assert (Period.objects.get(pk=january.pk).state, PeriodReopening.objects.count()) == ("open", 1)


def test_inv_27_a_freeze_killed_at_any_statement_has_frozen_all_or_nothing(january):
    year = FiscalYear.objects.get()
    make_plan(year)
    assert kill_before_every_statement(freeze, year.pk) > 5
    baseline = CompanyPlan.objects.get(kind="baseline")
    assert (baseline.quotas.count(), baseline.frozen_at is not None) == (1, True)
