"""What costs the server much is counted by person: one more than allowed hears 429, everybody else nothing."""

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from spm.jobs.choices import JobState
from spm.jobs.models import Job
from tests.builders import make_person

pytestmark = pytest.mark.django_db
ASKS = {
    "search": lambda client: client.get("/search/?q=north"),
    "export": lambda client: client.get("/setup/people/?format=csv"),
    "import": lambda client: client.post("/setup/imports/new/teams/", {"source": "file", "pasted": ""}),
    "retry": lambda client: client.post(f"/setup/jobs/{failed_rollup().pk}/retry/"),
}


def failed_rollup():
    return Job.objects.create(kind="rollup", state=JobState.FAILED, attempt=3, due_at="2026-11-23T09:00:00Z")


@pytest.fixture(autouse=True)
def _three_a_minute(settings):
    cache.clear()
    settings.LIMITS = dict.fromkeys(ASKS, (3, 60))


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False) as standing:
        yield standing


@pytest.mark.parametrize("action", ASKS)
def test_the_fourth_time_within_a_minute_waits_and_others_do_not(client_of, cast, clock, action):
    mine, others, ask = client_of(cast.admin), client_of(cast.second_admin), ASKS[action]
    assert 429 not in [ask(mine).status_code for _time in range(3)]
    refused = ask(mine)
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert b"many times in a short while" in refused.content
    assert "no-store" in refused["Cache-Control"]
    assert ask(others).status_code != 429
    clock.shift(61)
    assert ask(mine).status_code != 429


def test_reading_a_page_is_not_an_export(client_of, cast):
    mine = client_of(cast.admin)
    assert {mine.get("/setup/people/").status_code for _time in range(5)} == {200}


@pytest.fixture
def client_of(cast):
    cast.second_admin = make_person("Second Admin", is_admin=True)

    def sign_in(person):
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
