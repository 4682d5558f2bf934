"""What a monitoring system is told."""

from datetime import timedelta

import pytest
from django.db.backends.signals import connection_created
from django.utils import timezone

from spm.jobs.choices import JobState
from spm.jobs.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


def sing(ago=timedelta(0)):
    """A canary job that was done some time ago."""
    at = timezone.now() - ago
    return Job.objects.create(kind="canary", state=JobState.DONE, due_at=at, finished_at=at)


def test_live_asks_neither_database_nor_session(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/health/").content == b"ok\n"


def test_ready_while_canaries_sing(client):
    sing()
    response = client.get("/health/ready/")
    assert (response.status_code, set(response.json().values())) == (200, {"OK"})


def test_not_ready_when_the_canary_fell_silent(client):
    sing(ago=timedelta(minutes=4))
    response = client.get("/health/ready/")
    assert response.status_code == 503
    assert response.json()["Canary()"] == "Unavailable: no job was done for 240 seconds"


def test_not_ready_without_the_broker(client, settings):
    sing()
    settings.JOBS_IN_PROCESS = False
    answer = client.get("/health/ready/")
    assert (answer.status_code, answer.json()["Broker()"]) == (503, "Unavailable: the broker does not answer")


@pytest.mark.parametrize("shown", ["", "Bearer wrong", "Bearer é", "Bearer "])
def test_metrics_do_not_exist_without_the_token(client, settings, shown):
    settings.METRICS_TOKEN = "right" if shown != "Bearer " else ""
    assert client.get("/health/metrics/", headers={"Authorization": shown}).status_code == 404


def test_metrics_tell_jobs_by_state(client, settings):
    settings.METRICS_TOKEN = "right"
    sing()
    text = client.get("/health/metrics/", headers={"Authorization": "Bearer right"}).content.decode()
    assert 'spm_jobs{state="done"} 1.0' in text
    assert "spm_canary_age_seconds 0." in text


def test_asking_leaves_no_connection_open(client):
    sing()
    opened = []

    def note(connection, **_more):
        opened.append(connection)

    connection_created.connect(note)
    try:
        client.get("/health/ready/")
    finally:
        connection_created.disconnect(note)
    assert opened
    assert all(connection.connection is None for connection in opened)
