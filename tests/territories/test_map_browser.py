"""Drawing the map of an account in a real browser: fields save themselves, the drawing follows, nothing is lost."""

from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from territories import account_plans
from territories.models import AccountPlan, Stakeholder
from tests.territories import map_help
from tests.territories.map_help import put, take

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (1440, 768, 390)


@pytest.fixture
def drawn(cast):
    """The map of Halvorsen with a wanted role, a line, steps, and a plan with an objective and a review."""
    mapped = map_help.settle(cast)
    put(mapped.account, "Head of energy", "influence", 4, wanted=True, reports_to=mapped.chief)
    steps = take(mapped.account, "Need confirmed", "Budget released", "Contract signed")
    steps[2].due_on = date(2026, 12, 15)
    steps[2].save()
    account_plans.add_objective(mapped.account, mapped.year, "Win the second plant", mapped.rep)
    account_plans.schedule_review(mapped.account, mapped.year, date(2026, 10, 1), mapped.north_manager)
    return mapped


@pytest.fixture
def visit(live_server, page, sign_in, drawn):
    """visit(person, below) opens a page of the account as that person."""

    def to(person, below=""):
        sign_in(person)
        page.goto(f"{live_server.url}/territories/accounts/{drawn.account.pk}/{below}")
        return page

    return to


def test_a_changed_row_saves_itself_and_moves_in_the_drawing(visit, drawn):
    page = visit(drawn.rep)
    expect(page.locator("#account-lead")).to_contain_text("2 of 3 decision roles never met.")
    expect(page.locator(".power g.power-against")).to_have_count(1)
    page.get_by_label("Support by Bo Buyer").select_option("2")
    expect(page.locator("[data-save-state]")).to_contain_text("Saved")
    expect(page.locator(".power g.power-against")).to_have_count(0)
    page.get_by_label("Last met Bo Buyer").fill("2026-09-10")
    expect(page.locator("#account-lead")).to_contain_text("1 of 3 decision roles never met.")
    drawn.buyer.refresh_from_db()
    assert (drawn.buyer.support, drawn.buyer.last_met_on) == (2, date(2026, 9, 10))


def test_what_the_field_cannot_take_is_told_beside_it_and_kept(visit, drawn):
    page = visit(drawn.rep)
    page.get_by_label("To whom Ada Chief reports").select_option(label="Bo Buyer")
    expect(page.locator("[data-save-state]")).to_contain_text("Saved")
    page.get_by_label("To whom Bo Buyer reports").select_option(label="Ada Chief")
    expect(page.locator(".field-note")).to_contain_text("circle")
    assert Stakeholder.objects.get(pk=drawn.buyer.pk).reports_to is None


def test_two_who_write_the_same_step_both_see_both_texts(visit, drawn):
    page = visit(drawn.rep)
    Stakeholder.objects.filter(pk=drawn.buyer.pk).update(next_step="Theirs", version=5)
    row = page.locator(f"#person-{drawn.buyer.pk}")
    row.get_by_label("Next step").fill("Mine")
    row.get_by_label("Next step").blur()
    expect(row.locator(".field-note")).to_contain_text("Theirs")
    row.get_by_role("button", name="Keep mine").click()
    expect(page.locator("[data-save-state]")).to_contain_text("Saved")
    assert Stakeholder.objects.get(pk=drawn.buyer.pk).next_step == "Mine"


def test_somebody_is_added_found_taken_off_and_brought_back_by_the_keyboard(visit, drawn):
    page = visit(drawn.rep)
    page.get_by_placeholder("Who it is").fill("Fay Found")
    page.get_by_role("button", name="Found").press("Enter")
    expect(page.get_by_label("Role of Fay Found")).to_be_visible()
    page.get_by_role("button", name="Take Fay Found off the map").press("Enter")
    expect(page.get_by_label("Role of Fay Found")).to_have_count(0)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_label("Role of Fay Found")).to_be_visible()


def test_a_name_and_a_step_are_still_there_after_another_button_was_pressed(visit, drawn):
    page = visit(drawn.rep)
    name, step = page.get_by_label("Name", exact=True).last, page.get_by_label("Next step of the decision")
    name.fill("Cleo Cash")
    step.fill("Test run passed")
    page.get_by_role("button", name="Move “Contract signed” up").click()
    expect(page.get_by_role("button", name="Move “Contract signed” down")).to_be_visible()
    expect(page.locator("#steps li .num").nth(1)).to_have_text("2")
    expect(name).to_have_value("Cleo Cash")
    expect(step).to_have_value("Test run passed")
    page.get_by_role("button", name="Add a step").click()
    expect(page.locator("#steps li")).to_have_count(4)
    expect(step).to_have_value("")  # taken
    expect(name).to_have_value("Cleo Cash")


def test_enter_adds_what_is_typed_and_takes_nobody_off(visit, drawn):
    page = visit(drawn.rep)
    people = page.locator("#people tbody tr")
    known = people.count()
    name = page.get_by_label("Name", exact=True).last
    name.fill("Cleo Cash")
    name.press("Enter")
    expect(people).to_have_count(known + 1)
    page.get_by_label("Next step").first.press("Enter")
    expect(people).to_have_count(known + 1)
    assert Stakeholder.objects.filter(account=drawn.account).count() == known + 1


def test_steps_change_places_by_buttons(visit, drawn):
    page = visit(drawn.rep)
    page.get_by_role("button", name="Move “Contract signed” up").click()
    names = page.locator(".map-steps textarea[aria-label='Step']")
    expect(names.nth(1)).to_have_value("Contract signed")


def test_the_manager_sets_holds_and_scores_a_review(visit, drawn):
    page = visit(drawn.north_manager, "plan/2026/")
    page.get_by_text("Hold", exact=True).click()
    page.get_by_label("Score").select_option("4")
    page.get_by_label("What is good, what is missing").fill("Meet the buyer")
    page.get_by_role("button", name="Note the review").click()
    expect(page.locator("#reviews")).to_contain_text("4 of 5")
    expect(page.locator("#reviews")).to_contain_text("Meet the buyer")


def test_the_plan_saves_itself_as_it_is_written(visit, drawn):
    page = visit(drawn.rep, "plan/2026/")
    page.get_by_role("textbox", name="Strategy").fill("Sell dryers\nto line 3")
    page.get_by_role("textbox", name="Strategy").blur()
    expect(page.locator("[data-save-state]")).to_contain_text("Saved")
    assert AccountPlan.objects.get().strategy == "Sell dryers\nto line 3"
    expect(page.locator("[data-left-of=plan-strategy]")).to_have_text("579")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_are_accessible_and_never_wider_than_the_screen(visit, drawn, live_server, theme):
    drawn.north_manager.theme = theme
    drawn.north_manager.save()
    for below in ("", "plan/2026/", "print/", "../"):
        page = visit(drawn.north_manager, below)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (below, width)
        found = Axe().run(page).response["violations"]
        heavy = [
            (row["id"], [node["target"] for node in row["nodes"]])
            for row in found
            if row["impact"] in ("serious", "critical")
        ]
        assert heavy == [], (below, theme)


def test_the_account_prints_black_on_white_with_its_drawing_and_without_navigation(visit, drawn):
    page = visit(drawn.rep, "print/")
    page.emulate_media(media="print")
    expect(page.locator("svg[role=img].power")).to_be_visible()
    expect(page.get_by_text("Back to the account")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("svg[role=img].power").bounding_box()["width"] <= page.viewport_size["width"]
    assert page.pdf(format="A4").startswith(b"%PDF")
