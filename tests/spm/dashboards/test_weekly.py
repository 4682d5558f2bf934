"""The weekly e-mail of a saved view: when, to whom, with which rights, and the way out."""

import re
from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from spm.dashboards import weekly
from spm.jobs.models import Job
from spm.jobs.queue import in_process
from spm.jobs.schedule import SCHEDULE
from spm.org import clock, saving
from spm.org.models import SavedView, TeamLead, User
from spm.org.saving import Wish

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 9, 21)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wanted(owner, name="Mine", page="performance", query=None):
    view = saving.create(owner, page, query or {"period": "2026"}, Wish(name, mailed=True))
    SavedView.objects.filter(pk=view.pk).update(mailed_for=date(2026, 9, 14))
    view.refresh_from_db()
    return view


@pytest.mark.parametrize(
    ("zone", "moment", "monday"),
    [
        ("UTC", "2026-09-21T06:59:00", "2026-09-14"),
        ("UTC", "2026-09-21T07:00:00", "2026-09-21"),
        ("UTC", "2026-09-27T23:00:00", "2026-09-21"),
        ("Europe/Paris", "2026-09-21T05:00:00", "2026-09-21"),  # 07:00 in summer
        ("Europe/Paris", "2026-11-23T05:59:00", "2026-11-16"),  # 06:59 in winter
        ("America/Los_Angeles", "2026-09-21T13:59:00", "2026-09-14"),
    ],
)
def test_monday_strikes_at_seven_where_the_owner_lives(cast, zone, moment, monday):
    cast.director.timezone = zone
    assert saving.monday_of(cast.director, at(moment)) == date.fromisoformat(monday)


def test_whoever_asks_on_a_wednesday_waits_for_the_next_monday(story):
    view = saving.create(story.director, "performance", {"period": "2026"}, Wish("Mine", mailed=True))
    assert view.mailed_for == saving.monday_of(story.director, datetime.now(UTC))


def test_each_monday_is_asked_for_once(story):
    wanted(story.director)
    saving.create(story.director, "performance", {"period": "2026"}, Wish("Without mail"))
    assert weekly.ask_for_due(at("2026-09-21T06:00:00")) == 0
    assert [weekly.ask_for_due(at("2026-09-21T07:00:00")) for _again in range(2)] == [1, 0]
    job = Job.objects.get(kind="weekly_view")
    assert job.arguments == {"view": SavedView.objects.get(name="Mine").pk, "monday": "2026-09-21"}


def test_the_mail_holds_the_table_in_text_and_html_with_a_link(story, mailoutbox):
    view = wanted(story.director, query={"period": "2026", "columns": "quota,gap,status"})
    assert weekly.send(view.pk, MONDAY)
    (mail,) = mailoutbox
    assert mail.to == [story.director.email]
    assert mail.subject.startswith("Mine: ")
    heads = next(line for line in mail.body.splitlines() if "Quota" in line)
    assert heads.split("  ")[-1].strip() == "Status"
    assert "Quota, k€" in heads
    assert "Gap, k€" in heads
    assert "Pace" not in heads
    (page,) = (part.content for part in mail.alternatives)
    for name in ("Testing Ltd", "North", "South", "Rep One"):
        assert name in mail.body
        assert name in page
    assert f"/performance/?view={view.pk}" in mail.body
    assert f"/performance/?view={view.pk}" in page
    assert not re.search("style=|<img|<script", page)


def test_it_is_sent_once_a_monday(story, mailoutbox):
    view = wanted(story.director)
    assert [weekly.send(view.pk, MONDAY) for _again in range(2)] == [True, False]
    assert len(mailoutbox) == 1


def test_a_rep_gets_the_own_months_and_nobody_elses(story, mailoutbox):
    weekly.send(wanted(story.rep, page="home").pk, MONDAY)
    body = mailoutbox[0].body
    assert "Feb 2026" in body
    assert "Rep Two" not in body


def test_rights_are_those_of_the_moment_of_sending(story, mailoutbox):
    view = wanted(story.north_manager, query={"period": "2026", "team": str(story.north.pk)})
    TeamLead.objects.create(team=story.north, person=story.loner, starts_on=date(2026, 9, 1))
    weekly.send(view.pk, MONDAY)
    (mail,) = mailoutbox
    text = mail.body + mail.alternatives[0].content
    assert "Rep One" not in text
    assert "Rep Two" not in text


def test_who_has_left_hears_nothing(story, mailoutbox):
    view = wanted(story.director)
    story.director.is_active = False
    story.director.save()
    assert not weekly.send(view.pk, MONDAY)
    assert weekly.ask_for_due(at("2026-09-21T08:00:00")) == 0
    assert mailoutbox == []


def test_a_team_that_is_gone_is_told_in_the_mail(story, mailoutbox):
    weekly.send(wanted(story.director, query={"period": "2019", "team": "99999"}).pk, MONDAY)
    assert "The team of the view" in mailoutbox[0].body
    assert "There is no period" in mailoutbox[0].alternatives[0].content


def test_it_speaks_the_language_of_its_reader(story, mailoutbox):
    User.objects.filter(pk=story.director.pk).update(locale="fr")
    weekly.send(wanted(story.director).pk, MONDAY)
    assert "Ouvrir la vue" in mailoutbox[0].alternatives[0].content


def test_names_are_escaped(story, mailoutbox):
    weekly.send(wanted(story.director, "<b>Mine</b>").pk, MONDAY)
    assert "<b>Mine" not in mailoutbox[0].alternatives[0].content


def test_one_click_ends_it_without_a_session(story, client, mailoutbox):
    view = wanted(story.director)
    weekly.send(view.pk, MONDAY)
    headers = mailoutbox[0].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = headers["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8000")
    assert path in mailoutbox[0].body
    assert "End the weekly e-mail" in client.get(path).content.decode()
    assert SavedView.objects.get(pk=view.pk).mailed  # looking at it ends nothing: mail scanners look
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not SavedView.objects.get(pk=view.pk).mailed
    assert not weekly.send(view.pk, date(2026, 9, 28))


@pytest.mark.parametrize("token", ["x", "MQ:1abc:zzzz", "1"])
def test_a_token_that_was_not_given_out_ends_nothing(story, client, token):
    wanted(story.director)
    assert client.post(reverse("dashboards:saved-unsubscribe", args=[token])).status_code == 404
    assert SavedView.objects.get().mailed


def test_the_schedule_asks_and_the_jobs_send(story, mailoutbox, django_capture_on_commit_callbacks):
    wanted(story.director)  # its last Monday is long past
    assert "weekly_views" in SCHEDULE
    with django_capture_on_commit_callbacks(execute=True), in_process():
        weekly.ask_for_due(datetime.now(UTC))
    assert len(mailoutbox) == 1
    assert Job.objects.get(kind="weekly_view").state == "done"


def test_more_rows_than_a_mail_holds_are_counted(story, monkeypatch, mailoutbox):
    monkeypatch.setattr(weekly, "MOST_ROWS", 2)
    sheet = weekly.sheet_of(story.director, clock.company(), wanted(story.director))
    assert (len(sheet.rows), sheet.left_out > 0) == (2, True)
