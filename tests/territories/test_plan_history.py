"""Versions of a plan word by word: what is compared unless one asks for others, and what a comparison holds."""

from decimal import Decimal

from territories import plan_flow, plan_history, plan_writing
from territories.choices import Section
from territories.field_writing import Change
from territories.models import TerritoryPlan, TerritoryPlanLine
from tests.territories.test_plan_writing import change, complete


def changed(planned):
    """What the history opens with: the words of the lines that differ, by part."""
    plan = TerritoryPlan.objects.select_related("fiscal_year", "person").get(pk=planned.plan.pk)
    page = plan_history.history(planned.north_manager, plan, "", "")
    return {
        part.label: [" ".join(run.sign + run.text for run in line.runs) for line in part.lines if line.is_changed]
        for part in page.parts
        if part.changes
    }


def rewrite(planned, text):
    line = TerritoryPlanLine.objects.get(plan=planned.plan, section=Section.SUPPORT)
    plan_writing.save(planned.plan, [change(line, "text", text, was=line.text)], planned.rep)


def test_the_manager_sees_what_changed_since_the_plan_was_given_back(planned):
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    plan_flow.return_(planned.plan, planned.north_manager, "Who?")
    rewrite(planned, "A technician from March")
    expected = {"Support needed and risks": ["A technician +from March"]}
    assert changed(planned) == expected
    plan_flow.submit(planned.plan, planned.rep)
    assert changed(planned) == expected


def test_goals_of_the_year_and_the_base_are_compared_too(planned):
    complete(planned)
    plan_flow.approve(plan_flow.submit(planned.plan, planned.rep), planned.north_manager)
    assert changed(planned) == {}
    plan = plan_flow.propose_change(planned.plan, planned.rep)
    goal = Change("plan", "revenue_goal", "5000", plan.version, "")
    plan_writing.save(plan, [goal, Change("base", "base", "700", 0, "")], planned.rep)
    assert changed(planned) == {"Goals of the year": ["+Revenue: 5,000"], "Retention": ["+Retention base: 700"]}
    assert TerritoryPlan.objects.get().revenue_goal == Decimal(5_000)
