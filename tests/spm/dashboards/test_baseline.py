"""Baseline or current: the same pages against either version of the plan, and a mark where a revision moved it."""

import csv
import io
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import FiscalYear, Period
from targets import baseline, locking, plans, revisions, rollup
from targets.choices import Measure, RevisionCause
from targets.goals import Goal, of_person, of_segment, of_team, of_territory
from targets.models import PlanLine, Quota, Target
from tests.adventureworks import attainment
from tests.builders import make_line_of_plan, make_person, make_territory
from tests.spm.dashboards.test_pages import as_user, content, queries

__all__ = ["as_user"]

pytestmark = pytest.mark.django_db


def approve(story, wanted, first="2026-07"):
    working = plans.working_plan(FiscalYear.objects.get(label="2026"))
    effective = Period.objects.leaves().get(label=first)
    told = {"effective": effective, "cause": RevisionCause.TERRITORY, "reason": "A territory moved"}
    asked = revisions.request(working, wanted, by=make_person(is_admin=True), on=effective.starts_on, **told)
    revisions.approve(asked, by=story.admin, on=effective.starts_on)
    rollup.roll_up_stale()


def from_july(model, holder, amount):
    leaves = Period.objects.leaves().filter(label__gte="2026-07", label__lte="2026-12")
    return [(model, Goal(holder, "bookings", leaf, Decimal(amount))) for leaf in leaves]


@pytest.fixture
def revised(story):
    """The story locked with a plan of 270 a month; from July Rep One carries 120 and Rep Two 90 instead of 100."""
    for month in range(1, 13):
        make_line_of_plan(f"2026-{month:02}", 270)
    locking.lock(plans.working_plan(FiscalYear.objects.get(label="2026")), by=story.admin)
    own = from_july(Quota, of_person(story.rep.pk), 120)
    approve(story, own + from_july(Quota, of_person(story.teammate.pk), 90))
    rollup.rebuild()
    return story


def performance(client, address="performance", *args, **query):
    return client.get(reverse(f"dashboards:{address}", args=args), query).context["page"]


def test_the_company_and_its_people_by_hand_against_either_version(revised, as_user):
    client = as_user(revised.admin)
    now, then = performance(client), performance(client, plan="baseline")
    assert (now.total.figures.quota, now.total.figures.expected) == (3660, 2606)
    assert (then.total.figures.quota, then.total.figures.expected, then.total.figures.gap) == (3600, 2580, -440)
    people = [{row.name: row.figures for row in page.rows} for page in (now, then)]
    assert (people[0]["Rep One"].expected, people[0]["Rep One"].gap) == (912, 38)
    assert (people[1]["Rep One"].expected, people[1]["Rep One"].gap) == (860, 90)
    assert now.total.figures.plan == then.total.figures.plan == 3240


@pytest.mark.parametrize("plan", ["", "baseline"])
def test_rows_of_either_version_add_up_to_the_row_above(revised, as_user, plan):
    page = performance(as_user(revised.admin), plan=plan)
    for group in page.board.groups:
        if group.head and group.rows:
            assert sum(row.figures.quota or 0 for row in group.rows) == group.head.figures.quota
    heads = [group.head.figures.quota or 0 for group in page.board.groups if group.head]
    assert sum(heads) == page.total.figures.quota


def test_the_baseline_of_a_year_before_its_revision_is_what_the_roll_up_said(story, as_user):
    client, year = as_user(story.admin), FiscalYear.objects.get(label="2026")
    for month in range(1, 13):
        make_line_of_plan(f"2026-{month:02}", 270)
    Target.objects.create(
        plan=plans.working_plan(year),
        team=story.north,
        measure="bookings",
        period=Period.objects.leaves().get(label="2026-08"),
        amount=190,
    )
    rollup.rebuild()
    before = performance(client)
    locking.lock(plans.working_plan(year), by=story.admin)
    everything = from_july(Quota, of_person(story.rep.pk), 777) + from_july(PlanLine, of_segment(), 999)
    approve(story, everything + from_july(Target, of_team(story.north.pk), 555))
    rollup.rebuild()
    then = performance(client, plan="baseline")
    assert [row.figures for row, _level in then.ordered] == [row.figures for row, _level in before.ordered]
    assert then.total.figures == before.total.figures != performance(client).total.figures


