"""The accounts of a person: what each brought, a year before, and of its potential; and the pages on paper."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from spm.dashboards.periods import Leaf, Window
from spm.dashboards.queries import view_of
from spm.dashboards.rep_accounts import accounts_of, days_of
from spm.dashboards.wallet import _sides, left_of, wallet_chart
from spm.market.models import AccountPlacement, Territory
from spm.org import clock
from targets import rollup
from tests.builders import make_account, make_actual, make_territory

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts(story):
    """Rolf: 500 this year, 200 by the same day of last year, 90 after it, of 1,000; Rita: held, nothing brought."""
    rolf = make_account("Rolf", owner=story.rep, potential=Decimal(1000), tier="Key")
    territory = make_territory("Rhine", owner=story.rep)
    rita = make_account("Rita", potential=Decimal(400))
    AccountPlacement.objects.create(account=rita, territory=territory)
    make_account("Of somebody else", owner=story.outsider, potential=Decimal(7))
    for day, amount, number in (("2026-04-01", 500, "A1"), ("2025-09-18", 200, "A2"), ("2025-09-19", 90, "A3")):
        make_actual(story.rep, day, amount, account=rolf, kind="booking", external_id=number)
    rollup.rebuild()
    return story


def read(user, person, **query):
    asked = QueryDict(urlencode({"period": "2026", "measure": "bookings", **query}))
    return accounts_of(user, person, view_of(user, clock.company(), asked))


def test_each_account_shows_what_it_brought_before_and_of_its_potential(accounts):
    rows = {row.name: row for row in read(accounts.director, accounts.rep).rows}
    assert set(rows) == {"Rolf", "Rita", "Lines without an account"}
    rolf = rows["Rolf"]
    assert (rolf.actual, rolf.before, rolf.year, rolf.potential) == (500, 200, 590, 1000)
    assert rolf.wallet == Decimal("0.59")
    assert rolf.share == Decimal(500) / 1450
    assert (rows["Rita"].actual, rows["Rita"].wallet) == (0, 0)
    assert rows["Lines without an account"].actual == 950


@pytest.mark.parametrize("name", ["dashboards:rep", "dashboards:territory"])
def test_no_statement_grows_with_the_number_of_accounts(accounts, client, name):
    """Lists of keys longer than a thousand are no portable SQL: what is counted is asked for by subqueries."""
    territory = Territory.objects.get(name="Rhine")
    client.force_login(accounts.director)
    url = reverse(name, args=[accounts.rep.pk if name.endswith("rep") else territory.pk])
    longest = []
    for more in (0, 40):
        for number in range(more):
            account = make_account(f"More {number}", owner=accounts.rep)
            AccountPlacement.objects.create(account=account, territory=territory)
            make_actual(accounts.rep, "2026-04-02", 5, account=account, kind="booking", external_id=f"M{number}")
        rollup.rebuild()
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            client.get(url)
        longest.append(max(len(query["sql"]) for query in caught))
    assert longest[1] - longest[0] < 40


def test_an_account_whose_credits_cancel_out_is_no_row(accounts):
    zero = make_account("Cancelled")
    for amount, number in ((70, "C1"), (-70, "C2")):
        make_actual(accounts.rep, "2026-04-03", amount, account=zero, kind="booking", external_id=number)
    assert "Cancelled" not in {row.name for row in read(accounts.director, accounts.rep).rows}


def test_rows_add_up_to_the_number_of_the_page(accounts, client):
    client.force_login(accounts.director)
    page = client.get(reverse("dashboards:rep", args=[accounts.rep.pk])).context["page"]
    assert sum(row.actual for row in page.accounts.rows) == page.total.figures.actual == 1450
    assert page.not_listed == 0


def test_a_credit_newer_than_the_roll_up_is_a_row_of_its_own(accounts, client):
    make_actual(accounts.rep, "2026-05-01", 30, kind="booking", external_id="A9")
    client.force_login(accounts.director)
    page = client.get(reverse("dashboards:rep", args=[accounts.rep.pk]))
    assert page.context["page"].not_listed == -30
    assert "Newer than the roll-up" in page.content.decode()


def test_margin_is_no_part_of_a_potential(accounts):
    found = read(accounts.director, accounts.rep, measure="margin")
    assert not found.knows_potential
    assert wallet_chart(found, "EUR") is None


def test_the_picture_names_where_most_is_open(accounts):
    chart = wallet_chart(read(accounts.director, accounts.rep), "EUR")
    assert "€810 a year is open in 2 accounts of known potential; most of it at Rolf: €410." in chart.takeaway
    assert [row[0] for row in chart.table.rows] == ["Rolf", "Rita"]
    assert [left_of(row) for row in read(accounts.director, accounts.rep).with_potential] == [410, 400]


@pytest.mark.parametrize(("second", "side"), [((90, 44), "bottom left"), ((90, 5), "top left"), ((10, 5), "top right")])
def test_names_of_points_stand_inside_and_not_upon_each_other(accounts, second, side):
    one, two = read(accounts.director, accounts.rep).with_potential
    rows = [replace(one, potential=Decimal(100), year=Decimal(50))]
    rows.append(replace(two, potential=Decimal(second[0]), year=Decimal(second[1])))
    assert _sides(rows, [True, True]) == ["top left", side]
    assert _sides(rows, [False, True])[1] == side.replace("bottom", "top")


def test_a_name_does_not_lie_upon_the_point_of_another(accounts):
    one, two = read(accounts.director, accounts.rep).with_potential
    rows = [replace(one, potential=Decimal(100), year=Decimal(34))]
    rows.append(replace(two, potential=Decimal(84), year=Decimal("31.1")))  # to the left of it and a little above
    assert _sides(rows, [True, True]) == ["bottom left", "top left"]


def test_a_teammate_s_page_and_paper_do_not_exist_for_a_rep(accounts, client):
    client.force_login(accounts.teammate)
    for route in ("rep", "rep-print"):
        assert client.get(reverse(f"dashboards:{route}", args=[accounts.rep.pk])).status_code == 404


def leaf(number, first, last, elapsed):
    days = (last - first).days + 1
    return Leaf(
        number,
        number,
        first.strftime("%Y-%m"),
        first,
        last,
        1,
        1,
        "open",
        min(elapsed, days),
        days,
        over=elapsed >= days,
    )


def test_a_running_month_is_compared_to_the_same_day_and_a_leap_day_to_the_28th():
    here = leaf(1, date(2028, 2, 1), date(2028, 2, 29), 10)
    before = leaf(2, date(2027, 2, 1), date(2027, 2, 28), 28)
    window = Window((here,), (before,), (), (), ())
    _days, compared, year = days_of(window, date(2028, 2, 10))
    assert compared == (date(2027, 2, 1), date(2027, 2, 10))
    assert year == (date(2027, 2, 11), date(2028, 2, 10))
    assert days_of(window, date(2028, 2, 29))[2][0] == date(2027, 3, 1)


@pytest.mark.parametrize("route", ["performance-print", "team-print", "rep-print"])
def test_paper_draws_its_lines_itself_and_loads_no_plotly(accounts, client, route):
    client.force_login(accounts.director)
    given = {"team-print": [accounts.north.pk], "rep-print": [accounts.rep.pk]}.get(route, [])
    text = client.get(reverse(f"dashboards:{route}", args=given)).content.decode()
    assert '<polyline class="lines-actual"' in text
    assert '<polyline class="lines-plan"' in text
    assert "plotly" not in text
    assert "data-chart" not in text


def test_a_rep_prints_the_own_page_from_either_address(accounts, client):
    client.force_login(accounts.rep)
    answer = client.get(reverse("dashboards:performance-print"), {"period": "2026"})
    assert answer["Location"] == reverse("dashboards:rep-print", args=[accounts.rep.pk]) + "?period=2026"
    assert "Rep One" in client.get(answer["Location"]).content.decode()


def test_paper_holds_every_row_of_the_team_table(accounts, client):
    client.force_login(accounts.director)
    page = client.get(reverse("dashboards:performance-print")).context["page"]
    names = [row.name for row in page.paper_rows]
    assert {"Rep One", "Rep Two", "Rep Three", "North", "South"} <= set(names)
    assert names[0] == page.name


def test_paper_leaves_out_a_remainder_of_last_year_alone_as_the_page_does(story, client):
    make_actual(None, "2025-02-05", 40, external_id="L9", kind="booking")
    rollup.rebuild()
    client.force_login(story.admin)
    page = client.get(reverse("dashboards:performance-print"), {"period": "2026-02"}).context["page"]
    assert any(row.is_past for row, _level in page.ordered)
    assert [row.name for row in page.paper_rows] == [page.total.name, *(row.name for row in page.rows)]
