"""Mails about signing in leave by a job: the request waits for no mail server, and tells nobody who has an account."""

import re
from datetime import timedelta
from time import perf_counter
from types import SimpleNamespace

import pytest
from allauth.account.adapter import get_adapter
from allauth.core.context import request_context
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from spm.jobs import queue, runner, schedule
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.org import people
from tests.builders import make_company, make_person

pytestmark = pytest.mark.django_db(transaction=True)
RESET, UNKNOWN = "/accounts/password/reset/", "nobody@example.org"


@pytest.fixture
def person(transactional_db):
    cache.clear()
    make_company(name="Acme Ltd", language="fr")
    return make_person("Rep One")


@pytest.fixture
def worker(settings, monkeypatch):
    """Jobs wait for worker(), as they do where a broker runs; it gives how each ended."""
    settings.JOBS_IN_PROCESS = False
    sent = []
    monkeypatch.setattr(queue.app, "send_task", lambda name, args: sent.append(args[0]))
    return lambda: [runner.run(sent.pop(0)) for _ in list(sent)]


@pytest.fixture
def server(monkeypatch):
    """A mail server that is away until ``is_back``."""
    state, send = SimpleNamespace(is_back=False), EmailMessage.send

    def answer(message):
        if not state.is_back:
            raise ConnectionRefusedError("nobody listens")
        return send(message)

    monkeypatch.setattr(EmailMessage, "send", answer)
    return state


def ask(client, email):
    cache.clear()  # of the limits
    return client.post(RESET, {"email": email})


def test_the_request_sends_nothing_and_the_job_mails_the_link(client, person, worker):
    assert ask(client, person.email).status_code == 302
    assert mail.outbox == []
    assert worker() == [JobState.DONE]
    (message,) = mail.outbox
    assert message.to == [person.email]
    assert "Acme Ltd" in message.body
    assert re.search(r"/accounts/password/reset/key/\S+", message.body)


def test_neither_address_nor_link_stands_in_the_row(client, person, worker):
    ask(client, person.email)
    waiting = str(Job.objects.values().get())
    worker()
    done = Job.objects.get()
    assert person.email not in waiting + str(vars(done))
    assert "reset/key" not in waiting + str(vars(done))
    assert (done.sealed, done.arguments) == ("", {})


def test_known_or_not_the_request_does_the_same(client, person, worker):
    """Statement by statement: there is nothing in it that could take longer for somebody who has an account."""
    told = []
    for email in (person.email, UNKNOWN):
        ask(client, email)  # once, so that neither is the first
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = ask(client, email)
        told.append((answer.status_code, answer.url, [re.sub(r"'[^']*'|\d+", "", q["sql"]) for q in queries]))
    assert told[0] == told[1]
    assert "org_user" not in str(told)


def test_known_or_not_the_answer_takes_the_same_time(client, person, worker):
    """The fastest of many, turn about: what else the machine does slows others down, never these."""
    times = {person.email: [], UNKNOWN: []}
    for _ in range(40):
        for email, taken in times.items():
            cache.clear()
            started = perf_counter()
            client.post(RESET, {"email": email})
            taken.append(perf_counter() - started)
    first, second = map(min, times.values())
    assert abs(first - second) < 0.005


def test_an_unknown_address_hears_that_there_is_no_account(client, person, worker):
    ask(client, UNKNOWN)
    worker()
    (message,) = mail.outbox
    assert message.to == [UNKNOWN]
    assert "no account with this address" in message.body
    assert "reset/key" not in message.body


def test_who_has_left_hears_the_same_as_a_stranger(client, person, worker):
    make_person("Admin", is_admin=True)
    people.deactivate(person)
    ask(client, person.email)
    worker()
    assert "no account with this address" in mail.outbox[0].body


def test_a_mail_goes_to_the_stored_address_in_the_language_of_its_reader(client, person, worker):
    people.update_person(person, locale="fr")
    ask(client, "REP.ONE@Example.com")
    worker()
    assert mail.outbox[0].to == ["rep.one@example.com"]
    assert mail.outbox[0].subject == "Un nouveau mot de passe pour SPM"


@pytest.mark.parametrize("in_process", [True, False])
@pytest.mark.parametrize("email", ["rep.one@example.com", UNKNOWN])
def test_a_dead_mail_server_changes_no_answer(client, person, worker, server, settings, in_process, email):
    settings.JOBS_IN_PROCESS = in_process
    answer = ask(client, email)
    worker()
    assert (answer.status_code, Job.objects.get().state) == (302, JobState.WAITING)


def test_a_mail_that_could_not_leave_leaves_later(client, person, worker, server):
    ask(client, person.email)
    worker()
    server.is_back = True
    Job.objects.update(due_at=timezone.now())  # the pause after a failed try is over
    schedule.sweep(timezone.now())
    assert worker() == [JobState.DONE]
    assert len(mail.outbox) == 1


def test_without_a_worker_the_mail_leaves_in_process(client, person, settings):
    settings.JOBS_IN_PROCESS = True
    ask(client, person.email)
    assert len(mail.outbox) == 1


def send_mail(rf, person):
    request = rf.get("/")
    with request_context(request):
        get_adapter(request).send_mail(
            "account/email/password_reset_key", person.email, {"password_reset_url": "/s3cret/"}
        )


def test_every_other_mail_of_allauth_is_sealed_and_sent_by_a_job(rf, person, worker):
    send_mail(rf, person)
    assert mail.outbox == []
    assert "s3cret" not in str(Job.objects.values().get())
    assert worker() == [JobState.DONE]
    (message,) = mail.outbox
    assert (message.to, "/s3cret/" in message.body) == ([person.email], True)
    assert Job.objects.get().sealed == ""


def test_what_a_failed_job_had_sealed_is_gone_after_a_day(rf, person, worker):
    send_mail(rf, person)
    Job.objects.update(state=JobState.FAILED)
    schedule.clean_up(timezone.now() + timedelta(hours=23))
    assert Job.objects.get().sealed
    schedule.clean_up(timezone.now() + timedelta(hours=25))
    assert Job.objects.get().sealed == ""
    assert queue.retry(Job.objects.get())
    assert JobState.FAILED in worker()
    assert "Ask for it anew" in Job.objects.get().error
