"""The formulas of an account's coverage, worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from territories import measures
from territories.measures import Part

TODAY = date(2026, 9, 18)
RECENT, LONG_AGO = date(2026, 8, 1), date(2025, 6, 1)


def part(decides=True, influence=3, **fields):
    return Part(decides=decides, influence=influence, known=fields.pop("known", True), **fields)


def test_nobody_on_the_map_has_no_coverage_and_not_zero():
    assert measures.contact_coverage([], TODAY) is None


def test_coverage_weighs_by_influence_and_twice_where_the_role_decides():
    """5 × 2 whole, 3 × 2 never, 2 × 1 half: (10 + 0 + 1) ÷ 18."""
    parts = [
        part(influence=5, met_on=RECENT, has_relation=True),
        part(influence=3),
        part(decides=False, influence=2, met_on=LONG_AGO, has_relation=True),
    ]
    assert measures.contact_coverage(parts, TODAY) == Decimal(11) / 18


@pytest.mark.parametrize(
    ("fields", "worth"),
    [
        ({"met_on": RECENT, "has_relation": True}, Decimal(1)),
        ({"met_on": RECENT}, Decimal("0.5")),
        ({"met_on": LONG_AGO, "has_relation": True}, Decimal("0.5")),
        ({"has_relation": True}, Decimal(0)),
        ({"known": False}, Decimal(0)),
        ({"met_on": RECENT, "has_relation": True, "left_on": TODAY}, Decimal(0)),
        ({"met_on": RECENT, "has_relation": True, "left_on": TODAY + timedelta(days=1)}, Decimal(1)),
    ],
)
def test_a_person_counts_whole_half_or_not_at_all(fields, worth):
    assert measures.counted(part(**fields), TODAY) == worth


@pytest.mark.parametrize(("days", "worth"), [(90, Decimal(1)), (91, Decimal("0.5"))])
def test_ninety_days_are_recent_and_ninety_one_are_not(days, worth):
    met = TODAY - timedelta(days=days)
    assert measures.counted(part(met_on=met, has_relation=True), TODAY) == worth


def test_two_of_three_decision_roles_were_never_met():
    parts = [part(), part(met_on=RECENT), part(known=False), part(decides=False)]
    assert measures.never_met(parts, TODAY) == (2, 3)


def test_who_has_left_was_met_by_nobody():
    assert measures.never_met([part(met_on=RECENT, left_on=TODAY)], TODAY) == (1, 1)


@pytest.mark.parametrize(("met", "single"), [([], False), ([RECENT], True), ([RECENT, RECENT], False)])
def test_an_account_hangs_on_one_person_where_exactly_one_is_met(met, single):
    parts = [part(), *(part(met_on=day) for day in met)]
    assert measures.is_single_threaded(parts, TODAY) is single


def test_who_was_met_more_than_a_year_ago_holds_no_thread():
    parts = [part(met_on=RECENT), part(met_on=TODAY - timedelta(days=366))]
    assert measures.threads(parts, TODAY) == 1


@given(
    st.lists(
        st.builds(
            Part,
            decides=st.booleans(),
            influence=st.integers(1, 5),
            known=st.booleans(),
            met_on=st.none() | st.dates(date(2020, 1, 1), TODAY),
            has_relation=st.booleans(),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_coverage_is_a_share_and_a_meeting_never_lowers_it(parts):
    found = measures.contact_coverage(parts, TODAY)
    assert found is not None
    assert 0 <= found <= 1
    one, *rest = parts
    met = Part(one.decides, one.influence, known=True, met_on=TODAY, has_relation=True)
    after = measures.contact_coverage([met, *rest], TODAY)
    assert after is not None
    assert after >= found
