"""A real worker behind a real broker: messages travel, a killed worker's job is finished by another."""

import os
import signal

import pytest
from django.utils import timezone

from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.queue import enqueue
from spm.jobs.sweeper import sweep
from spm.jobs.waiting import wait_for_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_does_the_jobs_it_is_sent(start_worker):
    start_worker()
    jobs = [enqueue("canary", subject=str(number)) for number in range(5)]
    assert wait_for_jobs(seconds=60) == []
    assert set(Job.objects.filter(pk__in=[job.pk for job in jobs]).values_list("state", "attempt")) == {("done", 1)}


def test_inv_24_a_message_sent_three_times_runs_the_job_once(start_worker):
    job = Job.objects.create(kind="canary", due_at=timezone.now())
    for _ in range(3):
        sweep(timezone.now())
    start_worker()
    wait_for_jobs(seconds=60)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.DONE, 1)


def test_inv_43_a_message_outlives_the_worker_that_was_killed(start_worker):
    first = start_worker()
    job = enqueue("canary")
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    start_worker()
    wait_for_jobs(seconds=60)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.DONE, 1)
