"""A period that is over is spoken of as over, one that has not begun as not begun: no text has it run."""

import re
from dataclasses import replace
from datetime import date
from html import unescape

import pytest
from django.urls import reverse

from spm.dashboards.figures import Cell, figures, standing
from spm.dashboards.home import in_need
from spm.dashboards.periods import Leaf, Window
from spm.org.models import Company, Period
from spm.ui.status import BEHIND, NO_QUOTA, NOT_BEGUN
from targets import closing, rollup
from tests.builders import make_actual, make_quota, make_year

pytestmark = pytest.mark.django_db
RUNNING = ("months left", "needed", "today", "to date", "by now", "by 18 Sep", ", 0.0 left", "days left", "so far")


@pytest.fixture
def get(client, story):
    make_year("2027", date(2027, 1, 1))
    for month in range(1, 13):
        make_quota(story.rep, f"2027-{month:02}", 200)
    rollup.rebuild()

    def ask(where, period, **more):
        client.force_login(story.director, backend="allauth.account.auth_backends.AuthenticationBackend")
        pk = {"team": [story.north.pk], "rep": [story.rep.pk]}.get(where, [])
        address = reverse("dashboards:" + ("performance" if where == "company" else where), args=pk)
        return client.get(address, {"period": period, "measure": "bookings", **more})

    return ask


def words(answer):
    """What a reader reads in the numbers of a page, and what a screen reader says of its shapes."""
    found = re.search(r'<section class="tiles.*', answer.content.decode(), re.DOTALL).group()
    found = re.sub(r'<details class="(?:menu|columns).*?</details>', " ", found, flags=re.DOTALL)
    said = " ".join(re.findall(r'(?:aria-label|data-label)="([^"]*)"', found))
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found) + said)).replace("\u2060", "")


@pytest.mark.parametrize("compare", ["ly", "plan", "none"])
@pytest.mark.parametrize(("period", "end"), [("2026-Q2", "30 Jun"), ("2025", "31 Dec"), ("2026-08", "31 Aug")])
@pytest.mark.parametrize("where", ["company", "team"])
def test_of_a_period_that_is_over_nothing_is_said_as_if_it_ran(get, where, period, end, compare):
    answer = get(where, period, compare=compare)
    page, text = answer.context["page"], words(answer)
    assert f"all of the quota was expected by its end ({end}), so pace is attainment" in text
    assert f"÷ quota expected by its end ({end})" in text
    assert "needed" not in page.columns.keys
    head, table = text.split("Teams and reps", 1)
    shown = head + re.sub(r".*?(?=Team, rep)", "", table, count=1)  # without the list of columns to choose from
    shown = shown.replace("Each to date; the running one against what was expected by now.", "")  # of the year's others
    for word in RUNNING:
        assert word not in shown, word
    assert page.total.figures.pace == page.total.figures.attainment
    assert "to 18 Sep" not in text
    assert (f"to {end}" in text) == (page.bridge is not None)


def test_of_a_running_period_the_page_says_what_is_needed(get):
    text = words(get("company", "2026"))
    assert "3.4 months left" in text
    assert "of quota was expected by 18 Sep" in text
    assert "its end" not in text
    assert "k€, to 18 Sep" in text


@pytest.mark.parametrize("where", ["company", "team", "rep"])
def test_on_its_last_day_a_period_is_not_over(get, story, where):
    Company.objects.update(fixed_today=date(2026, 9, 30))
    make_actual(story.rep, "2026-09-02", 20, kind="booking")
    rollup.rebuild()
    answer = get(where, "2026-09")
    page, text = answer.context["page"], words(answer)
    assert "ended" not in page.sentence
    assert "all of the quota was expected by its end" not in text
    assert not re.search(r"\b0 days", text)
    if where != "rep":
        assert page.tiles[3].delta.startswith("last day")
        assert "To go on the last day, beside the average of the last three complete months." in text
    else:
        assert "to go on the last day" in page.sentence
    with pytest.raises(closing.NotOver):
        closing.close(Period.objects.get(level="month", label="2026-09"), by=None)


def test_of_a_person_too_a_period_that_is_over_is_compared_and_expected_whole(get):
    answer = get("rep", "2026-Q2")
    assert "÷ quota expected by its end (30 Jun)" in words(answer)
    assert answer.context["page"].sentence == "Rep One ended Q2 2026 at 0\u00a0% of quota, €300 short"
    assert "below quota" in answer.context["page"].chart.takeaway


def test_home_says_of_whom_a_past_period_left_behind_that_it_was_the_end(get):
    told = in_need(get("company", "2026-08").context["page"])
    assert any(row.reason.endswith("was expected by the end.") for row in told)


@pytest.mark.parametrize(
    ("where", "period", "first"),
    [("company", "2026-Q4", "1 Oct 2026"), ("team", "2027", "1 Jan 2027"), ("rep", "2027", "1 Jan 2027")],
)
def test_a_quota_that_lies_ahead_is_not_begun_and_no_lack_of_one(get, where, period, first):
    answer = get(where, period)
    page, text = answer.context["page"], words(answer)
    assert "has not begun" in page.sentence
    assert str((page.bars[0] if where == "rep" else page.total).status.label) == "Not begun"
    assert "Not begun" in text
    if where != "rep":
        pace, gap = page.tiles[1], page.tiles[2]
        assert (pace.value, str(pace.status.label), pace.delta) == ("—", "Not begun", f"begins on {first}")
        assert (gap.value, gap.delta) == ("—", "not begun, no gap yet")
        assert "ahead" not in text.split("Quarters")[0].lower()


def test_status_of_a_quota_that_lies_ahead_and_of_none():
    cells = {1: Cell(quota_units=100)}
    later = Leaf(1, 1, "2027-01", date(2027, 1, 1), date(2027, 1, 31), 1, 1, "open", 0, 31, over=False)
    window = Window((later,), (), (), (), ())
    assert standing(figures(cells, window), Company()) is NOT_BEGUN
    assert standing(figures({1: Cell()}, window), Company()) is NO_QUOTA
    over = replace(later, elapsed=31, over=True)
    assert standing(figures(cells, replace(window, leaves=(over,))), Company()) is BEHIND


@pytest.mark.parametrize(("period", "whole"), [("2027", "Year 2027"), ("2026-09", "Sep 2026")])
def test_a_heat_map_of_other_months_than_the_period_s_says_which(get, period, whole):
    answer = get("company", period)
    heat = answer.context["page"].heat
    assert (heat.whole, heat.since, heat.until) == (whole, "Oct 2025", "Sep 2026")
    assert "the last months that have begun, Oct 2025 to Sep 2026." in answer.content.decode()


def test_a_heat_map_of_the_months_of_its_period_names_none(get):
    heat = get("company", "2026").context["page"].heat
    assert (heat.whole, heat.since) == ("All", "")
