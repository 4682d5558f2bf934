"""The columns of a table come from the address, on the screen and in the file; nothing else remembers them."""

import csv
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.dashboards.columns import MONTHS, TEAM, TERRITORIES, asked
from spm.org.models import FiscalYear, Period
from targets.plans import set_target, working_plan
from targets.rollup import roll_up_stale
from tests.builders import make_territory

pytestmark = pytest.mark.django_db


@pytest.fixture
def get(client, story):
    def ask(person, name, address="", args=()):
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client.get(reverse(name, args=args) + address)

    return ask


def heads(answer, table=0):
    """The column heads of a table of the page, in order, without units."""
    found = re.findall(r"<table.*?</table>", answer.content.decode(), re.DOTALL)
    head = re.search(r"<thead.*?</thead>", found[table], re.DOTALL).group()
    cells = re.sub(r'<span class="unit">.*?</span>', "", head)
    return [re.sub(r"<[^>]+>|[↑↓]", "", cell).strip() for cell in re.findall(r"<th.*?</th>", cells, re.DOTALL)]


def team_heads(answer):
    tables = re.findall(r"<table[^>]*>", answer.content.decode())
    return heads(answer, next(i for i, tag in enumerate(tables) if " perf" in tag))


def saved_file(answer):
    return list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))


def test_an_address_without_columns_shows_the_usual_ones(story, get):
    answer = get(story.director, "dashboards:performance")
    assert team_heads(answer) == [
        *("Team, rep", "Quota", "Actual", "Actual of quota", "Pace", "Gap", "Needed", "Change", "12 months", "Status"),
        "Actions",
    ]
    assert "perf-usual" in answer.content.decode()  # and the width decides how many of them


@pytest.mark.parametrize("address", ["?columns=gap,attainment,quota", "?columns=quota&columns=attainment&columns=gap"])
def test_a_list_and_boxes_choose_columns_in_the_order_of_the_table(story, get, address):
    answer = get(story.director, "dashboards:performance", address)
    assert team_heads(answer) == ["Team, rep", "Quota", "Attainment", "Gap", "Actions"]
    assert "perf-usual" not in answer.content.decode()


def test_links_of_the_page_keep_the_columns(story, get):
    page = get(story.director, "dashboards:performance", "?columns=quota,gap").content.decode()
    assert "measure=revenue&amp;compare=ly&amp;columns=quota,gap" in page


def test_a_column_that_nobody_knows_is_told(story, get):
    answer = get(story.director, "dashboards:performance", "?columns=wibble,gap")
    assert "“wibble” is not a column we know." in answer.content.decode()
    assert team_heads(answer) == ["Team, rep", "Gap", "Actions"]


def test_columns_of_another_table_are_passed_over(story, get):
    answer = get(story.director, "dashboards:rep", "?columns=owner,spark", [story.rep.pk])
    assert answer.context["page"].columns.keys == MONTHS.usual


def test_the_file_holds_the_columns_chosen(story, get):
    rows = saved_file(get(story.director, "dashboards:performance", "?columns=gap,needed,status,spark&format=csv"))
    told = ["Kind", "Name", "Gap", "Needed per month", "Average of the last three months", "Status"]
    assert rows[0] == told
    total = next(row for row in rows if row[0] == "Total")
    assert total[-1] in ("Ahead", "On track", "At risk", "Behind")


def test_the_file_holds_everything_where_nobody_chose(story, get):
    rows = saved_file(get(story.director, "dashboards:performance", "?format=csv"))
    assert rows[0][2:] == [
        *("Quota", "Actual", "Attainment", "Variance", "Expected to date", "Pace", "Gap", "To go"),
        "Comparison to date",
    ]


def test_months_of_a_rep_and_territories_choose_too(story, get):
    make_territory("Land", owner=story.rep)
    answer = get(story.director, "dashboards:rep", "?columns=quota,to_go", [story.rep.pk])
    tables = [heads(answer, i) for i in range(answer.content.decode().count("<table"))]
    assert ["Month", "Quota", "To go"] in tables
    assert heads(get(story.admin, "dashboards:territories", "?columns=gap,owner")) == ["Territory", "Owner", "Gap"]
    file = get(story.admin, "dashboards:territories", "?columns=gap,owner&format=csv")
    assert saved_file(file)[0] == ["Territory", "Owner", "Gap"]


def test_every_column_can_be_shown_at_once(story, get):
    for name, table, args in (
        ("dashboards:performance", TEAM, ()),
        ("dashboards:rep", MONTHS, (story.rep.pk,)),
        ("dashboards:territories", TERRITORIES, ()),
    ):
        answer = get(story.admin, name, "?columns=" + ",".join(table.known), args)
        assert (answer.status_code, answer.context["page"].columns.keys) == (200, table.known)


@pytest.mark.parametrize("column", ["attainment", "expected", "to_go", "before", "at_plan_rates", "effect"])
def test_columns_that_are_not_usual_sort_as_well(story, get, column):
    answer = get(story.director, "dashboards:performance", f"?columns={column}&sort=-{column}")
    values = [getattr(row.figures, column) for row in answer.context["page"].rows if row.level == "group"]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=True)


def test_words_are_read_once_each():
    assert asked(["gap,quota", "gap", ",,nonsense"]) == (["gap", "quota"], ["nonsense"])


def test_territories_say_how_many_are_at_pace_and_who_is_not(story, get):
    land, july = make_territory("Northland", owner=story.rep), Period.objects.leaves().get(label="2026-07")
    year = FiscalYear.objects.get(label="2026")
    set_target(working_plan(year), holder=land, measure="bookings", period=july, amount=Decimal(50))
    roll_up_stale()
    shown = get(story.admin, "dashboards:territories").content.decode()
    assert "0 of 1 territory is at or above pace. Northland is furthest behind: −\u2060€50." in shown
