"""The database is away: stopped, restarted, standing still, or locked by a long write. reliability 4.2.

People read plain words while it is, and the right numbers as soon as it is back; what was asked of a job is done.
PostgreSQL is a server of these tests alone, behind a real web server with its pool of connections; SQLite is the file.
"""

import sqlite3
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from spm.imports import batches
from spm.jobs import runner
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.org.models import User
from spm.org.verification import run_all
from targets import rollup
from targets.models import Actual
from tests import leftovers
from tests.builders import make_actual, make_company, make_person, make_quota, make_team, make_year
from tests.servers import Postgres, Web, until
from tests.spm.imports_help import upload
from tests.targets.test_rollup_faults import published

pytestmark = pytest.mark.django_db(transaction=True)
postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="PostgreSQL alone: SQLite has no server that could be away"
)
sqlite = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL alone has the tests of test_waiting.py in place of these"
)
CONNECT = 3  # seconds that a request waits for a server that is away
BACK = 30  # seconds after which the pages must be there again
LINES = "external_id,kind,date,email,amount\n" + "".join(f"n{n},revenue,2026-01-06,rep@x.com,1\n" for n in range(200))
NEW = {"email": "new@x.com", "name": "New"}


def settle():
    """A company whose January is rolled up, with 100 of revenue; its rep."""
    make_company()
    make_year()
    rep = make_person("Rep", email="rep@x.com", team=make_team("North", lead=make_person("Lead")))
    make_quota(rep, "2026-01", 80, "revenue")
    make_actual(rep, amount=100, cost=60)
    rollup.roll_up_stale()
    Job.objects.all().delete()
    make_person("Admin", is_admin=True)
    return rep


def restart(server):
    """The test's own connection is a new one too."""
    server.start()
    connection.close()


def page_of(rep):
    return reverse("dashboards:rep", args=[rep.pk]) + "?period=2026-01&measure=revenue"


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker):
    """A PostgreSQL of this module alone; models read and write there."""
    with django_db_blocker.unblock():
        own = Postgres()
        try:
            with own.in_use():
                yield own
        finally:
            own.close()


@pytest.fixture(scope="module")
def own_web(server):
    own = {"DATABASE_URL": server.url, "SPM_TEST_POOL": "1", "SPM_DB_CONNECT_SECONDS": str(CONNECT)}
    with Web(**own) as started:
        yield started


@pytest.fixture
def rep(server, messages):
    return settle()


@pytest.fixture
def web(own_web, rep):
    own_web.sign_in(User.objects.get(name="Admin"))
    return own_web


def shows(web, rep, total="€100"):
    status, page, _headers = web.ask(page_of(rep))
    return status == 200 and total in page


@postgresql
def test_a_server_that_is_away_is_told_in_words_and_all_is_well_when_it_is_back(web, server, rep):
    assert shows(web, rep)
    server.stop_at_once()
    try:
        for path, form in ((page_of(rep), None), (reverse("setup:person-create"), NEW)):
            began = time.monotonic()
            status, page, headers = web.ask(path, form)
            assert (status, headers["Retry-After"]) == (503, "30")
            assert "SPM cannot reach its data at the moment" in page
            assert not any(word in page for word in ("Traceback", "psycopg", "refused", str(server.port)))
            assert time.monotonic() - began < CONNECT + 5
    finally:
        restart(server)
    assert shows(web, rep)  # at once: whoever asks tries anew, when the pool by itself would wait for its next try
    assert not User.objects.filter(email="new@x.com").exists()
    assert web.ask(reverse("setup:person-create"), NEW)[0] == 302


