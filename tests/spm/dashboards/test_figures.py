"""Leaf figures added up, and the board whose rows always sum to the row above."""

from datetime import date
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.urls import reverse

from spm.dashboards.board import Focus, RowKind
from spm.dashboards.figures import Cell, figures
from spm.dashboards.performance import board_of, performance
from spm.dashboards.periods import Leaf, Window
from spm.dashboards.queries import view_of
from spm.money import total
from spm.org.models import Company, Membership, Period, User
from spm.org.people import place_member
from spm.org.teams import place_team
from spm.org.trees import read_history
from targets import closing, frozen, rollup
from tests.builders import make_quota

pytestmark = pytest.mark.django_db


def board(user, address="", teams=()):
    view = view_of(user, Company.objects.get(), QueryDict(address))
    return board_of(user, view, Focus(tuple(teams), is_company=not teams))[0]


def by_name(found, cast):
    names = {cast.rep.pk: "rep", cast.teammate.pk: "teammate", cast.outsider.pk: "outsider"}
    return {names[row.pk]: row for row in found.people}


def test_the_company_by_hand(story):
    at = board(story.admin).total.figures
    assert (at.actual, at.quota, at.expected, at.gap) == (2140, 3600, 2580, -440)


def test_a_person_by_hand_with_overlay_and_last_year_to_the_same_day(story):
    people = by_name(board(story.admin), story)
    rep, outsider = people["rep"].figures, people["outsider"].figures
    assert (rep.actual, rep.gap, rep.before) == (950, 90, 600)
    assert (outsider.actual, outsider.expected, outsider.before) == (850, 860, None)
    assert (rep.to_go, rep.months_left, rep.recent) == (250, Decimal("3.4"), 100)


@pytest.mark.parametrize("address", ["", "period=2026-Q3", "period=2026-09", "period=2026-YTD", "period=2025"])
def test_rows_add_up_to_the_row_above(story, address):
    found = board(story.admin, address)
    for group in found.groups:
        if group.head and group.rows:
            assert sum(row.figures.actual for row in group.rows) == group.head.figures.actual
            assert total(row.figures.quota for row in group.rows) == group.head.figures.quota
    tops = [group.head for group in found.groups if group.head]
    assert sum(row.figures.actual for row in tops) == found.total.figures.actual


def test_overlay_credit_is_taken_out_of_the_team_in_a_row_of_its_own(story):
    south = board(story.admin, teams=[story.south.pk])
    rows = {row.kind: row.figures.actual for group in south.groups for row in group.rows}
    assert rows == {RowKind.PERSON: 850, RowKind.OVERLAY: -150}
    assert south.total.figures.actual == 700


def test_a_mover_counts_in_each_team_for_the_time_spent_there(story):
    Membership.objects.create(person=story.rep, team=story.south, starts_on=date(2026, 7, 1))
    rollup.rebuild()
    found = board(story.admin)
    halves = {
        group.head.pk: row.figures
        for group in found.groups
        for row in group.rows
        if (row.kind, row.pk) == (RowKind.PERSON, story.rep.pk)
    }
    assert halves[story.north.pk].actual == 650
    assert halves[story.south.pk].actual == 300
    assert (halves[story.north.pk].quota, halves[story.south.pk].quota) == (600, 600)
    assert by_name(found, story)["rep"].figures.actual == 950


def test_a_former_member_is_part_of_the_rest_for_the_manager(story):
    Membership.objects.create(person=story.rep, team=story.south, starts_on=date(2026, 7, 1))
    rollup.rebuild()
    north = board(story.north_manager, teams=[story.north.pk])
    rows = {row.kind: row.figures.actual for group in north.groups for row in group.rows}
    assert rows == {RowKind.PERSON: 450, RowKind.REST: 650}
    assert north.total.figures.actual == 1100


def test_no_quota_is_no_pace_and_no_gap(story):
    at = board(story.admin, "measure=revenue").total.figures
    assert (at.quota, at.pace, at.gap, at.to_go, at.attainment) == (None, None, None, None, None)


def test_a_quota_given_later_shows_after_the_next_roll_up(story):
    make_quota(story.loner, "2026-01", 50)
    rollup.rebuild()
    assert board(story.admin).total.figures.quota == 3650


