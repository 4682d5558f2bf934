"""A whole planning cycle in a browser, as admin, manager and rep; the numbers of the reps trace back to the plan."""

from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from spm.org.verification import run_all
from targets import rollup
from targets.models import PlanLine, PlanningCycle, Quota, Target
from tests.builders import make_actual, make_year

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PLAN = Decimal("1000000.07")
SOLD = {"rep": "333333.33", "teammate": "111111.11", "outsider": "222222.22"}
MORE = Decimal(4000)
CENT = Decimal("0.01")


@pytest.fixture
def site(live_server, settings, year, cast):
    """The address of 2027, which nobody plans yet; each rep sold something odd last year."""
    settings.JOBS_IN_PROCESS = True
    make_year("2027", date(2027, 1, 1))
    for name, amount in SOLD.items():
        make_actual(getattr(cast, name), "2026-03-10", Decimal(amount), kind="booking")
    rollup.roll_up_stale()
    return f"{live_server.url}/targets/2027/"


@pytest.fixture
def as_(context, sign_in, page, site):
    """as_(person, path) opens a page of the year as that person."""

    def open_page(person, path=""):
        context.clear_cookies()
        sign_in(person)
        page.goto(site + path)

    return open_page


def go_on(page, button="Go on"):
    page.locator(".pagehead summary.btn-primary").click()
    page.get_by_role("button", name=button, exact=True).click()


def set_company_plan(page, site):
    """One number for the year, pasted; the season spreads it over the months."""
    page.goto(site + "../../setup/imports/new/company_plan/")
    page.get_by_label("Or paste from a spreadsheet").fill(
        f"fiscal_year\tmeasure\tperiod\tamount\n2027\tbookings\t2027\t{PLAN}"
    )
    page.get_by_role("button", name="Upload and preview").click()
    page.get_by_role("button", name="Load").click()
    expect(page.get_by_text("Committed").first).to_be_visible()


def spread(page, node, cushion):
    """Hand a number down by last year with a cushion in percent, after the preview."""
    page.locator("summary", has_text="Spread a number").click()
    page.locator("select[name=node]").select_option(label=node)
    page.locator("select[name=method]").select_option(label="Last year, adjusted")
    page.get_by_label("Over-assignment, %").fill(cushion)
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_role("heading", name="Preview:")).to_be_visible()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_text("changed.")).to_be_visible()


def quota_of(*people):
    amounts = (
        Quota.objects.in_force()
        .filter(person__in=people, plan__fiscal_year__label="2027")
        .values_list("amount", flat=True)
    )
    return sum(amounts, Decimal(0))


def target_of(team):
    return sum(Target.objects.in_force().filter(team=team).values_list("amount", flat=True), Decimal(0))


def on_letter(page):
    """The bookings of the whole year as the person reads them."""
    row = page.get_by_role("table", name="By quarter and month").get_by_role("row").filter(has_text="2027").first
    return Decimal(row.get_by_role("cell").first.inner_text().replace(",", ""))


def plan_and_allocate(as_, page, site, cast):
    """The admin sets the plan and hands it down with 2 %; the manager gives the own team 5 % more."""
    as_(cast.admin)
    page.locator("summary", has_text="Create 2027 cycle").click()
    page.get_by_role("button", name="Begin planning 2027").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Plan")
    set_company_plan(page, site)
    assert sum(PlanLine.objects.values_list("amount", flat=True)) == PLAN
    page.goto(site)
    page.get_by_role("link", name="Have the company plan approved").click()
    page.get_by_role("button", name="Submit for approval").click()
    page.get_by_role("button", name="Approve", exact=True).click()
    page.goto(site)
    go_on(page)
    expect(page.locator("[aria-current=step]")).to_contain_text("Allocate")
    page.goto(site + "allocate/")
    spread(page, "The company", "2")
    as_(cast.north_manager, f"allocate/?team={cast.north.pk}")
    spread(page, "North", "5")


def revise(as_, page, cast):
    """The manager asks for more in December, the admin approves, the rep reads it."""
    as_(cast.north_manager, "revisions/new/")
    page.locator("select[name=holder]").select_option(label=cast.rep.name)
    page.locator("select[name=measure]").select_option("bookings")
    page.locator("select[name=effective]").select_option(label="Dec 2027")
    page.get_by_role("button", name="Show the months").click()
    month = page.get_by_label(f"{cast.rep.name}, Bookings, Dec 2027", exact=True)
    amount = Decimal(month.input_value().replace(",", "")) + MORE
    month.fill(str(amount))
    page.get_by_label("Reason").fill("A territory moved")
    page.get_by_role("button", name="Request the revision").click()
    expect(page.get_by_role("heading", name="Revision 1 of 2027")).to_be_visible()
    as_(cast.admin, page.url.rsplit("/2027/", 1)[1])
    page.get_by_role("button", name="Approve").click()
    as_(cast.rep, f"quotas/{cast.rep.pk}/")


def review(as_, page, site, cast):
    """Letters go out, a question is asked and answered, everybody agrees, each manager approves."""
    as_(cast.admin)
    go_on(page)
    page.goto(site + "review/")
    page.get_by_role("button", name="Send the letters ticked").click()
    expect(page.get_by_text("3 letters sent.")).to_be_visible()
    for person, words in (
        (cast.rep, "Does this count the customer that left?"),
        (cast.north_manager, "It is taken out."),
    ):
        as_(person, f"quotas/{cast.rep.pk}/")
        page.get_by_label("Your comment").last.fill(words)
        page.get_by_role("button", name="Comment", exact=True).click()
        expect(page.get_by_role("paragraph").filter(has_text=words)).to_be_visible()
    north, south = cast.north_manager, cast.south_manager
    for person, manager in ((cast.rep, north), (cast.teammate, north), (cast.outsider, south)):
        as_(person, f"quotas/{person.pk}/")
        assert on_letter(page) == quota_of(person)
        page.get_by_role("button", name="Agree", exact=True).click()
        as_(manager, "review/")
        page.get_by_role("button", name=f"Approve the quota of {person.name}").click()


def test_the_numbers_of_a_planned_year_trace_back_to_the_plan(as_, page, site, cast):
    plan_and_allocate(as_, page, site, cast)
    assert target_of(cast.sales) == (PLAN * Decimal("1.02")).quantize(CENT)
    assert target_of(cast.north) + target_of(cast.south) == target_of(cast.sales)
    assert quota_of(cast.rep, cast.teammate) == (target_of(cast.north) * Decimal("1.05")).quantize(CENT)
    assert quota_of(cast.outsider) == target_of(cast.south)
    review(as_, page, site, cast)
    as_(cast.admin)
    go_on(page)
    go_on(page, "Lock")
    expect(page.locator("[aria-current=step]")).to_contain_text("Lock")
    before = {person.pk: quota_of(person) for person in (cast.rep, cast.teammate, cast.outsider)}
    as_(cast.rep, f"quotas/{cast.rep.pk}/")
    page.get_by_role("button", name="Acknowledge").click()
    revise(as_, page, cast)
    after = {person.pk: quota_of(person) for person in (cast.rep, cast.teammate, cast.outsider)}
    assert after == before | {cast.rep.pk: before[cast.rep.pk] + MORE}
    assert on_letter(page) == after[cast.rep.pk]
    assert PlanningCycle.objects.get().stage == "lock"
    assert [finding for finding in run_all() if finding.breaches] == []
