"""Every page that a GET can show, in a browser: axe in light and dark, one h1, a phone's width, an empty console."""

import re
from collections import defaultdict

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.core.cache import cache

from tests.access.routes import ROUTES
from tests.access.site import Site, pages
from tests.access.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PARTS = 2  # so that two workers share the pages
HEAVY = ("serious", "critical")
COLOUR_RULES = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
RUN_AXE = """async (options) => (await axe.run(document, {resultTypes: ["violations"], ...options})).violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => one.id + ": " + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "))"""
UNFOLD = """() => document.querySelectorAll("details:not([data-menu])").forEach((one) => { one.open = true })"""
WIDER = """() => document.documentElement.scrollWidth > innerWidth ? [...document.querySelectorAll("main *, header *")]
    .filter((part) => part.getBoundingClientRect().right > innerWidth + 1 && !part.closest(".scroll"))
    .map((part) => part.tagName + "." + part.className).slice(0, 5).concat("wider than the screen") : []"""
TAG = re.compile(r'<(\w+)(?:[^>]*?\bclass="([^"]*)")?')
# What Plotly's own style sheet would do inline is in a static file; the browser says that it left the inline one out.
ALLOWED = "Applying inline style violates"


@pytest.fixture(scope="module")
def to_look_at(world: World) -> list[tuple[str, str, str]]:
    """(route, actor, address): pages that hold an element which no page of the same route held before."""
    cache.clear()
    known: dict[str, set[tuple[str, str]]] = defaultdict(set)
    found = []
    for name, actor, url, html in pages(world):
        elements = set(TAG.findall(html))
        if not elements <= known[name]:
            known[name] |= elements
            found.append((name, actor, url))
    return found


@pytest.fixture(scope="module")
def site(browser):
    """A browser on the world, without a server."""
    page = browser.new_page()
    yield Site(page)
    page.close()


def faults(site: Site) -> list[str]:
    """What is wrong with the page that is open."""
    page = site.page
    page.evaluate(UNFOLD)
    wrong = [] if page.locator("h1").count() == 1 else [f"{page.locator('h1').count()} h1"]
    page.evaluate(AXE_SCRIPT)
    wrong += [f"light: {one}" for one in page.evaluate(RUN_AXE, {})]
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    wrong += [f"dark: {one}" for one in page.evaluate(RUN_AXE, COLOUR_RULES)]
    page.set_viewport_size({"width": 390, "height": 844})
    wrong += page.evaluate(WIDER)
    return wrong


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible_has_one_h1_fits_a_phone_and_says_nothing(part, site, world, to_look_at):
    wrong: list[str] = []
    for place, (name, actor, url) in enumerate(to_look_at):
        if place % PARTS != part:
            continue
        site.page.set_viewport_size({"width": 1280, "height": 900})
        site.open(world, actor, url)
        wrong += [f"{actor} {name} {url}: {fault}" for fault in faults(site)]
        wrong += [f"{actor} {name} {url} says {text}" for text in site.said if ALLOWED not in text]
    assert not wrong, "\n".join(wrong)


def test_control_a_page_without_a_label_and_with_two_h1_is_found(site, world):
    site.open(world, "admin", "/settings/")
    site.page.evaluate("() => { document.querySelector('main').innerHTML = '<h1>A</h1><h1>B</h1><input>' }")
    assert [fault.split(":")[0] for fault in faults(site)] == ["2 h1", "light"]


def test_every_page_of_planning_is_among_those_looked_at(to_look_at):
    pages_of_planning = {
        name
        for name, policy in ROUTES.items()
        if name.startswith("targets:") and 200 in policy.get("admin", "own") | policy.get("owner", "own")
    }
    assert len(pages_of_planning) > 20
    assert pages_of_planning - {name for name, _actor, _url in to_look_at} == set()
