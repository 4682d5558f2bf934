"""Targets and quotas of a past day: shown again for reading, their files the very bytes of that day (INV-28)."""

import re
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from spm.market.models import Territory
from spm.org.models import Period
from targets.cycles import create_cycle
from targets.goals import Goal, of_person, of_team, of_territory
from targets.plans import set_targets, working_plan
from targets.quotas import set_quotas
from tests.builders import make_company, make_person, make_team, make_year

pytestmark = pytest.mark.django_db

FORMATS = ("csv", "csv-semicolon", "xlsx")


def give(plan, holder, amount, label="2027", by=None):
    period = Period.objects.get(label=label)
    goal = Goal(holder, "bookings", period, None if amount is None else Decimal(amount))
    set_one = set_quotas if holder.column == "person_id" else set_targets
    set_one(plan, [goal], by=by)


@pytest.fixture
def agreed(cast, year):
    """On 10 November 2026 North, its first rep and a territory have numbers of 2027."""
    make_company(timezone="Europe/Paris", fixed_today=None)
    with time_machine.travel("2026-11-10T08:00:00Z", tick=False):
        plan = working_plan(make_year("2027", date(2027, 1, 1)), cast.admin)
        coast = Territory.objects.create(code="coast", name="Coast")
        give(plan, of_team(cast.north.pk), 2400, by=cast.admin)
        give(plan, of_person(cast.rep.pk), 1200, by=cast.admin)
        give(plan, of_person(cast.teammate.pk), 600, by=cast.admin)
        give(plan, of_territory(coast.pk), 360, by=cast.admin)
    return plan


def change(plan, cast):
    """On the 12th: one number is another, one is taken away, one is new."""
    with time_machine.travel("2026-11-12T09:00:00Z", tick=False):
        give(plan, of_person(cast.rep.pk), 2400, by=cast.admin)
        give(plan, of_person(cast.teammate.pk), None, by=cast.admin)
        give(plan, of_team(cast.south.pk), 480, by=cast.admin)
        cast.rep.name = "Zoe New"
        cast.rep.save()


def ask(client, who, moment, **query):
    with time_machine.travel(moment, tick=False):
        client.force_login(who)
        asked = "&".join(f"{key}={value}" for key, value in query.items())
        answer = client.get(f"{reverse('targets:numbers', args=['2027'])}?{asked}")
        return answer, answer.getvalue() if answer.streaming else answer.content


def years(answer):
    return {one.name: one.year for one, _quarters in [*answer.context["quotas"], *answer.context["targets"]]}


@pytest.mark.parametrize("table", ["", "targets"])
@pytest.mark.parametrize("fmt", FORMATS)
def test_inv_28_past_numbers_are_exported_byte_for_byte_as_on_their_day(client, cast, agreed, fmt, table):
    _answer, exported = ask(client, cast.admin, "2026-11-11T15:00:00Z", format=fmt, table=table)
    change(agreed, cast)
    answer, again = ask(client, cast.admin, "2026-11-20T11:11:11Z", format=fmt, table=table, as_of="2026-11-11")
    _answer, now = ask(client, cast.admin, "2026-11-20T11:11:11Z", format=fmt, table=table)

    assert again == exported
    assert f"{table or 'quotas'}-2027-as-of-2026-11-11" in answer["Content-Disposition"]
    assert now != exported  # the control: without the date the file is another


def test_the_page_shows_what_was_agreed_and_what_is(client, cast, agreed):
    change(agreed, cast)
    then, content = ask(client, cast.admin, "2026-11-20T11:00:00Z", as_of="2026-11-11")
    now, _content = ask(client, cast.admin, "2026-11-20T11:00:00Z")

    assert years(then) == {"Zoe New": 1200, "Rep Two": 600, "North": 2400, "Coast": 360}
    assert years(now) == {"Zoe New": 2400, "North": 2400, "South": 480, "Coast": 360}
    assert "as it stood at the end of 11 Nov 2026" in content.decode()
    assert years(ask(client, cast.admin, "2026-11-20T11:00:00Z", as_of="2026-11-09")[0]) == {}


def test_quarters_are_called_as_on_all_pages(client, cast, agreed):
    _answer, content = ask(client, cast.admin, "2026-11-20T11:00:00Z")
    heads = re.findall(r'<th scope="col" class="num">([^<]*)<', content.decode())
    assert heads[:5] == ["Q1 2027", "Q2 2027", "Q3 2027", "Q4 2027", "Year"]
    assert "2027-Q1" not in content.decode()


def test_a_manager_reads_the_numbers_of_those_seen_today(client, cast, agreed):
    change(agreed, cast)
    answer, _content = ask(client, cast.north_manager, "2026-11-20T11:00:00Z", as_of="2026-11-11")
    assert years(answer) == {"Zoe New": 1200, "Rep Two": 600, "North": 2400}
    answer, _content = ask(client, cast.south_manager, "2026-11-20T11:00:00Z", as_of="2026-11-11")
    assert years(answer) == {}
    assert ask(client, cast.rep, "2026-11-20T11:00:00Z", as_of="2026-11-11")[0].status_code == 403


def test_a_manager_does_not_read_the_own_number_before_its_letter(client, cast, agreed):
    """The rule of quotas: the own number of a year to come is told by the letter, not by a page of others'."""
    with time_machine.travel("2026-11-10T09:00:00Z", tick=False):
        give(agreed, of_person(cast.north_manager.pk), 900, by=cast.admin)
        create_cycle(agreed.fiscal_year, by=cast.admin)
    assert "North Manager" not in years(ask(client, cast.north_manager, "2026-11-20T11:00:00Z")[0])
    assert years(ask(client, cast.director, "2026-11-20T11:00:00Z")[0])["North Manager"] == 900


@pytest.mark.parametrize(("text", "words"), [("tomorrow", "is no day"), ("2027-01-01", "has not come yet")])
def test_a_day_that_cannot_be_is_answered_in_words(client, cast, agreed, text, words):
    answer, content = ask(client, cast.admin, "2026-11-20T11:00:00Z", as_of=text)
    assert answer.status_code == 400
    assert words in content.decode()
    assert years(answer)["Rep One"] == 1200  # and below them the numbers of today


def test_the_page_asks_as_much_of_four_people_as_of_two_hundred(client, cast, agreed):
    ask(client, cast.admin, "2026-11-20T11:00:00Z")  # what is read once is read

    def queries():
        with time_machine.travel("2026-11-20T11:00:00Z", tick=False), CaptureQueriesContext(connection) as caught:
            client.get(reverse("targets:numbers", args=["2027"]))
        return len(caught)

    few, crowd, whole = queries(), make_team("Crowd", parent=cast.sales), Period.objects.get(label="2027")
    people = [make_person(f"Person {number}", team=crowd) for number in range(200)]
    with time_machine.travel("2026-11-13T09:00:00Z", tick=False):
        goals = [Goal(of_person(person.pk), "bookings", whole, Decimal(120)) for person in people]
        set_quotas(agreed, goals, by=cast.admin)
    assert queries() == few <= 20