def test_the_team_and_the_rep_follow_the_switch_and_say_which_quota_it_is(revised, as_user):
    client = as_user(revised.director)
    assert performance(client, "team", revised.north.pk).total.figures.quota == 2460
    assert performance(client, "team", revised.north.pk, plan="baseline").total.figures.quota == 2400
    address = reverse("dashboards:rep", args=[revised.rep.pk])
    now, then = client.get(address), client.get(address, {"plan": "baseline"})
    assert (now.context["page"].total.figures.quota, then.context["page"].total.figures.quota) == (1320, 1200)
    assert "Baseline quota" in then.content.decode()
    assert "Measured against the baseline" in then.content.decode()
    assert "Baseline quota" not in now.content.decode()


def test_the_target_of_a_territory_follows_the_switch(story, as_user):
    land, year = make_territory("Northland", owner=story.rep), FiscalYear.objects.get(label="2026")
    july = Period.objects.leaves().get(label="2026-07")
    plan = plans.working_plan(year)
    plans.set_target(plan, holder=land, measure="bookings", period=july, amount=Decimal(50))
    locking.lock(plan, by=story.admin)
    territory = from_july(Target, of_territory(land.pk), 80)[:1]
    approve(story, territory)
    client = as_user(story.admin)
    found = [
        {row.name: row.figures.quota for row in performance(client, "territories", plan=plan).rows}["Northland"]
        for plan in ("current", "baseline")
    ]
    assert found == [80, 50]


def test_the_math_and_the_file_name_the_version(revised, as_user):
    client = as_user(revised.admin)
    labels = [label for label, _value in performance(client, plan="baseline").tiles[0].math.rows]
    assert labels[1] == "÷ baseline quota of the period"
    answer = client.get(reverse("dashboards:performance"), {"plan": "baseline", "format": "csv"})
    assert "baseline" in answer["Content-Disposition"]
    rows = {row["Name"]: row for row in csv.DictReader(io.StringIO(content(answer).decode("utf-8-sig")))}
    assert Decimal(rows["Rep One"]["Baseline quota"]) == 1200


def test_every_link_of_the_page_keeps_the_version_and_the_switch_leads_back(revised, as_user):
    answer = as_user(revised.admin).get(reverse("dashboards:performance"), {"plan": "baseline"})
    page, versions = answer.context["page"], answer.context["filters"].versions
    assert all("plan=baseline" in row.href for row in page.rows if row.href)
    assert [(choice.label, choice.is_current) for choice in versions] == [("Current", False), ("Baseline", True)]
    assert "plan=" not in versions[0].url


def test_a_year_without_revisions_has_no_switch_and_says_so_to_who_asks(story, as_user):
    locking.lock(plans.working_plan(FiscalYear.objects.get(label="2026")), by=story.admin)
    answer = as_user(story.admin).get(reverse("dashboards:performance"), {"plan": "baseline"})
    assert answer.context["filters"].versions == ()
    assert "no approved revision" in answer.content.decode()
    assert not answer.context["view"].is_baseline


def test_nobody_sees_more_by_asking_for_the_baseline(revised, as_user):
    query = {"plan": "baseline"}
    client = as_user(revised.rep)
    assert client.get(reverse("dashboards:rep", args=[revised.outsider.pk]), query).status_code == 404
    assert client.get(reverse("dashboards:team", args=[revised.north.pk]), query).status_code == 404
    page = performance(as_user(revised.north_manager), "team", revised.north.pk, plan="baseline")
    assert {row.name for row in page.rows if row.kind == "person"} == {"Rep One", "Rep Two"}


@pytest.mark.parametrize("plan", ["", "?plan=baseline"])
def test_either_version_stays_within_the_queries_of_a_page(revised, as_user, plan):
    client = as_user(revised.director)
    pages = [
        reverse("dashboards:performance"),
        reverse("dashboards:team", args=[revised.north.pk]),
        reverse("dashboards:rep", args=[revised.rep.pk]),
        reverse("dashboards:territories"),
    ]
    counts = [queries(client, address + plan) for address in pages]
    assert max(counts) <= 20
    assert len(counts) == 4


@pytest.mark.parametrize(("period", "north"), [("year", 2400), ("quarter", 600), ("month", 200)])
def test_the_command_line_reads_either_version(revised, period, north):
    def quotas(**options):
        rows = attainment("team", "bookings", period=period, **options)
        return [Decimal(row["quota"]) for row in rows if row["name"] == "North" and row["quota"]]

    assert quotas(plan="baseline") == [Decimal(north)] * len(quotas())
    assert quotas()[-1] > quotas(plan="baseline")[-1]


