"""Target customers and the white space in a browser: ranked by the keyboard, settled, and found in a white cell."""

import re
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from spm.market.models import AccountPlacement, ProductFamily
from targets import rollup
from territories.models import TargetCustomer
from tests.builders import make_account, make_actual
from tests.territories import map_help, market_help
from tests.territories.market_help import ranking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (1440, 768, 390)


@pytest.fixture
def wanting(cast):
    """See ``market_help.settle``; five accounts like Ostsee bought dryers for 100 to 500."""
    found = market_help.settle(map_help.settle(cast))
    found.dryers = ProductFamily.objects.create(name="Dryers", key="dryers")
    found.bare = make_account("Bare", segment="Direct", potential=Decimal(250))
    AccountPlacement.objects.create(account=found.bare, territory=found.territory)
    for number in range(1, 6):
        buyer = make_account(f"Buyer {number}", segment="Direct")
        AccountPlacement.objects.create(account=buyer, territory=found.territory)
        make_actual(found.rep, "2026-05-01", number * 100, account=buyer, product_family=found.dryers)
    rollup.rebuild()
    return found


@pytest.fixture
def visit(live_server, page, sign_in, wanting):
    """visit(person, below) opens a page of Territories as that person."""

    def to(person, below):
        sign_in(person)
        page.goto(f"{live_server.url}/territories/{below}")
        return page

    return to


def markets(wanting):
    return f"{wanting.territory.pk}/markets/"


def test_customers_are_ranked_by_the_keyboard_and_a_move_is_undone(visit, wanting):
    page = visit(wanting.rep, markets(wanting))
    page.get_by_role("button", name="Move “Nordic Dairy” up").press("Enter")
    expect(page.get_by_text("“Nordic Dairy” is at rank 2 now.")).to_be_visible()
    assert ranking(wanting.territory) == ["Halvorsen", "Nordic Dairy", "Ostsee"]
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("row", name="Ostsee")).to_be_visible()
    assert ranking(wanting.territory) == ["Halvorsen", "Ostsee", "Nordic Dairy"]
    page.get_by_role("combobox", name="Target customer").first.select_option(label="3 Nordic Dairy")
    page.get_by_role("button", name="To the top").click()
    expect(page.get_by_text("“Nordic Dairy” is at rank 1 now.")).to_be_visible()
    assert ranking(wanting.territory) == ["Nordic Dairy", "Halvorsen", "Ostsee"]


def test_a_field_saves_itself_and_a_customer_is_dropped_with_its_reason(visit, wanting):
    page = visit(wanting.rep, markets(wanting))
    page.get_by_label("Next step: Ostsee").fill("Audit of line 2")
    expect(page.locator("[data-save-state]")).to_contain_text("Saved")
    page.get_by_role("combobox", name="Target customer").first.select_option(label="2 Ostsee")
    page.get_by_role("button", name="Drop", exact=True).click()
    expect(page.get_by_text("Say why it is dropped")).to_be_visible()
    page.get_by_role("combobox", name="Target customer").first.select_option(label="2 Ostsee")
    page.get_by_label("Reason", exact=True).fill("Closes its plant")
    page.get_by_role("button", name="Drop", exact=True).click()
    expect(page.locator("#settled")).to_contain_text("Closes its plant")
    row = TargetCustomer.objects.get(account=wanting.second)
    assert (row.status, row.rank, row.next_step, row.outcome_words) == (
        "dropped",
        None,
        "Audit of line 2",
        "Closes its plant",
    )
    assert ranking(wanting.territory) == ["Halvorsen", "Nordic Dairy"]


def test_a_name_and_a_reason_are_still_there_after_another_button_was_pressed(visit, wanting):
    page = visit(wanting.rep, markets(wanting))
    page.get_by_label("Reason", exact=True).fill("They buy from a cousin")
    page.locator("[name=new-customer]").fill("Nordsee Werft")
    page.get_by_role("button", name=re.compile("^Move .* down$")).first.click()
    expect(page.get_by_text("is at rank 2 now.")).to_be_visible()
    expect(page.get_by_label("Reason", exact=True)).to_have_value("They buy from a cousin")
    expect(page.locator("[name=new-customer]")).to_have_value("Nordsee Werft")
    page.locator("[name=new-customer]").press("Enter")
    expect(page.locator("#customers")).to_contain_text("no account yet")
    expect(page.locator("[name=new-customer]")).to_have_value("")
    assert TargetCustomer.objects.filter(name="Nordsee Werft").exists()


def test_a_white_cell_says_what_may_be_expected_and_becomes_a_target_customer(visit, wanting):
    page = visit(wanting.rep, f"white-space/?territory={wanting.territory.pk}")
    page.get_by_role("link", name="Dryers at Bare: never bought, €250 may be expected").click()
    expect(page.locator("h1")).to_have_text("Dryers at Bare")
    expect(page.locator("main")).to_contain_text("5 similar accounts bought it in the last 365 days, for €300 each")
    page.get_by_role("button", name="Make target customer").click()
    expect(page.get_by_text("“Bare” is a target customer now, at rank 4.")).to_be_visible()
    row = TargetCustomer.objects.get(account=wanting.bare)
    assert (row.rank, row.product_family, row.potential) == (4, wanting.dryers, 250)
    page.get_by_role("navigation", name="Territory", exact=True).get_by_role("link", name="White space").click()
    expect(page.get_by_role("row", name="Bare")).to_contain_text("target 4")


def test_a_manager_finds_the_white_space_of_the_team_from_the_territories(visit, wanting):
    page = visit(wanting.north_manager, "")
    page.get_by_role("link", name="White space").click()
    expect(page.locator("h1")).to_have_text("North")
    expect(page.get_by_role("row", name="Buyer 5")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_never_wider_than_the_screen(visit, wanting, theme):
    wanting.rep.theme = theme
    wanting.rep.save()
    land = f"territory={wanting.territory.pk}"
    cell = f"white-space/cell/?{land}&account={wanting.bare.pk}&family={wanting.dryers.pk}"
    for below in (markets(wanting), f"white-space/?{land}", cell):
        page = visit(wanting.rep, below)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (below, width)
        found = Axe().run(page).response["violations"]
        heavy = [row["id"] for row in found if row["impact"] in ("serious", "critical")]
        assert heavy == [], (below, theme)
