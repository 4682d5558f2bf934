"""The page behind a number: what does not count, rows of files that are no lines yet among it, and sums that hold."""

import csv
import io
from decimal import Decimal

import pytest
from django.core.cache import cache

from spm.org.models import Period
from targets import closing
from tests.spm.dashboards.test_pages import queries
from tests.spm.imports_help import load

pytestmark = pytest.mark.django_db
HEADER = "external_id,kind,date,email,account_id,amount,currency\n"


@pytest.fixture
def behind(story, client):
    """behind(person, **asked) gives the page behind the bookings of 2026 of Rep One, as that person meets it."""

    def get(person, **asked):
        client.force_login(person)
        return client.get("/performance/actuals/", {"person": story.rep.pk, "measure": "bookings", **asked})

    return get


@pytest.fixture
def parked(story):
    """Two rows of Rep One's January, which is closed, in one file, and one without a rate in another."""
    closing.close(Period.objects.get(label="2026-01"), by=story.admin)
    email = story.rep.email
    rows = f"P1,booking,2026-01-10,{email},,900,\nP2,booking,2026-01-11,{email},,800,\n"
    load("actuals", HEADER + rows, filename="late.csv")
    load("actuals", HEADER + f"D1,booking,2026-02-10,{email},,700,USD\n", filename="dollars.csv", source="us")


def left_out(answer):
    return {row.external_id: (row.rule, row.currency, row.amount) for row in answer.context["page"].left_out}


def test_rows_that_wait_and_rows_without_a_rate_stand_with_their_rule(behind, story, parked):
    page = left_out(behind(story.north_manager, show="left-out"))
    assert [page[key] for key in ("P1", "P2", "D1")] == [
        ("period state", "EUR", Decimal(900)),
        ("period state", "EUR", Decimal(800)),
        ("rate", "USD", Decimal(700)),
    ]
    assert "$700.00" in behind(story.rep, show="left-out").content.decode()


def test_the_lines_that_count_still_add_up_to_the_number(behind, story, parked):
    page = behind(story.rep).context["page"]
    assert (page.total, page.listed, page.not_listed) == (Decimal(950), Decimal(950), Decimal(0))
    assert page.left_out_count == len(left_out(behind(story.rep, show="left-out")))


def test_pages_of_what_does_not_count_follow_each_other_without_gap(behind, story, parked, monkeypatch):
    everything = list(left_out(behind(story.rep, show="left-out")))
    monkeypatch.setattr("spm.dashboards.actuals.PAGE_ROWS", 2)
    pages = [list(left_out(behind(story.rep, show="left-out", page=page))) for page in (1, 2)]
    assert [row for page in pages for row in page] == everything
    assert everything[3:] == ["R1"]  # three rows that wait before the first line: the second page holds both kinds


def test_what_does_not_count_is_filtered_by_the_first_rule_that_fails(behind, story, parked):
    everything = left_out(behind(story.rep, show="left-out"))
    whole = behind(story.rep, show="left-out").context["page"].left_out_count
    for choice in behind(story.rep, show="left-out").context["page"].rules[1:]:
        answer = behind(story.rep, show="left-out", rule=choice.rule)
        expected = {line for line, (rule, *_) in everything.items() if rule == choice.label}
        assert left_out(answer).keys() == expected
        assert answer.context["page"].left_out_count == whole  # the tab counts all of it
        assert [one.label for one in answer.context["page"].rules if one.current] == [choice.label]
    assert left_out(behind(story.rep, show="left-out", rule="period")).keys() == {"P1", "P2"}
    assert left_out(behind(story.rep, show="left-out", rule="nonsense")) == everything
    empty = next(rule for rule in ("date", "share") if not left_out(behind(story.rep, show="left-out", rule=rule)))
    assert "fails at this rule first" in behind(story.rep, show="left-out", rule=empty).content.decode()


def test_the_file_of_a_rule_holds_its_lines_alone(behind, story, parked):
    page = behind(story.rep, show="left-out", rule="period").context["page"]
    assert page.export_address.endswith("&show=left-out&rule=period")
    answer = behind(story.rep, show="left-out", rule="period", format="csv")
    rows = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert [row["Line"] for row in rows] == ["P1", "P2"]


def test_the_file_holds_them_too_with_their_currency(behind, story, parked):
    answer = behind(story.rep, show="left-out", format="csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["Line"], row["Amount"], row["Currency"], row["Rule"]) for row in rows][:3] == [
        ("D1", "700", "USD", "rate"),
        ("P1", "900", "EUR", "period state"),
        ("P2", "800", "EUR", "period state"),
    ]


def test_the_page_keeps_to_its_queries(behind, story, parked, client):
    behind(story.north_manager)
    cache.clear()
    assert queries(client, f"/performance/actuals/?person={story.rep.pk}&show=left-out&measure=bookings") <= 20
