"""How long PostgreSQL lets somebody wait, what is done again, and what a person hears. Real locks, real threads."""

import json
import os
import re
import subprocess
import sys
import threading
from datetime import date
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qsl, urlencode

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections, transaction
from django.test import Client, RequestFactory

from spm.jobs import leases, queue, runner
from spm.jobs.models import Job
from spm.org import people, retries
from spm.org.models import Membership, Period, User
from spm.settings import postgresql as settings_of
from spm.ui import error_pages
from targets.models import RollupRun
from targets.staleness import lock_all_leaves
from tests.builders import make_actual
from tests.hardening.test_lock_order import Beside, has_come_to_a_halt
from tests.test_deploy import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="PostgreSQL alone: SQLite has one writer, and waits 20 seconds for it"
)
MAY = date(2026, 5, 1)
TELL = "import json; from spm import settings; print(json.dumps(settings.DATABASES['default']['OPTIONS']['options']))"


@pytest.fixture
def no_messages(monkeypatch):
    monkeypatch.setattr(queue, "_send_now", lambda pk: None)


class Holding:
    """``with Holding(take):`` a thread of its own holds the locks of ``take`` in an open transaction."""

    def __init__(self, take):
        self.take, self.taken, self.enough = take, threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.hold)

    def hold(self):
        try:
            with transaction.atomic():
                self.take()
                self.taken.set()
                self.enough.wait(60)
        finally:
            self.taken.set()
            connections.close_all()

    def __enter__(self):
        self.thread.start()
        self.taken.wait(10)

    def __exit__(self, *_):
        self.enough.set()
        self.thread.join(60)


@pytest.fixture
def impatient():
    """This connection waits a fifth of a second for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


def in_ring(work, theirs, ours):
    """Let the work wait for our lock, then ask for its own: PostgreSQL ends the one that waited first, the work."""
    waiting = Beside(work)
    with transaction.atomic():
        ours()
        waiting.start()
        has_come_to_a_halt(waiting)
        theirs()
    waiting.join(60)
    return waiting.error


def hold(person):
    return User.objects.select_for_update().get(pk=person.pk)


# The limits -----------------------------------------------------------------------------------------------------------


def options(**environment):
    """The server options a process of ours asks for."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    values = kept | {"DATABASE_URL": "postgres://spm@127.0.0.1:1/spm", "SPM_SECRET_KEY": "x"} | environment
    done = subprocess.run(
        [sys.executable, "-c", TELL], cwd=ROOT, env=values, capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout)


def test_a_request_waits_less_than_gunicorn_and_a_job_no_longer_than_its_own_limit():
    web, work = settings.DATABASE_LIMITS["web"], settings.DATABASE_LIMITS["work"]
    assert web["lock_timeout"] < web["statement_timeout"] < 30
    assert work["lock_timeout"] < work["statement_timeout"] <= settings.CELERY_TASK_TIME_LIMIT


def test_each_process_asks_for_its_own_limits():
    assert "-c lock_timeout=120s" in options()
    assert "-c lock_timeout=10s" in options(SPM_PROCESS="web")
    assert "-c lock_timeout=3s" in options(SPM_PROCESS="web", SPM_DB_LOCK_SECONDS="3")


def test_options_of_the_address_come_last():
    said = options(DATABASE_URL="postgres://spm@127.0.0.1:1/spm?options=-c%20lock_timeout%3D7s")
    assert said.endswith("-c lock_timeout=7s")


def test_the_pool_gives_up_sooner_than_whoever_asks_so_that_the_next_one_tries_at_once():
    """By itself it would wait twice as long after every failure, and find a server that is back minutes later."""
    pool = settings_of("postgres://spm@127.0.0.1:1/spm")["OPTIONS"]["pool"]
    assert 0 < pool["reconnect_timeout"] < pool["timeout"] <= 10


def test_the_web_process_says_that_it_is_one():
    told = "import os; os.environ.pop('SPM_PROCESS', None)\nimport spm.wsgi\nprint(os.environ['SPM_PROCESS'])"
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "web"


