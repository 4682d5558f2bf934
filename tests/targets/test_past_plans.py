"""The company plan of a past day: shown again for reading, its files the very bytes of that day (INV-28)."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from zipfile import ZipFile, ZipInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from spm.org.models import Period
from targets import approvals, past_plans
from targets.models import CompanyPlan, PlanningCycle
from targets.plans import set_plan_line, working_plan
from tests.builders import make_company, make_person, make_year

pytestmark = pytest.mark.django_db

FORMATS = ("csv", "csv-semicolon", "xlsx")
PARIS = "Europe/Paris"


@pytest.fixture
def begun(cast, year):
    """A plan begun on 10 November 2026, of a company in Paris whose clock runs."""
    make_company(timezone=PARIS, fixed_today=None)
    with time_machine.travel("2026-11-10T08:00:00Z", tick=False):
        plan = working_plan(make_year("2027", date(2027, 1, 1)), cast.admin)
        give(plan, 1200, by=cast.admin)
        give(plan, 300, segment="Direct", by=cast.admin)
    return plan


def give(plan, amount, label="2027", measure="bookings", segment="", by=None):
    period = Period.objects.get(label=label)
    wanted = None if amount is None else Decimal(amount)
    set_plan_line(plan, measure=measure, period=period, amount=wanted, segment=segment, by=by)


def url(**query):
    return reverse("targets:company", args=["2027"]) + "?" + "&".join(f"{key}={value}" for key, value in query.items())


def ask(client, who, moment, **query):
    """The answer that somebody gets at a moment, signed in anew."""
    with time_machine.travel(moment, tick=False):
        client.force_login(who)
        answer = client.get(url(**query))
        return answer, answer.getvalue() if answer.streaming else answer.content


def day_before_and_after(client, cast, plan, fmt, **query):
    """The file as exported on the 11th, and as of the 11th once the plan has changed on the 12th."""
    exported = ask(client, cast.admin, "2026-11-11T15:00:00Z", format=fmt, **query)[1]
    with time_machine.travel("2026-11-12T09:00:00Z", tick=False):
        give(plan, 2400, by=cast.admin)
        give(plan, None, label="2027-Q1", segment="Direct", by=cast.admin)
        give(plan, 50, segment="Online", by=cast.admin)
    again = ask(client, cast.admin, "2026-11-20T11:11:11Z", format=fmt, as_of="2026-11-11", **query)
    now = ask(client, cast.admin, "2026-11-20T11:11:11Z", format=fmt, **query)
    return exported, again, now


@pytest.mark.parametrize("columns", ["months", "quarters"])
@pytest.mark.parametrize("fmt", FORMATS)
def test_inv_28_a_past_plan_is_exported_byte_for_byte_as_on_its_day(client, cast, begun, fmt, columns):
    exported, (answer, again), (_now, now) = day_before_and_after(client, cast, begun, fmt, columns=columns)

    assert again == exported
    assert "company-plan-2027-as-of-2026-11-11" in answer["Content-Disposition"]
    assert now != exported  # the control: without the date the file is another


def test_inv_28_a_workbook_says_its_day_and_no_time_of_making(client, cast, begun):
    exported, (_answer, again), _now = day_before_and_after(client, cast, begun, "xlsx")

    with ZipFile(io.BytesIO(again)) as book:
        texts = b"".join(book.read(name) for name in book.namelist())
        assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert b"2026-11-11" in texts
    assert b"2026-11-20" not in texts
    assert b"2026-11-12" not in exported


def test_inv_28_a_stamp_of_making_would_be_seen(client, cast, begun, monkeypatch):
    """The control of the bytes: with the time of making in the file, the two differ."""
    monkeypatch.setattr("spm.ui.exports._entry", lambda name: ZipInfo(name, timezone.now().timetuple()[:6]))
    exported, (_answer, again), _now = day_before_and_after(client, cast, begun, "xlsx")
    assert again != exported


def test_the_page_shows_the_numbers_of_the_day_for_reading_alone(client, cast, begun):
    day_before_and_after(client, cast, begun, "csv")
    answer, content = ask(client, cast.admin, "2026-11-20T11:00:00Z", as_of="2026-11-11")
    page = content.decode()

    assert answer.context["grid"].facts.own("", "bookings", Period.objects.get(label="2027")) == 1200
    assert [row.segment for row in answer.context["grid"].rows][::3] == ["", "Direct"]
    assert "as it stood at the end of 11 Nov 2026" in page
    assert f"by {cast.admin.name}" in page
    assert "Back to the plan of today" in page
    assert 'method="post" action="/targets/' not in page
    assert 'value="2026-11-11"' in page


def test_a_day_ends_at_midnight_of_the_company(client, cast, begun):
    """23:30 in London is half past midnight of the next day in Paris."""
    with time_machine.travel("2026-11-13T23:30:00Z", tick=False):
        give(begun, 999, by=cast.admin)

    def amount(day):
        answer, _content = ask(client, cast.admin, "2026-11-20T11:00:00Z", as_of=day)
        return answer.context["grid"].facts.own("", "bookings", Period.objects.get(label="2027"))

    assert amount("2026-11-13") == 1200
    assert amount("2026-11-14") == 999


def test_the_state_is_that_of_the_day(client, cast, begun):
    other = make_person("Second Admin", is_admin=True)
    PlanningCycle.objects.create(fiscal_year=begun.fiscal_year, stage="plan")
    with time_machine.travel("2026-11-12T09:00:00Z", tick=False):
        approvals.submit(begun, by=cast.admin)
    with time_machine.travel("2026-11-14T09:00:00Z", tick=False):
        approvals.send_back(begun, by=other, comment="More of everything.")
    with time_machine.travel("2026-11-16T09:00:00Z", tick=False):
        approvals.submit(begun, by=cast.admin)
    with time_machine.travel("2026-11-18T09:00:00Z", tick=False):
        approvals.approve(begun, by=other)
    begun.refresh_from_db()
    begun.fiscal_year.refresh_from_db()

    def state(day):
        past = past_plans.as_it_stood(begun, datetime(2026, 11, day, 23, tzinfo=UTC))
        return str(past.state), past.submitted_by or past.decided_by

    assert [state(day) for day in (11, 12, 14, 16, 18)] == [
        ("draft", None),
        ("submitted", cast.admin),
        ("returned", other),
        ("submitted", cast.admin),
        ("approved", cast.admin),
    ]


def test_a_lock_that_came_later_is_not_shown(client, cast, begun):
    with time_machine.travel("2026-11-12T09:00:00Z", tick=False):
        CompanyPlan.objects.filter(pk=begun.pk).update(locked_at=datetime(2026, 11, 12, 9, tzinfo=UTC))
    before, _content = ask(client, cast.admin, "2026-11-20T11:00:00Z", as_of="2026-11-11")
    after, _content = ask(client, cast.admin, "2026-11-20T11:00:00Z", as_of="2026-11-12")
    assert before.context["grid"].is_open
    assert not after.context["grid"].is_open


def test_before_the_plan_was_begun_there_was_none(client, cast, begun):
    answer, content = ask(client, cast.admin, "2026-11-20T11:00:00Z", as_of="2026-11-09")
    assert answer.status_code == 200
    assert "On 9 Nov 2026 there was no company plan of 2027 yet." in content.decode()

    lines = ask(client, cast.admin, "2026-11-20T11:00:00Z", as_of="2026-11-09", format="csv")[1]
    assert lines.decode("utf-8-sig").splitlines() == ["fiscal_year,measure,period,segment,amount,currency"]


@pytest.mark.parametrize("fmt", ["", "csv", "xlsx"])
@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2026-02-31", "“2026-02-31” is no day."),
        ("yesterday", "“yesterday” is no day."),
        ("2026-W46-1", "“2026-W46-1” is no day."),
        ("20261110", "“20261110” is no day."),
        ("2026-11-21", "21 Nov 2026 has not come yet"),
    ],
)
def test_no_day_and_a_day_to_come_are_told(client, cast, begun, day, sentence, fmt):
    answer, content = ask(client, cast.admin, "2026-11-20T11:00:00Z", as_of=day, format=fmt)
    assert answer.status_code == 400
    assert sentence in content.decode()


def test_today_is_the_plan_as_it_stands_for_reading_alone(client, cast, begun):
    answer, content = ask(client, cast.admin, "2026-11-20T11:00:00Z", as_of="2026-11-20")
    assert not answer.context["grid"].can_edit
    assert "as it stood at the end of 20 Nov 2026" in content.decode()
    exported, (_again, again), _now = day_before_and_after(client, cast, begun, "csv")
    assert exported == again


def test_a_past_plan_is_read_by_whoever_reads_the_plan(client, cast, begun):
    """A rep never; a manager once the year is handed on, and then its past too."""
    for day in ("2026-11-10", "2026-02-31"):
        assert ask(client, cast.rep, "2026-11-20T11:00:00Z", as_of=day)[0].status_code == 403
    hidden, content = ask(client, cast.north_manager, "2026-11-20T11:00:00Z", as_of="2026-11-10")
    assert hidden.context["grid"].facts.given == {}
    assert cast.admin.name not in content.decode()

    PlanningCycle.objects.create(fiscal_year=begun.fiscal_year, stage="allocate")
    shown, _content = ask(client, cast.north_manager, "2026-11-20T11:00:00Z", as_of="2026-11-10")
    assert shown.context["grid"].facts.own("", "bookings", Period.objects.get(label="2027")) == 1200


def test_a_past_plan_takes_few_queries(client, cast, begun):
    day_before_and_after(client, cast, begun, "csv")
    with time_machine.travel("2026-11-20T11:00:00Z", tick=False):
        client.force_login(cast.admin)
        client.get(url())
        with CaptureQueriesContext(connection) as taken:
            client.get(url(as_of="2026-11-11"))
    assert len(taken) <= 20
