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


def test_a_line_of_credits_rises_in_steps(visit, story):
    page = visit("/performance/", story.director)
    shapes = page.evaluate(
        "() => [...document.querySelectorAll('[data-chart=figure-pacing]')]"
        ".flatMap((one) => one.data.filter((trace) => trace.mode === 'lines').map((trace) => trace.line.shape || ''))"
    )
    assert shapes == ["", "hv", "hv"]
