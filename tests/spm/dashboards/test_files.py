"""The further tables of a performance page as files: exact numbers that add up to those of the page."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import Membership
from targets import rollup
from tests.builders import make_account, make_territory

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(client):
    """file(person, route, table, *arguments) is the table's file as lists of text, the header first."""

    def read(person, route, table, *arguments, **query):
        client.force_login(person)
        asked = {"table": table, "format": "csv", "measure": "bookings", "period": "2026", **query}
        answer = client.get(reverse(route, args=arguments), asked)
        name = answer.headers["Content-Disposition"]
        assert not table or table in name
        return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

    return read


def column(rows, head):
    return [row[rows[0].index(head)] for row in rows[1:]]


def test_the_heat_map_holds_ratios_of_each_month(story, file):
    rows = file(story.director, "dashboards:performance", "heat")
    assert rows[0] == ["Rep", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "All"]
    by_name = {row[0]: row for row in rows[1:]}
    assert Decimal(by_name["Rep One"][2]) == 5
    assert Decimal(by_name["Rep Three"][6]) == 7
    assert Decimal(by_name["Rep One"][-1]) == round(Decimal(950) / 860, 6)


def test_quarters_add_up_to_what_stands_above_them(story, file):
    rows = file(story.director, "dashboards:performance", "quarters")
    actual = [Decimal(amount) for amount in column(rows, "Actual")]
    assert rows[1][0] == "To date"
    assert actual[0] == sum(actual[1:]) == 2140
    assert [Decimal(amount) for amount in column(rows, "Quota")[1:]] == [900, 900, 900]


def test_pacing_holds_the_three_lines_to_the_end_of_each_month(story, file):
    rows = file(story.director, "dashboards:performance", "pacing")
    assert rows[0] == ["To the end of", "Quota", "Last year", "Actual"]
    assert len(rows) == 13
    assert [Decimal(row[1]) for row in rows[1:4]] == [300, 600, 900]
    assert Decimal(rows[9][3]) == 2140
    assert rows[10][3] == ""


def test_the_bridge_leads_from_quota_to_actual(story, file):
    rows = file(story.director, "dashboards:performance", "bridge")
    amounts = {row[0]: Decimal(row[1]) for row in rows[1:]}
    steps = [amount for name, amount in amounts.items() if name not in ("Quota to date", "Actual")]
    assert amounts["Quota to date"] + sum(steps) == amounts["Actual"] == 2140


def test_both_halves_of_a_mover_add_up(story, file):
    Membership.objects.create(person=story.rep, team=story.south, starts_on=date(2026, 7, 1))
    rollup.rebuild()
    rows = file(story.admin, "dashboards:rep", "halves", story.rep.pk)
    assert rows[1:] == [["North", "2026-01-01", "600.00", "650.00"], ["South", "2026-07-01", "600.00", "300.00"]]


def test_home_has_the_same_files(story, file):
    assert file(story.director, "dashboards:home", "quarters") == file(
        story.director, "dashboards:performance", "quarters"
    )
    assert file(story.rep, "dashboards:home", "") == file(story.rep, "dashboards:rep", "", story.rep.pk)


def test_months_of_a_territory_are_a_file_beside_its_accounts(story, file):
    territory = make_territory("Rhine", owner=story.rep)
    make_account("Rolf", owner=story.rep)
    assert len(file(story.admin, "dashboards:territory", "months", territory.pk)) == 10
    assert file(story.admin, "dashboards:territory", "", territory.pk)[0][0] == "Account"


def test_a_table_that_nobody_knows_is_the_main_one(story, file, client):
    client.force_login(story.director)
    query = {"table": "../heat", "format": "csv"}
    answer = client.get(reverse("dashboards:performance"), query)
    assert 'filename="performance-' in answer.headers["Content-Disposition"]
