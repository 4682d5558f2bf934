"""A plan's whole year in a real browser, as the rep who writes it and the manager who decides it."""

import re
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from spm.market.models import Assignment
from territories import plan_flow, plans
from territories.choices import PlanState, Section
from territories.models import PlanVersion, TerritoryPlan, TerritoryPlanLine
from tests.builders import make_account, make_company, make_territory
from tests.territories.test_plan_print import pages_of
from tests.territories.test_plan_writing import add, complete

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (1440, 768, 390)
WRITTEN = {
    Section.GOALS: {"text": "Win two ferry yards by order", "due_on": "2027-06-30"},
    Section.ACCOUNTS: {
        "account": "halvorsen",
        "amount": "2.4k",
        "due_on": "2027-03-31",
        "entry": "Energy audit of line 3, the plant manager pays",
        "next_step": "Walk the line with the plant manager",
    },
    Section.BUSINESS: {"text": "Six breweries with their own malting", "amount": "200", "due_on": "2027-09-30"},
    Section.RETENTION: {"risk": "High", "text": "Ostsee: service within a day", "account": "Ostsee"},
    Section.CHANNEL: {"partner": "Küstenluft", "text": "Train two fitters", "amount": "500"},
    Section.SUPPORT: {"text": "A technician for three weeks in March"},
}


@pytest.fixture
def open_plan(live_server, context, page, sign_in, planned):
    """open_plan(person, below) opens the page of Rep One's plan as that person."""

    def to(person, below=""):
        context.clear_cookies()
        sign_in(person)
        page.goto(f"{live_server.url}/territories/plans/2027/{planned.rep.pk}/{below}")
        return page

    return to


def saved(page):
    expect(page.locator("[data-save-state]")).to_contain_text("Saved")


def write(page, key, text):
    """Type into a field, or choose in it, and leave it."""
    field = page.locator(f'[data-field="{key}"]')
    if field.evaluate("field => field.tagName") == "SELECT":
        field.select_option(label=text)
    else:
        field.fill(text)
        field.blur()
    return field


def add_line(page, section, values):
    """Press "Add a line" of a section and write the line; its key."""
    part = page.locator(f"#section-{section}")
    known = part.locator("li[id^=line-]").count()
    part.get_by_role("button", name="Add a line").click()
    expect(part.locator("li[id^=line-]")).to_have_count(known + 1)
    key = part.locator("li[id^=line-]").last.get_attribute("id").removeprefix("line-")
    for name, text in values.items():
        write(page, f"{key}-{name}", text)
        expect(page.locator(f'[data-field="{key}-{name}"]')).not_to_have_attribute("aria-invalid", "")
    return key


def submit(page):
    page.get_by_role("button", name=re.compile("^Submit v")).click()
    expect(page.get_by_text("Plan submitted to your manager.")).to_be_visible()


def decide(page, button, note=""):
    page.get_by_label("What is to be changed").fill(note)
    page.locator("#decide").get_by_role("button", name=button, exact=True).click()


def test_the_whole_loop_from_a_blank_page_to_an_approved_change(open_plan, planned):
    page = open_plan(planned.rep)
    page.get_by_role("button", name="Blank").click()
    for section, values in WRITTEN.items():
        add_line(page, section, values)
    write(page, "base-base", "700")
    saved(page)
    expect(page.locator("#plan-rail")).to_contain_text("6 of 6")
    expect(page.locator("#plan-lead")).to_contain_text("€1 k of the €5 k quota is not yet named.")
    submit(page)
    assert page.locator("[data-field]").count() == 0

    page = open_plan(planned.north_manager, "?talk=accounts")
    page.locator(".talk-panel textarea").fill("Who pays for the audit?")
    page.locator(".talk-panel").get_by_role("button", name="Comment").click()
    expect(page.locator(".talk-panel")).to_contain_text("Who pays for the audit?")
    page.reload()
    expect(page.locator("#section-accounts .plan-meta")).to_contain_text("Commented")
    page.locator("#section-goals").get_by_role("button", name="Approve this section").click()
    expect(page.locator("#section-goals .plan-meta")).to_contain_text("Approved")
    decide(page, "Return", "Say who pays for the audit")
    expect(page.get_by_text("is returned.")).to_be_visible()

    page = open_plan(planned.rep)
    expect(page.locator("#talk")).to_contain_text("Who pays for the audit?")
    expect(page.locator("body")).to_contain_text("Say who pays for the audit")
    line = TerritoryPlanLine.objects.get(plan=planned.plan, section=Section.ACCOUNTS)
    write(page, f"{line.pk}-entry", "Energy audit of line 3, the works council pays")
    saved(page)
    submit(page)

    page = open_plan(planned.north_manager, "history/")
    expect(page.locator("ins")).to_contain_text("works council")
    expect(page.locator("del")).to_contain_text("plant manager")
    page = open_plan(planned.north_manager)
    decide(page, "Approve")
    expect(page.get_by_text("is approved.")).to_be_visible()
    signed = list(PlanVersion.objects.order_by("pk").values_list("number", "state", "by__name"))
    assert signed == [
        (1, "submitted", "Rep One"),
        (1, "returned", "North Manager"),
        (2, "submitted", "Rep One"),
        (2, "approved", "North Manager"),
    ]


