"""The allocation grid in a browser: typed, walked by keys, pasted, undone; and saved without JavaScript."""

from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from targets.models import PlanningCycle, Quota
from tests.builders import make_year

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASTE = """(input, text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  input.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def site(live_server, cast, sign_in):
    """The address of the months of a year that is being planned; the admin is signed in."""
    make_year("2026", date(2026, 1, 1))
    PlanningCycle.objects.create(fiscal_year=make_year("2027", date(2027, 1, 1)), stage="allocate")
    sign_in(cast.admin)
    return f"{live_server.url}/targets/2027/allocate/"


def cell(page, person, period):
    return page.get_by_label(f"{person.name}, {period}", exact=True)


def stored():
    return {(row.person.name, row.period.label): row.amount for row in Quota.objects.all()}


def save(page):
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("changed.")).to_be_visible()


def test_numbers_are_typed_walked_pasted_and_undone(site, page, cast):
    page.goto(f"{site}?columns=months")
    first = cell(page, cast.rep, "Jan 2027")
    first.fill("1.2M")
    first.press("Enter")
    expect(cell(page, cast.teammate, "Jan 2027")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(cell(page, cast.rep, "Feb 2027")).to_be_focused()
    cell(page, cast.rep, "Feb 2027").evaluate(PASTE, '100\t"1,100"\r\n200\t300\r\n\r\n')
    expect(cell(page, cast.teammate, "Mar 2027")).to_have_value("300")
    expect(page.get_by_text("5 cells not stored")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("1 cell not stored")).to_be_visible()
    cell(page, cast.rep, "Feb 2027").evaluate(PASTE, "100\t1,100")
    save(page)
    months = [("Rep One", f"2027-0{month}") for month in (1, 2, 3)]
    assert stored() == dict(zip(months, (Decimal(1_200_000), Decimal(100), Decimal(1100)), strict=True))
    cell(page, cast.rep, "Jan 2027").focus()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("3 numbers undone.")).to_be_visible()
    assert stored() == {}


def test_a_large_block_is_previewed_with_reasons(site, page, cast):
    page.goto(f"{site}?columns=months")
    line = "\t".join(str(100 + month) for month in range(12))
    cell(page, cast.rep, "Jan 2027").evaluate(PASTE, f"{line}\n{line[:-3]}66O\n")
    expect(page.get_by_role("heading", name="Paste preview")).to_contain_text("24 cells, 23 accepted, 1 rejected")
    expect(page.get_by_text("Did you mean 660?").first).to_be_visible()
    assert stored() == {}
    page.get_by_role("button", name="Apply 23 cells").click()
    expect(page.get_by_text("1 cell was left out.")).to_be_visible()
    assert len(stored()) == 23


def test_the_grid_is_a_plain_form_without_javascript(site, browser, context, cast):
    plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto(f"{site}?columns=months")
    cell(page, cast.rep, "Jan 2027").fill("120k")
    save(page)
    assert stored() == {("Rep One", "2027-01"): Decimal(120_000)}
    page.get_by_text("Paste a block").click()
    page.get_by_label("From the row").select_option(label="Rep Two")
    page.get_by_label("and column").select_option(label="Feb 2027")
    page.get_by_label("Cells copied from a spreadsheet").fill("7\t8")
    page.get_by_role("button", name="Preview the paste").click()
    page.get_by_role("button", name="Apply 2 cells").click()
    expect(page.get_by_text("2 numbers changed.")).to_be_visible()
    plain.close()
