"""The way of a plan: handed in, returned, approved by both, changed openly; nobody decides their own."""

import pytest

from spm.market.models import Assignment
from spm.talk.models import Notification
from territories import plan_flow, plan_writing
from territories.choices import PlanState, Section
from territories.models import PlanVersion, TerritoryPlan, TerritoryPlanLine
from territories.plan_flow import Incomplete, NotHeld, NotYours, WrongState
from tests.territories.test_plan_writing import change, complete


def submitted(planned):
    complete(planned)
    return plan_flow.submit(planned.plan, planned.rep)


def told(person):
    return list(Notification.objects.filter(person=person).values_list("kind", flat=True))


def test_a_plan_with_an_empty_section_is_not_handed_in(planned):
    complete(planned)
    TerritoryPlanLine.objects.filter(section=Section.SUPPORT).delete()
    with pytest.raises(Incomplete, match="Support"):
        plan_flow.submit(planned.plan, planned.rep)


def test_the_manager_hears_of_it_and_signs(planned):
    plan = submitted(planned)
    assert told(planned.north_manager) == ["territory_plan_submitted"]
    plan = plan_flow.approve(plan, planned.north_manager)
    assert (plan.state, plan.approved_number, plan.decided_by) == (PlanState.APPROVED, 1, planned.north_manager)
    assert "territory_plan_approved" in told(planned.rep)
    assert list(PlanVersion.objects.values_list("number", "state")) == [(1, "submitted"), (1, "approved")]


@pytest.mark.parametrize("who", ["rep", "teammate", "south_manager"])
def test_nobody_decides_their_own_plan_nor_that_of_others(planned, who):
    plan = submitted(planned)
    with pytest.raises(NotYours):
        plan_flow.approve(plan, getattr(planned, who))


def test_a_plan_comes_back_with_a_word_and_goes_out_as_the_next_version(planned):
    plan = submitted(planned)
    with pytest.raises(plan_flow.RuleViolation):
        plan_flow.return_(plan, planned.north_manager, "  ")
    plan_flow.return_(plan, planned.north_manager, "Name the technician")
    line = TerritoryPlanLine.objects.get(section=Section.SUPPORT)
    plan_writing.save(plan, [change(line, "text", "Anna from March", was="A technician")], planned.rep)
    plan = plan_flow.submit(plan, planned.rep)
    assert (plan.number, plan.state) == (2, PlanState.SUBMITTED)


def test_a_proposed_change_can_be_dropped(planned):
    plan = plan_flow.approve(submitted(planned), planned.north_manager)
    plan = plan_flow.propose_change(plan, planned.rep)
    line = TerritoryPlanLine.objects.get(section=Section.GOALS)
    plan_writing.save(plan, [change(line, "text", "Win ten", was="Win two")], planned.rep)
    plan = plan_flow.drop_change(plan, planned.rep)
    assert (plan.state, plan.number) == (PlanState.APPROVED, 1)
    assert TerritoryPlanLine.objects.get(section=Section.GOALS).text == "Win two"


def test_a_plan_for_a_territory_no_longer_held_is_not_handed_in_and_keeps_its_words(planned):
    complete(planned)
    Assignment.objects.create(territory=planned.territory, person=planned.teammate, starts_on="2026-12-01")
    with pytest.raises(NotHeld, match="Baltic Coast"):
        plan_flow.submit(planned.plan, planned.rep)
    assert TerritoryPlanLine.objects.filter(plan=planned.plan).count() == 6


def test_a_reminder_goes_out_once_a_day(planned):
    plan_flow.nudge(planned.plan, planned.north_manager)
    with pytest.raises(plan_flow.NothingToDo):
        plan_flow.nudge(planned.plan, planned.north_manager)


def test_only_a_submitted_plan_is_decided(planned):
    with pytest.raises(WrongState):
        plan_flow.approve(planned.plan, planned.north_manager)
    assert TerritoryPlan.objects.get(pk=planned.plan.pk).state == PlanState.DRAFT