@pytest.fixture
def approved(planned):
    """The plan is in force, and its year has begun."""
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    plan_flow.approve(planned.plan, planned.north_manager)
    make_company(fixed_today=date(2027, 4, 20))
    return planned


def test_a_proposed_change_shows_its_words_beside_the_version_in_force(open_plan, approved):
    page = open_plan(approved.rep)
    page.get_by_role("button", name="Propose change").click()
    goal = TerritoryPlanLine.objects.get(section=Section.GOALS)
    write(page, f"{goal.pk}-text", "Win three")
    saved(page)
    page.get_by_role("link", name="Show the baseline").click()
    expect(page.locator("#section-goals ins")).to_contain_text("three")
    expect(page.locator("#section-goals del")).to_contain_text("two")
    page.goto(page.url.split("?")[0] + "history/")
    expect(page.locator("ins")).to_contain_text("three")
    expect(page.locator("del")).to_contain_text("two")


def test_a_line_is_lived_up_to_and_the_quarter_is_talked_about(open_plan, approved, live_server):
    page = open_plan(approved.rep)
    line = page.locator("#section-support li[id^=line-]")
    line.get_by_text("How far?").click()
    line.get_by_label("Status").select_option(label="Done")
    line.get_by_label("Evidence").fill("Anna started on 1 March")
    line.get_by_role("button", name="Save").click()
    expect(line).to_contain_text("Anna started on 1 March")
    expect(line.locator(".badge")).to_have_text("Done")

    page = open_plan(approved.north_manager)
    page.get_by_label("Quarter").select_option(label="Q1 2027")
    page.get_by_label("What was said").fill("The audit waits for the works council")
    page.get_by_role("button", name="Note the review").click()
    expect(page.locator("body")).to_contain_text("The audit waits for the works council")
    page.goto(f"{live_server.url}/territories/plans/?year=2027")
    card = page.locator(".board-cards li").filter(has_text="Rep One")
    expect(card).to_contain_text("6 of 6")
    expect(card).to_contain_text("17\u202f% done")
    expect(card).to_contain_text("5 untouched lines")


def test_what_is_typed_right_before_a_button_goes_along(open_plan, planned):
    page = open_plan(planned.rep)
    page.get_by_role("button", name="Blank").click()
    key = add_line(page, Section.GOALS, {})
    page.locator(f'[data-field="{key}-text"]').fill("Win two ferry yards")
    page.locator("#section-goals").get_by_role("button", name="Add a line").click()
    expect(page.locator("#section-goals li[id^=line-]")).to_have_count(2)
    assert TerritoryPlanLine.objects.get(pk=key).text == "Win two ferry yards"
    complete(planned)
    TerritoryPlanLine.objects.filter(section=Section.GOALS, text="").delete()
    TerritoryPlanLine.objects.filter(section=Section.GOALS).update(due_on="2027-03-31")
    page.reload()
    page.locator(f'[data-field="{key}-text"]').fill("Win three ferry yards")
    submit(page)
    assert TerritoryPlanLine.objects.get(pk=key).text == "Win three ferry yards"


