"""A file brought in by hand: uploaded, previewed, loaded, seen on the dashboard, taken back."""

from datetime import date

import pytest
from playwright.sync_api import expect

from targets import rollup
from tests.builders import make_quota, make_year

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ORDERS = "External ID,Kind,Date,E-mail,Amount\nA1,booking,2026-02-10,{email},450\nA2,booking,2026-02-31,{email},7\n"


@pytest.fixture
def site(live_server, settings, cast, sign_in):
    """The address of a site whose rep has a quota of 100 a month and sold nothing; the admin is signed in."""
    settings.JOBS_IN_PROCESS = True
    make_year("2026", date(2026, 1, 1))
    for month in range(1, 13):
        make_quota(cast.rep, f"2026-{month:02}", 100)
    rollup.rebuild()
    sign_in(cast.admin)
    return live_server.url


def upload(page, site, text):
    page.goto(f"{site}/setup/imports/new/actuals/")
    page.get_by_label("File").set_input_files(
        {"name": "orders.csv", "mimeType": "text/csv", "buffer": text.encode()},
    )
    page.get_by_role("button", name="Upload and preview").click()
    page.wait_for_url("**/setup/imports/*/")


def attainment(page, site, person):
    page.goto(f"{site}/performance/reps/{person.pk}/?period=2026")
    return page.locator(".four dd").first


def test_a_file_loaded_in_the_browser_changes_the_dashboard_and_undo_restores_it(site, page, cast):
    upload(page, site, ORDERS.format(email=cast.rep.email))
    report = page.url
    expect(page.get_by_text("There is no such day").first).to_be_visible()
    expect(attainment(page, site, cast.rep)).to_have_text("0.0")
    page.goto(report)
    page.get_by_role("button", name="Load the good rows").click()
    expect(page.locator("main .lead")).to_contain_text("Committed")
    expect(attainment(page, site, cast.rep)).to_have_text("0.5")
    page.goto(report)
    page.locator("summary", has_text="Undo").click()
    page.get_by_role("button", name="Undo this import").click()
    expect(page.locator("main .lead")).to_contain_text("Undone")
    expect(attainment(page, site, cast.rep)).to_have_text("0.0")