@pytest.mark.parametrize(
    ("cells", "over"),
    [
        ({1: Cell(quota_units=11, plan_units=10), 2: Cell(quota_units=11, plan_units=10)}, Decimal("0.1")),
        ({1: Cell(quota_units=11, plan_units=10), 2: Cell(quota_units=11)}, None),
        ({1: Cell(quota_units=11, plan_units=10), 2: Cell(plan_units=10)}, None),
        ({1: Cell(quota_units=11, plan_units=10), 2: Cell(5)}, Decimal("0.1")),
    ],
)
def test_over_assignment_is_of_sums_of_the_same_months_alone(cells, over):
    leaves = tuple(
        Leaf(n, n, f"2026-0{n}", date(2026, n, 1), date(2026, n, 28), 1, 1, "open", 28, 28, over=True) for n in (1, 2)
    )
    assert figures(cells, Window(leaves, (), (), (), ())).over_assignment == over


def shown(admin, team, period="2026-02"):
    """Total, rows by name and the end of the curve of a team's page."""
    view = view_of(User.objects.get(pk=admin.pk), Company.objects.get(), QueryDict(f"period={period}"))
    page = performance(User.objects.get(pk=admin.pk), Company.objects.get(), view, Focus((team.pk,), False), team.name)
    rows = {page.names.of(row): row.figures.actual for row, _level in page.ordered}
    return page.total.figures.actual, rows, page.lines.actual[-1][1]


def test_inv_05_and_inv_29_a_move_dated_back_leaves_closed_periods_the_team_of_their_closing(story):
    leaf = Period.objects.get(level="month", label="2026-02")
    closing.close(leaf, by=story.admin)
    before = shown(story.admin, story.north)
    assert before == (500, {"Rep One": 500, "Rep Two": 0}, 500)
    place_member(story.rep, team=story.south, starts_on=date(2026, 1, 15), by=story.admin)
    place_team(story.south, parent=None, starts_on=date(2026, 1, 1), by=story.admin)
    rollup.roll_up_stale()
    assert shown(story.admin, story.north) == before
    total, rows, end = shown(story.admin, story.south)
    assert (total, rows, end) == (0, {"Rep Three": 0}, 0)
    assert shown(story.admin, story.sales)[1] == {
        "North": 500,
        "Rep One": 500,
        "Rep Two": 0,
        "South": 0,
        "Rep Three": 0,
    }
    assert shown(story.admin, story.south, "2026-08")[1]["Rep One"] == 300  # open: the team of today
    total, rows, end = shown(story.admin, story.north, "2026-YTD")
    assert total == sum(rows.values()) == end
    closing.reopen(leaf, by=story.admin, reason="Moved late")
    rollup.roll_up_stale()
    assert shown(story.admin, story.north)[0] == 0
    assert shown(story.admin, story.south)[1]["Rep One"] == 500


def test_a_membership_taken_out_or_made_after_a_closing_is_as_the_closing_knew_it(story, django_assert_num_queries):
    leaf = Period.objects.get(level="month", label="2026-02")
    later = Membership.objects.create(person=story.loner, team=story.north, starts_on=date(2026, 2, 1))
    rollup.rebuild()
    closing.close(leaf, by=story.admin)
    later.delete()
    Membership.objects.create(person=story.north_manager, team=story.north, starts_on=date(2026, 2, 2))
    history = read_history()
    with django_assert_num_queries(2):
        (known,) = frozen.trees({leaf.pk: leaf.ends_on}, history).values()
    assert known.team_of[story.loner.pk] == story.north.pk
    assert story.north_manager.pk not in known.team_of
    assert history.as_of(leaf.ends_on).team_of[story.north_manager.pk] == story.north.pk


def test_who_places_somebody_in_closed_periods_is_told_that_they_stay(client, story):
    client.force_login(story.admin)
    address = reverse("setup:person-place", args=[story.rep.pk])

    def told(day):
        answer = client.post(address, {"team": story.south.pk, "starts_on": day}, follow=True)
        return "closed periods keep the teams of their closing" in answer.content.decode()

    assert not told("2026-02-01")
    closing.close(Period.objects.get(level="month", label="2026-02"), by=story.admin)
    assert told("2026-01-05")
    assert not told("2026-03-01")
