"""Roll-ups at once, killed in the middle, and against a plain-Python oracle. Real transactions, on both databases."""

import random
import threading

import pytest
from django.db import IntegrityError, connections, transaction
from django.db.models import Sum

from spm.jobs import runner
from spm.jobs.models import Job
from spm.org.models import Period, User
from targets import rollup
from targets.models import Actual, Attainment, PeriodTotal, RollupRun
from targets.staleness import lock_periods, mark_stale
from tests import leftovers
from tests.builders import make_actual, make_company, make_person, make_quota, make_team, make_year
from tests.races import ROUNDS, Race, at_once, no_lock, without_unique_keys

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


def lines_of(leaf):
    """The revenue that the lines of a period add up to."""
    return Actual.objects.filter(date__range=(leaf.starts_on, leaf.ends_on)).aggregate(Sum("amount"))["amount__sum"]


@pytest.mark.parametrize("count", [2, 10])
def test_inv_21_roll_ups_at_once_equal_one(january, count):
    overlapped = 0
    for number in range(ROUNDS):
        make_actual(User.objects.get(name="Rep"), amount=1, external_id=f"round {number}")
        race = Race([lambda: rollup.roll_up(january.pk)] * count)
        assert [type(one) for one in race.ended] == [RollupRun] * count
        overlapped += race.overlapped
        together = published()
        assert company_revenue(january) == 111 + number + 1
        rollup.roll_up(january.pk)
        assert together == published()
    assert overlapped >= ROUNDS / 2  # else they met one after the other


def unlocked(monkeypatch, at, work=lambda: None):
    """A roll-up without its lock, which does ``work`` where it asks for the statement ``at``."""
    fill = rollup.Batch.fill
    monkeypatch.setattr(rollup, "lock_periods", lambda keys: list(Period.objects.filter(pk__in=list(keys))))

    def fill_there(batch, sql, **names):
        if sql == at:
            work()
        return fill(batch, sql, **names)

    monkeypatch.setattr(rollup.Batch, "fill", fill_there)

    def roll_up():
        (january,) = Period.objects.filter(label="2026-01")
        with no_lock():
            return rollup.roll_up_together.__wrapped__([january.pk])

    return roll_up


def test_inv_21_control_without_the_lock_two_roll_ups_publish_everything_twice(january, monkeypatch):
    roll_up = unlocked(monkeypatch, rollup.effects.SOME, threading.Barrier(2, timeout=20).wait)
    with without_unique_keys(PeriodTotal, Attainment):
        PeriodTotal.objects.all().delete()
        Attainment.objects.all().delete()
        assert [type(one) for one in at_once(roll_up, roll_up)] == [list, list]
        totals = PeriodTotal.objects.filter(period=january, measure="revenue")
        assert list(totals.values_list("amount", flat=True)) == [111, 111]
        assert Attainment.objects.filter(period=january, measure="revenue", company__isnull=False).count() == 2


def test_inv_21_control_without_the_lock_the_unique_keys_stop_the_second_roll_up(january, monkeypatch):
    for model in (PeriodTotal, Attainment):
        model.objects.all().delete()
    roll_up = unlocked(monkeypatch, rollup.effects.SOME, threading.Barrier(2, timeout=20).wait)
    refused = [one for one in at_once(roll_up, roll_up) if isinstance(one, IntegrityError)]
    assert len(refused) == 1
    assert "period_total_once" in str(refused[0]) or "targets_periodtotal.measure" in str(refused[0])


def test_inv_21_control_without_the_lock_a_line_written_meanwhile_is_lost(january, monkeypatch):
    """The roll-up has read the lines; the writer finds the period marked, and leaves it at that."""
    rep = User.objects.get(name="Rep")

    def write():
        assert at_once(lambda: make_actual(rep, amount=50, external_id="meanwhile"))[0].amount == 50

    unlocked(monkeypatch, rollup.HOMES, write)()
    assert not RollupRun.objects.stale().exists()
    assert (company_revenue(january), lines_of(january)) == (111, 161)


def test_inv_21_a_line_written_during_a_roll_up_is_in_the_next(january, monkeypatch):
    """The same with the lock on: the writer waits for the roll-up to end, and marks the period anew."""
    rep, fill, writers = User.objects.get(name="Rep"), rollup.Batch.fill, []

    def write():
        try:
            make_actual(rep, amount=50, external_id="meanwhile")
        finally:
            connections.close_all()

    def fill_there(batch, sql, **names):
        if sql == rollup.HOMES and not writers:
            writers.append(threading.Thread(target=write))
            writers[0].start()
            writers[0].join(0.5)
            assert writers[0].is_alive()
        return fill(batch, sql, **names)

    monkeypatch.setattr(rollup.Batch, "fill", fill_there)
    rollup.roll_up(january.pk)
    writers[0].join(20)
    assert RollupRun.objects.stale().exists()
    rollup.roll_up_stale()
    assert company_revenue(january) == lines_of(january) == 161


def test_inv_22_roll_up_beside_a_writer_loses_nothing(january):
    def write():
        with transaction.atomic():
            (leaf,) = lock_periods([january.pk])
            mark_stale([leaf.pk])

    assert at_once(write, write) == [None, None]
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


def test_inv_24_messages_doubled_lost_late_and_out_of_order_change_only_when_a_result_appears(january, messages):
    """Fifty times: lines of three months, and the messages of their jobs in whatever number and order."""
    rep, dice = User.objects.get(name="Rep"), random.Random(24)
    leaves = list(Period.objects.leaves().filter(label__in=("2026-01", "2026-02", "2026-03")).order_by("starts_on"))
    leftovers.finish(messages)
    lost = doubled = 0
    for sequence in range(50):
        for month in range(1, 4):
            make_actual(rep, f"2026-{month:02}-15", 1, external_id=f"{sequence} {month}")
        jobs = list(Job.objects.filter(state="waiting").values_list("pk", flat=True))
        came = dice.choices(jobs, k=dice.randrange(2 * len(jobs) + 1))
        for pk in came:
            runner.run(pk)
        lost, doubled = lost + len(set(jobs) - set(came)), doubled + len(came) - len(set(came))
        leftovers.finish(messages)
        assert [company_revenue(leaf) for leaf in leaves] == [lines_of(leaf) for leaf in leaves]
        assert set(Job.objects.filter(pk__in=jobs).values_list("attempt", flat=True)) == {1}
    assert lost >= 10
    assert doubled >= 10
    told = published()
    rollup.rebuild()
    assert published() == told
