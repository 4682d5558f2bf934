"""The allocation grid in a browser: typed, walked by keys, filled, copied, pasted, held, undone; or without scripts."""

import re
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from spm.org.models import Period
from targets import batches
from targets.choices import BatchKind
from targets.goals import Goal, of_person
from targets.models import GoalBatch, Hold, PlanningCycle, Quota
from targets.plans import set_target, working_plan
from tests.builders import make_person, make_year

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASTE = """(input, text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  input.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""

COPY = """(input) => {
  const data = new DataTransfer();
  input.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true }));
  return data.getData("text/plain");
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


def plan():
    return working_plan(Period.objects.get(label="2027").fiscal_year)


def write(person, amount, by):
    """One month, by somebody at another desk."""
    goal = Goal(of_person(person.pk), "bookings", Period.objects.get(label="2027-01"), Decimal(amount))
    return batches.write_batch(plan(), [(Quota, goal)], by=by, kind=BatchKind.EDIT)


def save(page):
    page.locator("[data-save]").click()
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


def test_tab_goes_to_the_next_cell_and_escape_takes_back_what_was_typed(site, page, cast):
    write(cast.rep, 100, cast.admin)
    page.goto(f"{site}?columns=months")
    first = cell(page, cast.rep, "Jan 2027")
    first.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("999")
    expect(first).to_have_value("999")
    page.keyboard.press("Escape")
    expect(first).to_have_value("100")
    expect(page.get_by_text("not stored")).to_have_count(0)
    page.keyboard.press("Tab")
    expect(cell(page, cast.rep, "Feb 2027")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(first).to_be_focused()


def test_a_number_is_filled_down_over_people_and_a_chosen_block_is_copied_out(site, page, cast):
    make_person("Zed", team=cast.north)
    page.goto(f"{site}?columns=months")
    first = cell(page, cast.rep, "Jan 2027")
    first.fill("120")
    first.press("Control+Shift+D")
    for person in ("Rep Two", "Zed"):
        expect(page.get_by_label(f"{person}, Jan 2027", exact=True)).to_have_value("120")
    expect(cell(page, cast.outsider, "Jan 2027")).to_have_value("")
    cell(page, cast.rep, "Feb 2027").fill("7")
    cell(page, cast.teammate, "Feb 2027").focus()
    page.keyboard.press("Control+D")
    expect(cell(page, cast.teammate, "Feb 2027")).to_have_value("7")
    first.focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    assert cell(page, cast.teammate, "Feb 2027").evaluate(COPY) == "120\t7\n120\t7"
    save(page)
    assert stored() == {(name, "2027-01"): Decimal(120) for name in ("Rep One", "Rep Two", "Zed")} | {
        (name, "2027-02"): Decimal(7) for name in ("Rep One", "Rep Two")
    }


def test_fourteen_people_and_twelve_months_are_pasted_at_once_and_undone_at_once(site, page, cast):
    for number in range(14):
        make_person(f"Zed {number:02}", team=cast.south if number < 7 else cast.north)
    block = "\n".join("\t".join(str(1000 + 20 * row + month) for month in range(12)) for row in range(14))
    page.goto(f"{site}?columns=months")
    page.get_by_label("Rep One, Jan 2027", exact=True).evaluate(PASTE, block)
    expect(page.get_by_role("heading", name="Paste preview")).to_contain_text("168 cells, 168 accepted, 0 rejected")
    page.get_by_role("button", name="Apply 168 cells").click()
    expect(page.get_by_text("168 numbers changed.")).to_be_visible()
    assert len(stored()) == 168
    assert GoalBatch.objects.count() == 1
    page.get_by_label("Rep One, Jan 2027", exact=True).focus()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("168 numbers undone.")).to_be_visible()
    assert stored() == {}


def test_a_cell_is_held_by_a_key_while_another_is_typed_into(site, page, cast):
    write(cast.rep, 100, cast.admin)
    page.goto(f"{site}?columns=months")
    cell(page, cast.teammate, "Jan 2027").fill("55")
    cell(page, cast.rep, "Jan 2027").focus()
    expect(page.get_by_role("button", name="Hold Rep One, Jan 2027")).to_be_visible()
    page.keyboard.press("Alt+l")
    expect(page.get_by_role("button", name="Release Rep One, Jan 2027")).to_be_visible()
    expect(cell(page, cast.teammate, "Jan 2027")).to_have_value("55")
    expect(cell(page, cast.rep, "Jan 2027")).to_be_focused()
    expect(cell(page, cast.rep, "Jan 2027")).not_to_be_editable()
    assert Hold.objects.get().period.label == "2027-01"
    page.keyboard.press("Alt+l")
    expect(page.get_by_role("button", name="Release Rep One, Jan 2027")).to_have_count(0)
    assert not Hold.objects.exists()


