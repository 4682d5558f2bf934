"""What a page compares with: last year, the period before, the plan, or nothing; tiles, chart and table follow."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import FiscalYear, Period
from targets import rollup
from targets.models import PlanLine, Target
from targets.plans import set_target, working_plan
from tests.builders import make_actual, make_line_of_plan, make_year
from tests.spm.dashboards.conftest import book
from tests.spm.imports_help import load

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(story):
    """The story beside a plan of 240 a month (2,064 to date); North has a target of 150 a month (1,290)."""
    plan = working_plan(FiscalYear.objects.get(label="2026"))
    for leaf in Period.objects.leaves().filter(fiscal_year__label="2026"):
        make_line_of_plan(leaf.label, 240)
        set_target(plan, holder=story.north, measure="bookings", period=leaf, amount=Decimal(150))
    rollup.rebuild()
    return story


@pytest.fixture
def get(client, planned):
    addresses = {
        "company": ("director", reverse("dashboards:performance")),
        "Home": ("director", reverse("dashboards:home")),
        "paper": ("director", reverse("dashboards:performance-print")),
        "team": ("director", reverse("dashboards:team", args=[planned.north.pk])),
        "rep": ("director", reverse("dashboards:rep", args=[planned.rep.pk])),
        "Home of a rep": ("rep", reverse("dashboards:home")),
    }

    def ask(name, compare, period="2026"):
        who, address = addresses[name]
        client.force_login(getattr(planned, who), backend="allauth.account.auth_backends.AuthenticationBackend")
        return client.get(address, {"compare": compare, "period": period, "measure": "bookings"})

    return ask


def deltas(answer):
    """What stands under the number of each tile, of a manager's page under the pace."""
    tiles = re.findall(r'<article class="card tile.*?</article>', answer.content.decode(), re.DOTALL)
    said = [re.search(r'<p class="delta">(.*?)</p>', tile) for tile in tiles]
    texts = [found.group(1).replace("\u2060", "").replace("\xa0", "") if found else "" for found in said]
    return texts[1] if len(tiles) == 4 else texts[0]


def lines(answer):
    """The lines of the chart by name, each with the amount at its end."""
    data = answer.context["page"].chart.figure["data"]
    ends = {trace["name"]: trace["y"][-1] for trace in data if trace["mode"] == "lines"}
    unit = 1000 if max(ends.values()) < 100 else 1  # what the axis counts in
    return {name: amount * unit for name, amount in ends.items()}


COMPANY = {
    "ly": ("+257% on last year, same date", {"Plan": 2880, "Last year": 1599, "Actual": 2140}),
    "plan": ("+4% on plan to date", {"Quota": 3600, "Plan": 2880, "Actual": 2140}),
    "none": ("", {"Plan": 2880, "Actual": 2140}),
}
TEAM = {
    "ly": ("+133% on last year, same date", {"Quota": 2400, "Last year": 1599, "Actual": 1400}),
    "plan": ("+9% on plan to date", {"Quota": 2400, "Plan": 1800, "Actual": 1400}),
    "none": ("", {"Quota": 2400, "Actual": 1400}),
}
REP = {
    "ly": ("+58% on last year, same date", {"Quota": 1200, "Last year": 1599, "Actual": 950}),
    "plan": ("+10% on quota to date", {"Quota": 1200, "Actual": 950}),
    "none": ("", {"Quota": 1200, "Actual": 950}),
}
EXPECTED = {"company": COMPANY, "Home": COMPANY, "team": TEAM, "rep": REP, "Home of a rep": REP}
CASES = [(name, compare) for name, of_page in EXPECTED.items() for compare in of_page]


@pytest.mark.parametrize(("name", "compare"), CASES)
def test_tiles_and_chart_say_what_the_numbers_are_compared_with(get, name, compare):
    delta, drawn = EXPECTED[name][compare]
    answer = get(name, compare)
    assert deltas(answer) == delta
    assert lines(answer) == drawn
    takeaway = answer.context["page"].chart.takeaway
    told = [words for words in ("on last year", "on plan to date", "on quota to date") if words in takeaway]
    assert told == [words for words in ("on last year", "on plan to date", "on quota to date") if words in delta]


@pytest.mark.parametrize(
    ("name", "delta"),
    [
        ("company", "−51% on the period before, same date"),
        ("Home", "−51% on the period before, same date"),
        ("rep", "nothing to compare with"),
    ],
)
def test_a_quarter_is_compared_with_the_one_before_to_the_same_day(get, name, delta):
    answer = get(name, "prev", "2026-Q3")
    assert deltas(answer) == delta
    assert ("Period before" in lines(answer)) == (name != "rep")
    assert ("on the period before, same date" in answer.context["page"].chart.takeaway) == (name != "rep")


def test_a_quarter_that_is_over_is_compared_whole_with_the_one_before(get):
    """North sold 1,100 in the first quarter and nothing in the second; South 700 in the second."""
    assert deltas(get("company", "prev", "2026-Q2")) == "−36% on the period before"


def test_a_year_compared_with_the_period_before_says_that_this_is_last_year(get):
    assert deltas(get("company", "prev")) == "+257% on last year, same date"


