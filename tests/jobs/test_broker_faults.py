"""What may happen to a broker, one after the other, with one worker that lives through all of it. reliability 4.2.

Killed and started again, restarted in order, emptied, standing still, its connections cut: messages that were in it
may be lost, jobs may not, and each due one runs soon after (INV-43).
"""

import os
import signal
import time
from contextlib import contextmanager

import pytest
import redis
from django.utils import timezone

from spm.celery import app
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.queue import enqueue
from spm.jobs.sweeper import sweep
from spm.jobs.waiting import wait_for_jobs

pytestmark = pytest.mark.django_db(transaction=True)
AGAIN = 60  # seconds, within which jobs run again (reliability 4.2)
PAUSE = 2


@pytest.fixture
def broker_url(broker):
    return broker.place.url


def asks(broker, *command):
    """What the broker answers."""
    with redis.Redis(unix_socket_path=str(broker.place.socket)) as client:
        return client.execute_command(*command)


def killed(broker):
    broker.kill()
    broker.start()


def restarted(broker):
    broker.server.terminate()
    broker.server.wait()
    broker.start()


def emptied(broker):
    assert asks(broker, "FLUSHALL")


def paused(broker):
    broker.server.send_signal(signal.SIGSTOP)
    time.sleep(PAUSE)
    broker.server.send_signal(signal.SIGCONT)


def cut_off(broker):
    assert asks(broker, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") > 0


FAULTS = (killed, restarted, emptied, paused, cut_off)


@contextmanager
def held(worker):
    """The worker takes nothing meanwhile."""
    os.killpg(worker.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(worker.pid, signal.SIGCONT)


def test_inv_43_one_worker_lives_through_all_that_happens_to_its_broker(broker, start_worker):
    worker, asked = start_worker(), 1
    enqueue("canary")
    assert wait_for_jobs(seconds=AGAIN) == []
    for fault in FAULTS:
        with held(worker):
            enqueue("canary", subject=f"in the broker when it was {fault.__name__}")
            fault(broker)
            enqueue("canary", subject=f"after it was {fault.__name__}")
        sweep(timezone.now())
        assert wait_for_jobs(seconds=AGAIN) == [], fault.__name__
        asked += 2
    assert worker.poll() is None
    assert set(Job.objects.values_list("state", "attempt")) == {("done", 1)}
    assert Job.objects.count() == asked


@pytest.fixture
def impatient(start_worker):
    """Who asks for a job waits half a second for the broker, not five."""
    usual = app.conf.broker_transport_options
    app.conf.update(broker_transport_options=usual | {"socket_timeout": 0.5, "socket_connect_timeout": 0.5})
    app._after_fork()
    yield
    app.conf.update(broker_transport_options=usual)


def test_whoever_asks_for_a_job_does_not_wait_for_a_broker_that_stands_still(broker, impatient):
    broker.server.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        job = enqueue("canary")
        assert time.monotonic() - began < 5
    finally:
        broker.server.send_signal(signal.SIGCONT)
    assert Job.objects.get(pk=job.pk).state == JobState.WAITING


def test_a_broker_that_has_no_room_loses_no_job_and_heals(broker, start_worker):
    """Its disk or its memory is full: it refuses every message. Nobody who asks for a job is told of it."""
    asks(broker, "CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(redis.exceptions.OutOfMemoryError):
        asks(broker, "LPUSH", "anything", "1")
    enqueue("canary")
    assert list(Job.objects.values_list("state", "attempt")) == [("waiting", 0)]
    asks(broker, "CONFIG", "SET", "maxmemory", "0")
    start_worker()
    sweep(timezone.now())
    assert wait_for_jobs(seconds=AGAIN) == []
    assert list(Job.objects.values_list("state", "attempt")) == [("done", 1)]