def test_a_changed_total_of_a_team_is_shown_before_it_moves_its_people(site, page, cast):
    year = Period.objects.get(label="2027")
    set_target(plan(), holder=cast.north, measure="bookings", period=year, amount=Decimal(100), by=cast.admin)
    write(cast.rep, 100, cast.admin)
    page.goto(site)
    page.get_by_label("North, 2027", exact=True).fill("200")
    page.locator("[data-save]").click()
    expect(page.get_by_role("heading", name="Preview: 2 numbers would change")).to_be_visible()
    assert stored() == {("Rep One", "2027-01"): Decimal(100)}
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_text("changed.")).to_be_visible()
    assert stored()["Rep One", "2027-01"] > 100


def test_of_two_who_type_into_one_cell_the_second_sees_both_values(site, page, cast):
    page.goto(f"{site}?columns=months")
    cell(page, cast.rep, "Jan 2027").fill("150")
    write(cast.rep, 90, cast.director)
    page.locator("[data-save]").click()
    row = page.get_by_role("row", name="Rep One, Jan 2027")
    expect(row).to_contain_text("150")
    expect(row).to_contain_text("90 (Director, ")
    expect(page.get_by_text("Director changed 1 number")).to_be_visible()
    expect(cell(page, cast.rep, "Jan 2027")).to_have_value("150")
    assert stored() == {("Rep One", "2027-01"): Decimal(90)}
    save(page)
    assert stored() == {("Rep One", "2027-01"): Decimal(150)}


def test_a_typed_total_says_that_it_is_shown_first_and_asks_for_the_reason_there(site, page, cast):
    PlanningCycle.objects.update(stage="review")
    write(cast.rep, 1200, by=cast.admin)
    page.goto(site)
    year = cell(page, cast.rep, "2027")
    expect(page.locator("[data-save]")).to_have_text("Save")
    cell(page, cast.teammate, "Q1 2027").fill("5")
    expect(page.locator("[data-save]")).to_have_text("Save")
    cell(page, cast.teammate, "Q1 2027").fill("")
    year.fill("2400")
    expect(page.get_by_text("A total has changed")).to_be_visible()
    expect(page.get_by_text("As stored: what you have typed is not in it yet.")).to_be_visible()
    page.locator("[data-save]").click()
    expect(page.get_by_role("heading", name="Preview: 1 number would change")).to_be_visible()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_label("Reason (kept in the history)")).to_be_focused()  # the browser asks, and sends nothing
    page.get_by_label("Reason (kept in the history)").fill("A second product line")
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_text("12 numbers changed.")).to_be_visible()
    assert stored()["Rep One", "2027-01"] == 2400
    assert GoalBatch.objects.latest("pk").reason == "A second product line"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_warnings_and_large_numbers_are_read_without_scrolling_on_a_usual_screen(site, page, cast, language):
    cast.admin.locale = language
    cast.admin.save()
    year = Period.objects.get(label="2027")
    for team in (cast.sales, cast.north):
        set_target(plan(), holder=team, measure="bookings", period=year, amount=Decimal(54_800_000), by=cast.admin)
    person = make_person("Clémence Vandenberghe-Lindqvist", team=cast.north)
    goals = [(Quota, Goal(of_person(one.pk), "bookings", year, Decimal(48_000_000))) for one in (person, cast.outsider)]
    batches.write_batch(plan(), goals, by=cast.admin, kind=BatchKind.EDIT)
    page.goto(site)
    for width in (1600, 1440, 1366, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        box = page.locator("#grid .scroll")
        assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 0, width
        clipped = "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.value)"
        assert page.locator("#grid .cell-input").evaluate_all(clipped) == [], width


@pytest.mark.parametrize("columns", ["quarters", "months"])
def test_on_a_tablet_and_a_phone_nothing_scrolls_sideways_and_every_number_can_be_typed(site, page, cast, columns):
    whole = Period.objects.get(label="2027")
    goals = [(Quota, Goal(of_person(cast.teammate.pk), "bookings", whole, Decimal(48_000_000)))]
    batches.write_batch(plan(), goals, by=cast.admin, kind=BatchKind.EDIT)
    page.goto(f"{site}?columns={columns}")
    period = "Q1 2027" if columns == "quarters" else "Jan 2027"
    for width in (1024, 768, 600, 390):
        page.set_viewport_size({"width": width, "height": 900})
        box = page.locator("#grid .scroll")
        assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 0, width
        clipped = "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.value)"
        assert page.locator("#grid .cell-input").evaluate_all(clipped) == [], width
        own = cell(page, cast.teammate, period)
        at = own.bounding_box()
        assert 0 <= at["x"] <= at["x"] + at["width"] <= width
        # what the number is stands above it
        label = own.evaluate("one => getComputedStyle(one.closest('td'), '::before').content")
        assert label == f'"{period}"'
    own.fill("1.2M")
    page.locator("[data-save]").click()
    expect(page.get_by_text(re.compile("^[13] numbers? changed"))).to_be_visible()
    months = ["2027-01", "2027-02", "2027-03"] if columns == "quarters" else ["2027-01"]
    assert sum(stored()["Rep Two", month] for month in months) == 1_200_000
