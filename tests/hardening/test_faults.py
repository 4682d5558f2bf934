"""The disk is full, or the server ends a connection: a plain answer, old numbers that can be read, nothing by halves.

Reliability 4.2. What was asked of a job is done once there is room again, without anybody's hand.
"""

from contextlib import contextmanager

import psycopg
import pytest
from django.core.cache import cache
from django.db import OperationalError, close_old_connections, connection
from django.test import Client
from django.urls import reverse

from spm.imports import batches
from spm.jobs import runner
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.org.models import User
from targets import rollup
from targets.models import Actual
from tests import leftovers
from tests.builders import make_actual, make_company, make_person, make_quota, make_team, make_year
from tests.spm.imports_help import upload
from tests.targets.test_rollup_faults import published

pytestmark = pytest.mark.django_db(transaction=True)
postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="PostgreSQL alone: SQLite has no server that could end a connection"
)
LINES = "external_id,kind,date,email,amount\n" + "".join(f"n{n},revenue,2026-01-06,rep@x.com,1\n" for n in range(2000))


@pytest.fixture
def january(messages):
    """A company whose January is rolled up, with 100 of revenue."""
    make_company()
    make_year()
    rep = make_person("Rep", email="rep@x.com", team=make_team("North", lead=make_person("Lead")))
    make_person("Admin", is_admin=True)
    make_quota(rep, "2026-01", 80, "revenue")
    make_actual(rep, amount=100, cost=60)
    rollup.roll_up_stale()
    Job.objects.all().delete()
    return rep


class NoRoom:
    """As PostgreSQL refuses every row that is added while its disk is full."""

    def __init__(self):
        self.refused = 0

    def __call__(self, execute, sql, params, many, context):
        if sql.startswith("INSERT"):
            self.refused += 1
            raise OperationalError('could not extend file "base/1/2": No space left on device')
        return execute(sql, params, many, context)


@contextmanager
def full_disk():
    """Of SQLite the file may really not grow; of PostgreSQL, where no test may fill the disk, its answer is given."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {pages + 1}")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA max_page_count = 1073741823")
    else:
        no_room = NoRoom()
        with connection.execute_wrapper(no_room):
            yield
        assert no_room.refused


def signed_in(person, **how):
    client = Client(**how)
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def numbers_shown(client, person):
    """The status of the person's own page, and whether it shows January's old actual, and the new one."""
    cache.clear()
    page = client.get(reverse("dashboards:rep", args=[person.pk]), {"period": "2026-01", "measure": "revenue"})
    return page.status_code, [total in page.content.decode() for total in ("€100", "€2,100")]


def test_an_import_that_finds_the_disk_full_waits_with_all_old_numbers_readable(january, messages):
    client, batch, before = signed_in(january), upload("actuals", LINES), published()
    batches.ask(batch, "commit", None)
    with full_disk():
        assert runner.run(batch.job.pk) == JobState.WAITING
        assert numbers_shown(client, january) == (200, [True, False])
    batch.job.refresh_from_db()
    assert "full" in batch.job.error or "No space" in batch.job.error
    assert (Actual.objects.in_force().count(), published()) == (1, before)
    leftovers.finish(messages)
    assert Actual.objects.in_force().count() == 2001
    assert numbers_shown(client, january) == (200, [False, True])


def test_a_form_that_finds_the_disk_full_is_answered_in_words_and_stores_nothing(january):
    client = signed_in(User.objects.get(name="Admin"), raise_request_exception=False)
    sent = {"email": "new@x.com", "name": "New"}
    with connection.execute_wrapper(NoRoom()):
        answer = client.post(reverse("setup:person-create"), sent)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert b"Traceback" not in answer.content
    assert b"No space" not in answer.content
    assert not User.objects.filter(email="new@x.com").exists()
    assert client.post(reverse("setup:person-create"), sent).status_code == 302
    assert User.objects.filter(email="new@x.com").exists()


class EndedAt:
    """The server ends this connection before the statement of this number."""

    def __init__(self, number):
        self.number, self.count = number, 0

    def __call__(self, execute, sql, params, many, context):
        self.count += 1
        if self.count == self.number:
            backend = connection.connection.info.backend_pid
            given = {name: value for name, value in connection.get_connection_params().items() if name in ADDRESS}
            with psycopg.connect(**given, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [backend])
        return execute(sql, params, many, context)


ADDRESS = ("dbname", "host", "port", "user", "password")


@postgresql
def test_a_roll_up_whose_connection_the_server_ends_anywhere_is_done_later_and_whole(january, messages):
    number, ended = 0, True
    while ended:
        number += 3
        make_actual(january, amount=1, external_id=f"line {number}")
        job, before = Job.objects.filter(state="waiting").latest("pk"), published()
        ending = EndedAt(number)
        with connection.execute_wrapper(ending):
            try:
                runner.run(job.pk)
            except OperationalError:  # ended while the job itself was read or written: as if the worker had died
                connection.close()
        ended, left = ending.count >= number, published()
        leftovers.finish(messages)
        assert published() != before
        assert left in (before, published())
    assert number > 30


@postgresql
def test_a_page_whose_connection_the_server_ends_is_told_so_and_the_next_is_well(january):
    client = signed_in(january, raise_request_exception=False)
    address = reverse("dashboards:home")
    seen = set()
    for number in (1, 2, 5, 9):
        cache.clear()
        with connection.execute_wrapper(EndedAt(number)):
            answer = client.get(address)
        assert b"Traceback" not in answer.content
        seen.add((answer.status_code, answer.headers.get("Retry-After")))
        close_old_connections()  # as the end of a request does
        connection.close_if_unusable_or_obsolete()
        assert client.get(address).status_code == 200
    assert seen == {(503, "30")}
