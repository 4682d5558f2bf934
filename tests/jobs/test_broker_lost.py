"""The broker dies with everything in it: no job is lost, and each due one runs soon after its return (INV-43)."""

import os
import signal

import pytest
from django.utils import timezone

from spm.jobs.models import Job
from spm.jobs.queue import enqueue
from spm.jobs.sweeper import sweep
from spm.jobs.waiting import wait_for_jobs

pytestmark = pytest.mark.django_db(transaction=True)
AGAIN = 60  # seconds, within which jobs run again (reliability 4.2)


@pytest.fixture
def broker_url(broker):
    return broker.place.url


def test_inv_43_a_broker_that_lost_everything_loses_no_job(broker, start_worker):
    """A worker lives through it. It is held while the messages are in the broker, so that they are lost with it."""
    worker = start_worker()
    enqueue("canary")
    assert wait_for_jobs(seconds=AGAIN) == []
    os.killpg(worker.pid, signal.SIGSTOP)
    for number in range(3):
        enqueue("canary", subject=f"in the broker {number}")
    broker.lose_everything()
    for number in range(2):
        enqueue("canary", subject=f"without a broker {number}")
    assert Job.objects.filter(state="waiting").count() == 5
    broker.start()
    os.killpg(worker.pid, signal.SIGCONT)
    sweep(timezone.now())
    assert wait_for_jobs(seconds=AGAIN) == []
    assert set(Job.objects.values_list("state", "attempt")) == {("done", 1)}
    assert Job.objects.count() == 6