@pytest.mark.parametrize("level", ["year", "quarter", "month"])
@pytest.mark.parametrize("by", ["person", "team", "territory", "company"])
def test_the_command_line_gives_every_holder_of_a_locked_year_the_numbers_that_were_rolled_up(story, by, level):
    west = make_territory("West")
    south, coast = make_territory("West South", parent=west), make_territory("West South Coast", parent=west)
    year = FiscalYear.objects.get(label="2026")
    working = plans.working_plan(year)
    leaves = list(Period.objects.leaves().filter(label__startswith="2026-"))
    for place, amount in ((west, 90), (south, 40), (make_territory("Harbour", parent=coast), 25)):
        for leaf in leaves[:7]:
            Target.objects.create(plan=working, territory=place, measure="bookings", period=leaf, amount=amount)
    for leaf in leaves:
        make_line_of_plan(leaf.label, 270)
        Target.objects.create(plan=working, team=story.north, measure="bookings", period=leaf, amount=190)
    rollup.rebuild()
    locking.lock(working, by=story.admin)
    rows = attainment(by, "bookings", period=level)
    assert any(row["quota"] for row in rows)
    assert attainment(by, "bookings", period=level, plan="baseline") == rows


# Marks


def marks_of(page):
    texts = [note["text"] for note in page.chart.figure["layout"]["annotations"]]
    return [texts[i : i + 3] for i, text in enumerate(texts) if text.startswith("Revised")]


def test_the_words_at_a_revision_are_named_so_that_a_phone_can_leave_them_out(revised, as_user):
    page = performance(as_user(revised.director), "rep", revised.rep.pk)
    notes = page.chart.figure["layout"]["annotations"]
    assert [note["text"] for note in notes if note.get("name") == "mark"] == sum(marks_of(page), [])


def test_a_person_s_line_bears_the_revision_in_drawing_sentence_and_table(revised, as_user):
    page = performance(as_user(revised.director), "rep", revised.rep.pk)
    assert marks_of(page) == [["Revised 1 Jul", "+€120", "territory move"]]
    assert page.chart.takeaway.endswith("Revised 1 Jul: +€120, territory move.")
    assert page.months.takeaway.endswith("Revised 1 Jul: +€120, territory move.")
    for chart in (page.chart, page.months):
        assert chart.table.headers[-1] == "Revision"
        assert [row[-1] for row in chart.table.rows if row[-1]] == ["Revised 1 Jul: +€120, territory move"]
    lines = [shape for shape in page.chart.figure["layout"]["shapes"] if shape["line"].get("dash") == "dot"]
    assert [shape["x0"] for shape in lines] == ["2026-07-01"]
    (month_line,) = page.months.figure["layout"]["shapes"]
    assert month_line["x0"] == 5.5


def test_team_and_company_tell_what_the_revision_did_to_their_own_number(revised, as_user):
    client = as_user(revised.director)
    assert marks_of(performance(client, "team", revised.north.pk)) == [["Revised 1 Jul", "+€60", "territory move"]]
    assert marks_of(performance(client)) == [["Revised 1 Jul", "quotas +€60", "territory move"]]
    assert marks_of(performance(client, plan="baseline")) == marks_of(performance(client))
    assert marks_of(performance(client, "team", revised.south.pk)) == []
    assert marks_of(performance(client, period="2026-Q4")) == []


def test_words_at_a_revision_with_which_the_period_begins_stand_to_its_right(revised, as_user):
    def sides(period):
        notes = performance(as_user(revised.director), period=period).chart.figure["layout"]["annotations"]
        return {note["xanchor"] for note in notes if note.get("name") == "mark"}

    assert (sides("2026-Q3"), sides("2026")) == ({"left"}, {"right"})


def test_a_move_within_a_team_leaves_its_total_and_says_so(revised, as_user):
    own = from_july(Quota, of_person(revised.rep.pk), 130)
    approve(revised, own + from_july(Quota, of_person(revised.teammate.pk), 80))
    page = performance(as_user(revised.director), "team", revised.north.pk)
    assert [mark[1] for mark in marks_of(page)] == ["+€60", "total unchanged"]


def test_the_heat_map_marks_the_month_from_which_a_quota_was_revised(revised, as_user):
    page = performance(as_user(revised.director))
    row = next(row for row in page.heat.rows if row.name == "Rep One")
    assert [cell.event for cell in row.cells[5:8]] == ["", "quota revised from 1 Jul, territory move", ""]


def test_the_steps_of_a_year_hold_one_measure_alone(revised):
    year = FiscalYear.objects.get(label="2026").pk
    (step,) = baseline.steps([year], Measure.BOOKINGS)
    assert (step.number, len(step.changes)) == (1, 12)
    assert baseline.steps([year], Measure.MARGIN) == []
