"""A whole planning cycle in a browser, as admin, manager and rep; the numbers of the reps trace back to the plan."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from playwright.sync_api import expect

from spm.org.verification import run_all
from targets import rollup
from targets.models import PlanLine, PlanningCycle, Quota, Target
from tests.builders import make_actual, make_year

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PLAN = {"bookings": Decimal("1000000.07"), "revenue": Decimal("900000.05"), "margin": Decimal("333333.31")}
SOLD = {"rep": "333333.33", "teammate": "111111.11", "outsider": "222222.22"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TITLES = [f"{month} 2027" for month in MONTHS]
EVEN = [1] * 12
MORE = Decimal(4000)
CENT = Decimal("0.01")


@pytest.fixture
def site(live_server, settings, year, cast):
    """The address of 2027, which nobody plans yet; each rep sold something odd last year."""
    settings.JOBS_IN_PROCESS = True
    make_year("2027", date(2027, 1, 1))
    for name, amount in SOLD.items():
        make_actual(getattr(cast, name), "2026-03-10", Decimal(amount), kind="booking")
        make_actual(getattr(cast, name), "2026-04-10", Decimal(amount), cost=Decimal(amount) / 2)
    rollup.roll_up_stale()
    return f"{live_server.url}/targets/2027/"


@pytest.fixture
def as_(context, sign_in, page, site):
    """as_(person, path) opens a page of the year as that person."""

    def open_page(person, path=""):
        page.goto("about:blank")  # an answer still on its way to the last person would bring its cookies back
        context.clear_cookies()
        sign_in(person)
        page.goto(site + path)

    return open_page


def go_on(page, button="Go on"):
    page.locator(".pagehead summary.btn-primary").click()
    page.get_by_role("button", name=button, exact=True).click()


def set_company_plan(page, site):
    """One number of each measure for the year, pasted; the season spreads it over the months."""
    page.goto(site + "../../setup/imports/new/company_plan/")
    rows = [f"2027\t{measure}\t2027\t{amount}" for measure, amount in PLAN.items()]
    page.get_by_label("Or paste from a spreadsheet").fill("\n".join(["fiscal_year\tmeasure\tperiod\tamount", *rows]))
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


def by_remainder(total, weights):
    """The cents of a total in proportion, the largest remainders first, ties to the earliest: as the domain says it."""
    cents, shares = int(total / CENT), [Fraction(weight) for weight in weights]
    exact = [cents * share / sum(shares) for share in shares]
    found = [int(part) for part in exact]
    for i in sorted(range(len(exact)), key=lambda i: (found[i] - exact[i], i))[: cents - sum(found)]:
        found[i] += 1
    return [part * CENT for part in found]


def months_of(model, **holder):
    """Measure → the twelve amounts of 2027 in force."""
    rows = model.objects.in_force().filter(plan__fiscal_year__label="2027", **holder).order_by("period__starts_on")
    return {measure: list(rows.filter(measure=measure).values_list("amount", flat=True)) for measure in PLAN}


def on_letter(page):
    """The same as the person reads it: every month of every measure, to the cent."""
    table = page.get_by_role("table", name="By quarter and month").inner_text()
    read = {line.split("\t")[0].strip(): line.replace(",", "").split("\t")[1:] for line in table.splitlines()}
    columns = zip(*([Decimal(cell) for cell in read[title]] for title in TITLES), strict=True)
    return dict(zip(PLAN, map(list, columns), strict=True))


def plus(months, percent):
    """What is given on of twelve amounts, with so many percent more over the year."""
    more = (sum(months) * percent / 100).quantize(CENT)
    return [amount + part for amount, part in zip(months, by_remainder(more, EVEN), strict=True)]


def added(*rows):
    return [sum(column) for column in zip(*rows, strict=True)]


def trace_back_to_the_plan(cast):
    """Person by person, month by month, measure by measure: plan + 2 % → teams, North + 5 % → its reps."""
    plan, north, south = months_of(PlanLine), months_of(Target, team=cast.north), months_of(Target, team=cast.south)
    rep, mate = months_of(Quota, person=cast.rep), months_of(Quota, person=cast.teammate)
    for measure, total in PLAN.items():
        assert plan[measure] == by_remainder(total, EVEN)
        assert months_of(Target, team=cast.sales)[measure] == plus(plan[measure], 2)
        assert added(north[measure], south[measure]) == plus(plan[measure], 2)
        assert months_of(Quota, person=cast.outsider)[measure] == south[measure]
        given = plus(north[measure], 5)
        assert added(rep[measure], mate[measure]) == given
        sold = [Decimal(SOLD[name]) for name in ("rep", "teammate")]
        for month, own in zip(given, rep[measure], strict=True):  # within the cent that rounding may move
            assert abs(own - month * sold[0] / sum(sold)) < CENT


def plan_and_allocate(as_, page, site, cast):
    """The admin sets the plan and hands it down with 2 %; the manager gives the own team 5 % more."""
    as_(cast.admin)
    page.locator("summary", has_text="Create 2027 cycle").click()
    page.get_by_role("button", name="Begin planning 2027").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Plan")
    set_company_plan(page, site)
    assert sum(PlanLine.objects.values_list("amount", flat=True)) == sum(PLAN.values())
    page.goto(site)
    page.get_by_role("link", name="Have the company plan approved").click()
    page.get_by_role("button", name="Submit for approval").click()
    page.get_by_role("button", name="Approve", exact=True).click()
    page.goto(site)
    go_on(page)
    expect(page.locator("[aria-current=step]")).to_contain_text("Allocate")
    for measure in PLAN:
        page.goto(site + f"allocate/?measure={measure}")
        spread(page, "The company", "2")
    as_(cast.north_manager)
    for measure in PLAN:
        page.goto(site + f"allocate/?team={cast.north.pk}&measure={measure}")
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
        assert on_letter(page) == months_of(Quota, person=person)
        page.get_by_role("button", name="Agree", exact=True).click()
        as_(manager, "review/")
        page.get_by_role("button", name=f"Approve the quota of {person.name}").click()


def test_the_numbers_of_a_planned_year_trace_back_to_the_plan(as_, page, site, cast):
    plan_and_allocate(as_, page, site, cast)
    trace_back_to_the_plan(cast)
    review(as_, page, site, cast)
    as_(cast.admin)
    go_on(page)
    go_on(page, "Lock")
    expect(page.locator("[aria-current=step]")).to_contain_text("Lock")
    trace_back_to_the_plan(cast)
    reps = (cast.rep, cast.teammate, cast.outsider)
    before = {person.pk: months_of(Quota, person=person) for person in reps}
    as_(cast.rep, f"quotas/{cast.rep.pk}/")
    page.get_by_role("button", name="Acknowledge").click()
    revise(as_, page, cast)
    before[cast.rep.pk]["bookings"][11] += MORE
    for person in reps:
        as_(person, f"quotas/{person.pk}/")
        assert on_letter(page) == months_of(Quota, person=person) == before[person.pk]
    assert PlanningCycle.objects.get().stage == "lock"
    assert [finding for finding in run_all() if finding.breaches] == []
