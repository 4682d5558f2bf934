"""Letting loaded people in: everybody without access at once, by a job that mails, or by links shown once."""

import re
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from spm.dashboards.setup import invitations as by_mail
from spm.dashboards.setup.queries import people_rows
from spm.imports.models import ImportBatch
from spm.jobs import runner
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.queue import in_process
from spm.org import invitations, people
from spm.org.models import AuditEntry, Invitation, User
from tests.builders import make_person

pytestmark = pytest.mark.django_db(transaction=True)
ALL, LINKS = reverse("setup:people-invite"), reverse("setup:people-links")
TOKEN = re.compile(r"/accounts/invitation/([\w-]+)/")
GOOD = "correct horse battery"


@pytest.fixture
def loaded(cast):
    """Three people as a file brings them, without access; everybody else of the cast has a password."""
    return [people.create_person(email=f"{name}@example.com", name=name.title()) for name in ("ann", "ben", "cem")]


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.admin)
    return client


@pytest.fixture
def mails(settings):
    """A mail server is set up."""
    settings.EMAIL_URL = "smtp://mail.example.com"
    return mail.outbox


def addresses(messages):
    return sorted(message.to[0] for message in messages)


def the_job():
    return Job.objects.get(kind=by_mail.KIND)


# By e-mail


def test_everybody_without_access_is_mailed_a_link_by_one_job(admin, loaded, mails):
    assert "3 people get an e-mail each" in admin.get(ALL).content.decode()
    answer = admin.post(ALL)
    job = the_job()
    assert answer.url == reverse("jobs:detail", args=[job.pk])
    assert (job.state, job.progress, job.total, job.note) == (JobState.DONE, 3, 3, "Mailed: 3")
    assert addresses(mails) == ["ann@example.com", "ben@example.com", "cem@example.com"]
    tokens = {TOKEN.search(message.body)[1] for message in mails}
    assert {invitations.open_invitation(token).person for token in tokens} == set(loaded)


def test_no_link_is_stored_anywhere(admin, loaded, mails):
    admin.post(ALL)
    stored = str([list(model.objects.values()) for model in (Job, Invitation, AuditEntry)])
    assert not any(TOKEN.search(message.body)[1] in stored for message in mails)
    assert the_job().arguments == {"people": [person.pk for person in loaded], "again": False}


def test_each_invitation_is_in_the_audit_log(admin, loaded, mails, cast):
    admin.post(ALL)
    entries = AuditEntry.objects.filter(kind="invited")
    assert {(entry.actor, entry.subject, entry.detail["by_mail"]) for entry in entries} == {
        (cast.admin, person.email, True) for person in loaded
    }


def test_who_was_invited_within_a_day_is_left_out_unless_asked_for(admin, loaded, mails):
    admin.post(reverse("setup:person-invite", args=[loaded[0].pk]))
    mails.clear()
    page = admin.get(ALL).content.decode()
    assert "2 people get an e-mail each" in page
    assert "1 person was invited within the last day" in page
    admin.post(ALL)
    assert addresses(mails) == ["ben@example.com", "cem@example.com"]
    admin.post(ALL)  # nobody is left
    assert len(mails) == 2
    admin.post(ALL, {"again": "on"})
    assert len(mails) == 5


def test_after_a_day_one_may_be_invited_again(admin, loaded, mails):
    admin.post(ALL)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        admin.force_login(User.objects.get(name="Admin"))
        admin.post(ALL)
    assert len(mails) == 6


def test_asked_for_twice_at_once_it_is_one_job(loaded, mails, cast, settings, monkeypatch):
    settings.JOBS_IN_PROCESS = False
    monkeypatch.setattr("spm.jobs.queue.app.send_task", lambda *_, **__: None)
    first, second = (by_mail.ask(loaded, cast.admin, again=True) for _ in range(2))
    assert first == second


def test_a_job_that_is_run_again_mails_nobody_twice(loaded, mails, cast, monkeypatch):
    refused, send = ["ben@example.com"], EmailMessage.send

    def answer(message):
        if message.to[0] in refused:
            raise SMTPRecipientsRefused({message.to[0]: (450, b"later")})
        return send(message)

    monkeypatch.setattr(EmailMessage, "send", answer)
    with in_process():
        job = by_mail.ask(loaded, cast.admin, again=True)
    assert addresses(mails) == ["ann@example.com", "cem@example.com"]
    assert "no_access" in states("Ben")  # a link that never left is no invitation
    refused.clear()
    Job.objects.update(due_at=timezone.now())
    assert runner.run(job.pk) == JobState.DONE
    assert addresses(mails) == ["ann@example.com", "ben@example.com", "cem@example.com"]
    assert the_job().note == "Mailed: 3"


def states(name):
    return [row.state for row in people_rows(User.objects.get(name="Admin"), name)]


def test_a_refused_address_is_named_and_keeps_nobody_elses_mail(admin, loaded, mails, monkeypatch):
    send = EmailMessage.send

    def answer(message):
        if message.to == ["ben@example.com"]:
            raise SMTPRecipientsRefused({"ben@example.com": (550, b"no such user")})
        return send(message)

    monkeypatch.setattr(EmailMessage, "send", answer)
    admin.post(ALL)
    assert the_job().note == "Mailed: 2; refused: ben@example.com"
    assert states("Ben") == ["no_access"]


def test_a_mail_that_does_not_leave_ends_no_link_that_was_given_out(loaded, mails, cast, monkeypatch):
    token = TOKEN.search(invitations.invite(loaded[0], cast.admin))[1]
    with monkeypatch.context() as patch, in_process():
        patch.setattr("spm.jobs.mailing.send", lambda _message: False)
        by_mail.ask(loaded[:1], cast.admin, again=True)
    assert invitations.open_invitation(token)
    with in_process():
        by_mail.ask(loaded[:1], cast.admin, again=True)
    with pytest.raises(invitations.BadInvitation):
        invitations.open_invitation(token)


