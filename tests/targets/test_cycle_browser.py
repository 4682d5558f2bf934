"""The pages of planning in a real browser: axe in both themes, phones, and a cycle moved without leaving its page."""

from datetime import date

import pytest
from playwright.sync_api import expect

from spm.talk.notices import notify
from targets import cycles
from targets.choices import Stage
from targets.models import PlanningCycle
from tests.builders import approve_plan, make_line_of_plan, make_quota, make_year
from tests.spm.dashboards.test_browser import WIDTHS, heavy_findings
from tests.targets.test_cycles import set_target

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = (
    "/targets/",
    "/targets/2027/",
    "/targets/2027/edit/",
    "/targets/2027/company/approval/",
    "/targets/2027/review/",
    "/notifications/",
    "/settings/",
)


@pytest.fixture
def cycle(year, cast):
    cycle = cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.director)
    make_line_of_plan("2027-01", 1000)
    set_target(cast.north, 1000)
    make_quota(cast.rep, "2027-01", 1200)
    cycles.set_stage(cycle, Stage.PLAN, owner=cast.director, due_on=date(2026, 9, 1), by=cast.admin)
    approve_plan(cycle.fiscal_year, cast.admin)
    cycles.advance(cycle, Stage.ALLOCATE, cast.director)
    notify("cycle_due", to=[cast.admin], path="/targets/2027/", year="2027", stage="plan", day="2026-09-01")
    return cycle


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_never_wider_than_the_screen(live_server, page, sign_in, cycle, cast, theme):
    cast.admin.theme = theme
    cast.admin.save()
    sign_in(cast.admin)
    for path in PAGES:
        page.goto(live_server.url + path)
        assert heavy_findings(page) == [], path
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_a_cycle_is_moved_from_a_phone(live_server, page, sign_in, cycle, cast):
    sign_in(cast.admin)
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(live_server.url + "/targets/2027/")
    page.locator("summary", has_text="Go on to").click()
    assert page.locator(".pop:visible").bounding_box()["x"] >= 0
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Review")
    assert PlanningCycle.objects.get().stage == Stage.REVIEW
