"""The geometry of bullets, sparklines and axes."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spm.ui.geometry import bullet, nice_ticks, shared_scale, sparkline
from spm.ui.status import status_of

D = Decimal


def test_a_bullet_places_bar_and_ticks_in_percent_of_the_quota():
    bar = bullet(D("33.2"), D("55.1"), sentence="", expected=D("34.7"), last_year=D("31.1"))
    assert (bar.track, bar.bar, bar.tick, bar.last_year) == ("100.00%", "60.25%", "62.98%", "56.44%")


def test_a_bar_past_the_edge_ends_there_with_a_mark():
    bar = bullet(D(150), D(100), sentence="", expected=D(63))
    assert (bar.bar, bar.over) == ("100.00%", True)


def test_one_scale_keeps_the_ticks_of_a_table_in_one_line():
    scale = shared_scale([D("1.14"), D("0.6"), None])
    bars = [bullet(D(a), D(q), sentence="", expected=D(q) * D("0.63"), scale=scale) for a, q in ((114, 100), (12, 20))]
    assert [bar.tick for bar in bars] == ["55.26%", "55.26%"]
    assert bars[0].over is False


def test_the_scale_ends_at_a_limit():
    assert shared_scale([D(9)]) == D("1.25")


@pytest.mark.parametrize("quota", [None, D(0)])
def test_without_a_quota_there_is_only_the_track(quota):
    bar = bullet(D(12), quota, sentence="no quota", expected=D(5))
    assert (bar.bar, bar.tick, bar.sentence) == ("0%", None, "no quota")


def test_a_negative_actual_draws_no_bar():
    assert bullet(D(-5), D(100), sentence="").bar == "0.00%"


def test_a_sparkline_runs_from_left_to_right_and_ends_with_a_dot():
    line = sparkline([D(0), D(1), D(2)], sentence="")
    assert line.lines == ("2.0,21.0 46.0,12.0 90.0,3.0",)
    assert line.end == ("90.0", "3.0")


def test_a_missing_month_is_a_gap_and_not_a_zero():
    line = sparkline([D(1), D(2), None, D(2), D(3)], sentence="")
    assert len(line.lines) == 2


def test_a_flat_line_lies_in_the_middle():
    assert sparkline([D(5), D(5)], sentence="").lines == ("2.0,12.0 90.0,12.0",)


def test_without_values_nothing_is_drawn():
    line = sparkline([None, None], sentence="")
    assert (line.lines, line.end) == ((), None)


def test_one_value_is_a_dot():
    line = sparkline([D(5)], sentence="", reference=D(10))
    assert (line.lines, line.end, line.reference) == ((), ("2.0", "21.0"), "3.0")


def test_ticks_are_round():
    assert nice_ticks(D(0), D(55)) == [D(0), D(20), D(40), D(60)]


@given(st.decimals(-(10**9), 10**9, places=2), st.decimals(0, 10**9, places=2), st.integers(3, 10))
@example(D("-0.01"), D("0.02"), 3)
def test_ticks_enclose_the_values_and_are_few(low, span, most):
    ticks = nice_ticks(low, low + span, most)
    assert 2 <= len(ticks) <= most
    assert ticks[0] <= low
    assert low + span <= ticks[-1]
    assert len({b - a for a, b in zip(ticks, ticks[1:], strict=False)}) == 1


def test_ticks_refuse_an_upside_down_range():
    with pytest.raises(ValueError, match="no ticks"):
        nice_ticks(D(2), D(1))


class Thresholds:
    ahead_from, on_track_from, at_risk_from = 105, 95, 85


@pytest.mark.parametrize(
    ("pace", "code"),
    [
        ("1.05", "ahead"),
        ("1.0499", "ontrack"),
        ("0.95", "ontrack"),
        ("0.9499", "risk"),
        ("0.85", "risk"),
        ("0.84", "behind"),
    ],
)
def test_an_edge_belongs_to_the_better_status(pace, code):
    assert status_of(D(pace), Thresholds()).code == code


def test_no_pace_is_no_quota():
    assert status_of(None, Thresholds()).code == "none"
