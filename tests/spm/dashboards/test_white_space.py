"""The white space: cells, what a white one may bring, sums that agree with the number, and who sees what."""

import csv
import io
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from spm.dashboards import white_space
from spm.dashboards.actuals import subject_of
from spm.dashboards.queries import view_of
from spm.dashboards.white_cells import CellKind
from spm.dashboards.white_space import asked, twelve_months, wish_of
from spm.market.models import AccountPlacement, Opportunity, ProductFamily
from spm.org.models import User
from targets import rollup
from targets.choices import Measure
from targets.models import Attainment
from territories import similar_accounts
from territories.models import TargetCustomer
from tests.builders import make_account, make_actual, make_company, make_territory, make_year

PAGE, CELL = "/territories/white-space/", "/territories/white-space/cell/"


@pytest.fixture
def land(cast):
    """Baltic Coast, of Rep One: Kay bought dryers for 1,000 and filters long ago, and has 300 of service open; five
    others of its segment bought filters for 100 to 500; Bare bought nothing. Rep Three sold Kay filters for 70.
    """
    make_year("2024", date(2024, 1, 1))
    make_year("2025", date(2025, 1, 1))
    make_year()
    families = {
        name: ProductFamily.objects.create(name=name, key=name.lower()) for name in ("Dryers", "Filters", "Service")
    }
    territory = make_territory("Baltic Coast", owner=cast.rep)
    kay = _placed("Kay", territory, tier="Key", potential=Decimal(5_000))
    bare = _placed("Bare", territory, potential=Decimal(150))
    others = [_placed(f"Other {number}", territory) for number in range(5)]
    make_actual(cast.rep, "2026-05-01", 1_000, account=kay, product_family=families["Dryers"])
    make_actual(cast.rep, "2024-05-01", 400, account=kay, product_family=families["Filters"])
    for number, account in enumerate(others, start=1):
        make_actual(cast.rep, "2026-03-01", number * 100, account=account, product_family=families["Filters"])
    make_actual(cast.rep, "2026-06-01", 33, account=others[0])  # of no family
    make_actual(cast.rep, "2026-06-02", 44)  # of no account
    make_actual(cast.outsider, "2026-06-03", 70, account=kay, product_family=families["Service"])
    Opportunity.objects.create(
        external_id="O1", account=kay, owner=cast.rep, name="Service deal", product_family=families["Service"],
        amount=300, opened_on=date(2026, 8, 1), close_on=date(2026, 12, 1),
    )  # fmt: skip
    rollup.rebuild()
    return SimpleNamespace(
        **vars(cast), company=make_company(), territory=territory, kay=kay, bare=bare, others=others, **families
    )


def _placed(name, territory, **fields):
    account = make_account(name, segment="Direct", **fields)
    AccountPlacement.objects.create(account=account, territory=territory)
    return account


def read(land, user=None, query=""):
    viewer = User.objects.get(pk=(user or land.rep).pk)
    params = QueryDict(query or f"territory={land.territory.pk}")
    view = twelve_months(view_of(viewer, land.company, asked(params)), params)
    subject = subject_of(viewer, land.company, view, params)
    return white_space.white_space(viewer, land.company, view, subject, wish_of(params))


def cells(page):
    """(account, family) → kind and amount shown."""
    return {
        (row.name, column.name): (cell.kind, cell.shown)
        for row in page.rows
        for column, cell in zip(page.columns, row.cells, strict=True)
    }


def test_a_cell_is_bought_open_bought_before_or_white(land):
    found = cells(read(land))
    assert found["Kay", "Dryers"] == (CellKind.BOUGHT, 1_000)
    assert found["Kay", "Filters"] == (CellKind.BEFORE, None)
    assert found["Kay", "Service"] == (CellKind.OPEN, 300)  # what Rep Three sold there is not Rep One's to know
    assert found["Other 0", "Filters"] == (CellKind.BOUGHT, 100)
    assert found["Other 0", "Dryers"] == (CellKind.WHITE, None)


def test_a_white_cell_expects_the_mean_of_five_buyers_and_no_more_than_the_potential_leaves(land):
    assert cells(read(land))["Bare", "Filters"] == (CellKind.WHITE, 150)  # the mean is 300, the potential 150
    land.bare.potential = None
    land.bare.save()
    assert cells(read(land))["Bare", "Filters"] == (CellKind.WHITE, 300)
    land.bare.segment = ""
    land.bare.save()
    assert cells(read(land))["Bare", "Filters"] == (CellKind.WHITE, None)


def test_of_fewer_than_five_buyers_nothing_is_expected(land):
    land.others[0].segment = "Channel"
    land.others[0].save()
    assert cells(read(land))["Bare", "Filters"] == (CellKind.WHITE, None)


@pytest.mark.parametrize(
    ("mean", "potential", "year", "expected"),
    [(300, None, 0, 300), (300, 500, 100, 300), (300, 500, 400, 100), (300, 500, 900, 0), (None, 500, 0, None)],
)
def test_what_may_be_expected_by_hand(mean, potential, year, expected):
    assert similar_accounts.expected(mean, potential, Decimal(year)) == expected


