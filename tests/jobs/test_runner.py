"""Running one job: claimed once, its end written down, faults included."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

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


def test_a_heartbeat_renews_the_lease_and_shows_progress_from_within_a_transaction(handle, monkeypatch):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer: nobody can take the job over while a transaction writes")
    monkeypatch.setattr("spm.jobs.heartbeat.BEAT_SECONDS", 0.01)
    shown = []

    def work(job):
        with transaction.atomic():
            make_job(kind="other")
            job.progress(1, 2, "half")
            shown.append(_seen_from_outside(job.job.pk))

    handle("count", work)
    runner.run(make_job().pk, heartbeat=True)
    assert shown == [(1, 2, "half")]


def _seen_from_outside(pk):
    def read():
        try:
            for _ in range(300):
                row = Job.objects.values_list("progress", "total", "note").get(pk=pk)
                if row[0]:
                    break
            return row
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(read).result()


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
