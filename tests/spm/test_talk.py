"""Threads, notifications and what people choose to hear: verbs, pages and e-mails."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from spm.jobs.mailing import ServerAway
from spm.jobs.models import Job
from spm.jobs.queue import in_process
from spm.jobs.registry import Running, TryAgain
from spm.org.models import TeamLead, User
from spm.talk import notices, queries, threads
from spm.talk.access import can_edit_comment
from spm.talk.choices import all_kinds
from spm.talk.models import Comment, Notification, NotificationChoice, Thread
from spm.talk.tasks import mail_notifications
from spm.talk.threads import BadComment, Overtaken
from targets.cycles import create_cycle
from targets.models import QuotaLetter
from tests.builders import make_person

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def letter(cast, year):
    return QuotaLetter.objects.create(cycle=create_cycle(year, cast.admin), person=cast.rep, state="sent")


@pytest.fixture
def thread(letter):
    return threads.thread_of("letter", letter.pk)


@pytest.fixture
def rep_client(client, cast):
    client.force_login(cast.rep)
    return client


def said(thread, by, text="Why so much?", **fields):
    comment = threads.say(thread, by=by, text=text)
    Comment.objects.filter(pk=comment.pk).update(**fields)
    comment.refresh_from_db()
    return comment


def post(client, name, *args, headers=None, **data):
    return client.post(reverse(f"talk:{name}", args=args), data, headers=headers or {})


def say(client, letter, text, headers=None, **data):
    return post(client, "say", headers=headers, anchor="letter", key=letter.pk, text=text, next="/here/", **data)


# Threads


def test_a_comment_is_kept_and_the_page_comes_back_to_its_thread(rep_client, letter, cast):
    answer = say(rep_client, letter, "  Why so much?  ")
    assert answer["Location"] == f"/here/#thread-letter-{letter.pk}"
    comment = Comment.objects.get()
    assert (comment.author, comment.text, comment.thread.key) == (cast.rep, "Why so much?", letter.pk)


def test_htmx_gets_the_thread_alone(rep_client, letter):
    page = say(rep_client, letter, "Why <b>so</b> much?", headers=HTMX).content.decode()
    assert page.lstrip().startswith("<section")
    assert "Why &lt;b&gt;so&lt;/b&gt; much?" in page


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_refused_comment_keeps_what_was_typed(rep_client, letter, headers):
    answer = say(rep_client, letter, "x" * 4001, headers=headers)
    assert answer.status_code == 422
    assert "x" * 4001 in answer.content.decode()
    assert "at most 4000 characters" in answer.content.decode()
    assert not Thread.objects.exists()


def test_a_foreign_host_is_no_way_back(rep_client, letter):
    answer = post(rep_client, "say", anchor="letter", key=letter.pk, text="Hello", next="https://evil.example/")
    assert answer["Location"].startswith("/")


@pytest.mark.parametrize(
    "data", [{"anchor": "nothing"}, {"key": "x"}, {"key": 10**30}, {"key": 99}, {"field": "f" * 61}]
)
def test_a_thread_of_nothing_is_not_found(rep_client, letter, data):
    values = {"anchor": "letter", "key": letter.pk, "text": "Hello"} | data
    assert post(rep_client, "say", **values).status_code == 404
    assert not Thread.objects.exists()


def test_what_is_sent_twice_is_said_once(thread, cast):
    assert threads.say(thread, by=cast.rep, text="Hello") == threads.say(thread, by=cast.rep, text="Hello ")
    assert Comment.objects.count() == 1


def test_who_does_not_see_the_letter_sees_and_says_nothing(client, thread, letter, cast):
    said(thread, cast.rep)
    client.force_login(cast.outsider)
    assert say(client, letter, "Hello").status_code == 404
    assert queries.thread_panel(cast.outsider, "letter", letter.pk).comments == ()


def test_a_comment_is_edited_for_a_quarter_of_an_hour_by_its_author(rep_client, thread, cast):
    comment = said(thread, cast.rep)
    post(rep_client, "edit", comment.pk, text="Why that much?", version=0)
    comment.refresh_from_db()
    assert (comment.text, comment.version) == ("Why that much?", 1)
    assert not can_edit_comment(cast.north_manager, comment)
    comment.created_at = timezone.now() - timedelta(minutes=16)
    assert not can_edit_comment(cast.rep, comment)


def test_an_edit_of_a_comment_changed_in_another_window_keeps_both(rep_client, thread, cast):
    comment = said(thread, cast.rep)
    threads.edit(comment, "Theirs", seen=0)
    answer = post(rep_client, "edit", comment.pk, text="Mine", version=0, headers=HTMX)
    assert answer.status_code == 422
    assert {"Mine", "Theirs"} <= set(answer.content.decode().replace("<p>", ">").replace("<", ">").split(">"))
    with pytest.raises(Overtaken):
        threads.edit(comment, "Mine", seen=0)


def test_a_deleted_comment_leaves_a_stub_without_its_words(rep_client, thread, cast):
    comment = said(thread, cast.rep, "Secret words")
    page = post(rep_client, "delete", comment.pk, headers=HTMX).content.decode()
    assert "This comment was deleted." in page
    assert "Secret words" not in page
    assert Comment.objects.get().text == ""


def test_nobody_deletes_the_words_of_others(client, thread, cast):
    comment = said(thread, cast.rep)
    client.force_login(cast.admin)
    assert post(client, "delete", comment.pk).status_code == 403


def test_a_thread_is_resolved_until_somebody_speaks_again(rep_client, thread, cast):
    said(thread, cast.rep)
    assert "Resolved by Rep One" in post(rep_client, "resolve", thread.pk, headers=HTMX).content.decode()
    threads.say(thread, by=cast.north_manager, text="One more thing")
    assert Thread.objects.get().resolved_at is None


@pytest.mark.parametrize("text", ["", "   ", "\0\0"])
def test_nothing_is_no_comment(thread, cast, text):
    with pytest.raises(BadComment):
        threads.say(thread, by=cast.rep, text=text)


def test_a_panel_takes_the_same_queries_for_one_comment_and_for_three(thread, letter, cast, django_assert_num_queries):
    for author in (cast.rep, cast.north_manager, cast.admin):
        said(thread, author)
        reader = User.objects.get(pk=cast.admin.pk)
        queries.thread_panel(reader, "letter", letter.pk)  # reads the scope
        with django_assert_num_queries(1):
            assert queries.thread_panel(reader, "letter", letter.pk).can_speak


# Notifications


def tell(letter, *people, by=None, **fields):
    return notices.notify("quota_published", to=people, path="/there/", about=("letter", letter.pk), by=by, year="2026")


def test_the_bell_counts_what_is_unread(rep_client, letter, cast):
    tell(letter, cast.rep)
    assert 'aria-label="Notifications, 1 unread"' in rep_client.get("/notifications/").content.decode()
    post(rep_client, "read-all")
    assert 'aria-label="Notifications"' in rep_client.get("/notifications/").content.decode()


def test_opening_one_marks_it_read_and_leads_to_its_page(rep_client, letter, cast):
    told, other = tell(letter, cast.rep)[0], tell(letter, cast.rep)[0]
    assert post(rep_client, "open", told.pk)["Location"] == "/there/"
    assert [row.pk for row in Notification.objects.unread()] == [other.pk]


def test_a_notification_speaks_the_language_of_its_reader(rep_client, letter, cast):
    tell(letter, cast.rep)
    User.objects.filter(pk=cast.rep.pk).update(locale="fr")
    assert "Votre lettre de quota 2026 est là." in rep_client.get("/notifications/").content.decode()


def test_inv_39_who_no_longer_sees_the_object_no_longer_reads_of_it(client, letter, cast):
    tell(letter, cast.north_manager)
    client.force_login(cast.north_manager)
    assert "Your quota letter" in client.get("/notifications/").content.decode()
    TeamLead.objects.filter(person=cast.north_manager).update(person=None)
    page = client.get("/notifications/").content.decode()
    assert "Your quota letter" not in page
    assert "Mark all as read" in page  # the bell would count it for ever


def test_pages_are_filled_without_a_query_per_line(rep_client, letter, cast, django_assert_max_num_queries):
    for _ in range(3):
        tell(letter, cast.rep, by=cast.admin)
    with django_assert_max_num_queries(14):
        assert rep_client.get("/notifications/").content.decode().count("is here. Read it") == 6


def test_an_anonymous_page_asks_for_no_notifications(client, company, django_assert_num_queries):
    with django_assert_num_queries(1):  # the company
        client.get("/accounts/login/")


# E-mail and choices


class Server:
    """A mail server that answers some addresses with an error."""

    def __init__(self, monkeypatch, **answers):
        self.answers, self.mailed = answers, []
        monkeypatch.setattr(EmailMessage, "send", lambda message: self.take(message.to[0]))

    def take(self, address):
        if error := self.answers.get(address.split("@")[0].replace(".", "_")):
            raise error
        self.mailed.append(address)


def refused(code):
    return SMTPRecipientsRefused({"x@example.com": (code, b"no")})


def mail_to(*people):
    """The job that mails these people; run() is one attempt of it."""
    notices.notify("cycle_due", to=list(people), path="/", year="2026", stage="plan", day="2026-09-30")
    return lambda: mail_notifications(Running(Job.objects.get(kind="notify"), report=lambda _running: None))


def test_an_address_that_is_refused_keeps_nobody_elses_mail(cast, monkeypatch):
    server = Server(monkeypatch, rep_two=refused(550))
    mail_to(cast.rep, cast.teammate, cast.outsider)()
    assert set(server.mailed) == {cast.rep.email, cast.outsider.email}


def test_a_mail_that_is_wanted_later_is_sent_later_and_the_others_once(cast, monkeypatch):
    server = Server(monkeypatch, rep_one=refused(450), rep_two=refused(450))
    run = mail_to(cast.rep, cast.teammate, cast.outsider)
    with pytest.raises(TryAgain):
        run()
    assert server.mailed == [cast.outsider.email]
    server.answers.clear()
    run()
    assert sorted(server.mailed) == sorted([cast.rep.email, cast.teammate.email, cast.outsider.email])


def test_a_mail_server_that_is_away_is_not_asked_for_every_mail(cast, monkeypatch):
    server = Server(monkeypatch, **dict.fromkeys(("rep_one", "rep_two"), ConnectionRefusedError("no")))
    with pytest.raises(ServerAway):
        mail_to(cast.rep, cast.teammate)()
    assert server.mailed == []


def mailed(letter, *people):
    with in_process():
        tell(letter, *people)
    return mail.outbox


@pytest.mark.django_db(transaction=True)
def test_a_mail_is_plain_text_in_the_language_of_its_reader(letter, cast):
    User.objects.filter(pk=cast.rep.pk).update(locale="fr")
    (message,) = mailed(letter, cast.rep)
    assert message.subject == "Votre lettre de quota 2026 est là. Lisez-la et répondez."
    assert "/there/" in message.body
    assert not getattr(message, "alternatives", [])


@pytest.mark.django_db(transaction=True)
def test_inv_39_rights_are_looked_at_when_the_mail_is_sent(letter, cast):
    with in_process(), transaction.atomic():  # the mail leaves at the end, when the manager leads nobody any more
        tell(letter, cast.north_manager)
        TeamLead.objects.filter(person=cast.north_manager).update(person=None)
    assert mail.outbox == []


def test_nobody_hears_of_what_they_did_themselves_or_once_they_left(letter, cast):
    assert tell(letter, cast.rep, cast.deactivated, by=cast.rep) == []


def test_a_slot_is_told_once(letter, cast):
    for _ in range(2):
        notices.notify("cycle_due", to=[cast.rep], path="/", slot="due", year="2026", stage="plan", day="2026-09-30")
    row = Notification.objects.get()
    assert notices.sentence(row, "en") == "Plan 2026: “Plan” is due on 30 Sep 2026."


def chosen(person):
    return [choice for _subject, kinds in queries.choices_of(person) for choice in kinds]


def test_every_kind_stands_under_the_heading_of_its_subject(cast):
    headings = {str(subject): {choice.kind for choice in kinds} for subject, kinds in queries.choices_of(cast.rep)}
    assert {choice.kind for choice in chosen(cast.rep)} == {kind.name for kind in all_kinds()}
    assert "quota_published" in headings["Quotas"]
    assert {"cycle_due", "plan_submitted"} <= headings["Planning of a year"]
    assert "territory_plan_opened" in headings["Territory plans"]
    assert "accounts_moved" in headings["Territories and accounts"]


def test_the_matrix_keeps_what_one_wants_to_hear(rep_client, letter, cast):
    assert rep_client.get("/settings/").content.decode().count('name="app:') == len(chosen(cast.rep))
    post(rep_client, "choose", **{"mail:quota_locked": "on", "app:quota_published": "on"})
    choice = NotificationChoice.objects.get(kind="quota_published")
    assert (choice.in_app, choice.by_email) == (True, False)
    assert not any(row.in_app or row.by_email for row in chosen(cast.rep) if row.kind == "cycle_due")


@pytest.mark.django_db(transaction=True)
def test_who_wants_no_mail_gets_none_and_who_wants_nothing_in_the_app_has_read_it(letter, cast):
    notices.choose(cast.rep, {"quota_published": (False, False)})
    assert mailed(letter, cast.rep) == []
    assert Notification.objects.get().read_at is not None


def test_a_person_without_anything_to_read_hears_why(client, cast):
    client.force_login(make_person("New"))
    assert "Nothing yet." in client.get("/notifications/").content.decode()


def test_many_are_told_at_once_each_with_their_own_way_and_one_job(cast, django_assert_num_queries):
    each = [notices.Told(person, f"/somewhere/{person.pk}/") for person in (cast.rep, cast.teammate, cast.rep)]
    with django_assert_num_queries(3):  # what they chose, the rows, the job
        notices.notify_each("quota_locked", each, by=cast.admin, year="2026")
    told = Notification.objects.order_by("person").values_list("person", "path")
    assert list(told) == [(person.pk, f"/somewhere/{person.pk}/") for person in (cast.rep, cast.teammate)]
    assert Job.objects.filter(kind="notify").count() == 1