def test_inv_39_rights_are_looked_at_when_the_mail_is_sent(loaded, mails, cast, settings, monkeypatch):
    settings.JOBS_IN_PROCESS = False
    monkeypatch.setattr("spm.jobs.queue.app.send_task", lambda *_, **__: None)
    job = by_mail.ask(loaded, cast.admin, again=False)
    people.set_role(cast.rep, is_admin=True)
    people.set_role(cast.admin, is_admin=False)
    assert runner.run(job.pk) == JobState.DONE
    assert mails == []


def test_who_has_come_in_meanwhile_gets_no_mail(loaded, mails, cast, settings, monkeypatch):
    settings.JOBS_IN_PROCESS = False
    monkeypatch.setattr("spm.jobs.queue.app.send_task", lambda *_, **__: None)
    job = by_mail.ask(loaded, cast.admin, again=True)
    token = TOKEN.search(invitations.invite(loaded[0], cast.admin))[1]
    invitations.accept(token, GOOD)
    runner.run(job.pk)
    assert addresses(mails) == ["ben@example.com", "cem@example.com"]


def test_one_person_is_invited_by_a_job_in_their_language(admin, loaded, mails):
    people.update_person(loaded[0], locale="fr")
    answer = admin.post(reverse("setup:person-invite", args=[loaded[0].pk]), follow=True).content.decode()
    assert "The invitation to ann@example.com is on its way." in answer
    assert "invited " in answer
    (message,) = mails
    assert message.subject == "Votre accès à SPM"
    assert "Testing Ltd" in message.body
    assert not TOKEN.search(answer)


def test_a_link_can_be_shown_where_mail_is_set_up(admin, loaded, mails):
    shown = admin.post(reverse("setup:person-invite", args=[loaded[0].pk]), {"by": "link"}).content.decode()
    assert TOKEN.search(shown)
    assert mails == []


def test_no_server_is_asked_about_an_address_that_cannot_exist(admin, cast, mails):
    """The people of the demo company have such ones."""
    people.create_person(email="ann@norvik.example", name="Ann")
    admin.post(ALL)
    assert mails == []
    assert the_job().note == "Mailed: 0; refused: ann@norvik.example"


# By links


def test_without_a_mail_server_the_links_are_shown_once_with_their_names(admin, loaded):
    assert "you are shown 3 links" in admin.get(ALL).content.decode()
    page = admin.post(ALL).content.decode()
    tokens = list(dict.fromkeys(TOKEN.findall(page)))
    assert [invitations.open_invitation(token).person for token in tokens] == loaded
    assert not TOKEN.search(admin.get(ALL).content.decode())
    assert not TOKEN.search(admin.post(ALL, follow=True).content.decode())
    assert mail.outbox == []
    assert AuditEntry.objects.filter(kind="invited", detail__by_mail=False).count() == 3


def shown_tokens(client):
    return re.search(r'name="tokens" value="([^"]+)"', client.post(ALL).content.decode())[1]


def as_text(answer):
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_the_links_that_were_shown_come_as_a_file(admin, loaded):
    answer = admin.post(LINKS, {"tokens": shown_tokens(admin)})
    rows = as_text(answer).splitlines()
    assert answer["Content-Type"].startswith("text/csv")
    assert len(rows) == 4
    assert rows[1].startswith("Ann,ann@example.com,http")
    assert invitations.open_invitation(TOKEN.search(rows[1])[1]).person == loaded[0]
    assert AuditEntry.objects.filter(kind="export", subject=LINKS).exists()


def test_a_file_holds_only_links_of_ones_own_making(admin, client, loaded, cast):
    tokens = shown_tokens(admin)
    people.set_role(cast.rep, is_admin=True)
    client.force_login(cast.rep)
    assert len(as_text(client.post(LINKS, {"tokens": tokens})).splitlines()) == 1


def test_a_newer_link_takes_the_older_out_of_the_file(admin, loaded, cast):
    tokens = shown_tokens(admin)
    invitations.invite(loaded[0], cast.admin)
    assert "ann@example.com" not in as_text(admin.post(LINKS, {"tokens": tokens}))


# Where it is offered


def test_people_and_the_report_of_a_file_of_people_offer_it(admin, loaded, cast):
    batch = ImportBatch.objects.create(kind="people", filename="p.csv", sha256="0" * 64, state="committed", read=3)
    for page in (reverse("setup:people"), reverse("imports:detail", args=[batch.pk])):
        assert "Invite all 3 without access" in admin.get(page).content.decode()
    ImportBatch.objects.update(kind="teams")
    assert ALL not in admin.get(reverse("imports:detail", args=[batch.pk])).content.decode()


def test_where_everybody_has_access_nothing_is_offered(admin, cast):
    assert ALL not in admin.get(reverse("setup:people")).content.decode()
    assert "Everybody who is active has chosen a password." in admin.get(ALL).content.decode()


def test_who_has_left_is_not_invited(admin, loaded, cast):
    people.deactivate(loaded[0], by=cast.admin)
    assert "2 people have no access yet." in admin.get(ALL).content.decode()


@pytest.mark.parametrize("number", [1, 3, 60])
def test_the_page_takes_the_same_queries_for_any_number(admin, cast, number, django_assert_num_queries):
    for _ in range(number):
        make_person().set_unusable_password()
    User.objects.filter(name__startswith="Person").update(password="!")
    admin.get(ALL)
    with django_assert_num_queries(6):
        admin.get(ALL)
