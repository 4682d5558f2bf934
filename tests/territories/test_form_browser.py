"""The form of the year in a real browser: an admin words it and opens the plans, a rep begins with its example."""

from datetime import date

import pytest
from playwright.sync_api import expect

from territories import caps
from territories.choices import Section
from territories.models import TerritoryPlan, TerritoryPlanLine
from tests.builders import make_quota, make_year

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EXAMPLE = "Two new ferry yards by order before the summer"


@pytest.fixture
def unopened(planned):
    """2028, in which Rep One has a quota and nobody a plan."""
    make_year("2028", date(2028, 1, 1))
    for month in range(1, 13):
        make_quota(planned.rep, f"2028-{month:02}", 500)
    return planned


def test_the_form_counts_what_is_left_and_is_opened_for_everybody_who_begins_with_its_example(
    live_server, context, page, sign_in, unopened
):
    sign_in(unopened.admin)
    page.goto(f"{live_server.url}/territories/plans/form/2028/")
    goals = page.locator("section.card").filter(has_text="Goals")
    field, meter = goals.get_by_label("Example"), goals.locator("[data-left-of]").last
    expect(meter).to_have_text(str(caps.EXAMPLE - len(field.input_value())))
    field.fill("m" * (caps.EXAMPLE + 1))
    expect(meter).to_have_text("-1")
    expect(meter).to_have_class("meta num bad")
    page.get_by_role("button", name="Save").click()
    expect(goals.locator(".errorlist, .invalid-feedback")).to_contain_text("111")
    assert field.input_value() == "m" * (caps.EXAMPLE + 1)  # nothing typed is lost
    field.fill(EXAMPLE)
    expect(meter).to_have_text(str(caps.EXAMPLE - len(EXAMPLE)))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    page.goto(f"{live_server.url}/territories/plans/?year=2028")
    page.get_by_role("button", name="Open 1 plan", exact=True).click()
    expect(page.get_by_text("1 plan is open.")).to_be_visible()
    page.goto(f"{live_server.url}/territories/plans/form/2028/")
    expect(page.get_by_text("This form is rolled out, and fixed.")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)

    page.goto("about:blank")
    context.clear_cookies()
    sign_in(unopened.rep)
    page.goto(f"{live_server.url}/territories/plans/2028/{unopened.rep.pk}/")
    page.get_by_role("button", name="With an example").click()
    expect(page.locator("#section-goals [data-field$=-text]")).to_have_value(EXAMPLE)
    plan = TerritoryPlan.objects.get(person=unopened.rep, fiscal_year__label="2028")
    assert list(TerritoryPlanLine.objects.filter(plan=plan, section=Section.GOALS).values_list("text", flat=True)) == [
        EXAMPLE
    ]
