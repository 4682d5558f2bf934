"""The formulas, on the worked quarter of the domain page and at their edges."""

from decimal import Decimal

import pytest

from targets import measures

D = Decimal
QUOTA, CREDITED, PIPELINE = D(120_000), D(54_000), D(198_000)


def test_the_worked_quarter():
    expected = measures.expected_to_date([(D(40_000), 30, 30), (D(40_000), 15, 30), (D(40_000), 0, 31)])
    left = measures.to_go(CREDITED, QUOTA)
    assert expected == 60_000
    assert measures.attainment(CREDITED, QUOTA) == D("0.45")
    assert measures.variance(CREDITED, QUOTA) == -66_000
    assert left == 66_000
    assert measures.pace_gap(CREDITED, expected) == -6_000
    assert measures.pace(CREDITED, expected) == D("0.9")
    assert measures.run_rate(CREDITED, measures.share_elapsed(expected, QUOTA)) == 108_000
    assert measures.needed_per_month(left, D("1.5")) == 44_000
    assert measures.coverage(PIPELINE, left) == 3


@pytest.mark.parametrize("quota", [None, D(0)])
def test_inv_08_no_quota_is_no_figure(quota):
    assert measures.attainment(D(5), quota) is None
    assert measures.attainment_pct(D(0), quota) is None
    assert measures.variance(D(5), quota) is None
    assert measures.to_go(D(5), quota) is None
    assert measures.share_elapsed(D(0), quota) is None


def test_attainment_is_neither_capped_nor_floored():
    assert measures.attainment_pct(D(250), D(100)) == D("250.00")
    assert measures.attainment_pct(D(-25), D(100)) == D("-25.00")


def test_negative_quota_is_an_error():
    with pytest.raises(ValueError, match="negative"):
        measures.attainment(D(1), D(-1))


@pytest.mark.parametrize(
    ("credited", "percent"), [("105", "105.00"), ("104.995", "105.00"), ("104.9949", "104.99"), ("-0.005", "-0.01")]
)
def test_percent_is_rounded_half_up(credited, percent):
    assert measures.attainment_pct(D(credited), D(100)) == D(percent)


def test_pace_at_a_boundary_is_exact():
    assert measures.pace(D(63_000), D(60_000)) == D("1.05")
    assert measures.pace(D("62999.9999"), D(60_000)) < D("1.05")


def test_nothing_expected_yet_has_no_pace():
    assert measures.pace(D(10), D(0)) is None
    assert measures.run_rate(D(10), D(0)) is None


def test_beyond_the_quota_nothing_is_left_and_coverage_is_undefined():
    assert measures.to_go(D(130), D(120)) == 0
    assert measures.coverage(PIPELINE, D(0)) is None


def test_nothing_is_needed_per_month_once_time_is_over():
    assert measures.needed_per_month(D(10), D(0)) is None


def test_season_stands_in_the_leaf_quotas():
    assert measures.expected_to_date([(D(10), 31, 31), (D(90), 0, 28), (None, 5, 31)]) == 10


def test_margin_rate_comes_from_sums():
    assert measures.margin_rate(D(10) + D(0), D(100) + D(900)) == D("0.01")
    assert measures.margin_rate(D(0), D(0)) is None


def test_over_assignment_is_against_the_number_above():
    assert measures.over_assignment(D(110), D(100)) == D("0.1")
    assert measures.over_assignment(None, D(100)) is None