def test_a_mean_is_rounded_to_two_digits_so_that_nobody_is_read_from_it(land):
    make_actual(land.rep, "2026-04-01", 77, account=land.others[1], product_family=land.Filters)
    found = similar_accounts.means(Measure.REVENUE, date(2026, 9, 18), {"Direct"})
    mean = found[("Direct", False), land.Filters.pk]
    assert (mean.amount, mean.buyers) == (320, 5)  # (1,500 + 77) / 5 = 315.4


@pytest.mark.parametrize("query", ["", "&period=2026", "&period=2025", "&measure=bookings"])
def test_columns_rows_and_total_add_up_to_the_revenue_of_the_territory(land, query):
    page = read(land, land.director, f"territory={land.territory.pk}{query}")
    leaves = [leaf.pk for leaf in page.view.window.leaves]
    rolled = Attainment.objects.filter(territory=land.territory, measure=page.view.measure, period__in=leaves)
    assert page.total == sum(row.actual for row in rolled)
    assert page.listed + page.not_listed == page.counted == page.total
    assert sum(row.actual for row in page.rows) == page.listed
    assert sum(column.total for column in page.columns) + page.others == page.listed
    for row in page.rows:
        assert sum(cell.amount for cell in row.cells) + row.others == row.actual
    if not query:
        assert (page.listed, page.others, page.not_listed) == (2_603, 33, 44)


def test_what_others_brought_there_is_beyond_what_a_manager_reads(land):
    """Rep Three of South sold Kay for 70: the roll-up of the territory has it, North's manager sees no such credit."""
    page = read(land, land.north_manager)
    assert (page.total, page.counted, page.beyond) == (2_647, 2_577, 70)


def test_what_a_former_holder_sold_there_is_not_called_never_bought_and_not_told(land, client):
    """Rep Three sold Bare dryers for 99 before Rep One held it: that is told, the amount and the day are not."""
    make_actual(land.outsider, "2024-02-03", 99, account=land.bare, product_family=land.Dryers)
    where = f"territory={land.territory.pk}"
    page = read(land)
    assert cells(page)["Bare", "Dryers"] == (CellKind.BEFORE, None)
    (cell,) = [one for row in page.rows for one in row.cells if (row.name, one.family) == ("Bare", land.Dryers.pk)]
    assert cell.label == "Dryers at Bare: bought from a colleague; when and for how much is not yours to read"
    assert (cell.amount, cell.last, cell.expected) == (0, None, None)
    white = read(land, query=f"{where}&family={land.Dryers.pk}&white=1")
    assert "Bare" not in [row.name for row in white.rows]
    assert "Other 1" in [row.name for row in white.rows]
    client.force_login(land.rep)
    body = client.get(CELL, {"territory": land.territory.pk, "account": land.bare.pk, "family": land.Dryers.pk})
    assert "bought from a colleague" in body.content.decode()
    assert not {"99", "2024", "Rep Three"} & set(body.content.decode().replace("<", " ").split())
    director = read(land, land.director, where)
    assert (
        "last bought on 3 Feb 2024"
        in [
            one.label
            for row in director.rows
            for one in row.cells
            if (row.name, one.family) == ("Bare", land.Dryers.pk)
        ][0]
    )


def test_a_person_and_a_team_have_their_own_matrix(land):
    own = read(land, land.rep, f"person={land.rep.pk}")
    assert own.total == own.counted == 2_577
    team = read(land, land.director, f"team={land.sales.pk}")
    assert team.total == team.counted == 2_647
    assert cells(team)["Kay", "Service"] == (CellKind.BOUGHT, 70)


def test_sorting_and_filters(land):
    where = f"territory={land.territory.pk}"
    assert [row.name for row in read(land, query=f"{where}&sort=name").rows][:2] == ["Bare", "Kay"]
    assert read(land, query=f"{where}&sort=-pipeline").rows[0].name == "Kay"
    assert read(land, query=f"{where}&sort=-f{land.Filters.pk}").rows[0].name == "Other 4"
    assert read(land, query=f"{where}&sort=-left").rows[0].name == "Kay"
    narrowed = read(land, query=f"{where}&family={land.Filters.pk}&white=1")
    assert [row.name for row in narrowed.rows] == ["Bare"]
    assert [column.name for column in narrowed.columns] == ["Filters"]
    assert read(land, query=f"{where}&segment=None").rows == []
    land.others[0].segment = "Channel"
    land.others[0].save()
    assert [row.name for row in read(land, query=f"{where}&segment=Channel").rows] == ["Other 0"]


@pytest.mark.parametrize(
    "query",
    [
        "sort=drop",
        "sort=f0",
        "family=x",
        "family=999999999999999999999",
        "period=1999&page=x",
        "measure=joy",
    ],
)
def test_an_address_that_means_nothing_shows_a_page(land, client, query):
    client.force_login(land.rep)
    assert client.get(f"{PAGE}?{query}").status_code == 200