def test_an_account_beyond_those_offered_is_offered_and_taken_as_its_name_is_typed(open_plan, planned):
    for number in range(101):
        make_account(f"Plant {number}", external_id=f"P{number:03}", owner=planned.rep)
    line = add(planned, Section.ACCOUNTS)
    page = open_plan(planned.rep)
    field, offered = page.locator(f'[data-field="{line.pk}-account"]'), page.locator("#plan-accounts option")
    assert "Plant 99" not in offered.evaluate_all("all => all.map((one) => one.value)")
    field.press_sequentially("plant 99")
    expect(offered).to_have_count(1)
    expect(offered).to_have_attribute("value", "Plant 99")
    expect(page.locator("[data-save-state]")).not_to_contain_text("Not saved")  # half a name is not sent
    field.blur()
    saved(page)
    expect(field).to_have_value("Plant 99")
    field.fill("plant 9")
    field.blur()
    expect(page.locator(f"#line-{line.pk} .field-note")).to_have_count(0)  # the one of just this name
    expect(field).to_have_value("Plant 9")
    field.fill("lant 9")
    field.press("Enter")
    expect(page.locator(f"#line-{line.pk} .field-note")).to_contain_text("Which one: Plant 19 (P019), Plant 29 (P029)")


def test_what_is_typed_into_one_form_is_still_there_after_another_was_pressed(open_plan, planned):
    complete(planned)
    page = open_plan(planned.rep)
    page.locator(".talk-panel textarea").fill("Who pays for the audit?")
    part = page.locator("#section-goals")
    part.get_by_role("button", name="Add a line").click()
    expect(part.locator("li[id^=line-]")).to_have_count(2)
    expect(page.locator(".talk-panel textarea")).to_have_value("Who pays for the audit?")
    part.get_by_role("button", name="Take out").last.click()
    expect(part.locator("li[id^=line-]")).to_have_count(1)
    page.locator(".talk-panel").get_by_role("button", name="Comment").click()
    expect(page.locator(".talk-panel .thread")).to_contain_text("Who pays for the audit?")
    page.reload()
    expect(page.locator(".talk-panel textarea").last).to_have_value("")


def test_the_note_of_a_decision_outlives_the_approval_of_a_section_and_its_own_refusal(open_plan, planned):
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    page = open_plan(planned.north_manager)
    note = page.get_by_label("What is to be changed")
    note.fill("Say who pays")
    page.locator("#section-goals").get_by_role("button", name="Approve this section").click()
    expect(page.locator("#section-goals .plan-meta")).to_contain_text("Approved")
    expect(note).to_have_value("Say who pays")
    TerritoryPlan.objects.update(state=PlanState.RETURNED)  # decided in another window
    page.locator("#decide").get_by_role("button", name="Return", exact=True).click()
    expect(page.locator(".toast-note.is-bad")).to_be_visible()
    TerritoryPlan.objects.update(state=PlanState.SUBMITTED)
    page.reload()
    expect(note).to_have_value("Say who pays")
    page.locator("#decide").get_by_role("button", name="Return", exact=True).click()
    expect(page.get_by_text("is returned.")).to_be_visible()
    assert PlanVersion.objects.latest("pk").note == "Say who pays"


def test_what_is_typed_is_not_shown_to_who_signs_in_next(open_plan, planned):
    complete(planned)
    page = open_plan(planned.rep)
    page.locator(".talk-panel textarea").fill("For nobody else")
    page = open_plan(planned.north_manager)
    expect(page.locator(".talk-panel textarea")).to_have_value("")
    page = open_plan(planned.rep)
    expect(page.locator(".talk-panel textarea")).to_have_value("For nobody else")


def test_a_lost_network_keeps_the_text_and_saves_it_on_retry(open_plan, planned):
    page = open_plan(planned.rep)
    page.get_by_role("button", name="Blank").click()
    key = add_line(page, Section.GOALS, {})
    page.route("**/save/", lambda route: route.abort())
    write(page, f"{key}-text", "Win two ferry yards")
    expect(page.locator("[data-save-state]")).to_contain_text("Not saved, retry")
    expect(page.locator(f'[data-field="{key}-text"]')).to_have_value("Win two ferry yards")
    page.unroute("**/save/")
    page.get_by_role("button", name="Not saved, retry").click()
    saved(page)
    assert TerritoryPlanLine.objects.get(pk=key).text == "Win two ferry yards"


