"""Roll-ups at once, killed in the middle, and against a plain-Python oracle. Real transactions, on both databases."""

import threading

import pytest
from django.db import DatabaseError, connection, connections, transaction

from spm.jobs import runner
from spm.jobs.models import Job
from spm.org.models import Period, User
from targets import rollup
from targets.models import Attainment, PeriodTotal, RollupRun
from targets.staleness import lock_periods, mark_stale
from tests import leftovers
from tests.builders import make_actual, make_company, make_person, make_quota, make_team, make_year

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def january(messages):
    """A small company whose January has been rolled up once and is stale again; messages to workers get lost."""
    make_company()
    make_year()
    rep = make_person("Rep", team=make_team("North"))
    make_quota(rep, "2026-01", 80, "revenue")
    make_actual(rep, amount=100, cost=60)
    rollup.roll_up_stale()
    make_actual(rep, amount=11, external_id="late")
    return Period.objects.get(label="2026-01")


def published():
    """Everything a page could show, run numbers aside."""
    totals = PeriodTotal.objects.order_by("period", "person", "territory", "measure")
    rows = Attainment.objects.order_by("period", "measure", "person", "team", "territory", "company")
    return [
        *totals.values_list("period", "person", "measure", "amount", "lines"),
        *rows.values_list("period", "measure", "person", "team", "territory", "company", "actual", "target", "lines"),
    ]


def company_revenue(leaf):
    return Attainment.objects.get(period=leaf, measure="revenue", company__isnull=False).actual


def at_once(count, work):
    """Run ``work`` in so many threads, each with a connection of its own; what each raised, or None."""
    ended = []

    def guarded():
        try:
            work()
            ended.append(None)
        except (DatabaseError, threading.BrokenBarrierError) as error:
            ended.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


@pytest.mark.parametrize("count", [2, 10])
def test_inv_21_roll_ups_at_once_equal_one(january, count):
    assert at_once(count, lambda: rollup.roll_up(january.pk)) == [None] * count
    together = published()
    rollup.roll_up(january.pk)
    assert together == published()
    assert company_revenue(january) == 111


def test_inv_21_without_the_lock_the_race_shows(january, monkeypatch):
    meet = threading.Barrier(2, timeout=10)
    monkeypatch.setattr(rollup, "lock_periods", lambda keys: list(Period.objects.filter(pk__in=list(keys))))
    monkeypatch.setattr(rollup, "_recredit", lambda batch: meet.wait())

    def unlocked():
        connection.ensure_connection()
        connection.transaction_mode = "DEFERRED"  # SQLite's lock is BEGIN IMMEDIATE
        rollup.roll_up(january.pk)

    assert any(isinstance(error, DatabaseError) for error in at_once(2, unlocked))


def test_inv_22_roll_up_beside_a_writer_loses_nothing(january):
    def write():
        with transaction.atomic():
            (leaf,) = lock_periods([january.pk])
            mark_stale([leaf.pk])

    assert at_once(2, write) == [None, None]
    rollup.roll_up_stale()
    assert not RollupRun.objects.stale().exists()


def test_inv_23_killed_at_any_statement_leaves_old_or_new_totals_and_the_sweeper_finishes(january):
    job, old = Job.objects.filter(state="waiting").latest("pk"), published()
    with transaction.atomic():
        rollup.roll_up(january.pk)
        new = published()
        transaction.set_rollback(True)
    assert old != new
    statement = 1
    while leftovers.killed_at(statement, job):
        assert published() in (old, new), statement
        Job.objects.filter(pk=job.pk).update(state="waiting", attempt=0, lease_until=None)
        statement += 1
    assert statement > 15
    assert published() == new


def test_inv_23_sweeper_finishes_what_a_killed_worker_left(january, messages):
    """Killed anywhere: at the claim of the job, in the roll-up, before the job says that it is done."""
    job, number, was_killed, seen = Job.objects.filter(state="waiting").latest("pk"), 0, True, set()
    while was_killed:
        number += 1
        was_killed = leftovers.killed_at(number, job)
        seen.add(job.state)
        leftovers.finish(messages)
        assert company_revenue(january) == 110 + number
        make_actual(User.objects.get(name="Rep"), amount=1, external_id=f"later {number}")
        job = Job.objects.filter(state="waiting").latest("pk")
    assert number > 15
    assert seen == {"waiting", "running", "done"}


def test_inv_24_doubled_message_runs_once(january):
    job = Job.objects.filter(state="waiting").latest("pk")
    runner.run(job.pk)
    before = RollupRun.objects.done().count()
    assert runner.run(job.pk) is None
    assert RollupRun.objects.done().count() == before
