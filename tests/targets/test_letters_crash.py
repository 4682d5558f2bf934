"""Killed at any statement, a sending and an approval of quota letters are there whole or not at all."""

from datetime import date

import pytest

from spm.org.models import User
from spm.talk.models import Notification
from targets import cycles, letters
from targets.choices import Stage
from targets.models import LetterLine, PlanningCycle, QuotaLetter
from targets.recipients import prepare
from tests import children
from tests.builders import make_quota, make_year

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cycle(year, cast):
    cycle = cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.admin)
    for person in (cast.rep, cast.teammate):
        make_quota(person, "2027-01", 100)
    PlanningCycle.objects.update(stage=Stage.REVIEW)
    prepare(cycle)
    return cycle


def send(by):
    letters.send(list(QuotaLetter.objects.select_related("cycle")), User.objects.get(pk=by))


def approve(letter, by):
    letters.approve(QuotaLetter.objects.select_related("cycle").get(pk=letter), User.objects.get(pk=by))


def stored():
    """States, lines and what people were told."""
    states = tuple(QuotaLetter.objects.order_by("pk").values_list("state", flat=True))
    return states, LetterLine.objects.count(), Notification.objects.count()


def test_a_sending_killed_at_every_statement_is_whole_or_absent(cycle, cast):
    seen = []
    for _ended in children.kills(send, cast.admin.pk):
        seen.append(stored())
        if LetterLine.objects.exists():
            break
    assert (set(seen), len(seen) > 20) == ({(("unsent", "unsent"), 0, 0), (("sent", "sent"), 10, 2)}, True)


def test_an_approval_killed_at_every_statement_is_whole_or_absent(cycle, cast):
    send(cast.admin.pk)
    letter = letters.agree(QuotaLetter.objects.get(person=cast.rep), cast.rep)
    before, seen = stored(), []
    for _ended in children.kills(approve, letter.pk, cast.admin.pk):
        seen.append(stored())
        if QuotaLetter.objects.filter(state="approved").exists():
            break
    assert (set(seen), len(seen) > 5) == ({before, (("approved", "sent"), 10, before[2] + 1)}, True)
