"""A year that is still planned: a person's page says so and leads to the quota letter."""

from datetime import date

import pytest
from django.urls import reverse

from targets import rollup
from targets.choices import LetterState, Stage
from targets.models import PlanningCycle, QuotaLetter
from tests.builders import make_quota, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(cast, year):
    """The letter of Rep One for 2027, sent and not answered; the quota behind it is hidden from him until the lock."""
    coming = make_year("2027", date(2027, 1, 1))
    cycle = PlanningCycle.objects.create(fiscal_year=coming, stage=Stage.REVIEW)
    make_quota(cast.rep, "2027-01", 100)
    return QuotaLetter.objects.create(cycle=cycle, person=cast.rep, state=LetterState.SENT)


def told(client, reader, person, period="2027"):
    client.force_login(reader)
    answer = client.get(reverse("dashboards:rep", args=[person.pk]), {"period": period, "measure": "bookings"})
    return answer.content.decode()


def test_the_own_page_of_a_year_in_planning_leads_to_the_quota_letter(client, cast, letter):
    page = told(client, cast.rep, cast.rep)
    assert "Your quota of 2027 is not locked yet" in page
    assert "The quota letter of 2027 tells the number that is proposed." in page
    assert f'href="{reverse("targets:quota", args=["2027", cast.rep.pk])}"' in page
    assert "Neither a quota nor an actual is on record" not in page
    assert "not locked yet" not in told(client, cast.rep, cast.rep, "2026")


def test_home_of_a_rep_leads_to_it_too(client, cast, letter):
    client.force_login(cast.rep)
    page = client.get("/?period=2027").content.decode()
    assert "Open the quota letter" in page
    assert "Your quota is not published yet" not in page


def test_a_letter_that_is_not_sent_is_not_told_of(client, cast, letter):
    QuotaLetter.objects.update(state=LetterState.UNSENT)
    page = told(client, cast.rep, cast.rep)
    assert "Open the quota letter" not in page
    assert "Neither a quota nor an actual is on record" in page


def test_nothing_is_said_once_the_year_is_locked(client, cast, letter):
    PlanningCycle.objects.update(stage=Stage.MONITOR)
    assert "not locked yet" not in told(client, cast.rep, cast.rep)


def test_somebody_without_a_letter_is_told_of_none(client, cast, letter):
    assert "not locked yet" not in told(client, cast.teammate, cast.teammate)


def test_the_head_tells_the_role_and_the_results_that_are_expected(client, cast, year):
    make_quota(cast.rep, "2026-01", 1_200_000)
    rollup.rebuild()
    page = told(client, cast.rep, cast.rep, "2026")
    assert "<dt>Role</dt><dd>Rep</dd>" in page
    assert "Bookings €1.2 M; the goals of the territory plan" in page.replace("\xa0", " ")
    assert "<dt>Role</dt><dd>Manager of North</dd>" in told(client, cast.admin, cast.north_manager, "2026")