def test_who_sees_which_matrix(land, client):
    for viewer, status in (("rep", 200), ("north_manager", 200), ("admin", 200), ("teammate", 404), ("outsider", 404)):
        client.force_login(getattr(land, viewer))
        assert client.get(PAGE, {"territory": land.territory.pk}).status_code == status, viewer
        asked_for = {"territory": land.territory.pk, "account": land.kay.pk, "family": land.Dryers.pk}
        assert client.get(CELL, asked_for).status_code == status, viewer


def test_the_number_of_queries_does_not_grow_with_accounts(land, client):
    client.force_login(land.rep)
    counts = []
    for more in (0, 60):
        for number in range(more):
            _placed(f"More {number}", land.territory)
        client.get(PAGE, {"territory": land.territory.pk})
        with CaptureQueriesContext(
            connection,
        ) as caught:
            answer = client.get(PAGE, {"territory": land.territory.pk})
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 20, counts
    assert len(answer.context["page"].rows) == 50


def test_a_white_cell_becomes_a_target_customer(land, client):
    client.force_login(land.rep)
    where = {"territory": land.territory.pk, "account": land.bare.pk, "family": land.Filters.pk}
    html = client.get(CELL, where).content.decode()
    assert "5 similar accounts bought it" in html
    said = {"account": land.bare.pk, "family": land.Filters.pk, "potential": "150"}
    answer = client.post(reverse("territories:customer-add", args=[land.territory.pk]), said)
    row = TargetCustomer.objects.get()
    assert answer.url.endswith(f"#customer-{row.pk}")
    assert (row.account, row.product_family, row.potential, row.rank) == (land.bare, land.Filters, 150, 1)
    again = client.get(CELL, where).content.decode()
    assert "already" in again
    assert "Make target customer" not in again


def test_a_cell_lists_the_credits_that_make_it(land, client):
    client.force_login(land.rep)
    where = {"territory": land.territory.pk, "account": land.kay.pk, "family": land.Dryers.pk}
    page = client.get(CELL, where).context["page"]
    assert [row.counts for row in page.counted] == [1_000]
    assert page.cell.amount == 1_000
    service = client.get(CELL, where | {"family": land.Service.pk}).context["page"]
    assert [deal.name for deal in service.deals] == ["Service deal"]
    for wrong in ({"family": 0}, {"family": "x"}, {"account": 10**9}, {"account": ""}):
        assert client.get(CELL, where | wrong).status_code == 404, wrong


def file(client, query):
    answer = client.get(PAGE, query | {"format": "csv"})
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_the_file_has_the_amounts_of_the_page(land, client):
    client.force_login(land.rep)
    rows = file(client, {"territory": land.territory.pk})
    assert len(rows) == 7
    kay = next(row for row in rows if row["Account"] == "Kay")
    assert (kay["Potential"], kay["Revenue"], kay["Left"], kay["Open pipeline"]) == (
        "5000.00",
        "1000.00",
        "4000.00",
        "300.00",
    )
    assert (kay["Dryers"], kay["Dryers: state"], kay["Service: state"]) == ("1000.00", "bought", "in the pipeline")
    bare = next(row for row in rows if row["Account"] == "Bare")
    assert (bare["Filters: expected"], bare["Filters: state"]) == ("150.00", "never bought")
    assert client.get(PAGE, {"territory": land.territory.pk, "format": "xlsx"}).status_code == 200


def test_the_file_holds_every_account_and_family_on_whatever_page_in_the_order_of_the_list(land, client, monkeypatch):
    monkeypatch.setattr(white_space, "BLOCK", 20)
    for number in range(60):
        _placed(f"More {number:02}", land.territory)
    for number in range(11):
        ProductFamily.objects.create(name=f"Family {number:02}", key=f"family {number:02}")
    client.force_login(land.rep)
    rows = file(client, {"territory": land.territory.pk, "sort": "name", "page": "2"})
    names = [row["Account"] for row in rows]
    assert names == sorted(["Bare", "Kay", *(f"More {n:02}" for n in range(60)), *(f"Other {n}" for n in range(5))])
    assert {f"Family {number:02}" for number in range(11)} < set(rows[0])
    assert sum(Decimal(row["Revenue"]) for row in rows) == read(land).listed
    by_filters = file(client, {"territory": land.territory.pk, "sort": f"-f{land.Filters.pk}"})
    assert [row["Account"] for row in by_filters][:2] == ["Other 4", "Other 3"]
    narrowed = file(client, {"territory": land.territory.pk, "segment": "Direct", "family": land.Filters.pk})
    assert len(narrowed) == 67
    assert [name for name in narrowed[0] if name.endswith(": state")] == ["Filters: state"]


def test_territories_lead_to_the_white_space_of_the_team_or_ones_own(land, client):
    for viewer, name in ((land.north_manager, "North"), (land.director, "Testing Ltd"), (land.rep, "Rep One")):
        client.force_login(viewer)
        assert f'href="{PAGE}"' in client.get("/territories/").content.decode()
        assert client.get(PAGE).context["page"].subject.name == name
