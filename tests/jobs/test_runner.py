"""Running one job: claimed once, its end written down, faults included."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from time import monotonic, sleep

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from spm.jobs import leases, runner
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.registry import LeaseLost, Running, TryAgain
from spm.jobs.schedule import tick
from spm.jobs.sweeper import sweep

pytestmark = pytest.mark.django_db(transaction=True)


def make_job(**fields):
    return Job.objects.create(**{"kind": "count", "due_at": timezone.now()} | fields)


def reread(job):
    return Job.objects.get(pk=job.pk)


def orphan(**fields):
    """A job whose worker was killed: running, with a lease that ran out."""
    past = timezone.now() - timedelta(minutes=5)
    return make_job(**{"state": JobState.RUNNING, "attempt": 1, "lease_until": past} | fields)


def run_in_thread(pk, barrier):
    try:
        barrier.wait()
        return runner.run(pk, heartbeat=True)
    finally:
        connection.close()


def test_a_job_ends_done_with_its_progress(handle):
    handle("count", lambda job: job.progress(3, 3, "all three"))
    job = make_job()
    runner.run(job.pk)
    job = reread(job)
    assert (job.state, job.progress, job.total, job.note) == (JobState.DONE, 3, 3, "all three")
    assert job.lease_until is None


def test_inv24_a_doubled_message_runs_once(handle):
    seen = []
    handle("count", seen.append)
    job = make_job()
    assert [runner.run(job.pk), runner.run(job.pk)] == [JobState.DONE, None]
    assert len(seen) == 1


def test_inv24_of_two_claimers_one_gets_the_job(handle):
    seen = []
    handle("count", seen.append)
    for _ in range(5):
        job, barrier = make_job(), Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            ended = list(pool.map(run_in_thread, [job.pk] * 2, [barrier] * 2))
        assert sorted(map(str, ended)) == ["None", "done"]
    assert len(seen) == 5


def test_a_claim_that_read_an_older_attempt_is_dropped(monkeypatch):
    job = make_job()
    stale = Job.objects.get(pk=job.pk)
    assert leases.claim(job.pk, timezone.now()) is not None
    monkeypatch.setattr("spm.jobs.querysets.JobQuerySet.first", lambda self: stale)
    assert leases.claim(job.pk, timezone.now()) is None


def test_a_message_for_a_job_that_is_gone_is_dropped():
    assert runner.run(999_999) is None


def test_a_job_due_later_is_not_claimed():
    assert runner.run(make_job(due_at=timezone.now() + timedelta(hours=1)).pk) is None


def test_an_unexpected_error_is_one_line_without_traceback(handle):
    def explode(job):
        raise ValueError("first line\nDETAIL: a private note")

    handle("count", explode)
    job = make_job()
    assert runner.run(job.pk) == JobState.FAILED
    assert reread(job).error == "ValueError: first line"


def test_a_kind_without_handler_fails_in_words():
    job = make_job(kind="unheard")
    assert runner.run(job.pk) == JobState.FAILED
    assert "no handler for jobs of kind 'unheard'" in reread(job).error


@pytest.mark.parametrize("error", [OperationalError("database is locked"), TryAgain("the mail server is away")])
def test_what_is_merely_busy_means_another_try_later(handle, error):
    def busy(job):
        raise error

    handle("count", busy)
    job = make_job()
    assert runner.run(job.pk) == JobState.WAITING
    job = reread(job)
    assert job.due_at > timezone.now() + timedelta(seconds=15)


def test_inv23_a_killed_workers_job_is_finished_by_the_sweeper(handle):
    handle("count", lambda job: job.progress(1, 1))
    job = orphan()
    assert sweep(timezone.now()) == 1
    job = reread(job)
    assert (job.state, job.attempt) == (JobState.DONE, 2)


def test_a_running_job_with_a_lease_is_left_alone():
    orphan(lease_until=timezone.now() + timedelta(minutes=1))
    assert sweep(timezone.now()) == 0


def test_inv43_a_lost_message_is_sent_again(handle):
    handle("count", lambda job: None)
    job = make_job()  # its message never left
    sweep(timezone.now())
    assert reread(job).state == JobState.DONE


def test_a_job_that_kills_its_worker_each_time_is_given_up():
    job = orphan(attempt=leases.MOST_ATTEMPTS)
    sweep(timezone.now())
    assert (reread(job).state, reread(job).error[:8]) == (JobState.FAILED, "Given up")


def test_a_late_twin_cannot_publish(handle):
    job = make_job()
    twin = Running(leases.claim(job.pk, timezone.now()), lambda running: None)
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    leases.claim(job.pk, timezone.now())
    with pytest.raises(LeaseLost), transaction.atomic():
        twin.confirm()
    assert not leases.finish(twin, timezone.now())


def test_the_holder_may_publish():
    holder = Running(leases.claim(make_job().pk, timezone.now()), lambda running: None)
    with transaction.atomic():
        holder.confirm()


def shown_from_within(handle, monkeypatch, started, reports):
    """What others see of a job while its transaction writes: begun as ``started``, then told as ``reports``."""
    monkeypatch.setattr("spm.jobs.heartbeat.BEAT_SECONDS", 0.01)
    shown = []

    def work(job):
        job.progress(*started)
        with transaction.atomic():
            make_job(kind="other")
            for report in reports:
                job.progress(*report)
            shown.append(_seen_from_outside(job.job.pk, reports[-1]))

    handle("count", work)
    job = make_job()
    assert runner.run(job.pk, heartbeat=True) == JobState.DONE
    job = reread(job)
    return shown[0], (job.progress, job.total, job.note)


def _seen_from_outside(pk, wanted):
    """The row as another connection reads it: ``wanted``, or what it still is after half a second of beats."""

    def read():
        try:
            end = monotonic() + 0.5
            while (row := Job.objects.values_list("progress", "total", "note").get(pk=pk)) != wanted:
                if monotonic() > end:
                    break
                sleep(0.005)
            return row
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(read).result()


def test_progress_from_within_a_transaction_is_seen_where_the_database_has_more_than_one_writer(handle, monkeypatch):
    """On SQLite the phase that was told before the transaction stands until it ends."""
    began, told = (0, 2, "two to do"), (1, 2, "half")
    shown, ended = shown_from_within(handle, monkeypatch, began, [told])
    assert shown == (began if connection.vendor == "sqlite" else told)
    assert ended == told


def test_the_beginning_of_a_phase_is_written_before_the_next_beat(handle):
    shown = []

    def work(job):
        job.progress(0, 7, "seven to do")
        with transaction.atomic():
            make_job(kind="other")
            shown.append(_seen_from_outside(job.job.pk, (0, 7, "seven to do")))

    handle("count", work)
    runner.run(make_job().pk, heartbeat=True)
    assert shown == [(0, 7, "seven to do")]


def test_while_a_transaction_writes_nobody_takes_the_job_over(handle, monkeypatch):
    """A heartbeat renews the lease on PostgreSQL; on SQLite nobody else can write, so that it may run out."""
    monkeypatch.setattr("spm.jobs.heartbeat.BEAT_SECONDS", 0.01)
    monkeypatch.setattr(leases, "LEASE", timedelta(seconds=0.3))
    taken = []

    def work(job):
        with transaction.atomic():
            make_job(kind="other")
            for step in range(1, 7):
                job.progress(step, 7)
                sleep(0.1)
            taken.append(_claimed_from_outside(job.job.pk))

    handle("count", work)
    job = make_job()
    assert runner.run(job.pk, heartbeat=True) == JobState.DONE
    assert (taken, reread(job).attempt) == ([None], 1)


def _claimed_from_outside(pk):
    """What a second worker gets of the job, with little patience for the lock of another."""

    def claim():
        try:
            if connection.vendor == "sqlite":
                with connection.cursor() as cursor:
                    cursor.execute("PRAGMA busy_timeout = 100")
            return leases.claim(pk, timezone.now())
        except OperationalError:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(claim).result()


def test_ten_schedulers_ask_once(handle):
    handle("canary", lambda job: None)
    now = timezone.now()
    for _ in range(10):
        tick(now)
    assert Job.objects.filter(kind="canary").count() == 1


def test_a_slow_run_is_not_overtaken_by_the_next_slot():
    Job.objects.create(
        kind="canary",
        slot="canary old",
        state=JobState.RUNNING,
        due_at=timezone.now(),
        lease_until=timezone.now() + timedelta(minutes=2),
    )
    tick()
    assert Job.objects.filter(kind="canary").count() == 1
