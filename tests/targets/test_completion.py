"""How much of the current stage is done: each stage by what it is made of."""

from datetime import date
from decimal import Decimal

import pytest

from targets import cycles
from targets.choices import Stage
from targets.completion import done_share
from targets.grounds import ground_of
from targets.models import CompanyPlan, PlanLine, PlanningCycle, QuotaLetter
from tests.builders import make_line_of_plan, make_person, make_quota, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def cycle(year, cast):
    return cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.admin)


def share(cycle, stage):
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=stage)
    return done_share(ground_of(PlanningCycle.objects.get(pk=cycle.pk)))


def test_a_plan_of_one_measure_is_a_third_of_the_plan(cycle):
    assert share(cycle, Stage.PLAN) == 0
    make_line_of_plan("2027-01", 1000)
    assert share(cycle, Stage.PLAN) == Decimal(1) / 3


def test_allocation_is_what_people_carry_of_the_measure_that_lags_most(cycle, cast):
    assert share(cycle, Stage.ALLOCATE) is None
    make_line_of_plan("2027-01", 1000)
    make_line_of_plan("2027-01", 500, "revenue")
    make_quota(cast.rep, "2027-01", 1200)
    make_quota(cast.rep, "2027-01", 200, "revenue")
    assert share(cycle, Stage.ALLOCATE) == Decimal("0.4")
    make_quota(cast.teammate, "2027-01", 400, "revenue")
    assert share(cycle, Stage.ALLOCATE) == 1


def test_a_segment_of_the_plan_is_not_counted_beside_the_whole(cycle, cast):
    line = make_line_of_plan("2027-01", 1000)
    PlanLine.objects.create(plan=line.plan, measure="bookings", period=line.period, segment="Food", amount=400)
    make_quota(cast.rep, "2027-01", 1000)
    assert share(cycle, Stage.ALLOCATE) == 1


@pytest.mark.parametrize(("stage", "expected"), [(Stage.REVIEW, "0.75"), (Stage.APPROVE, "0.5"), (Stage.LOCK, "0.25")])
def test_letters_are_agreed_to_then_approved_then_acknowledged(cycle, cast, stage, expected):
    assert share(cycle, stage) is None
    for person, state, at in (
        (cast.rep, "question", None),
        (cast.teammate, "agreed", None),
        (cast.outsider, "approved", None),
        (cast.loner, "approved", "2026-09-01T00:00Z"),
        (make_person("Gone too", is_active=False), "sent", None),
    ):
        QuotaLetter.objects.create(cycle=cycle, person=person, state=state, acknowledged_at=at)
    assert share(cycle, stage) == Decimal(expected)


def test_a_year_that_is_watched_is_done_by_its_days(year, cast):
    cycle = cycles.create_cycle(year, cast.admin)
    assert CompanyPlan.objects.count() == 1
    assert share(cycle, Stage.MONITOR) == Decimal(261) / 365  # to 18 September