@postgresql
def test_the_server_keeps_to_the_limits_asked_for():
    asked = options(SPM_PROCESS="web", DATABASE_URL=os.environ["DATABASE_URL"])
    with psycopg.connect(os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/postgres", options=asked) as own:
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        assert [own.execute(f"SHOW {name}").fetchone()[0] for name in names] == ["10s", "25s", "1min"]


@postgresql
def test_an_import_and_a_roll_up_take_their_time_until_they_end(impatient):
    def lock_timeout():
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            return cursor.fetchone()[0]

    with transaction.atomic():
        retries.take_time()
        assert lock_timeout() == "2min"
    assert lock_timeout() == "200ms"


# A request that waits too long ----------------------------------------------------------------------------------------


def sent_again(page):
    """The fields of the form that sends everything once more, token included, and its address."""
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return re.search(r'<form method="post" action="([^"]*)"', page)[1], [tuple(map(unescape, pair)) for pair in fields]


@postgresql
def test_a_form_that_meets_a_long_import_is_answered_in_words_and_can_be_sent_again(year, cast, no_messages, impatient):
    client = Client()
    client.force_login(cast.admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    fields = {"team": str(cast.south.pk), "starts_on": "2026-05-01", "note": 'two\nlines of "text"'}
    with Holding(lock_all_leaves):
        busy = client.post(f"/setup/people/{cast.rep.pk}/place/", fields)
    page = busy.content.decode()
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    assert "Nothing of what you sent is stored" in page
    assert "Traceback" not in page
    assert not Membership.objects.filter(person=cast.rep, starts_on=MAY).exists()
    address, again = sent_again(page)
    assert dict(again) == fields | {"csrfmiddlewaretoken": dict(again)["csrfmiddlewaretoken"]}
    assert client.post(address, dict(again)).status_code == 302
    assert Membership.objects.get(person=cast.rep, starts_on=MAY).team == cast.south


@postgresql
def test_a_statement_that_takes_too_long_is_told_alike(cast):
    with connection.cursor() as cursor, pytest.raises(OperationalError) as raised:
        cursor.execute("SET statement_timeout = '50ms'; SELECT pg_sleep(2)")
    with connection.cursor() as cursor:
        cursor.execute("RESET statement_timeout")
    assert error_pages.is_busy(raised.value)


@pytest.mark.parametrize("path", ["/accounts/login/", "/setup/people/1/place/"])
def test_no_password_is_written_into_the_page(path):
    request = RequestFactory().post(path, urlencode({"password": "correct horse"}), "application/x-www-form-urlencoded")
    told = error_pages.busy(request).content.decode()
    assert ("correct horse" in told) == (not path.startswith("/accounts/"))


def test_a_part_of_a_page_that_meets_a_long_import_gets_a_toast():
    told = error_pages.busy(RequestFactory().post("/talk/", {"text": "Hello"}, headers={"HX-Request": "true"}))
    assert (told.status_code, told.headers["HX-Retarget"]) == (503, "#toasts")
    assert "<html" not in told.content.decode()


def test_an_address_with_a_query_is_sent_again_with_it():
    told = error_pages.busy(RequestFactory().post("/targets/2026/?a=1&b=%22", {"c": "2"})).content.decode()
    address, again = sent_again(told)
    assert parse_qsl(unescape(address).partition("?")[2]) == [("a", "1"), ("b", '"')]
    assert ("c", "2") in again


# What lost to another transaction is done again -----------------------------------------------------------------------


@postgresql
def test_a_change_that_loses_a_deadlock_is_made_all_the_same(year, cast, no_messages):
    error = in_ring(
        lambda: people.place_member(cast.rep, team=cast.south, starts_on=MAY),
        theirs=lock_all_leaves,
        ours=lambda: hold(cast.rep),
    )
    assert error is None
    assert Membership.objects.get(person=cast.rep, starts_on=MAY).team == cast.south


@postgresql
def test_without_a_second_time_the_deadlock_reaches_whoever_asked(year, cast, no_messages, monkeypatch):
    monkeypatch.setattr(retries, "WAITS", ())
    error = in_ring(
        lambda: people.place_member(cast.rep, team=cast.south, starts_on=MAY),
        theirs=lock_all_leaves,
        ours=lambda: hold(cast.rep),
    )
    assert error.__cause__.sqlstate == "40P01"


@postgresql
def test_a_roll_up_that_loses_a_deadlock_ends_at_the_first_attempt_of_its_job(year, cast, no_messages):
    make_actual(cast.rep, amount=Decimal(7))
    (january,) = Period.objects.filter(level="month", label="2026-01")
    job = Job.objects.filter(kind="rollup").latest("pk")
    error = in_ring(lambda: runner.run(job.pk), theirs=lock_all_leaves, ours=lambda: hold(cast.rep))
    job.refresh_from_db()
    assert (error, job.state, job.attempt) == (None, "done", 1)
    assert RollupRun.objects.get(period=january).state == "done"


@postgresql
def test_a_job_that_cannot_have_its_lock_waits_and_is_tried_again(year, cast, no_messages, monkeypatch):
    monkeypatch.setitem(settings.DATABASE_LIMITS["work"], "lock_timeout", 1)
    make_actual(cast.rep)
    job = Job.objects.filter(kind="rollup").latest("pk")
    with Holding(lock_all_leaves):
        assert runner.run(job.pk) == "waiting"
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("waiting", 1)
    assert job.attempt < leases.MOST_ATTEMPTS
    Job.objects.filter(pk=job.pk).update(due_at=job.created_at)
    assert runner.run(job.pk) == "done"


def test_a_rule_that_is_broken_is_not_tried_again():
    tried = []

    @retries.atomic
    def verb():
        tried.append(1)
        raise OperationalError("the server went away")

    with pytest.raises(OperationalError):
        verb()
    assert tried == [1]