@pytest.mark.parametrize(
    ("compare", "heads", "changes"),
    [
        ("ly", ["% vs last year"], {"North": "133", "Rep One": "58"}),
        ("plan", ["% vs plan"], {"North": "9", "Rep One": "10"}),
        ("none", [], {}),
    ],
)
def test_the_team_table_compares_too(get, compare, heads, changes):
    answer = get("company", compare)
    text = answer.content.decode()
    assert re.findall(r"% vs (?:last year|plan|period before)", text) == heads
    assert ("growth" in answer.context["page"].columns.keys) == bool(heads)
    assert ("bullet-last-year" in text) == bool(heads)
    rows = {row.name: row.figures.growth for row in answer.context["page"].rows}
    for name, percent in changes.items():
        assert f"{rows[name] * 100:.0f}" == percent
    if not heads:
        assert set(rows.values()) == {None}


def test_a_team_with_a_target_for_half_the_year_is_compared_with_its_people_in_the_other(get, planned):
    Target.objects.filter(team=planned.north, period__starts_on__gte="2026-07-01").delete()
    rollup.rebuild()
    # 6 x 150 given; July, August and 18 of 30 days of September 200 a month carried: 1,420 to date, 1,400 booked
    answer = get("team", "plan")
    assert round(answer.context["page"].total.figures.growth, 4) == Decimal("-0.0141")
    assert lines(answer)["Plan"] == 6 * 150 + 6 * 200


def test_a_plan_of_some_months_is_compared_with_what_those_months_brought(get):
    """Planned are January to June and August: 7 x 240 = 1,680; booked in them 500 + 600 + 700 + 300 = 2,100 of 2,140,
    and quotas of 7 x 300 = 2,100 of 2,580 to date: July 300, 18 of 30 days of September 180.
    """
    PlanLine.objects.exclude(period__label__in=[f"2026-{month:02}" for month in (1, 2, 3, 4, 5, 6, 8)]).delete()
    rollup.rebuild()
    answer = get("company", "plan")
    page, text = answer.context["page"], answer.content.decode()
    at = page.total.figures
    assert (at.actual, at.plan_expected, at.plan_gap, at.growth) == (2140, 1680, 420, Decimal("0.25"))
    assert deltas(answer) == "+25% on plan to date"
    assert ("credited in periods with a plan", "€2,100.00") in page.tiles[1].math.rows
    assert [(step.label, step.ends - step.starts) for step in page.bridge.steps[:4]] == [
        ("Plan to date", 1680),
        ("Over-assignment, 25.0\xa0%", 420),
        ("Quota of periods without a plan", 480),
        ("Quota to date", 2580),
    ]
    assert lines(answer) == {"Quota": 3600, "Plan": 6 * 240, "Actual": 2140}  # the line ends in June, as the plan does
    words = "The plan has numbers for Jan 2026 to Jun 2026, Aug 2026 only"
    assert words in text
    assert words in get("paper", "plan").content.decode()
    assert words not in get("company", "plan", "2026-Q2").content.decode()


def test_no_line_or_sentence_of_a_whole_window_is_drawn_from_a_plan_of_some_months(get):
    """Planned is March alone, 240, and 600 are booked in it, 250 % of that plan: no sign of a cushion in the year."""
    PlanLine.objects.exclude(period__label="2026-03").delete()
    rollup.rebuild()
    answer = get("company", "ly")
    page = answer.context["page"]
    assert (page.total.figures.plan_gap, page.lines.goal_is_plan) == (360, False)
    assert lines(answer) == {"Quota": 3600, "Last year": 1599, "Actual": 2140}
    assert "€440 behind quota to date" in page.chart.takeaway.replace("\u2060", "").replace("\xa0", " ")
    assert "plan pace" not in page.sentence


def test_without_a_plan_there_is_nothing_to_compare_with_and_the_page_says_so(client, story):
    client.force_login(story.director, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(reverse("dashboards:performance"), {"compare": "plan", "measure": "bookings"})
    assert deltas(answer) == "no plan to compare with"
    assert lines(answer) == {"Quota": 3600, "Actual": 2140}


def test_pages_that_compare_nothing_offer_no_comparison(client, planned):
    client.force_login(planned.director, backend="allauth.account.auth_backends.AuthenticationBackend")
    for name, offered in (("performance", True), ("actuals", False), ("territories", False)):
        shown = client.get(reverse(f"dashboards:{name}")).content.decode()
        assert ('<span class="muted">Compare</span>' in shown) == offered, name


def test_what_is_dated_after_today_counts_in_tile_and_chart_alike_and_is_told(get, planned):
    book(planned.rep, "2026-09-28", 90, "late")
    rollup.rebuild()
    for name in ("company", "team", "rep"):
        page = get(name, "none").context["page"]
        at = (page.bars[0] if name == "rep" else page.total).figures
        assert page.lines.actual[-1] == (page.view.today, at.actual)
        assert "€90 of it is dated after today, 18 Sep 2026." in page.chart.takeaway
        assert "dated after" not in get(name, "none", "2026-Q2").context["page"].chart.takeaway


def test_beside_half_a_year_that_was_loaded_a_year_has_nothing_to_compare_with(client, cast):
    rows = "fiscal_year,quarter,period,starts_on,ends_on\n2025,2025-Q4,2025-07,2025-07-01,2025-09-30\n"
    load("periods", rows + "2025,2025-Q4,2025-12,2025-10-01,2025-12-31\n")
    make_year()
    for day in ("2025-07-10", "2026-01-10", "2026-07-10"):
        make_actual(cast.rep, day, 100, kind="booking")
    rollup.rebuild()
    client.force_login(cast.admin)
    page = client.get("/performance/?period=2026&measure=bookings").context["page"]
    assert (page.total.figures.actual, page.total.figures.before) == (200, None)
    assert page.tiles[1].delta == "nothing to compare with"
    assert page.lines.before == []
