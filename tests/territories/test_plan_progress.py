"""What Home and the page of a rep say of a plan in force: how far it is, what is due, what nobody touched."""

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from territories import plan_flow, plan_tracking
from territories.choices import Section
from territories.models import TerritoryPlan, TerritoryPlanLine
from tests.builders import make_company
from tests.territories.test_plan_writing import complete


def words(body):
    return " ".join(re.sub(r"<[^>]+>", " ", body).split()).replace("\u202f", " ").replace("\xa0", " ")


@pytest.fixture
def says(planned, client):
    """says(name, person) is what an address says, as words, on 20 April of the plan's year."""

    def of(name, person, *args):
        client.force_login(person)
        return words(client.get(reverse(name, args=args)).content.decode())

    return of


def approve(planned):
    """In December, long before the day on which the page is read."""
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    plan_flow.approve(planned.plan, planned.north_manager)
    TerritoryPlan.objects.update(decided_at=datetime(2026, 12, 1, 12, tzinfo=UTC))
    make_company(fixed_today="2027-04-20")


def track(planned, section, status):
    line = TerritoryPlanLine.objects.select_related("plan__person").get(plan=planned.plan, section=section)
    plan_tracking.track(line, status, "Seen", planned.rep)
    TerritoryPlanLine.objects.filter(pk=line.pk).update(touched_at=datetime(2027, 4, 15, 12, tzinfo=UTC))


def test_the_page_of_a_rep_says_how_far_the_plan_is(planned, says):
    approve(planned)
    track(planned, Section.GOALS, "done")
    track(planned, Section.ACCOUNTS, "underway")
    track(planned, Section.SUPPORT, "dropped")
    told = says("dashboards:rep", planned.rep, planned.rep.pk)
    assert "Territory plan 2027: 30 % of the way, 1 of 5 lines done." in told  # (1 + ½) of the five not dropped
    assert "3 lines are untouched for long." in told
    assert "Halvorsen" in told  # what is still to do
    assert "Territory plan 2027: 30 % of the way" in says("dashboards:rep", planned.north_manager, planned.rep.pk)


def test_touched_a_moment_ago_a_line_is_not_untouched_and_done_it_is_no_action(planned, says):
    approve(planned)
    for section in Section:
        track(planned, section, "underway")
    told = says("dashboards:rep", planned.rep, planned.rep.pk)
    assert "50 % of the way, 0 of 6 lines done." in told
    assert "untouched for long" not in told
    for section in Section:
        track(planned, section, "done")
    told = says("dashboards:rep", planned.rep, planned.rep.pk)
    assert "100 % of the way, 6 of 6 lines done. Open the plan Every line is done or dropped." in told


def test_a_plan_that_is_not_approved_has_no_progress(planned, says):
    complete(planned)
    make_company(fixed_today="2027-04-20")
    told = says("dashboards:rep", planned.rep, planned.rep.pk)
    assert "Territory plan 2027: Draft. Nothing is in force yet." in told
    plan_flow.submit(planned.plan, planned.rep)
    told = says("dashboards:rep", planned.rep, planned.rep.pk)
    assert "Territory plan 2027: Submitted. Nothing is in force yet." in told


def test_home_of_a_rep_lists_what_is_due_within_a_fortnight_or_late(planned, says):
    complete(planned)
    for section, day, text in (
        (Section.GOALS, "2027-04-04", "A day beyond the fortnight"),
        (Section.BUSINESS, "2027-04-03", "On its last day"),
        (Section.RETENTION, "2027-03-01", "Late already"),
        (Section.ACCOUNTS, "2027-12-01", ""),
    ):
        TerritoryPlanLine.objects.filter(section=section).update(due_on=day, text=text)
    plan_flow.submit(planned.plan, planned.rep)
    plan_flow.approve(planned.plan, planned.north_manager)
    make_company(fixed_today="2027-03-20")
    told = says("dashboards:home", planned.rep)
    assert "On its last day" in told
    assert "Late already" in told
    assert "A day beyond the fortnight" not in told
    track(planned, Section.RETENTION, "done")
    assert "Late already" not in says("dashboards:home", planned.rep)


def test_home_of_a_manager_asks_to_decide_what_waits_and_an_admin_reads_how_many_are_approved(planned, says):
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    make_company(fixed_today="2027-01-10")
    assert "Territory plan 2027 of Rep One" in says("dashboards:home", planned.north_manager)
    assert "Territory plan 2027 of Rep One" not in says("dashboards:home", planned.south_manager)
    before = re.search(r"Territory plans approved (\d+) of (\d+)", says("dashboards:home", planned.admin))
    plan_flow.approve(planned.plan, planned.north_manager)
    after = re.search(r"Territory plans approved (\d+) of (\d+)", says("dashboards:home", planned.admin))
    assert (int(after[1]), after[2]) == (int(before[1]) + 1, before[2])
    assert "Territory plan 2027 of Rep One" not in says("dashboards:home", planned.north_manager)
