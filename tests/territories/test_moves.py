"""Move packages: the hold-over rule, shares, figures that add up, and verbs that never rewrite history."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from territories import move_holds, move_shares

DAY = date(2026, 10, 16)
OCTOBER = SimpleNamespace(starts_on=date(2026, 10, 1), ends_on=date(2026, 10, 31))
NOVEMBER = SimpleNamespace(starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 30))
SEPTEMBER = SimpleNamespace(starts_on=date(2026, 9, 1), ends_on=date(2026, 9, 30))


# The hold-over rule


@pytest.mark.parametrize(
    ("policy", "days", "closings", "expected"),
    [
        ("all", None, [], DAY),
        ("all", None, [None, DAY], DAY),
        ("days", 30, [], DAY),  # nothing open: nothing to keep
        ("days", 1, [None], DAY + timedelta(days=1)),
        ("days", 30, [None], date(2026, 11, 15)),
        ("days", 30, [DAY], date(2026, 11, 15)),  # closed on the very day: it was open as the day began
        ("close", None, [], DAY),
        ("close", None, [None], None),
        ("close", None, [date(2026, 10, 20), None], None),
        ("close", None, [DAY], DAY + timedelta(days=1)),  # what is booked on the day of closing is still the old one's
        ("close", None, [date(2026, 12, 31), date(2026, 11, 2)], date(2027, 1, 1)),
    ],
)
def test_an_account_moves_on_the_day_that_the_policy_says(policy, days, closings, expected):
    assert move_holds.moves_on(policy, DAY, days, closings) == expected


# Shares and months


def money(**amounts):
    return {int(key[1:]): Decimal(amount) for key, amount in amounts.items()}


def test_a_share_is_that_of_last_years_sales():
    assert move_shares.share([1], [1, 2, 3], money(a1=300, a2=600, a3=100), money(a1=1)) == Fraction(3, 10)


def test_without_sales_it_is_that_of_the_potential_and_without_one_that_of_the_count():
    assert move_shares.share([1], [1, 2], {}, money(a1=100, a2=300)) == Fraction(1, 4)
    assert move_shares.share([1], [1, 2, 3], {}, {}) == Fraction(1, 3)
    assert move_shares.share([], [], {}, {}) == 0


def test_returns_that_outweigh_an_accounts_sales_count_as_zero():
    assert move_shares.share([1], [1, 2], money(a1=-500, a2=100), {}) == 0
    assert move_shares.share([2], [1, 2], money(a1=-500, a2=100), {}) == 1


@pytest.mark.parametrize(
    ("leaf", "day", "part"),
    [
        (OCTOBER, date(2026, 10, 1), Fraction(1)),
        (OCTOBER, date(2026, 10, 2), Fraction(30, 31)),
        (OCTOBER, DAY, Fraction(16, 31)),
        (OCTOBER, date(2026, 10, 31), Fraction(1, 31)),
        (SEPTEMBER, DAY, Fraction(0)),
        (NOVEMBER, DAY, Fraction(1)),
    ],
)
def test_a_month_moves_from_the_day_on(leaf, day, part):
    assert move_shares.of_month(leaf, day) == part


def test_a_month_worked_out_by_hand():
    """A quota of 1,000.00 in October, a quarter of it from the 16th on: 1000 × 1/4 × 16/31 = 129.0322…"""
    assert move_shares.moved(Decimal("1000.00"), Fraction(1, 4), OCTOBER, DAY, "EUR") == Decimal("129.03")
    assert move_shares.moved(Decimal(1000), Fraction(1, 4), OCTOBER, DAY, "JPY") == Decimal(129)


AMOUNTS = st.dictionaries(st.integers(1, 8), st.decimals(-1000, 10**6, places=2), max_size=8)


@given(
    st.sets(st.integers(1, 8)),
    st.sets(st.integers(1, 8), min_size=1),
    AMOUNTS,
    AMOUNTS,
    st.integers(0, 10**9),
    st.dates(date(2026, 9, 1), date(2026, 12, 1)),
)
def test_never_more_than_all_of_a_number_moves_and_only_whole_minor_units(some, every, sold, potential, cents, day):
    part = move_shares.share(some & every, every, sold, potential)
    assert 0 <= part <= 1
    rest = move_shares.share(every - some, every, sold, potential)
    assert part + rest == 1
    number = Decimal(cents) / 100
    moved = move_shares.moved(number, part, OCTOBER, day, "EUR")
    assert 0 <= moved <= number
    assert moved == moved.quantize(Decimal("0.01"))
