"""The page of last year's deals: what of them counts, what that does to last year adjusted, and how it is changed."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from targets import locking
from targets.actuals import recording
from targets.crediting import Share
from targets.lines import CreditSet
from targets.models import OneOffDeal, PlanningCycle, QuotaLetter
from targets.one_offs import leave_out
from targets.plans import working_plan
from targets.rollup import rebuild
from tests.builders import make_account, make_actual, make_quota, make_year

pytestmark = pytest.mark.django_db
REP, TEAM = "targets:person-deals", "targets:team-deals"


@pytest.fixture
def cycle(year):
    plan = working_plan(make_year("2027", date(2027, 1, 1)))
    return PlanningCycle.objects.create(fiscal_year=plan.fiscal_year, stage="allocate")


@pytest.fixture
def deals(cycle, cast):
    """Rep One sold 410 in one deal and 590 in small ones, Rep Two 100; rolled up."""
    account = make_account("Stadium Ltd")
    big = make_actual(cast.rep, "2026-03-03", 410, kind="booking", account=account, external_id="BIG")
    for month in range(1, 6):
        make_actual(cast.rep, f"2026-0{month}-07", 118, kind="booking")
    make_actual(cast.teammate, "2026-02-03", 100, kind="booking", external_id="MATE")
    rebuild()
    return big


@pytest.fixture
def shown(client, deals):
    """shown(user, name, pk, **query): the page as that person meets it."""

    def get(user, name, holder, **query):
        client.force_login(user)
        return client.get(reverse(name, args=["2027", holder.pk]), query)

    return get


def decide(client, verb, actual, **fields):
    return client.post(reverse(f"targets:deal-{verb}", args=["2027", actual.pk]), fields, follow=True)


def text(response):
    return response.content.decode().replace("\u00a0", " ")


def told(response):
    return [str(message) for message in response.context["messages"]]


def test_the_largest_deal_stands_first_with_its_share_of_last_year(shown, cast):
    page = shown(cast.north_manager, REP, cast.rep).context["page"]
    first = page.deals[0]
    assert (first.external_id, first.counts, first.share, first.is_large) == ("BIG", 410, Decimal("0.41"), True)
    assert [deal.is_large for deal in page.deals[1:]] == [False] * 5
    assert (page.last.actual, page.count, page.not_listed) == (1000, 6, 0)
    assert page.lead.replace("\u00a0", " ") == "The largest deal is 41 % of 2026: above the limit of 30 %."


def test_leaving_a_deal_out_does_to_adjusted_what_the_form_said(shown, client, deals, cast):
    before = shown(cast.north_manager, REP, cast.rep).context["page"]
    here = reverse(REP, args=["2027", cast.rep.pk])
    answer = decide(client, "leave-out", deals, reason="Built once", next=here)
    assert told(answer) == ["“BIG” is left out of last year adjusted."]
    page = answer.context["page"]
    expected = round(Decimal(590) / page.elapsed, 9)
    assert round(page.last.adjusted, 9) == round(before.deals[0].adjusted, 9) == expected
    assert (page.gone, page.left_out_count, page.deals[0].left_out.reason) == (410, 1, "Built once")
    assert "1 deal of €410 is left out." in page.lead
    change = page.changes[0]
    assert (change.what, change.by, change.deal, change.reason) == (
        "Left out",
        "North Manager",
        "BIG · Stadium Ltd",
        "Built once",
    )


def test_the_toast_undoes_and_comes_back_to_the_page(shown, client, deals, cast):
    here = reverse(TEAM, args=["2027", cast.north.pk])
    client.force_login(cast.north_manager)
    answer = decide(client, "leave-out", deals, reason="Built once", next=here)
    (message,) = answer.context["messages"]
    assert message.extra_tags.startswith("undo:")
    undone = client.post(message.extra_tags.removeprefix("undo:"))
    assert undone.url == f"{here}#deal-{deals.pk}"
    assert not OneOffDeal.objects.exists()
    changes = shown(cast.north_manager, TEAM, cast.north).context["page"].changes
    assert [(change.what, change.reason) for change in changes] == [
        ("Counted again", "Undone"),
        ("Left out", "Built once"),
    ]


def test_a_refused_reason_stays_in_the_form(shown, client, deals, cast):
    client.force_login(cast.north_manager)
    long = "x" * 201
    answer = decide(client, "leave-out", deals, reason=long, deal=deals.pk)
    assert told(answer) == ["A reason has at most 200 characters."]
    assert long in text(answer)
    assert decide(client, "count-again", deals, reason="Again").status_code == 200
    assert not OneOffDeal.objects.exists()


def test_a_team_shows_everybody_below_it_and_what_is_left_out_alone_on_request(shown, cycle, deals, cast):
    page = shown(cast.director, TEAM, cast.sales).context["page"]
    assert {name for deal in page.deals for name in deal.people} == {"Rep One", "Rep Two"}
    assert (page.last.actual, page.not_listed) == (1100, 0)
    leave_out(cycle, deals, reason="Built once", by=cast.director)
    only = shown(cast.director, TEAM, cast.sales, show="left-out").context["page"]
    assert [deal.external_id for deal in only.deals] == ["BIG"]


def test_nothing_left_out_and_nothing_sold_are_said_in_words(shown, cast):
    answer = shown(cast.north_manager, REP, cast.rep, show="left-out")
    assert "No deal is left out: last year counts in full." in text(answer)
    answer = shown(cast.north_manager, REP, cast.rep, measure="margin")
    assert "There is nothing to leave out" in text(answer)
    assert answer.context["page"].lead == "Nothing of 2026 is credited here."


def test_a_rep_reads_the_own_deals_once_the_letter_is_sent_and_decides_on_none(shown, client, cycle, deals, cast):
    assert shown(cast.rep, REP, cast.rep).status_code == 404
    QuotaLetter.objects.create(cycle=cycle, person=cast.rep, state="sent")
    leave_out(cycle, deals, reason="Built once", by=cast.admin)
    page = shown(cast.rep, REP, cast.rep).context["page"]
    assert page.deals[0].left_out.reason == "Built once"
    assert not any(deal.can_decide for deal in page.deals)
    assert client.post(reverse("targets:deal-count-again", args=["2027", deals.pk]), {"reason": "x"}).status_code == 403
    assert shown(cast.rep, REP, cast.teammate).status_code == 404
    assert shown(cast.rep, TEAM, cast.north).status_code == 403


def test_a_deal_credited_outside_the_teams_says_so_to_who_decides_the_others_and_not_to_a_rep(shown, cycle, cast):
    reason = "counts; also credited outside your teams"
    make_actual(cast.rep, "2026-03-09", 90, kind="booking", external_id="SHARED")
    halves = tuple(Share(person.pk, None, Decimal("0.5")) for person in (cast.rep, cast.outsider))
    with recording("test") as recorder:
        recorder.record_credits([CreditSet("SHARED", halves)])
    rebuild()
    page = shown(cast.north_manager, REP, cast.rep)
    assert text(page).count(reason) == 1
    QuotaLetter.objects.create(cycle=cycle, person=cast.rep, state="sent")
    assert reason not in text(shown(cast.rep, REP, cast.rep))


def test_a_locked_year_shows_what_counted_and_takes_no_decision(shown, client, cycle, deals, cast):
    leave_out(cycle, deals, reason="Built once", by=cast.admin)
    make_quota(cast.rep, "2027-01", 1200)
    locking.lock(working_plan(cycle.fiscal_year), by=cast.admin)
    answer = shown(cast.admin, REP, cast.rep)
    assert "2027 is locked: what counted for last year stays as it was." in text(answer)
    assert not any(deal.can_decide for deal in answer.context["page"].deals)
    assert told(decide(client, "count-again", deals, reason="Again")) == [
        "2027 is locked: what counted for last year stays as it was."
    ]
    assert OneOffDeal.objects.exists()


def test_a_year_without_a_cycle_has_no_such_page(shown, client, cast):
    client.force_login(cast.admin)
    assert client.get(reverse(REP, args=["2026", cast.rep.pk])).status_code == 404


def test_the_file_holds_every_deal_with_why_it_is_left_out(shown, cycle, deals, cast):
    leave_out(cycle, deals, reason="Built once", by=cast.admin)
    answer = shown(cast.admin, TEAM, cast.north, format="csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 7
    assert (rows[0]["Line"], rows[0]["Counts"], rows[0]["Left out because"], rows[0]["By"]) == (
        "BIG",
        "410.00",
        "Built once",
        "Admin",
    )


def test_the_file_is_told_in_blocks_and_is_the_same(shown, deals, cast, monkeypatch):
    def file():
        return b"".join(shown(cast.admin, TEAM, cast.north, format="csv").streaming_content)

    whole = file()
    monkeypatch.setattr("targets.one_off_tables.BLOCK", 2)
    with CaptureQueriesContext(connection) as caught:
        assert file() == whole
    lists = [
        keys
        for query in caught
        for keys in re.findall(r'"(?:actual_id|targets_actual"."id)" IN \(([\d, ]+)\)', query["sql"])
    ]
    assert len(lists) >= 9
    assert all(len(keys.split(",")) <= 2 for keys in lists)


def test_no_statement_grows_with_what_is_left_out(shown, client, cycle, deals, cast):
    longest = []
    for more in (1, 30):
        for number in range(more):
            deal = make_actual(cast.rep, "2026-02-11", 5, kind="booking", external_id=f"{more}-{number}")
            leave_out(cycle, deal, reason="Built once", by=cast.admin)
        rebuild()
        with CaptureQueriesContext(connection) as caught:
            answer = shown(cast.admin, TEAM, cast.north, only="left-out", show="left-out")
        assert answer.status_code == 200
        grown = [query["sql"] for query in caught if "targets_oneoffdeal" in query["sql"]]
        longest.append(max(len(sql) for sql in grown))
    assert longest[1] - longest[0] < 40


def test_the_history_is_a_file_too(shown, cycle, deals, cast):
    leave_out(cycle, deals, reason="Built once", by=cast.admin)
    answer = shown(cast.admin, REP, cast.rep, format="csv", table="history")
    (row,) = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert (row["Who"], row["What"], row["Reason"]) == ("Admin", "Left out", "Built once")


def test_the_grid_the_warning_the_letter_and_the_lines_of_last_year_lead_there(shown, client, cycle, cast):
    make_quota(cast.rep, "2027-01", 1200)
    client.force_login(cast.north_manager)
    there = reverse(REP, args=["2027", cast.rep.pk])
    grid = text(client.get(reverse("targets:allocate", args=["2027"]), {"team": cast.north.pk}))
    assert f'<a href="{there}?measure=bookings">One deal is 41 % of last year.</a>' in grid
    assert f'href="{there}?measure=bookings" aria-label="Rep One:' in grid
    lines = client.get("/performance/actuals/", {"person": cast.rep.pk, "period": "2026", "measure": "bookings"})
    assert f'href="{there}?measure=bookings"' in text(lines)


def test_the_lines_of_a_year_whose_successor_nobody_plans_lead_nowhere(shown, client, cycle, cast):
    client.force_login(cast.north_manager)
    cycle.delete()
    lines = client.get("/performance/actuals/", {"person": cast.rep.pk, "period": "2026", "measure": "bookings"})
    assert lines.context["deals"] == ""


@pytest.mark.parametrize("name", [REP, TEAM])
def test_the_page_takes_the_same_queries_for_many_deals(shown, client, cycle, cast, name):
    holder = cast.rep if name == REP else cast.north
    counts = []
    for day in range(1, 26, 24):
        for number in range(day):
            deal = make_actual(cast.rep, f"2026-02-{number + 1:02}", 5, kind="booking")
            leave_out(cycle, deal, reason="Built once", by=cast.admin)
        rebuild()
        shown(cast.north_manager, name, holder)
        cache.clear()
        with CaptureQueriesContext(connection) as caught:
            client.get(reverse(name, args=["2027", holder.pk]))
        counts.append(len(caught))
    assert counts[0] == counts[1]
    assert counts[0] <= 20
