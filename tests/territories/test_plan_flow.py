"""The way of a plan: handed in, returned, approved by both, changed openly; nobody decides their own."""

import pytest
from django.db import connection

from spm.market.models import Assignment
from spm.org import guards
from spm.org.verification import run_all
from spm.talk.models import Notification
from territories import caps, plan_flow, plan_tracking, plan_writing
from territories.choices import PlanState, Section
from territories.models import PlanVersion, TerritoryPlan, TerritoryPlanLine
from territories.plan_flow import Incomplete, NotHeld, NotYours, WrongState
from tests.builders import make_account
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


def test_nor_is_it_approved_where_the_territory_changed_hands_meanwhile(planned):
    plan = submitted(planned)
    Assignment.objects.create(territory=planned.territory, person=planned.teammate, starts_on="2026-12-01")
    with pytest.raises(NotHeld, match="Baltic Coast"):
        plan_flow.approve(plan, planned.north_manager)
    plan_flow.return_(plan, planned.north_manager, "Which territory is it for now?")
    assert TerritoryPlan.objects.get(pk=plan.pk).state == PlanState.RETURNED
    assert TerritoryPlanLine.objects.filter(plan=plan).count() == 6


def test_a_reminder_goes_out_once_a_day(planned):
    plan_flow.nudge(planned.plan, planned.north_manager)
    with pytest.raises(plan_flow.NothingToDo):
        plan_flow.nudge(planned.plan, planned.north_manager)


def test_only_a_submitted_plan_is_decided(planned):
    with pytest.raises(WrongState):
        plan_flow.approve(planned.plan, planned.north_manager)
    assert TerritoryPlan.objects.get(pk=planned.plan.pk).state == PlanState.DRAFT


def in_force(planned, *accounts):
    """The plan approved, with a key account for each of these and a status that names it."""
    complete(planned)
    TerritoryPlanLine.objects.filter(section=Section.ACCOUNTS).delete()
    for number, account in enumerate(accounts, start=1):
        line = plan_writing.add_line(planned.plan, Section.ACCOUNTS, planned.rep)
        line.account, line.amount, line.due_on = account, 100 * number, "2027-06-30"
        line.entry, line.next_step = f"Way into {account.name}", "Call"
        line.save()
    plan_flow.submit(planned.plan, planned.rep)
    plan_flow.approve(planned.plan, planned.north_manager)
    for line in TerritoryPlanLine.objects.filter(section=Section.ACCOUNTS).select_related("account"):
        plan_tracking.track(line, "underway", f"Met {line.account.name}", planned.rep)
    return plan_flow.propose_change(planned.plan, planned.rep)


def accounts_of(plan):
    rows = TerritoryPlanLine.objects.filter(plan=plan, section=Section.ACCOUNTS).order_by("position")
    return list(rows.values_list("pk", "position", "account__name", "entry", "evidence"))


@pytest.mark.parametrize("count", [2, caps.ACCOUNTS], ids=["two lines", "a full section"])
def test_a_dropped_change_of_the_order_leaves_status_and_evidence_with_their_lines(planned, count):
    more = [make_account(f"Account {number:02}", owner=planned.rep) for number in range(count - 2)]
    plan = in_force(planned, *planned.accounts, *more)
    before = accounts_of(plan)
    first = TerritoryPlanLine.objects.get(pk=before[0][0])
    plan_writing.move_line(first, False, planned.rep)
    after = accounts_of(plan)
    assert [row[0] for row in after[:2]] == [before[1][0], before[0][0]]  # the rows moved, not their words
    assert [row[2:] for row in after[:2]] == [before[1][2:], before[0][2:]]
    last = TerritoryPlanLine.objects.get(pk=accounts_of(plan)[-1][0])
    plan_writing.move_line(last, True, planned.rep)
    plan_flow.drop_change(plan, planned.rep)
    assert accounts_of(plan) == before
    assert not [finding for finding in run_all(("INV-60", "INV-61")) if finding.breaches]


def test_a_line_that_was_taken_out_comes_back_with_its_status_when_the_change_is_dropped(planned):
    third = make_account("Third", owner=planned.rep)
    plan = in_force(planned, *planned.accounts, third)
    before = accounts_of(plan)
    plan_writing.remove_line(TerritoryPlanLine.objects.get(pk=before[0][0]), planned.rep)
    plan_writing.move_line(TerritoryPlanLine.objects.get(pk=before[1][0]), False, planned.rep)
    swapped = TerritoryPlanLine.objects.get(pk=before[2][0])
    swapped.account = planned.accounts[0]  # of the line that is gone
    swapped.save()
    plan_flow.drop_change(plan, planned.rep)
    assert accounts_of(plan) == before


def test_a_version_kept_before_lines_had_keys_is_put_back_by_their_places(planned):
    plan = in_force(planned, *planned.accounts)
    before = accounts_of(plan)
    kept = PlanVersion.objects.get(plan=plan, state=PlanState.APPROVED)
    for lines in kept.content["lines"].values():
        for line in lines:
            del line["line"]
    guards.drop(connection)
    kept.save()
    TerritoryPlanLine.objects.filter(pk=before[0][0]).update(entry="Something else")
    plan_flow.drop_change(plan, planned.rep)
    assert accounts_of(plan) == before
