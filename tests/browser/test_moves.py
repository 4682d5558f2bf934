"""A move package in a browser: accounts are picked, both sides looked at before and after, applied, and held over."""

from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from spm.talk.models import Notification
from territories import moves
from territories.models import MovePackage
from tests.territories.move_help import OCTOBER, deal, draft, on, placed, quotas, settle

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (1440, 768, 390)


@pytest.fixture
def land(cast):
    """See ``move_help.settle``; the company's clock stands on 1 October."""
    return settle(cast, day=OCTOBER)


@pytest.fixture
def visit(live_server, page, sign_in):
    """visit(person, below) opens a page of move packages as that person."""

    def to(person, below=""):
        sign_in(person)
        page.goto(f"{live_server.url}/territories/moves/{below}")
        return page

    return to


def test_accounts_are_picked_compared_and_moved_on_the_day(visit, land):
    deal(land.beta)
    page = visit(land.north_manager)
    page.get_by_role("link", name="New package").first.click()
    page.get_by_label("Name*", exact=True).fill("Relief for West")
    page.get_by_label("To*", exact=True).select_option(label="East · Rep Two")
    page.get_by_label("Effective on").fill("2026-10-01")
    page.get_by_label("Accounts with open opportunities").select_option("days")
    page.get_by_label("Days", exact=True).fill("30")
    page.get_by_label("Reason").fill("Too much for one")
    page.get_by_label("Territory", exact=True).select_option(label="West")
    page.get_by_role("button", name="Take the ticked ones and look").click()
    expect(page.get_by_role("row", name="Delta")).to_have_count(0)
    page.get_by_role("checkbox", name="Alpha").check()
    page.get_by_role("checkbox", name="Beta").check()
    page.get_by_role("button", name="Take the ticked ones and look").click()
    expect(page.get_by_label("Accounts", exact=True)).to_have_value("N-Alpha\nN-Beta")
    expect(page.get_by_label("Name*", exact=True)).to_have_value("Relief for West")
    page.get_by_role("button", name="Save and look at both sides").click()

    expect(page.locator(".lead")).to_contain_text("A draft: 2 accounts would go to East on 1 Oct 2026.")
    sides = page.locator("[data-table=sides]")
    expect(sides.get_by_role("row", name="West Rep One")).to_contain_text("31")  # accounts, 3 before and 1 after
    expect(sides.get_by_role("row", name="East Rep Two")).to_contain_text("13")
    bookings = page.locator("[data-table=numbers]").get_by_role("row", name="Rep One Quota Bookings")
    expect(bookings).to_contain_text("−2,700.00")  # nine tenths of three months
    assert placed() == []

    page.get_by_role("button", name="Apply now").click()
    expect(page.get_by_text("Applied: the accounts are placed, and both sides have been told.")).to_be_visible()
    assert placed() == [("Alpha", "East", OCTOBER), ("Beta", "East", date(2026, 10, 31))]
    assert (quotas(land.rep)["10"], quotas(land.teammate)["10"]) == (100, 1400)
    told = Notification.objects.filter(kind="accounts_moved").values_list("person__name", flat=True)
    assert set(told) == {"Rep One", "Rep Two"}
    expect(page.get_by_role("button", name="Apply now")).to_have_count(0)
    page.get_by_role("button", name="Draft the way back").click()
    expect(page.locator("h1")).to_have_text("Back: Relief for West")
    expect(page.locator(".lead")).to_contain_text("1 account would go to West on 2 Oct 2026.")  # Beta has not moved yet


def test_what_is_in_the_way_is_said_and_what_was_typed_stays(visit, land):
    page = visit(land.north_manager, f"new/?account={land.delta.pk}")
    page.get_by_label("Name*", exact=True).fill("Nowhere new")
    page.get_by_label("To*", exact=True).select_option(label="East · Rep Two")
    page.get_by_label("Reason").fill("By mistake")
    page.get_by_role("button", name="Save and look at both sides").click()
    expect(page.get_by_text("Already in East: Delta. Take them out of the package.")).to_be_visible()
    expect(page.get_by_label("Accounts", exact=True)).to_have_value("N-Delta")
    expect(page.get_by_label("Reason")).to_have_value("By mistake")
    assert not MovePackage.objects.exists()


def test_a_rep_reads_the_own_side_of_what_is_proposed_and_decides_nothing(visit, land):
    on(date(2026, 9, 18))
    package = draft(land)
    moves.propose(package, land.north_manager)
    page = visit(land.rep, f"{package.pk}/")
    expect(page.locator(".lead")).to_contain_text("Proposed: 1 account goes to East on 1 Oct 2026.")
    sides = page.locator("[data-table=sides] tbody tr")
    expect(sides).to_have_count(1)
    expect(sides).to_contain_text("West")
    expect(page.get_by_role("button", name="Take it back")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_never_wider_than_the_screen(visit, land, theme):
    land.north_manager.theme = theme
    land.north_manager.save()
    deal(land.beta)
    package = draft(land, land.alpha, land.beta, hold_over="close")
    page = visit(land.north_manager)
    start = page.url
    for address in (start, f"{start}new/", f"{start}{package.pk}/", f"{start}{package.pk}/edit/"):
        page.goto(address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (address, width)
        found = Axe().run(page).response["violations"]
        heavy = [row["id"] for row in found if row["impact"] in ("serious", "critical")]
        assert heavy == [], (address, theme)
