"""Handlers for the tests, registered for their duration; a broker, and workers on the database of the test."""

import os
import subprocess
import time

import pytest
from django.conf import settings as django_settings
from django.db import connection

from spm.celery import app
from spm.jobs import registry
from spm.jobs.broker import EmbeddedBroker
from spm.jobs.serving import worker_command
from tests.servers import Broker


@pytest.fixture
def handle(monkeypatch):
    """handle(kind, function) registers a handler until the end of the test."""

    def register(kind, function):
        monkeypatch.setitem(registry._handlers, kind, function)

    return register


@pytest.fixture
def broker(tmp_path):
    """A broker of the test's own, which it may end and start; tests that have one make its address their broker_url."""
    if not EmbeddedBroker.is_available():
        pytest.skip("There is no embedded broker for this platform.")
    one = Broker(tmp_path)
    yield one
    one.close()


@pytest.fixture
def broker_url(tmp_path):
    """The broker that SPM_TEST_BROKER_URL names, else an embedded one."""
    if "SPM_TEST_BROKER_URL" in os.environ:
        yield os.environ["SPM_TEST_BROKER_URL"]
        return
    if not EmbeddedBroker.is_available():
        pytest.skip("There is no embedded broker for this platform; name one in SPM_TEST_BROKER_URL.")
    broker = EmbeddedBroker(tmp_path)
    server = subprocess.Popen(broker.command)
    while not broker.socket.exists():
        time.sleep(0.02)
    yield broker.url
    server.terminate()
    server.wait()
    broker.close()


@pytest.fixture
def queue_name():
    """A queue of this test alone: parallel tests share a broker."""
    return f"spm-{os.getpid()}-{time.monotonic_ns()}"


@pytest.fixture
def start_worker(broker_url, queue_name, settings, monkeypatch):
    """start_worker() runs a worker on the test database."""
    settings.JOBS_IN_PROCESS = False
    old = app.conf.broker_url
    app.conf.update(broker_url=broker_url, task_default_queue=queue_name)
    app._after_fork()  # forget the connections to another broker
    name = str(connection.settings_dict["NAME"])
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "SPM_TEST_DATABASE": name,
        "SPM_TEST_BROKER": broker_url,
        "SPM_DATA_DIR": str(django_settings.DATA_DIR),
        "CELERY_SKIP_CHECKS": "1",
    }
    workers = []

    def start():
        command = [*worker_command(), "--queues", queue_name, "--concurrency", "1", "--hostname", queue_name]
        workers.append(subprocess.Popen(command, env=environment, start_new_session=True))
        return workers[-1]

    yield start
    for worker in workers:
        worker.terminate()
        worker.wait(30)
    app.conf.update(broker_url=old, task_default_queue="celery")
    app._after_fork()  # forget the connections to another broker
