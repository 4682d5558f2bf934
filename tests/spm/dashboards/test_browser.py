"""The performance pages in a real browser: filters and Back, drilling down to the lines, phones, axe."""

import re
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (1440, 768, 390)


def heavy_findings(page):
    found = Axe().run(page).response["violations"]
    return [
        (row["id"], [node["target"] for node in row["nodes"]])
        for row in found
        if row["impact"] in ("serious", "critical")
    ]


def test_switching_measure_and_period_changes_the_page_and_back_restores_it(visit, story):
    page = visit("/performance/", story.director)
    page.get_by_role("link", name="Revenue", exact=True).click()
    page.wait_for_url("**measure=revenue**")
    expect(page.locator(".lead")).to_contain_text("invoiced")
    page.get_by_role("link", name="Quarter", exact=True).click()
    page.wait_for_url("**period=2026-Q3**")
    page.go_back()
    page.wait_for_url("**period=2026&**")
    expect(page.locator(".lead")).to_contain_text("invoiced")
    page.go_back()
    expect(page.locator(".lead")).to_contain_text("quota pace")


def amount(text):
    """The number in "€1,450.00"."""
    return Decimal(re.search(r"-?[\d,]+(?:\.\d+)?", text.replace("−", "-")).group().replace(",", ""))


def test_drilling_from_team_to_rep_to_lines_shows_the_same_number(visit, story):
    page = visit("/performance/", story.director)
    page.get_by_role("link", name="North", exact=True).first.click()
    row = page.locator(".perf tbody tr").filter(has=page.get_by_role("link", name="Rep Two", exact=True))
    in_team = amount(row.locator('td[data-label^="Actual"]').get_attribute("title"))
    row.get_by_role("link", name="Rep Two", exact=True).click()
    panel = page.locator(".tile.is-chosen .math")
    panel.locator("summary").click()
    of_rep = amount(panel.locator("dd").first.inner_text())
    page.get_by_role("link", name="The lines behind these numbers").click()
    expect(page.locator("tr.total td")).to_be_visible()
    of_list = amount(page.locator("tr.total td").inner_text())
    lines = page.locator('tbody tr:not(.total) td[data-label="Counts"]').all_inner_texts()
    assert in_team == of_rep == of_list == sum(map(amount, lines)) > 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_never_wider_than_the_screen(visit, story, theme):
    story.director.theme = theme
    story.director.save()
    for path in ("/performance/", "/", f"/performance/reps/{story.rep.pk}/", "/performance/actuals/", "/territories/"):
        page = visit(path, story.director)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        assert heavy_findings(page) == [], path


BEYOND = """[...document.querySelectorAll("main *")]
    .filter((part) => part.getBoundingClientRect().right > innerWidth && !part.closest(".scroll"))
    .map((part) => `${part.tagName}.${part.className} ${part.textContent.trim().slice(0, 40)}`).slice(0, 9)"""
ADMIN_PAGES = (
    "/",
    "/setup/",
    "/setup/company/",
    "/setup/calendar/",
    "/setup/people/",
    "/setup/people/new/",
    "/setup/teams/",
    "/setup/territories/",
    "/setup/audit/",
    "/setup/imports/",
    "/setup/imports/new/",
    "/setup/imports/new/actuals/",
    "/setup/jobs/",
    "/targets/",
    "/targets/2026/",
    "/targets/2026/allocate/",
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_an_admin_are_accessible_and_never_wider_than_the_screen(visit, story, theme):
    story.admin.theme = theme
    story.admin.save()
    for path in ADMIN_PAGES:
        page = visit(path, story.admin)
        assert heavy_findings(page) == [], path
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width, page.evaluate(BEYOND))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_table_is_cut_on_a_wide_screen(visit, story, language):
    story.director.locale = language
    story.director.save()
    page_of_rep = f"/performance/reps/{story.rep.pk}/"
    for path in ("/performance/", "/", page_of_rep, "/targets/2026/fairness/", "/targets/2026/company/versions/"):
        story.admin.locale = language
        story.admin.save()
        page = visit(path, story.admin if path.startswith("/targets/") else story.director)
        page.set_viewport_size({"width": 1440, "height": 900})
        cut = page.evaluate(
            """() => [...document.querySelectorAll(".card > .scroll:not(:has(.perf))")]
                .filter((box) => box.scrollWidth > box.clientWidth)
                .map((box) => [location.pathname, box.scrollWidth, box.clientWidth])"""
        )
        assert cut == []


TABLES_CUT = """() => [...document.querySelectorAll("main .scroll")]
    .filter((box) => box.scrollWidth > box.clientWidth)
    .map((box) => [location.pathname, box.scrollWidth, box.clientWidth])"""


@pytest.mark.parametrize("path", ["/setup/people/", "/setup/audit/", "/targets/"])
def test_on_a_tablet_a_table_leaves_columns_out_rather_than_being_cut(visit, story, path):
    page = visit(path, story.admin)
    page.set_viewport_size({"width": 768, "height": 1024})
    assert page.evaluate(TABLES_CUT) == []
    assert page.locator("th.not-tablet").count() > 0
    expect(page.locator(".not-tablet:visible")).to_have_count(0)
    page.set_viewport_size({"width": 1600, "height": 900})
    expect(page.locator("th.not-tablet:visible")).to_have_count(page.locator("th.not-tablet").count())


def test_on_a_phone_no_number_of_the_heat_map_is_cut(visit, story):
    """Twelve months and the whole year do not fit: they scroll beside the names, each cell as wide as its number."""
    page = visit("/performance/?period=2025&measure=bookings", story.director)
    page.set_viewport_size({"width": 390, "height": 844})
    cut = "cells => cells.filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent)"
    assert page.locator(".heat-cell").evaluate_all(cut) == []
    widths = page.locator(".heat tbody tr:first-child td").evaluate_all("all => all.map((one) => one.clientWidth)")
    assert len(widths) == 13
    assert max(widths) - min(widths) <= 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_names_at_the_ends_of_the_lines_have_room(visit, story):
    page = visit("/performance/?period=2026-09&measure=bookings&compare=prev", story.director)
    page.set_viewport_size({"width": 1440, "height": 900})
    beyond = """() => { const box = document.querySelector("[data-chart=figure-pacing]").getBoundingClientRect();
        return [...document.querySelectorAll("[data-chart=figure-pacing] .annotation text")]
            .filter((text) => text.getBoundingClientRect().right > box.right).map((text) => text.textContent) }"""
    expect(page.locator("[data-chart=figure-pacing] .annotation").first).to_be_visible()
    assert page.evaluate(beyond) == []


def test_a_line_of_credits_rises_in_steps(visit, story):
    page = visit("/performance/", story.director)
    shapes = page.evaluate(
        "() => [...document.querySelectorAll('[data-chart=figure-pacing]')]"
        ".flatMap((one) => one.data.filter((trace) => trace.mode === 'lines').map((trace) => trace.line.shape || ''))"
    )
    assert shapes == ["", "hv", "hv"]
