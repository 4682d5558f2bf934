"""Versions of a plan word by word: what is compared unless one asks for others, and what a comparison holds."""

from decimal import Decimal

import pytest
from django.db import connection

from spm.org import guards
from territories import plan_flow, plan_history, plan_queries, plan_writing
from territories.choices import Section
from territories.field_writing import Change
from territories.models import PlanVersion, TerritoryPlan, TerritoryPlanLine
from tests.builders import make_company
from tests.territories.test_plan_writing import add, change, complete


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


@pytest.fixture
def changing(planned):
    """In force with three goals; a change is proposed which takes the first one out and moves the last one up."""
    complete(planned)
    more = [add(planned, Section.GOALS, text=f"Win {many}", due_on="2027-03-31") for many in ("four", "six")]
    plan_flow.approve(plan_flow.submit(planned.plan, planned.rep), planned.north_manager)
    plan_flow.propose_change(planned.plan, planned.rep)
    first = TerritoryPlanLine.objects.get(plan=planned.plan, section=Section.GOALS, position=1)
    plan_writing.remove_line(first, planned.rep)
    plan_writing.move_line(more[1], True, planned.rep)
    return planned


def test_a_line_that_went_rewrites_none_of_those_that_stay_wherever_they_stand(changing):
    assert changed(changing) == {"Goals and priorities": ["−Win two · 31 Mar 2027"]}


def test_the_baseline_lies_over_each_line_by_what_it_was(changing):
    line = TerritoryPlanLine.objects.get(text="Win six")
    plan_writing.save(changing.plan, [change(line, "text", "Win seven", was="Win six")], changing.rep)
    plan = TerritoryPlan.objects.select_related("fiscal_year", "person", "territory").get(pk=changing.plan.pk)
    sheet = plan_history.with_baseline(plan_queries.plan_sheet(changing.rep, plan, make_company()))
    goals = next(part for part in sheet.sections if part.section == Section.GOALS)
    told = [(row.fields["text"], " ".join(run.sign + run.text for run in row.was)) for row in goals.lines]
    assert told == [("Win seven", "Win −six +seven · 31 Mar 2027"), ("Win four", "")]
    assert goals.gone == ["Win two · 31 Mar 2027"]


def test_a_version_of_before_lines_had_keys_is_compared_by_place(changing):
    kept = PlanVersion.objects.get(plan=changing.plan, state="approved")
    for line in kept.content["lines"]["goals"]:
        del line["line"]
    guards.drop(connection)
    kept.save()
    assert changed(changing)["Goals and priorities"][0] == "Win −two +six · 31 Mar 2027"


def test_goals_of_the_year_and_the_base_are_compared_too(planned):
    complete(planned)
    plan_flow.approve(plan_flow.submit(planned.plan, planned.rep), planned.north_manager)
    assert changed(planned) == {}
    plan = plan_flow.propose_change(planned.plan, planned.rep)
    goal = Change("plan", "revenue_goal", "5000", plan.version, "")
    plan_writing.save(plan, [goal, Change("base", "base", "700", 0, "")], planned.rep)
    assert changed(planned) == {"Goals of the year": ["+Revenue: 5,000"], "Retention": ["+Retention base: 700"]}
    assert TerritoryPlan.objects.get().revenue_goal == Decimal(5_000)
