"""The state of a page from its address: every address gives a page."""

from calendar import monthrange
from datetime import date

import pytest
from django.http import QueryDict
from django.utils.translation import override

from spm.dashboards.choosing import Calendar, choose
from spm.dashboards.periods import Compare, Span
from spm.org.choices import CalendarKind
from spm.org.models import Period
from spm.ui.numbers import quarter_title
from targets.choices import Measure
from tests.builders import make_company, make_year
from tests.spm.imports_help import load

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


def half_a_year(label="2025", first=7):
    """A year from a file that has six months alone, in two quarters."""
    rows = "fiscal_year,quarter,period,starts_on,ends_on\n"
    for number in range(6):
        month, last = f"2025-{first + number:02}", monthrange(2025, first + number)[1]
        rows += f"{label},{label}-Q{number // 3},{month},{month}-01,{month}-{last}\n"
    load("periods", rows)


@pytest.mark.parametrize(
    ("label", "before"),
    [
        ("2026-Q1", []),
        ("2026-02", []),
        ("2026", []),  # half of it has nothing to stand beside
        ("2026-Q3", ["2025-07", "2025-08", "2025-09"]),
        ("2026-12", ["2025-12"]),
    ],
)
def test_beside_half_a_year_only_the_same_days_are_last_year(company, label, before):
    half_a_year()
    make_year()
    window = view(Calendar(Period.objects.all(), company.today()), f"period={label}").window
    assert [leaf.label for leaf in window.before] == before


def test_of_two_halves_of_one_calendar_year_the_first_is_not_the_last_year_of_the_second(company):
    half_a_year("25A", 1)
    half_a_year("25B", 7)
    window = view(Calendar(Period.objects.all(), company.today()), "period=25B").window
    assert window.before == ()


def test_a_year_of_weeks_is_compared_with_calendar_months_by_date(company):
    make_year("2025", date(2025, 1, 1))
    make_year("2026", date(2026, 1, 1), CalendarKind.WEEKS_445)
    calendar = Calendar(Period.objects.all(), company.today())
    months = [leaf.label for leaf in calendar.leaves if leaf.label.startswith("2025")]
    assert [leaf.label for leaf in view(calendar, "period=2026").window.before] == months[:12]
    gap = Calendar(Period.objects.exclude(level="month", label="2025-05"), company.today())
    assert view(gap, "period=2026-Q2").window.before == ()


def test_years_cut_alike_are_compared_by_number_whatever_their_dates(company):
    make_year("2025", date(2024, 12, 30), CalendarKind.WEEKS_445, weeks=53)
    make_year("2026", date(2026, 1, 5), CalendarKind.WEEKS_445)
    window = view(Calendar(Period.objects.all(), company.today()), "period=2026").window
    assert [leaf.number for leaf in window.before] == list(range(1, 13))


def test_the_quarter_before_is_that_quarter_alone(company):
    make_year("2025", date(2025, 1, 1), CalendarKind.THIRTEEN)
    make_year("2026", date(2025, 12, 31), CalendarKind.THIRTEEN)
    calendar = Calendar(Period.objects.all(), company.today())
    assert view(calendar, "period=2026-Q1&compare=prev").window.before == ()  # the one before has four leaf periods
    assert [leaf.number for leaf in view(calendar, "period=2026-Q2&compare=prev").window.before] == [1, 2, 3]


@pytest.mark.parametrize(
    ("today", "over"), [(date(2026, 9, 29), False), (date(2026, 9, 30), False), (date(2026, 10, 1), True)]
)
def test_a_period_is_over_the_day_after_its_last(calendar, today, over):
    window = view(Calendar(Period.objects.all(), today), "period=2026-09").window
    assert (window.is_over, window.current is None) == (over, over)


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