@postgresql
def test_a_server_that_was_restarted_shows_no_error_on_the_connections_kept_open(web, server, rep):
    threads = [threading.Thread(target=shows, args=(web, rep)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.stop_at_once()
    restart(server)
    assert [shows(web, rep) for _ in range(6)] == [True] * 6


@postgresql
def test_a_request_to_a_server_that_stands_still_is_answered_when_it_goes_on(web, server, rep):
    answers = []
    assert shows(web, rep)
    asking = [threading.Thread(target=lambda: answers.append(web.ask(page_of(rep)))) for _ in range(3)]
    with server.paused():
        for thread in asking:
            thread.start()
        time.sleep(CONNECT + 1)
    for thread in asking:
        thread.join()
    # One has the connection that is there, and waits; the others would need a new one, and are told.
    told = {status: page for status, page, _headers in answers}
    assert 200 in told
    assert told.keys() <= {200, 503}
    assert "€100" in told[200]
    assert "SPM cannot reach its data at the moment" in told.get(503, "SPM cannot reach its data at the moment")
    assert [shows(web, rep) for _ in range(3)] == [True] * 3


class StopsAt:
    """The server is stopped at once before the statement of this number, and started again."""

    def __init__(self, server, number):
        self.server, self.number, self.count = server, number, 0

    def __call__(self, execute, sql, params, many, context):
        self.count += 1
        if self.count == self.number:
            self.server.stop_at_once()
            self.server.start()
        return execute(sql, params, many, context)


@postgresql
def test_an_import_during_which_the_server_is_stopped_and_started_is_whole_later(web, server, rep, messages):
    batch = upload("actuals", LINES)
    batches.ask(batch, "commit", None)
    before = published()
    for number in (2, 10, 20, 30):
        stopping = StopsAt(server, number)
        with connection.execute_wrapper(stopping):
            try:
                runner.run(batch.job.pk)
            except OperationalError:  # while the job itself was read or written: as if the worker had died
                connection.close()
        assert stopping.count >= number
        assert (Actual.objects.in_force().count(), published()) == (1, before)
        until(lambda: shows(web, rep), BACK)
        Job.objects.filter(pk=batch.job.pk).update(state=JobState.WAITING, attempt=0, due_at=batch.job.created_at)
    leftovers.finish(messages)
    assert Actual.objects.in_force().count() == 201
    assert [finding.invariant.number for finding in run_all() if finding.breaches] == []


@pytest.fixture
def impatient(monkeypatch):
    """SQLite waits a fifth of a second for the lock, not twenty."""
    connection.close()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.2)
    yield
    connection.close()


@contextmanager
def locked():
    """Another process's long write: nobody else can write."""
    with closing(sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


class LocksAt:
    """The file is locked before the first statement from this number on that stands in no transaction."""

    def __init__(self, number, stack):
        self.number, self.stack, self.count, self.is_locked = number, stack, 0, False

    def __call__(self, execute, sql, params, many, context):
        self.count += 1
        if self.count >= self.number and not self.is_locked and not connection.in_atomic_block:
            self.is_locked = True
            self.stack.enter_context(locked())
        return execute(sql, params, many, context)


@sqlite
def test_a_file_that_is_locked_for_longer_than_one_waits_is_told_in_words_and_can_be_read(impatient, messages):
    rep = settle()
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(name="Admin"), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(page_of(rep)).status_code == 200
    with locked():
        told = client.post(reverse("setup:person-create"), NEW)
        read = client.get(page_of(rep))
    page = told.content.decode()
    assert (told.status_code, told["Retry-After"]) == (503, "5")
    assert "Nothing of what you sent is stored" in page
    assert "locked" not in page
    assert (read.status_code, "€100" in read.content.decode()) == (200, True)
    assert not User.objects.filter(email="new@x.com").exists()
    assert client.post(reverse("setup:person-create"), NEW).status_code == 302


@sqlite
def test_somebody_who_signs_in_while_the_file_is_locked_is_told_in_words(impatient):
    settle()
    client = Client(raise_request_exception=False)
    form = {"login": "rep@x.com", "password": "correct horse battery"}
    with locked():
        told = client.post("/accounts/login/", form)
    assert (told.status_code, told["Retry-After"]) == (503, "5")
    assert not any(word in told.content.decode() for word in ("locked", "Traceback", "correct horse"))
    assert client.post("/accounts/login/", form).status_code == 302


@sqlite
@pytest.mark.parametrize(("number", "stored"), [(1, 1), (4, 1), (12, 201)])
def test_a_job_that_meets_a_locked_file_is_done_later_and_whole(impatient, messages, number, stored):
    """Before it is taken, before its rows are written, and when they are and the job is not marked done yet."""
    settle()
    batch = upload("actuals", LINES)
    batches.ask(batch, "commit", None)
    with ExitStack() as stack:
        locking = LocksAt(number, stack)
        with connection.execute_wrapper(locking), suppress(OperationalError):
            runner.run(batch.job.pk)
        assert locking.is_locked
    assert Actual.objects.in_force().count() == stored
    leftovers.finish(messages)
    assert Actual.objects.in_force().count() == 201
