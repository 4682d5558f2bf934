"""See the math: the lines it leads to add up to the number, and its rows, recomputed, give its result."""

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse

from spm.org.models import Membership, TeamLead
from targets import rollup
from tests.builders import make_quota
from tests.spm.dashboards.conftest import book

pytestmark = pytest.mark.django_db
MEASURES = ("bookings", "revenue", "margin")


@pytest.fixture
def sold(story):
    """The story with invoices: revenue and margin of each rep, and quotas of them, some in cents."""
    for person, amount, cost, number in (
        (story.rep, "310.10", "200.05", "I1"),
        (story.teammate, "520.25", "400", "I2"),
        (story.outsider, "90.40", "100", "I3"),
        (None, "25", "5", "I4"),
    ):
        book(person, "2026-04-03", amount, number, kind="revenue", cost=cost)
    for person in (story.rep, story.teammate, story.outsider):
        for month in range(1, 13):
            make_quota(person, f"2026-{month:02}", "77.70", "revenue")
            make_quota(person, f"2026-{month:02}", "33.30", "margin")
    rollup.rebuild()
    return story


@pytest.fixture
def get(client, sold):
    def ask(person, address):
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        answer = client.get(address)
        assert answer.status_code == 200, address
        return answer

    return ask


def number_of(text):
    """An amount, a share ("71.7 %" is 0.717) or a count as the page writes it; None for a dash."""
    plain = re.sub(r"[^\d.%+−—]", "", text).replace("−", "-")
    if plain == "—":
        return None
    return Decimal(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)


def panels(answer):
    """Each panel of a page: its rows, its result, and where its lines are."""
    for panel in re.findall(r'<details class="math".*?</details>', answer.content.decode(), re.DOTALL):
        *rows, result = [
            (unescape(label), unescape(value))
            for label, value in re.findall(r"<dt[^>]*>(.*?)</dt><dd[^>]*>(.*?)</dd>", panel, re.DOTALL)
        ]
        yield rows, result, unescape(re.search(r'<a href="([^"]*actuals[^"]*)"', panel).group(1))


def listed(answer):
    """The sum of the amounts in the rows of a list of lines: of the lines, and of all rows but the total."""
    body = re.search(r"<tbody>(.*?)</tbody>", answer.content.decode(), re.DOTALL).group(1)
    found = {"lines": Decimal(0), "all": Decimal(0)}
    for kind, row in re.findall(r"<tr(?: class=\"(\w+)\")?>(.*?)</tr>", body, re.DOTALL):
        amount = re.search(r'data-label="Counts">(.*?)</td>', row)
        if amount and kind != "total":
            found["all"] += number_of(amount.group(1))
            found["lines"] += number_of(amount.group(1)) if kind == "" else 0
    return found


def lead_both(story):
    TeamLead.objects.create(team=story.south, person=story.north_manager, starts_on=date(2026, 1, 1))
    return story.north_manager


def lead_no_more(story):
    TeamLead.objects.create(team=story.north, person=story.teammate, starts_on=date(2026, 8, 1))
    return story.north_manager


HOUSE = {"bookings": 40, "revenue": 25, "margin": 20}
ONCE_LED = {"bookings": 1100, "revenue": Decimal("907.85"), "margin": Decimal("230.30")}
NOTHING = dict.fromkeys(MEASURES, 0)
PAGES = {
    "company": ("admin", "performance", NOTHING),
    "company of a director": ("director", "performance", HOUSE),
    "Home of a director": ("director", "home", HOUSE),
    "team": ("director", "north", NOTHING),
    "team of its manager": ("north_manager", "north", NOTHING),
    "two teams": (lead_both, "performance", NOTHING),
    "Home over two teams": (lead_both, "home", NOTHING),
    "one of two teams": (lead_both, "south", NOTHING),
    "once led": (lead_no_more, "north", ONCE_LED),
    "rep": ("director", "rep", NOTHING),
    "rep of their own": ("rep", "rep", NOTHING),
    "Home of a rep": ("rep", "home", NOTHING),
}