def test_two_windows_on_one_field_both_see_both_texts(open_plan, planned):
    page = open_plan(planned.rep)
    page.get_by_role("button", name="Blank").click()
    key = add_line(page, Section.GOALS, {})
    other = page.context.new_page()
    other.goto(page.url)
    write(page, f"{key}-text", "Mine")
    saved(page)
    write(other, f"{key}-text", "Theirs by now")
    note = other.locator(f"#line-{key} .field-note")
    expect(note).to_contain_text("“Mine”")
    note.get_by_role("button", name="Take theirs").click()
    expect(other.locator(f'[data-field="{key}-text"]')).to_have_value("Mine")
    write(other, f"{key}-text", "Both agree")
    saved(other)
    assert TerritoryPlanLine.objects.get(pk=key).text == "Both agree"


def test_last_years_lines_come_along_without_their_days(open_plan, planned):
    last = plans.open_plan(plans.FiscalYear.objects.get(label="2026"), planned.rep)
    planned.plan, this = last, planned.plan
    complete(planned)
    planned.plan = this
    page = open_plan(planned.rep)
    page.get_by_role("button", name="From last year's plan").click()
    expect(page.locator("#section-accounts textarea").first).to_have_value("By the dock")
    assert set(TerritoryPlanLine.objects.filter(plan=this).values_list("due_on", flat=True)) == {None}


def test_the_manager_finds_the_plan_on_the_board_reminds_and_gets_all_on_paper(
    open_plan, planned, live_server, settings
):
    settings.JOBS_IN_PROCESS = True
    page = open_plan(planned.north_manager)
    page.goto(f"{live_server.url}/territories/plans/?year=2027")
    card = page.locator(".board-cards li").filter(has_text="Rep One")
    card.get_by_role("button", name="Remind").click()
    expect(page.get_by_text("Rep One is reminded.")).to_be_visible()
    complete(planned)
    page.reload()
    expect(page.locator(".board-column", has_text="Draft").first).to_contain_text("Rep One")
    page.get_by_role("button", name="Print all").click()
    page.get_by_role("link", name="Open and print").click()
    expect(page.locator("body")).to_contain_text("By the dock")


def test_a_plan_for_a_territory_no_longer_held_says_so_and_is_put_right_on_its_page(open_plan, planned):
    complete(planned)
    make_territory("Fjord", owner=planned.rep)
    Assignment.objects.create(territory=planned.territory, person=planned.teammate, starts_on="2026-12-01")
    page = open_plan(planned.rep)
    page.get_by_role("button", name=re.compile("^Submit v")).click()
    expect(page.get_by_text("“Baltic Coast” is no longer held by Rep One.")).to_be_visible()
    page.get_by_label("The plan is for").select_option(label="Fjord")
    page.get_by_role("button", name="Change the territory").click()
    expect(page.locator(".pagehead .sub")).to_contain_text("Fjord")
    submit(page)
    assert TerritoryPlan.objects.get(pk=planned.plan.pk).state == PlanState.SUBMITTED


def test_the_print_is_one_page_black_on_white_without_navigation(open_plan, approved):
    page = open_plan(approved.rep, "print/")
    page.emulate_media(media="print")
    expect(page.locator("body")).to_contain_text("North Manager")
    assert page.locator("nav").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") in (
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    )
    assert pages_of(page.pdf(format="A4")) == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("who", ["rep", "north_manager"])
def test_the_pages_are_accessible_and_never_wider_than_the_screen(open_plan, planned, live_server, who, theme):
    complete(planned)
    person = getattr(planned, who)
    if who == "north_manager":
        plan_flow.submit(planned.plan, planned.rep)
    person.theme = theme
    person.save()
    for below in ("", "history/", "?talk=accounts", "../../?year=2027"):
        page = open_plan(person, below)
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
