"""What the allocation grid shows: numbers, over-assignment, growth, potential, capacity and warnings in words."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from spm.market.models import AccountPlacement
from spm.org import people
from spm.org.models import Membership, Period, TeamPlacement, User
from targets import access, batches
from targets.allocation import NotYours, read_grid
from targets.choices import Proration
from targets.goals import of_team
from targets.grid_cells import parse_cell
from targets.models import Attainment, Hold, OneOffDeal, PlanningCycle, Proposal
from targets.plans import set_plan_line, set_target, working_plan
from targets.quotas import set_quota
from targets.ramp_schedules import set_schedule
from targets.rollup import rebuild
from tests.builders import make_account, make_actual, make_person, make_team, make_territory, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def next_year(year):
    return make_year("2027", date(2027, 1, 1))


@pytest.fixture
def plan(next_year):
    return working_plan(next_year)


@pytest.fixture
def cycle(next_year):
    return PlanningCycle.objects.create(fiscal_year=next_year)


def period(label="2027"):
    return Period.objects.get(label=label)


def give(plan, person, amount, measure="bookings", label="2027"):
    set_quota(plan, person=person, measure=measure, period=period(label), amount=Decimal(amount))


def target(plan, team, amount):
    set_target(plan, holder=team, measure="bookings", period=period(), amount=Decimal(amount))


def row(grid, name):
    return next(row for row in grid.rows if row.name == name)


def again(user):
    """The same person at the next request."""
    return User.objects.get(pk=user.pk)


def sentences(found):
    return [caution.sentence.replace("\u00a0", " ") for caution in found.cautions]


def test_the_bar_tells_what_is_to_allocate_and_what_is_left(plan, cycle, cast):
    set_plan_line(plan, measure="bookings", period=period(), amount=Decimal(54_000))
    give(plan, cast.rep, 43_200)
    totals = read_grid(cast.admin, cycle).totals
    assert (totals.to_allocate, totals.allocated, totals.remaining) == (54_000, 43_200, 10_800)
    assert (totals.over, totals.in_policy) == (Decimal("-0.2"), False)


def test_rows_follow_the_tree_with_sums_per_column(plan, cycle, cast):
    give(plan, cast.rep, 1200)
    give(plan, cast.teammate, 600)
    grid = read_grid(cast.admin, cycle)
    names = [(row.name, row.depth) for row in grid.rows]
    assert names == [("Sales", 0), ("North", 1), ("Rep One", 2), ("Rep Two", 2), ("South", 1), ("Rep Three", 2)]
    assert [cell.amount for cell in row(grid, "North").cells] == [450] * 4
    assert list(grid.totals_by_column) == [450] * 4
    assert len(read_grid(cast.admin, cycle, columns="months").columns) == 12


def test_a_teams_over_assignment_is_what_stands_below_against_its_target(plan, cycle, cast):
    target(plan, cast.north, 1000)
    give(plan, cast.rep, 1100)
    north = row(read_grid(cast.admin, cycle), "North")
    assert (north.amount, north.below, north.over) == (1000, 1100, Decimal("0.1"))
    assert sentences(north) == ["Over-assignment +10.0 %: the policy is 0 % to 8 %."]


def test_growth_is_against_last_year_without_its_one_off_deals_scaled_to_a_whole_year(plan, cycle, cast):
    make_actual(cast.rep, "2026-02-03", 600, kind="booking")
    deal = make_actual(cast.rep, "2026-03-03", 400, kind="booking")
    OneOffDeal.objects.create(cycle=cycle, actual=deal, reason="Stadium")
    rebuild()
    give(plan, cast.rep, 1200)
    found = row(read_grid(cast.admin, cycle), "Rep One")
    share = (8 + Decimal(18) / 30) / 12
    assert found.last_year.actual == 1000
    assert round(found.last_year.adjusted - 600 / share, 6) == 0
    assert round(found.growth - (2 * share - 1), 6) == 0
    assert "Growth +43.3 %: above the 25 % limit." in sentences(found)


def test_one_deal_of_more_than_thirty_percent_is_told(plan, cycle, cast):
    make_actual(cast.rep, "2026-02-03", 590, kind="booking")
    deal = make_actual(cast.rep, "2026-03-03", 410, kind="booking")
    make_actual(cast.teammate, "2026-03-03", 100, kind="booking")
    rebuild()
    give(plan, cast.rep, 1400)
    OneOffDeal.objects.create(cycle=cycle, actual=deal, reason="Stadium")
    assert "One deal is 59 % of last year." in sentences(row(read_grid(cast.admin, cycle), "Rep One"))


def test_one_large_deal_that_is_left_out_says_so(plan, cycle, cast):
    deal = make_actual(cast.rep, "2026-03-03", 410, kind="booking")
    OneOffDeal.objects.create(cycle=cycle, actual=deal, reason="Stadium")
    rebuild()
    give(plan, cast.rep, 1400)
    assert sentences(row(read_grid(cast.admin, cycle), "Rep One")) == [
        "One deal is 100 % of last year; not in Adjusted."
    ]


def test_a_quota_above_the_potential_of_the_territories_held_is_told(plan, cycle, cast):
    territory = make_territory("Lyon", owner=cast.rep)
    AccountPlacement.objects.create(account=make_account("Acme", potential=Decimal(2_600_000)), territory=territory)
    give(plan, cast.rep, 2_800_000)
    found = row(read_grid(cast.admin, cycle), "Rep One")
    assert (found.potential, sentences(found)) == (
        Decimal(2_600_000),
        ["€200 k above the known potential of €2.6 M."],
    )


def test_a_new_hire_shows_the_share_carried_and_the_lost_capacity(plan, cycle, cast):
    set_schedule("New hires", [Decimal(0), Decimal(50)], is_default=True)
    hire = make_person("Hire", team=cast.north, since=date(2027, 1, 1))
    give(plan, hire, 1050)
    found = row(read_grid(cast.admin, cycle), "Hire")
    assert (found.capacity, found.lost) == (Decimal("0.875"), Decimal("150.00"))


@pytest.mark.parametrize(("policy", "share"), [(Proration.SEASON, "0.5"), (Proration.DAYS, "0.49589041")])
def test_somebody_who_leaves_in_mid_year_carries_a_part_by_the_policy(plan, cycle, cast, policy, share):
    PlanningCycle.objects.update(proration=policy)
    cycle.refresh_from_db()
    Membership.objects.create(person=cast.rep, team=None, starts_on=date(2027, 7, 1))
    assert row(read_grid(cast.admin, cycle), "Rep One").capacity == Decimal(share)


def test_held_numbers_and_proposals_stand_beside(plan, cycle, cast):
    give(plan, cast.rep, 1200)
    Hold.objects.create(plan=plan, person=cast.rep, measure="bookings", period=period("2027-Q2"))
    Proposal.objects.create(cycle=cycle, person=cast.rep, measure="bookings", amount=Decimal(1100), note="Two leave")
    found = row(read_grid(cast.admin, cycle), "Rep One")
    assert [cell.held for cell in found.cells] == [False, True, False, False]
    assert (found.proposal, found.difference, found.proposal_note) == (1100, -100, "Two leave")


def test_the_margin_rate_is_recomputed_from_sums(plan, cycle, cast):
    for person, revenue, margin in ((cast.rep, 1000, 300), (cast.teammate, 3000, 600)):
        give(plan, person, revenue, "revenue")
        give(plan, person, margin, "margin")
    assert row(read_grid(cast.admin, cycle), "North").margin_rate == Decimal("0.225")


def test_a_manager_sees_the_teams_led_and_edits_whoever_stands_below(plan, cycle, cast):
    grid = read_grid(cast.director, cycle, team=cast.sales.pk)
    assert {row.name for row in grid.rows if row.can_edit} == {"North", "South", "Rep One", "Rep Two", "Rep Three"}
    grid = read_grid(cast.north_manager, cycle, team=cast.north.pk)
    assert ([row.name for row in grid.rows], grid.can_spread) == (["Rep One", "Rep Two"], True)


@pytest.mark.parametrize("team", ["south", None])
def test_a_manager_sees_neither_the_company_nor_anothers_team(cycle, cast, team):
    with pytest.raises(NotYours):
        read_grid(cast.north_manager, cycle, team=team and cast.south.pk)


def test_a_lead_who_sells_sees_the_own_number_and_cannot_edit_it(plan, cycle, cast):
    people.place_member(cast.north_manager, team=cast.north)
    own = row(read_grid(again(cast.north_manager), cycle, team=cast.north.pk), "North Manager")
    assert not own.can_edit
    assert not own.year.editable


def test_a_locked_plan_is_read_only(plan, cycle, cast):
    type(plan).objects.filter(pk=plan.pk).update(locked_at="2026-09-18T00:00Z")
    grid = read_grid(cast.admin, cycle)
    assert (grid.is_open, grid.can_spread, [row for row in grid.rows if row.can_edit]) == (False, False, [])


def test_the_grid_carries_the_revision_number_of_the_plan(plan, cycle, cast):
    give(plan, cast.rep, 100)
    assert read_grid(cast.admin, cycle).revision == batches.newest(plan) > 0


def test_an_input_names_its_cell_and_nothing_else_does(plan, cycle, cast):
    cell = row(read_grid(cast.admin, cycle), "North").cells[0]
    known = {cell.period.pk: cell.period}
    assert parse_cell(cell.name, known) == (of_team(cast.north.pk), cell.period)
    for alien in ("", "c:person:1:999", "c:boss:1:1", f"c:person:x:{cell.period.pk}", f"c:person:{10**30}:1"):
        assert parse_cell(alien, known) is None


def test_the_grid_costs_the_same_queries_for_three_people_and_for_thirty(plan, cycle, cast):
    def queries():
        user = again(cast.admin)
        with CaptureQueriesContext(connection) as caught:
            read_grid(user, cycle)
        return len(caught)

    few = queries()
    for number in range(9):
        team = make_team(f"More {number}", parent=cast.sales)
        for _each in range(3):
            give(plan, make_person(team=team), 100)
    assert few == queries() <= 20


def test_many_teams_are_folded_to_a_row_each(plan, cycle, cast):
    for _each in range(60):
        make_person(team=cast.south)
    grid = read_grid(cast.admin, cycle)
    assert [(row.name, row.is_open) for row in grid.rows] == [("Sales", False)]
    assert len(read_grid(cast.admin, cycle, team=cast.south.pk).rows) == 61


def test_rights_follow_from_the_tree_of_today(plan, cast):
    assert access.can_allocate(cast.north_manager, plan, cast.north.pk)
    assert not access.can_allocate(cast.north_manager, plan, cast.south.pk)
    assert not access.can_edit_target(cast.north_manager, plan, cast.north.pk)
    assert access.can_edit_target(cast.director, plan, cast.north.pk)


def test_a_batch_is_undone_by_who_may_set_all_of_it(plan, cast):
    give(plan, cast.rep, 100)
    batch = plan.batches.get()
    assert access.can_undo(cast.admin, batch)
    assert not access.can_undo(cast.north_manager, batch)


def test_whom_one_does_not_see_today_stands_in_one_row_as_a_sum(plan, cycle, cast):
    people.place_member(cast.outsider, team=cast.north, starts_on=date(2027, 1, 1))
    give(plan, cast.rep, 100)
    give(plan, cast.outsider, 98_765)
    Proposal.objects.create(cycle=cycle, person=cast.outsider, measure="bookings", amount=Decimal(5), note="Secret")
    grid = read_grid(again(cast.north_manager), cycle, team=cast.north.pk)
    assert [row.name for row in grid.rows] == ["Rep One", "Rep Two", "1 person whom you do not see"]
    rest = grid.rows[-1]
    assert (rest.amount, rest.can_edit, rest.proposal, rest.is_rest) == (98_765, False, None, True)
    assert grid.totals.allocated == 98_865
    all_of_it = read_grid(again(cast.director), cycle, team=cast.north.pk)
    assert row(all_of_it, "Rep Three").proposal_note == "Secret"


def test_a_team_that_joins_next_year_is_part_of_the_remainder(plan, cycle, cast):
    TeamPlacement.objects.create(team=cast.south, parent=cast.north, starts_on=date(2027, 1, 1))
    target(plan, cast.south, 7_000)
    make_person("Rep Four", team=cast.south)
    grid = read_grid(again(cast.north_manager), cycle, team=cast.north.pk)
    assert [row.name for row in grid.rows] == ["Rep One", "Rep Two", "2 people whom you do not see"]
    assert grid.rows[-1].amount == 7_000


def test_what_those_sold_who_left_is_in_last_year_of_their_team_as_on_its_performance_page(plan, cycle, cast):
    make_actual(cast.rep, "2026-02-03", 600, kind="booking")
    make_actual(cast.teammate, "2026-02-03", 400, kind="booking")
    people.leave(cast.teammate, left_on=date(2026, 6, 30))
    rebuild()
    grid = read_grid(cast.admin, cycle)
    assert row(grid, "North").last_year.actual == 1000
    sold = Attainment.objects.get(team=cast.north, period__label="2026-02", measure="bookings").actual
    assert row(grid, "North").last_year.actual == sold
    assert row(grid, "Rep One").last_year.actual == 600
    assert "Rep Two" not in [one.name for one in grid.rows]


def test_who_sold_nothing_last_year_has_no_last_year(plan, cycle, cast):
    give(plan, cast.rep, 1200)
    assert row(read_grid(cast.admin, cycle), "Rep One").last_year is None
