"""Ten people at work at once, reading, exporting and writing, with roll-ups beside them: nobody is told of an error.

Reliability 4.1, in small: the load that its release gate asks for is made by ``manage.py bench``.
"""

import random
from collections import Counter

import pytest
from django.core.cache import cache
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from spm.jobs import queue, runner
from spm.jobs.models import Job
from spm.org.models import Period, Team, User
from targets import rollup
from targets.models import Attainment
from tests.builders import make_actual, make_company, make_person, make_quota, make_team, make_year
from tests.races import Race

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, REQUESTS = 10, 25
KINDS = ("dashboard",) * 14 + ("list",) * 4 + ("edit",) * 2 + ("export",)


@pytest.fixture
def january(monkeypatch):
    """Ten reps of a team, each with a number and a line; what is sent to workers is done by one of the ten works."""
    monkeypatch.setattr(queue, "_send_now", lambda pk: None)
    make_company(require_admin_mfa=False)
    make_year()
    make_person("Admin", is_admin=True)
    team = make_team("North", lead=make_person("Lead"))
    for number in range(PEOPLE):
        rep = make_person(f"Rep {number}", team=team)
        make_quota(rep, "2026-01", 80, "revenue")
        make_actual(rep, amount=100, cost=60, external_id=f"line {number}")
    rollup.roll_up_stale()
    cache.clear()


def asks(place, dice):
    """(address, form or nothing) of one person's next request."""
    rep = User.objects.get(name=f"Rep {place}")
    return {
        "dashboard": lambda: (reverse("dashboards:rep", args=[rep.pk]) + "?measure=revenue&period=2026-01", None),
        "list": lambda: (reverse("dashboards:actuals") + "?measure=revenue&period=2026-01", None),
        "export": lambda: (reverse("dashboards:performance") + "?measure=revenue&format=xlsx", None),
        "edit": lambda: (reverse("setup:team-create"), {"name": f"Team {place} {dice.random()}"}),
    }[dice.choice(KINDS)]()


def at_work(place):
    """One person's requests; the statuses of the answers. Each sixth one is followed by a new line and its roll-up."""
    dice, client, seen = random.Random(place), Client(raise_request_exception=False), Counter()
    client.force_login(User.objects.get(name="Admin"), backend="allauth.account.auth_backends.AuthenticationBackend")
    for number in range(REQUESTS):
        address, form = asks(place, dice)
        answer = client.post(address, form) if form else client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert body or answer.status_code == 302
        seen[answer.status_code] += 1
        if number % 6 == place % 6:
            make_actual(User.objects.get(name=f"Rep {place}"), amount=1, external_id=f"{place} {number}")
            for pk in Job.objects.filter(state="waiting").values_list("pk", flat=True):
                runner.run(pk)
    return seen


def test_ten_people_at_once_are_answered_and_the_totals_are_those_of_the_lines(january):
    race = Race([lambda place=place: at_work(place) for place in range(PEOPLE)])
    assert [type(one) for one in race.ended] == [Counter] * PEOPLE, race.ended
    together = sum(race.ended, Counter())
    assert sum(together.values()) == PEOPLE * REQUESTS
    assert [status for status in together if status >= 400] == []
    assert together[200] > 100
    assert together[302] == Team.objects.count() - 1 > 5
    assert race.overlapped
    rollup.roll_up_stale()
    leaf = Period.objects.get(label="2026-01")
    of_people = Attainment.objects.filter(period=leaf, measure="revenue", person__isnull=False)
    company = Attainment.objects.get(period=leaf, measure="revenue", company__isnull=False)
    assert company.actual == of_people.aggregate(Sum("actual"))["actual__sum"] == 100 * PEOPLE + company.lines - PEOPLE
