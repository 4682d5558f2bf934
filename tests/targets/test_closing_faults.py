"""Closing, reopening and freezing, killed before every statement: the old state or the new one, never a mix."""

from datetime import UTC, date, datetime

import pytest
from django.db import transaction

from spm.jobs.models import Job
from spm.jobs.queue import enqueue
from spm.org.models import AuditEntry, FiscalYear, Membership, Period, User
from spm.org.verification import run_all
from targets import closing, plans, rollup
from targets.models import Attainment, CompanyPlan, PeriodClosing, PeriodReopening, Quota, RollupRun
from tests import children, leftovers
from tests.builders import make_actual, make_company, make_person, make_plan, make_quota, make_team, make_year

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def january(messages):
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


def kill_before_every_statement(verb, key, messages):
    """Run the verb in children killed one statement later each time, until it is done; return the statements it took.

    What its commit sets off may still be killed: the sweeper brings that to its end.
    """
    old = whole_state()
    with transaction.atomic():
        verb(key)
        new = whole_state()
        transaction.set_rollback(True)
    assert old != new
    states, got_through = [], False
    for got_through in children.kills(verb, key):
        states.append(whole_state())
        if states[-1] != old:
            break
        assert not got_through
    assert got_through or states[-1] == new
    leftovers.finish(messages)
    assert [finding for finding in run_all() if finding.breaches] == []
    return len(states)


def test_inv_29_a_close_killed_at_any_statement_has_closed_or_not_begun(january, messages):
    assert kill_before_every_statement(close, january.pk, messages) > 20
    kept = PeriodClosing.objects.get()
    assert (Period.objects.get(pk=january.pk).state, kept.digest) == ("closed", closing.digest_of(kept.rows))
    assert "111.0000" in {row["actual"] for row in kept.rows}  # the stale line was rolled up with it


def test_inv_30_a_reopening_killed_at_any_statement_has_opened_or_not_begun(january, messages):
    close(january.pk)
    assert kill_before_every_statement(reopen, january.pk, messages) > 5
    assert (Period.objects.get(pk=january.pk).state, PeriodReopening.objects.count()) == ("open", 1)


def test_inv_30_a_reopened_period_whose_worker_was_killed_is_rolled_up_by_the_sweeper(january, messages):
    """Another membership while it was closed passed it by; what the reopening asks for brings it in, killed or not."""
    close(january.pk)
    Membership.objects.update(team=make_team("South"))
    statement, was_killed = 0, True
    while was_killed:
        statement += 1
        reopen(january.pk)
        was_killed = leftovers.killed_at(statement, Job.objects.filter(state="waiting").latest("pk"))
        leftovers.finish(messages)
        rows = Attainment.objects.filter(period=january, measure="revenue", team__isnull=False)
        assert list(rows.values_list("team__name", "actual")) == [("South", 111)]
        close(january.pk)
    assert statement > 15
    assert [finding for finding in run_all() if finding.breaches] == []


def test_inv_29_a_scheduled_close_killed_at_any_statement_is_finished_by_the_sweeper(january, messages):
    """The job closes January alone: its quarter is long over, and the other months of it are closed already."""
    make_company(fixed_today=date(2026, 4, 21))
    RollupRun.objects.update(requested_at=datetime(2026, 1, 20, tzinfo=UTC))
    Period.objects.filter(label__in=["2026-02", "2026-03"]).update(state="closed")
    leftovers.finish(messages)
    make_actual(User.objects.get(name="Rep"), amount=5, external_id="later")
    job, statement = enqueue("close_due"), 1
    while leftovers.killed_at(statement, job) and not PeriodClosing.objects.exists():
        with transaction.atomic():
            leftovers.finish_now(job)
            assert closed_at(116)
            transaction.set_rollback(True)
        Job.objects.filter(pk=job.pk).update(state="waiting", attempt=0, lease_until=None)
        statement += 1
    leftovers.finish(messages)
    assert closed_at(116)
    assert statement > 20


def closed_at(amount):
    """January is closed, once, with the company at this amount."""
    kept = PeriodClosing.objects.get()
    amounts = {row["actual"] for row in kept.rows if row["measure"] == "revenue"}
    return (
        kept.period.state == "closed" and kept.digest == closing.digest_of(kept.rows) and amounts == {f"{amount}.0000"}
    )


def test_inv_27_a_freeze_killed_at_any_statement_has_frozen_all_or_nothing(january, messages):
    year = FiscalYear.objects.get()
    make_plan(year)
    assert kill_before_every_statement(freeze, year.pk, messages) > 5
    baseline = CompanyPlan.objects.get(kind="baseline")
    assert (baseline.quotas.count(), baseline.frozen_at is not None) == (1, True)
