"""The state of a page from its address: every address gives a page."""

from datetime import date

import pytest
from django.http import QueryDict
from django.utils.translation import override

from spm.dashboards.choosing import Calendar, choose
from spm.dashboards.periods import Compare, Span
from spm.org.models import Period
from spm.ui.numbers import quarter_title
from targets.choices import Measure
from tests.builders import make_company, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def calendar(company):
    make_year("2025", date(2025, 1, 1))
    make_year()
    return Calendar(Period.objects.all(), company.today())


def view(calendar, address=""):
    return choose(calendar, QueryDict(address), Measure.BOOKINGS)


def test_an_empty_address_shows_the_running_year(calendar):
    shown = view(calendar)
    assert (shown.span, shown.label, shown.measure, shown.compare) == (
        Span.YEAR,
        "2026",
        Measure.BOOKINGS,
        Compare.LAST_YEAR,
    )
    assert len(shown.window.leaves) == 12


@pytest.mark.parametrize(
    ("label", "span", "leaves"),
    [("2026-Q3", Span.QUARTER, 3), ("2026-09", Span.MONTH, 1), ("2026-YTD", Span.YTD, 9), ("2025", Span.YEAR, 12)],
)
def test_a_label_chooses_span_and_leaf_periods(calendar, label, span, leaves):
    shown = view(calendar, f"period={label}")
    assert (shown.span, len(shown.window.leaves)) == (span, leaves)


def test_last_year_is_laid_beside_leaf_by_leaf(calendar):
    window = view(calendar, "period=2026-Q2").window
    assert [leaf.label for leaf in window.before] == ["2025-04", "2025-05", "2025-06"]


def test_the_period_before_may_lie_in_another_year(calendar):
    window = view(calendar, "period=2026-Q1&compare=prev").window
    assert [leaf.label for leaf in window.before] == ["2025-10", "2025-11", "2025-12"]


@pytest.mark.parametrize(
    "address",
    ["period=2019", "measure=profit", "compare=never", "sort=shoe-size", "period=-YTD", "period=%00", "page=-3"],
)
def test_what_nobody_knows_becomes_the_nearest_sensible(calendar, address):
    shown = view(calendar, address)
    assert (shown.label, shown.measure, shown.sort, shown.page) == ("2026", Measure.BOOKINGS, "gap", 1)
    assert bool(shown.told) is (not address.startswith("page"))


def test_buttons_lead_to_the_clock_where_it_lies_in_the_year(calendar):
    spans = dict(view(calendar, "period=2026-Q1").spans)
    assert spans == {"month": "2026-09", "quarter": "2026-Q3", "ytd": "2026-YTD", "year": "2026"}
    assert dict(view(calendar, "period=2025-Q1").spans)["month"] == "2025-03"


def test_neighbours_end_where_the_calendar_ends(calendar):
    first, last = view(calendar, "period=2025-01"), view(calendar, "period=2026-Q4")
    assert (first.previous, first.following) == ("", "2025-02")
    assert (last.previous, last.following) == ("2026-Q3", "")


def test_without_a_calendar_there_is_no_view(company):
    assert view(Calendar([], company.today())) is None


def test_a_year_long_past_is_shown_where_nothing_newer_is(db):
    make_year("2013", date(2013, 1, 1))
    shown = view(Calendar(Period.objects.all(), make_company().today()))
    assert shown.label == "2013"
    assert shown.window.is_over


@pytest.mark.parametrize(
    ("language", "titles"),
    [("en", ["Q3 2026", "Sep 2026", "2026 to Sep 2026"]), ("fr", ["T3 2026", "sept. 2026", "2026 jusqu’à sept. 2026"])],
)
def test_labels_by_rule_are_said_in_the_language_of_the_reader(calendar, language, titles):
    with override(language):
        said = [view(calendar, f"period={label}").title for label in ("2026-Q3", "2026-09", "2026-YTD")]
    assert said == titles


def test_a_label_of_the_company_s_own_stands_as_it_is():
    assert quarter_title("Autumn 26", 3) == "Autumn 26"
    assert quarter_title("2026-Q4", 3) == "2026-Q4"
