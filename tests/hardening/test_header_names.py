"""Names that somebody typed stand in headers: subjects of mails, names of downloads. None makes a second line."""

import re

import pytest
from django.core import mail

from spm.dashboards import weekly
from spm.jobs import runner
from spm.jobs.models import Job
from spm.org.models import SavedView
from spm.talk.models import Notification
from spm.talk.notices import notify
from spm.ui.exports import FORMATS, Column, table_response

pytestmark = pytest.mark.django_db
NAMES = (
    "North\r\nBcc: thief@example.com",
    "North\nContent-Type: text/html",
    'North"; filename="evil.exe',
    "North\u202etxt.exe",
    "North\x0bx",
    "N" * 300,
    "../../etc/passwd",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_subject_of_a_saved_view_is_one_line_to_its_owner(cast, name):
    """Its sentence names the team."""
    view = SavedView.objects.create(owner=cast.director, page="performance", name="Mine", key="mine", query={})
    sheet = weekly.Sheet("Mine", f"{name} is behind.", (), "", [""], [], 0)
    message = weekly.message_of(view, sheet)
    sent = message.message()
    assert (message.recipients(), sent["Bcc"], sent.get_content_type()) == (
        [cast.director.email],
        None,
        "multipart/alternative",
    )
    assert not {"\r", "\n"} & set(sent["Subject"])
    assert len(message.subject) <= 150


@pytest.mark.parametrize("name", NAMES)
def test_the_subject_of_a_notification_is_one_line_to_its_reader(cast, name):
    (row,) = notify("quota_published", to=[cast.rep], path="/", year=name)
    Job.objects.filter(kind="notify").delete()
    told = {"notifications": [row.pk]}
    runner.run(Job.objects.create(kind="notify", arguments=told, due_at="2026-09-18T00:00:00Z").pk)
    (message,) = mail.outbox
    sent = message.message()
    assert (message.recipients(), sent["Bcc"], sent.get_content_type()) == ([cast.rep.email], None, "text/plain")
    assert not {"\r", "\n"} & set(sent["Subject"])
    assert Notification.objects.get().mailed_at is not None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_download_bears_a_plain_name(name, kind):
    response = table_response([Column("Name")], [[name]], name, kind)
    assert re.fullmatch(r'attachment; filename="[a-z0-9_-]+\.(csv|xlsx)"', response["Content-Disposition"])
