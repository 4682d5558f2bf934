"""Rules in a real browser, as the admin: drafted, looked at, activated on a day; nothing moves before."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from spm.market.models import AccountPlacement
from spm.org.models import Period
from territories.models import RuleSet, TerritoryRule
from tests.builders import make_account, make_territory, make_year

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (1440, 768, 390)


@pytest.fixture
def site(live_server, sign_in, page, cast):
    """Four accounts, one of them in Nord; the admin looks at the rules."""
    make_year()
    nord = make_territory("Nord", owner=cast.rep)
    make_territory("Sud", owner=cast.outsider)
    placed = make_account("Halvorsen", country="Norway", potential=400_000)
    AccountPlacement.objects.create(account=placed, territory=nord)
    make_account("Ostsee", country="Germany", potential=90_000)
    make_account("Rhein", country="Germany", potential=20_000)
    make_account("Nowhere", country="")
    assert Period.objects.exists()
    sign_in(cast.admin)
    page.goto(f"{live_server.url}/territories/rules/")
    return page


def add_rule(page, territory, priority, **fields):
    labels = {"country": "Country", "size_from": "Potential from", "account": "Account id"}
    form = page.locator("form[action$='/rules/0/']")
    form.get_by_label("Territory").select_option(label=territory)
    form.get_by_label("Priority").fill(str(priority))
    for name, text in fields.items():
        form.get_by_label(labels[name]).fill(text)
    form.get_by_role("button", name="Add the rule").click()


def drafted(page):
    """A draft with an overlap of equal priority, a gap, and an account that moves."""
    page.get_by_label("Name").fill("Rules 2026")
    page.get_by_role("button", name="Begin a draft").click()
    add_rule(page, "Sud", 10, country="Norway")
    add_rule(page, "Sud", 20, country="Germany")
    add_rule(page, "Nord", 20, country="Germany", size_from="50k")


def test_a_draft_is_looked_at_and_activated_on_a_day(site):
    page = site
    drafted(page)
    expect(page.locator(".lead")).to_contain_text("It places 3 of 4 accounts.")
    expect(page.locator(".banner-warn")).to_contain_text("1 pair of rules with equal priority")
    expect(page.locator("[data-table=overlaps]")).to_contain_text("equal priority")
    expect(page.locator("[data-table=unplaced]")).to_contain_text("Nowhere")
    assert AccountPlacement.objects.count() == 1

    page.get_by_role("link", name="Preview who moves").click()
    page.get_by_role("textbox", name="From").fill("2026-10-01")
    page.get_by_role("button", name="Look at this day").click()
    expect(page.locator(".lead")).to_contain_text("3 accounts move on 1 Oct 2026, 1 stay.")
    expect(page.locator("[data-table=ways]").get_by_role("row", name="Nord Sud")).to_be_visible()
    page.get_by_role("button", name="Activate on 1 Oct 2026").click()
    expect(page.get_by_text("3 accounts move on 1 Oct 2026.")).to_be_visible()
    expect(page.locator("body")).to_contain_text("Rules that were activated never change.")
    assert page.get_by_role("button", name="Add the rule").count() == 0
    moved = AccountPlacement.objects.filter(starts_on="2026-10-01").order_by("account__name")
    assert list(moved.values_list("account__name", "territory__name")) == [
        ("Halvorsen", "Sud"),
        ("Ostsee", "Sud"),
        ("Rhein", "Sud"),
    ]


def test_a_rule_is_changed_and_taken_out_and_a_draft_begins_from_those_in_force(site):
    page = site
    drafted(page)
    page.get_by_role("link", name="Change potential from", exact=False).or_(
        page.get_by_role("row", name="50 k").get_by_role("link")
    ).first.click()
    page.get_by_label("Priority").fill("15")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".banner-warn")).to_have_count(0)
    page.get_by_role("button", name="Take out norway").click()
    expect(page.get_by_text("The rule is taken out.")).to_be_visible()
    assert sorted(TerritoryRule.objects.values_list("priority", flat=True)) == [15, 20]
    page.get_by_role("link", name="Preview who moves").click()
    page.get_by_role("button", name="Activate on").click()
    page.get_by_role("link", name="Territory rules").click()
    page.get_by_label("Name").fill("Rules 2027")
    page.get_by_role("button", name="Begin from the rules in force").click()
    expect(page.locator("h1")).to_have_text("Rules 2027")
    assert RuleSet.objects.get(name="Rules 2027").rules.count() == 2


def test_a_rule_that_cannot_be_says_why_and_keeps_what_was_typed(site):
    page = site
    page.get_by_label("Name").fill("Rules 2026")
    page.get_by_role("button", name="Begin a draft").click()
    add_rule(page, "Sud", 10, account="A-nobody")
    expect(page.get_by_text("There is no such account. Load accounts first.")).to_be_visible()
    expect(page.get_by_label("Account id")).to_have_value("A-nobody")
    page.get_by_label("Account id").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".banner-warn").first).to_contain_text("matches every account")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_never_wider_than_the_screen(site, cast, theme):
    page = site
    cast.admin.theme = theme
    cast.admin.save()
    drafted(page)
    draft = page.url
    for address in (draft, f"{draft}preview/", f"{draft}rules/0/", f"{draft}../"):
        page.goto(address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (address, width)
        found = Axe().run(page).response["violations"]
        heavy = [row["id"] for row in found if row["impact"] in ("serious", "critical")]
        assert heavy == [], (address, theme)
