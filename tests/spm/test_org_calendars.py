"""Calendars of every kind are seamless; a file's faults are answered in a sentence."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spm.org.calendars import (
    BadCalendar,
    LeafRow,
    UnknownPeriod,
    create_year,
    load_leaves,
    period_named,
)
from spm.org.choices import PeriodLevel
from spm.org.models import FiscalYear, Period
from spm.org.verification import run_all
from spm.periods import CalendarKind, leaves_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WEEKS = [CalendarKind.WEEKS_445, CalendarKind.WEEKS_454, CalendarKind.WEEKS_544, CalendarKind.THIRTEEN]
days = st.dates(min_value=date(1990, 1, 1), max_value=date(2060, 1, 1))
any_year = st.one_of(
    st.tuples(st.just(CalendarKind.MONTHS), days.map(lambda day: day.replace(day=1)), st.just(52)),
    st.tuples(st.sampled_from(WEEKS), days, st.sampled_from([52, 53])),
)


def seamless(rows):
    return all(before.ends_on + DAY == after.starts_on for before, after in pairwise(rows))


@given(any_year)
def test_inv_06_leaves_of_any_kind_and_start_leave_no_gap_and_never_overlap(drawn):
    kind, first, weeks = drawn
    leaves = leaves_of(kind, "FY", first, weeks)
    length = (leaves[-1].ends_on - first).days + 1
    assert seamless(leaves)
    assert leaves[0].starts_on == first
    assert length in ({365, 366} if kind is CalendarKind.MONTHS else {weeks * 7})
    assert [leaf.quarter for leaf in leaves] == sorted(leaf.quarter for leaf in leaves)
    assert {leaf.quarter for leaf in leaves} == {1, 2, 3, 4}


@given(any_year)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_inv_04_stored_months_add_to_quarters_and_quarters_to_the_year(drawn):
    kind, first, weeks = drawn
    with transaction.atomic():
        year = create_year("FY", first, kind, weeks)
        following = create_year("FY+1", year.ends_on + DAY, kind)
        for parent in Period.objects.exclude(level=PeriodLevel.MONTH):
            parts = list(parent.children.order_by("starts_on"))
            assert seamless(parts)
            assert (parts[0].starts_on, parts[-1].ends_on) == (parent.starts_on, parent.ends_on)
        assert seamless([year, following])
        assert not any(finding.breaches for finding in run_all(["INV-04", "INV-06"]))
        transaction.set_rollback(True)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=14), days, st.integers(1, 5))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_inv_06_leaves_of_any_length_from_a_file_are_seamless(lengths, first, per_quarter):
    rows, start = [], first
    for i, length in enumerate(lengths):
        rows.append(LeafRow(f"Q{i // per_quarter}", f"P{i}", start, start + (length - 1) * DAY))
        start += length * DAY
    with transaction.atomic():
        load_leaves("FY", reversed(rows))
        assert seamless(Period.objects.leaves().order_by("starts_on"))
        assert not any(finding.breaches for finding in run_all(["INV-04", "INV-06"]))
        transaction.set_rollback(True)


def test_labels_of_a_year_of_months(company):
    create_year("2026", date(2026, 4, 1), CalendarKind.MONTHS)
    labels = list(Period.objects.order_by("starts_on", "-ends_on").values_list("label", flat=True))
    assert labels[:4] == ["2026", "2026-Q1", "2026-04", "2026-05"]
    assert labels[-1] == "2027-03"


def test_the_53rd_week_lengthens_the_last_leaf(company):
    create_year("FY26", date(2025, 12, 29), CalendarKind.WEEKS_445, weeks=53)
    last = period_named("FY26-P12")
    assert (last.ends_on - last.starts_on).days + 1 == 6 * 7


@pytest.mark.parametrize(
    ("first", "kind", "sentence"),
    [
        (date(2027, 2, 1), "months", "days are missing"),
        (date(2026, 12, 1), "months", "overlap"),
        (date(2024, 1, 1), "months", "days are missing"),
        (date(2027, 1, 2), "months", "first of a month"),
        (date(2027, 1, 1), "file", "loaded from a file"),
    ],
)
def test_inv_06_a_year_that_does_not_adjoin_is_refused(year, first, kind, sentence):
    with pytest.raises(BadCalendar, match=sentence):
        create_year("other", first, kind)


def test_a_year_before_the_first_one_is_welcome(year):
    create_year("2025", date(2025, 1, 1), CalendarKind.MONTHS)
    assert list(FiscalYear.objects.values_list("label", flat=True)) == ["2025", "2026"]


@pytest.mark.parametrize("kind", [CalendarKind.MONTHS, CalendarKind.WEEKS_445, CalendarKind.THIRTEEN])
def test_a_year_beyond_the_last_day_there_is_is_refused(company, kind):
    with pytest.raises(BadCalendar, match="reaches that far"):
        create_year("far", date(9999, 12, 1), kind)


def test_a_label_of_a_year_is_given_once(year):
    with pytest.raises(BadCalendar, match="exists already"):
        create_year("2026", date(2027, 1, 1), CalendarKind.MONTHS)


def quarters_of_2013():
    starts = [date(2013, 1, 1), date(2013, 4, 1), date(2013, 7, 1), date(2013, 10, 1), date(2014, 1, 1)]
    return [LeafRow(f"2013-Q{i}", f"2013-Q{i}", *span) for i, span in enumerate(_spans(starts), start=1)]


def _spans(starts):
    return [(start, following - DAY) for start, following in pairwise(starts)]


def test_one_leaf_per_quarter_may_bear_the_quarters_label(company):
    load_leaves("2013", quarters_of_2013())
    assert period_named("2013-Q2").level == PeriodLevel.MONTH
    assert Period.objects.filter(label="2013-Q2").count() == 2


def test_loading_the_same_leaves_again_changes_nothing(company):
    load_leaves("2013", quarters_of_2013())
    before = list(Period.objects.values())
    load_leaves("2013", quarters_of_2013())
    assert list(Period.objects.values()) == before


def test_a_year_grows_at_its_end_within_the_last_quarter_and_past_it(company):
    rows = quarters_of_2013()
    load_leaves("2013", rows)
    more = [
        LeafRow("2013-Q4", "2013-Q4b", date(2014, 1, 1), date(2014, 1, 15)),
        LeafRow("2013-Q5", "2014-01b", date(2014, 1, 16), date(2014, 1, 31)),
    ]
    load_leaves("2013", [*rows, *more])
    assert FiscalYear.objects.get().ends_on == date(2014, 1, 31)
    assert Period.objects.get(level="quarter", label="2013-Q4").ends_on == date(2014, 1, 15)
    assert period_named("2014-01b").number == 6
    assert not any(finding.breaches for finding in run_all(["INV-04", "INV-06"]))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda rows: rows.pop(1), "days are missing"),
        (lambda rows: rows.insert(0, LeafRow("2013-Q1", "x", date(2013, 3, 31), date(2013, 3, 31))), "overlap"),
        (lambda rows: rows.insert(0, LeafRow("2013-Q1", "x", date(2013, 1, 2), date(2013, 1, 1))), "ends before"),
        (lambda rows: rows.append(LeafRow("2013-Q1", "x", date(2014, 1, 1), date(2014, 1, 31))), "two pieces"),
        (lambda rows: rows.append(LeafRow("x", "2013-Q1", date(2014, 1, 1), date(2014, 1, 31))), "twice"),
        (lambda rows: rows.append(LeafRow("x", "", date(2014, 1, 1), date(2014, 1, 31))), "1 to 20"),
        (lambda rows: rows.clear(), "no periods"),
    ],
)
def test_inv_06_a_faulty_file_is_refused_in_a_sentence(company, change, sentence):
    rows = quarters_of_2013()
    change(rows)
    with pytest.raises(BadCalendar, match=sentence):
        load_leaves("2013", rows)
    assert not Period.objects.exists()


def test_a_stored_leaf_does_not_change_its_dates_by_a_file(company):
    rows = quarters_of_2013()
    load_leaves("2013", rows)
    with pytest.raises(BadCalendar, match="differ"):
        load_leaves("2013", [LeafRow("2013-Q4", "2013-Q4", date(2013, 10, 1), date(2013, 12, 30))])


def test_a_label_of_another_year_is_not_taken_twice(year):
    with pytest.raises(BadCalendar, match="taken by the fiscal year 2026"):
        load_leaves("2027", [LeafRow("2026-Q1", "2027-01", date(2027, 1, 1), date(2027, 1, 31))])


def test_an_unknown_label_is_told(year):
    with pytest.raises(UnknownPeriod, match="2031-Q1"):
        period_named("2031-Q1")
