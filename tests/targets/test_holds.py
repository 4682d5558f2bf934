"""Numbers that stay when a total is spread."""

from datetime import date

import pytest

from spm.errors import NothingToDo, RuleViolation
from spm.org.models import Period
from targets.goals import LockedPlan, OwnQuota, of_person, of_team
from targets.holds import NotYours, hold, release
from targets.models import Hold
from targets.plans import working_plan
from tests.builders import make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(year):
    return working_plan(make_year("2027", date(2027, 1, 1)))


def quarter():
    return Period.objects.get(label="2027-Q1")


def test_a_number_is_held_once_and_released(plan, cast):
    for holder in (of_person(cast.rep.pk), of_team(cast.north.pk)):
        assert hold(plan, holder, "bookings", quarter(), by=cast.admin) == hold(
            plan, holder, "bookings", quarter(), by=cast.admin
        )
        release(plan, holder, "bookings", quarter(), by=cast.admin)
        with pytest.raises(NothingToDo):
            release(plan, holder, "bookings", quarter(), by=cast.admin)
    assert not Hold.objects.exists()


def test_nobody_holds_the_own_number_nor_one_of_a_locked_plan_or_another_year(plan, cast):
    with pytest.raises(OwnQuota):
        hold(plan, of_person(cast.rep.pk), "bookings", quarter(), by=cast.rep)
    with pytest.raises(RuleViolation, match="not part of"):
        hold(plan, of_person(cast.rep.pk), "bookings", Period.objects.get(label="2026-Q1"), by=cast.admin)
    plan.locked_at = "2026-09-18T00:00Z"
    with pytest.raises(LockedPlan):
        hold(plan, of_person(cast.rep.pk), "bookings", quarter(), by=cast.admin)


def test_who_holds_and_releases_manages_the_person_or_stands_above_the_team(plan, cast):
    manager, rep, team = cast.north_manager, of_person(cast.rep.pk), of_team(cast.north.pk)
    hold(plan, rep, "bookings", quarter(), by=manager)
    for verb in (hold, release):
        for by, holder in ((cast.teammate, rep), (cast.south_manager, rep), (manager, team), (cast.rep, team)):
            with pytest.raises(NotYours):
                verb(plan, holder, "bookings", quarter(), by=by)
    assert Hold.objects.get().person == cast.rep
