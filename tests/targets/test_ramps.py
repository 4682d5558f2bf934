"""How much of a full quota new hires, joiners and leavers carry."""

from datetime import date
from decimal import Decimal

import pytest

from spm.org.models import ALWAYS, Period
from targets.choices import Proration
from targets.models import RampAssignment
from targets.ramp_schedules import set_schedule
from targets.ramps import Presence, capacity, ramp_percent, read_ramps
from tests.builders import make_person

pytestmark = pytest.mark.django_db

STEPS = ((1, Decimal(0)), (2, Decimal(25)), (4, Decimal(75)))


@pytest.fixture
def leaves(year):
    return list(Period.objects.leaves().filter(fiscal_year=year).order_by("starts_on"))


def test_month_one_is_the_month_of_the_start_and_a_step_holds_until_the_next(leaves):
    percents = [ramp_percent(STEPS, date(2026, 2, 10), leaf) for leaf in leaves[:7]]
    assert percents == [100, 0, 25, 25, 75, 100, 100]


def test_a_start_in_the_year_before_goes_on_where_it_was(leaves):
    assert [ramp_percent(STEPS, date(2025, 11, 1), leaf) for leaf in leaves[:3]] == [25, 75, 100]


@pytest.mark.parametrize(
    ("policy", "first", "whole"),
    [
        (Proration.SEASON, Decimal(16) / 31, None),
        (Proration.DAYS, Decimal(16) / 31, Decimal(350) / 365),
        (Proration.WORKING, Decimal(11) / 22, Decimal(250) / 261),
    ],
)
def test_a_joiner_in_mid_month_carries_a_part_by_the_policy(leaves, policy, first, whole):
    found = capacity(leaves, Presence(date(2026, 1, 16)), policy)
    places = Decimal("0.00000001")
    assert found.shares == (first.quantize(places), *[1] * 11)
    assert found.whole == (None if whole is None else whole.quantize(places))


def test_a_leaver_carries_nothing_after_the_last_day(leaves):
    assert capacity(leaves, Presence(None, date(2026, 6, 30)), Proration.SEASON).shares == (1,) * 6 + (0,) * 6


def test_who_was_always_there_carries_all_of_it(leaves):
    found = capacity(leaves, Presence(ALWAYS), Proration.DAYS, STEPS, ALWAYS)
    assert found.is_full


def test_a_schedule_of_ones_own_takes_the_place_of_the_default_one(db):
    set_schedule("New hires", [Decimal(50)], is_default=True)
    slow = set_schedule("Slow", [Decimal(10), Decimal(20)])
    own, none, other = make_person(), make_person(), make_person()
    RampAssignment.objects.create(person=own, schedule=slow, starts_on=date(2026, 3, 1))
    RampAssignment.objects.create(person=none, schedule=None, starts_on=date(2026, 3, 1))
    ramps = read_ramps()
    joined = date(2026, 5, 1)
    assert ramps.of(own.pk, joined) == (((1, 10), (2, 20)), date(2026, 3, 1))
    assert ramps.of(none.pk, joined)[0] == ()
    assert ramps.of(other.pk, joined) == (((1, 50),), joined)
