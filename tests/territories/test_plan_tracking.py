"""What is said of a line of a plan in force: refused with a reason where it says nothing, and held against its pace."""

from decimal import Decimal

import pytest

from spm.errors import NothingToDo, RuleViolation
from territories import caps, plan_flow, plan_tracking, plans
from territories.choices import Section
from territories.models import TerritoryPlan, TerritoryPlanLine
from territories.plan_tracking import NotInForce, NotYours
from tests.builders import make_actual, make_company, make_person, make_quota
from tests.territories.test_plan_pages import live_of
from tests.territories.test_plan_writing import complete


def line_of(planned):
    return TerritoryPlanLine.objects.select_related("plan__person").get(plan=planned.plan, section=Section.ACCOUNTS)


def test_before_the_plan_is_approved_no_line_has_come_anywhere(planned):
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    with pytest.raises(NotInForce):
        plan_tracking.track(line_of(planned), "underway", "Met", planned.rep)


@pytest.mark.parametrize(
    ("status", "evidence", "why"),
    [
        ("done", " ", "Say by what one sees it"),
        ("dropped", "", "or why it is dropped"),
        ("finished", "Met", "Choose how far"),
        ("underway", "x" * (caps.EVIDENCE + 1), "at most 200"),
    ],
)
def test_what_says_nothing_or_too_much_is_refused_and_the_line_stays(planned, status, evidence, why):
    complete(planned)
    plan_flow.approve(plan_flow.submit(planned.plan, planned.rep), planned.north_manager)
    with pytest.raises(RuleViolation, match=why):
        plan_tracking.track(line_of(planned), status, evidence, planned.rep)
    with pytest.raises(NotYours):
        plan_tracking.track(line_of(planned), "done", "Signed", planned.teammate)
    line = line_of(planned)
    assert (line.status, line.evidence, line.touched_at) == ("planned", "", None)


def test_the_pace_of_a_line_is_its_actual_against_the_part_of_its_goal_that_is_due(planned):
    """On 30 June half of an even year has passed: of the 620 named, 310 are due, and 279 are 90 % of them."""
    make_company(fixed_today="2027-06-30")
    complete(planned)
    make_actual(planned.rep, "2027-03-01", 279, kind="booking", account=planned.accounts[0])
    lines, live = live_of(planned)
    found = live.lines[next(line.pk for line in lines if line.section == Section.ACCOUNTS)]
    assert (found.goal, found.expected, found.pace) == (620, 310, Decimal("0.9"))


def test_rolled_out_again_it_opens_a_plan_for_who_came_since_alone(planned):
    with pytest.raises(NothingToDo):
        plans.roll_out(planned.year, planned.admin)
    late = make_person("Late")
    make_quota(late, "2027-05", 100)
    assert plans.roll_out(planned.year, planned.admin) == 1
    assert TerritoryPlan.objects.filter(fiscal_year=planned.year, person=late).count() == 1
