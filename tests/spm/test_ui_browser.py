"""The shell in a real browser: no serious finding of axe, nothing wider than the screen, keys, themes, charts."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.builders import make_company

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (1440, 768, 390)
HEAVY = ("serious", "critical")


@pytest.fixture
def visit(live_server, page, settings, cast, sign_in):
    """visit(path, person) opens a page as that person, or as nobody."""
    settings.STYLEGUIDE = settings.DEMO = True
    make_company(is_demo=True)

    def to(path, person=None):
        if person:
            sign_in(person)
        page.goto(live_server.url + path)
        return page

    return to


def heavy_findings(page):
    violations = Axe().run(page).response["violations"]
    return [
        (found["id"], node["target"], node["any"][:1])
        for found in violations
        if found["impact"] in HEAVY
        for node in found["nodes"]
    ]


def check(page):
    """At three widths: no heavy finding, no sideways scroll."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert heavy_findings(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sign_in_page_is_accessible_at_every_width(visit, live_server, context, theme):
    context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
    page = visit("/accounts/login/")
    assert page.locator("html").get_attribute("data-bs-theme") == theme
    check(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_component_is_accessible_at_every_width(visit, cast, theme):
    cast.admin.theme = theme
    cast.admin.save()
    page = visit("/styleguide/", cast.admin)
    expect(page.locator("[data-chart] .main-svg").first).to_be_visible()
    check(page)


def test_charts_follow_the_theme_and_nothing_is_lost_on_reload(visit, cast):
    page = visit("/styleguide/", cast.admin)
    line = page.locator("[data-chart] .scatterlayer path.js-line").last
    before = line.evaluate("path => getComputedStyle(path).stroke")
    page.get_by_label("Admin, menu").click()
    with page.expect_response("**/settings/theme/"):
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert line.evaluate("path => getComputedStyle(path).stroke") != before
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_console_stays_empty_but_for_one_inline_style_of_plotly(visit, page, cast):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    visit("/settings/", cast.admin)
    assert said == []
    visit("/styleguide/")
    expect(page.locator("[data-chart] .main-svg").first).to_be_visible()
    assert len(said) <= 1
    assert all("inline style" in text for text in said)


def test_a_first_view_takes_at_most_twelve_requests(visit, page, cast):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    visit("/styleguide/", cast.admin)
    page.wait_for_load_state("networkidle")
    assert len([url for url in asked if not url.startswith("data:")]) <= 12


def test_the_keyboard_reaches_search_help_and_pages(visit, cast):
    page = visit("/settings/", cast.admin)
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#shortcut-help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/performance/")


def test_single_keys_can_be_switched_off_but_not_ctrl_k(visit, cast):
    cast.admin.shortcuts = False
    cast.admin.save()
    page = visit("/settings/", cast.admin)
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).not_to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator("[data-search]")).to_be_focused()


def test_one_click_signs_in_to_the_demo(visit, live_server):
    page = visit("/accounts/login/?next=/settings/")
    page.get_by_role("button", name="Rep").first.click()
    page.goto(live_server.url + "/settings/")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


def test_without_scripts_menus_open_and_the_theme_changes(browser, live_server, cast, client):
    client.force_login(cast.admin)
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + "/settings/")
    page.locator(".pick-quiet > summary").click()
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    context.close()