def address_of(story, name):
    pk = getattr(getattr(story, name, None), "pk", None)
    if name == "rep":
        return reverse("dashboards:rep", args=[pk])
    return reverse("dashboards:team", args=[pk]) if pk else reverse(f"dashboards:{name}")


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", PAGES)
def test_the_lines_behind_every_tile_add_up_to_it(sold, get, name, measure):
    """What the viewer does not see line by line, as the House or people of former times, stands in a row of its own."""
    who, where, hidden = PAGES[name]
    person = who(sold) if callable(who) else getattr(sold, who)
    answer = get(person, f"{address_of(sold, where)}?measure={measure}")
    total, seen = answer.context["page"].total.figures.actual, 0
    assert total != 0
    for rows, _result, href in panels(answer):
        amounts = {number_of(value) for label, value in rows if label.endswith("credited")}
        lines = get(person, href)
        if where == "rep" or name == "Home of a rep":  # one panel for each measure
            assert {listed(lines)["lines"]} == {listed(lines)["all"]} == amounts
        else:
            assert amounts == {total.quantize(Decimal("0.01"))}
            assert listed(lines) == {"lines": total - hidden[measure], "all": total}
        seen += 1
    assert seen == (3 if "rep" in where or name == "Home of a rep" else 4)


def recomputed(rows):
    """What the rows give when each is applied to the one before, by the sign it begins with."""
    result = None
    for label, text in rows:
        value = number_of(text)
        if result is None:
            result = value
        elif label.startswith("÷ months left:"):
            whole, left, days = map(int, re.findall(r"\d+", label))
            result /= whole + Decimal(left) / days
        elif label.startswith("÷"):
            result /= value
        elif label.startswith("−"):
            result -= value
        elif label.startswith("="):
            result = max(result, Decimal(0))
            assert result == value
    return result


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("query", ["", "&period=2026-Q3", "&period=2026-06", "&period=2026-09"])
@pytest.mark.parametrize("where", ["performance", "north", "rep"])
def test_the_rows_of_the_math_give_its_result(sold, get, where, query, measure):
    panels_seen = 0
    for rows, (label, text), _href in panels(get(sold.director, f"{address_of(sold, where)}?measure={measure}{query}")):
        said, result = number_of(text), recomputed(rows)
        step = Decimal("0.001") if "%" in text else Decimal("0.01")
        result = max(result, Decimal(0)) if "never below" in label else result
        assert abs(result - said) <= step / 2 + Decimal("0.00001"), (label, rows)
        panels_seen += 1
    assert panels_seen >= 3


def test_the_amount_expected_is_the_share_of_the_quota_that_the_math_names(sold, get):
    for rows, (label, _text), _href in panels(get(sold.director, address_of(sold, "performance"))):
        if label == "Pace":
            known = dict(rows)
            share = next(value for name, value in rows if name.startswith("of the quota"))
            expected = number_of(known["÷ quota expected to date"])
            assert abs(number_of(share) * number_of(known["Quota of the period"]) - expected) < 2
            assert expected == Decimal("2580.00")


def test_their_own_lines_after_they_led_are_not_listed_behind_the_total_of_the_team(sold, get):
    Membership.objects.create(person=sold.north_manager, team=sold.north, starts_on=date(2026, 1, 1))
    book(sold.north_manager, "2026-07-05", 9, "within")
    book(sold.north_manager, "2026-09-05", 70, "after")
    rollup.rebuild()
    page = get(lead_no_more(sold), address_of(sold, "north"))
    total = page.context["page"].total.figures.actual
    assert total == ONCE_LED["bookings"] + 9
    for _rows, _result, href in panels(page):
        assert listed(get(sold.north_manager, href)) == {"lines": 9, "all": total}
