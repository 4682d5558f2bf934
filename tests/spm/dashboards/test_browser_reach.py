"""The performance pages by keyboard, on paper and without scripts: nothing is hidden, nothing is lost."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.spm.dashboards.test_browser import heavy_findings
from tests.territories.test_plan_print import pages_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HIDDEN = """() => {
    const part = document.activeElement, box = part.getBoundingClientRect();
    const told = `${part.tagName} ${(part.ariaLabel || part.textContent).trim().slice(0, 40)}`;
    const spots = [[.5, .5], [.1, .5], [.9, .5], [.5, .1], [.5, .9]];
    const hits = spots.map(([x, y]) => document.elementFromPoint(box.left + box.width * x, box.top + box.height * y));
    const isOver = (hit) => hit && !hit.contains(part) && !part.contains(hit);
    const isUnder = hits.some((hit) => isOver(hit) && hit.closest(".topbar, .bottombar"));
    return [told, isUnder || hits.every((hit) => !hit || isOver(hit))];
}"""
COLOURS = """() => [...document.querySelectorAll("body, main, main *")]
    .filter((part) => part.checkVisibility())
    .map((part) => {
        const style = getComputedStyle(part);
        const colours = [style.color, style.backgroundColor, style.borderTopColor, style.fill, style.stroke];
        return [part.tagName, part.getAttribute("class"), ...colours];
    })"""


def of_rep(story):
    return f"/performance/reps/{story.rep.pk}/"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_see_the_math_and_each_menu_are_accessible_when_open(visit, story, theme):
    story.director.theme = theme
    story.director.save()
    opened = 0
    for path in ("/performance/", of_rep(story)):
        page = visit(path, story.director)
        for panel in page.locator(".math > summary").all():
            panel.click()
        assert heavy_findings(page) == [], path
        for menu in page.locator("details[data-menu] > summary:visible").all():
            menu.click()
            expect(page.locator("details[data-menu][open]")).to_have_count(1)
            found = Axe().run(page, context="details[data-menu][open]").response["violations"]
            assert [(row["id"], row["nodes"][0]["html"]) for row in found] == [], (path, menu.inner_text())
            opened += 1
    assert opened >= 8


@pytest.mark.parametrize("size", [(1440, 700), (390, 700)], ids=["wide", "phone"])
@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_focus_is_never_hidden_under_what_stays_in_place(visit, story, size, key):
    """WCAG 2.4.11, and more: not even a part of it lies under the top bar or the bottom bar."""
    for path in ("/performance/", of_rep(story)):
        page = visit(path, story.director)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(reduced_motion="reduce")  # measured once it has scrolled, not on the way
        if key == "Shift+Tab":
            page.locator("a, button, summary").last.evaluate("last => last.focus()")
        hidden, told = [], []
        while len(told) < 300:
            page.keyboard.press(key)
            name, is_hidden = page.evaluate(HIDDEN)
            if name.startswith("BODY") or page.evaluate("document.activeElement === document.body"):
                break
            told.append(name)
            hidden += [name] if is_hidden else []
        assert hidden == [], path
        assert 30 < len(told) < 300


def test_control_what_is_scrolled_under_the_top_bar_is_found_hidden(visit, story):
    page = visit("/performance/", story.director)
    page.set_viewport_size({"width": 1440, "height": 700})
    page.emulate_media(reduced_motion="reduce")
    link = page.locator(".perf tbody a").first
    link.focus()
    assert not page.evaluate(HIDDEN)[1]
    page.evaluate("top => scrollBy(0, top - 10)", link.bounding_box()["y"])
    assert page.evaluate(HIDDEN)[1]


def test_each_key_of_the_keyboard_help_does_what_it_says(visit, story):
    page = visit("/performance/", story.admin)
    page.keyboard.press("?")
    told = page.locator("#shortcut-help")
    assert [row.replace("\n", " ") for row in told.locator("dt").all_inner_texts()] == [
        *(f"g {letter}" for letter in "hptrcm"),
        "/ Ctrl K",
        "[ ]",
        "e",
        "?",
    ]
    told.get_by_role("button", name="Close").click()
    expect(told).to_be_hidden()
    page.keyboard.press("[")
    page.wait_for_url("**period=2025&**")
    page.keyboard.press("]")
    page.wait_for_url("**period=2026&**")
    for key in ("/", "Control+k"):
        page.keyboard.press(key)
        expect(page.locator("[data-search]")).to_be_focused()
        page.evaluate("document.activeElement.blur()")
    paths = ("/", "/performance/", "/targets/", "/territories/", "/coaching/", "/meetings/")
    for letter, path in zip("hptrcm", paths, strict=True):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(lambda url, path=path: urlsplit(url).path == path)


def test_e_opens_the_form_of_what_is_shown_or_its_first_field(visit, story):
    page = visit("/setup/company/", story.admin)
    page.keyboard.press("e")
    expect(page.locator("main form[method=post] input:not([type=hidden])").first).to_be_focused()
    page.goto(page.url.replace("company/", f"people/{story.rep.pk}/"))
    page.keyboard.press("e")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page = visit("/performance/", story.admin)
    page.keyboard.press("e")
    expect(page.locator("body")).to_be_focused()


@pytest.mark.parametrize("is_paper", [False, True], ids=["page", "paper"])
def test_print_is_as_light_in_the_dark_theme_as_in_the_light_one(visit, story, is_paper):
    for path in ("/performance/", of_rep(story)):
        seen = {}
        for theme in ("light", "dark"):
            story.director.theme = theme
            story.director.save()
            page = visit(path + ("print/" if is_paper else ""), story.director)
            page.emulate_media(media="screen", color_scheme=theme)
            seen[theme, "screen"] = page.evaluate(COLOURS)
            page.emulate_media(media="print", color_scheme=theme)
            seen[theme, "print"] = page.evaluate(COLOURS)
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            assert 1 <= pages_of(page.pdf(format="A4")) <= 6
        assert seen["dark", "screen"] != seen["light", "screen"]
        assert seen["dark", "print"] == seen["light", "print"]
        assert len(seen["dark", "print"]) > 50


def test_without_scripts_period_measure_math_and_the_table_of_the_chart_are_there(browser, live_server, client, story):
    client.force_login(story.director)
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + "/performance/")
    page.get_by_role("link", name="Revenue", exact=True).click()
    expect(page.locator(".lead")).to_contain_text("invoiced")
    page.get_by_role("link", name="Quarter", exact=True).click()
    page.wait_for_url("**period=2026-Q3&measure=revenue**")
    page.get_by_role("link", name="Bookings", exact=True).click()
    expect(page.get_by_role("link", name="Quarter", exact=True)).to_have_attribute("aria-current", "true")
    rows = page.locator(".perf tbody tr")
    expect(rows.filter(has_text="Rep One")).to_be_visible()
    panel = page.locator(".math").first
    expect(panel.locator("dl").first).to_be_hidden()
    panel.locator("summary").click()
    expect(panel.locator("dl").first).to_be_visible()
    expect(page.locator("[data-chart=figure-pacing]")).to_be_hidden()
    table = page.locator("figure:has([data-chart=figure-pacing]) table")
    expect(table).to_be_visible()
    assert table.locator("tbody tr").count() >= 3
    context.close()
