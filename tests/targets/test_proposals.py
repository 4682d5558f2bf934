"""Proposals from below: one's own number beside the target."""

from datetime import date
from decimal import Decimal

import pytest

from spm.errors import NothingToDo
from targets import cycles
from targets.choices import Measure, Stage
from targets.cycles import WrongStage
from targets.goals import BadAmount, of_person, of_team
from targets.letters import NotYours
from targets.models import PlanningCycle, Proposal
from targets.proposals import Standing, propose
from tests.builders import make_year

pytestmark = pytest.mark.django_db
BOOKINGS = Measure.BOOKINGS


@pytest.fixture
def cycle(year, cast):
    return cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.admin)


def test_a_rep_proposes_the_own_number_changes_it_and_takes_it_back(cycle, cast):
    propose(cycle, of_person(cast.rep.pk), BOOKINGS, Decimal(900), by=cast.rep, note=" Two accounts left ")
    proposal = propose(cycle, of_person(cast.rep.pk), BOOKINGS, Decimal(950), by=cast.rep, note="One came back")
    assert (proposal.amount, proposal.note, proposal.history.count()) == (Decimal(950), "One came back", 2)
    propose(cycle, of_person(cast.rep.pk), BOOKINGS, None, by=cast.rep)
    assert not Proposal.objects.exists()
    with pytest.raises(NothingToDo):
        propose(cycle, of_person(cast.rep.pk), BOOKINGS, None, by=cast.rep)


def test_a_manager_proposes_for_the_own_team(cycle, cast):
    proposal = propose(cycle, of_team(cast.north.pk), BOOKINGS, Decimal(5000), by=cast.north_manager)
    assert (proposal.team, proposal.person) == (cast.north, None)


def test_nobody_proposes_for_another(cycle, cast):
    for holder, by in (
        (of_person(cast.rep.pk), cast.admin),
        (of_person(cast.rep.pk), cast.north_manager),
        (of_team(cast.north.pk), cast.rep),
        (of_team(cast.north.pk), cast.south_manager),
    ):
        with pytest.raises(NotYours):
            propose(cycle, holder, BOOKINGS, Decimal(1), by=by)
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("amount", ["-1", "0.001", "NaN", "1e16"])
def test_a_bad_amount_is_refused(cycle, cast, amount):
    with pytest.raises(BadAmount):
        propose(cycle, of_person(cast.rep.pk), BOOKINGS, Decimal(amount), by=cast.rep)


def test_nothing_is_proposed_after_the_lock(cycle, cast):
    PlanningCycle.objects.update(stage=Stage.LOCK)
    with pytest.raises(WrongStage):
        propose(cycle, of_person(cast.rep.pk), BOOKINGS, Decimal(1), by=cast.rep)


def test_the_same_again_is_nothing_to_do(cycle, cast):
    propose(cycle, of_person(cast.rep.pk), BOOKINGS, Decimal(1), by=cast.rep)
    with pytest.raises(NothingToDo):
        propose(cycle, of_person(cast.rep.pk), BOOKINGS, Decimal(1), by=cast.rep)


def test_the_difference_is_proposed_less_target():
    assert Standing(BOOKINGS, Decimal(90), "", None, Decimal(100)).difference == -10
    assert Standing(BOOKINGS, None, "", None, Decimal(100)).difference is None
