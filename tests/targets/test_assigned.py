"""How much of each number is handed on, over a year."""

from datetime import date
from decimal import Decimal

import pytest

from spm.org.models import Period
from spm.org.trees import read_history
from targets import assigned, plans, scenario_queries, scenarios, typed_numbers
from targets.allocation import preview, read_grid
from targets.choices import Method, WhatIf
from targets.cycles import create_cycle
from targets.goals import Goal, of_segment, of_team
from targets.scenario_steps import Adjustment
from tests.builders import make_line_of_plan, make_quota

pytestmark = pytest.mark.django_db


def test_segments_are_parts_of_the_company_plan_and_not_added_to_it(cast, year):
    plan, whole = plans.working_plan(year), Period.objects.get(label="2026")
    amounts = {"": 1_200, "Water": 480}
    goals = [Goal(of_segment(name), "bookings", whole, Decimal(amount)) for name, amount in amounts.items()]
    plans.set_plan_lines(plan, goals)
    make_quota(cast.rep, "2026-10", 1_260)
    numbers = assigned.read(plan, read_history().as_of(date(2026, 9, 18)))
    assert numbers.plan == {"bookings": Decimal(1_200)}
    assert numbers.company_ratio("bookings") == Decimal("0.05")


def months(first, last):
    return [f"2026-{month:02}" for month in range(first, last + 1)]


@pytest.fixture
def partly(cast, year):
    """Rep One carries 110 a month all year (1,320). North has a target of 100 for January to March alone."""
    plan = plans.working_plan(year)
    for label in months(1, 12):
        make_quota(cast.rep, label, 110)
    for label in months(1, 3):
        leaf = Period.objects.leaves().get(label=label)
        plans.set_target(plan, holder=cast.north, measure="bookings", period=leaf, amount=Decimal(100))
    return plan


def read(plan):
    return assigned.read(plan, read_history().as_of(date(2026, 9, 18)))


def test_a_team_with_targets_for_some_months_is_judged_by_its_people_in_the_others(cast, partly):
    numbers = read(partly)
    # 3 x 100 given, 9 x 110 carried: 1,290; handed on 1,320, so 1,320 / 1,290 - 1
    assert (numbers.target(cast.north.pk, "bookings"), numbers.of_team(cast.north.pk, "bookings")) == (300, 1290)
    assert numbers.below(cast.north.pk, "bookings") == 1320
    assert round(numbers.ratio(cast.north.pk, "bookings"), 4) == Decimal("0.0233")


def test_the_team_above_hands_on_what_the_teams_below_are_judged_by(cast, partly):
    numbers = read(partly)
    assert numbers.below(cast.sales.pk, "bookings") == numbers.of_team(cast.sales.pk, "bookings") == 1290
    assert numbers.managers([cast.sales.pk], "bookings") == 1290
    assert numbers.ratio(cast.sales.pk, "bookings") is None


def test_the_company_is_compared_in_the_months_it_has_planned(cast, partly):
    for label in months(1, 6):
        make_line_of_plan(label, 100)
    numbers = read(partly)
    # planned 600 for January to June; handed on 3 x 100 + 3 x 110 = 630 then
    assert (numbers.plan["bookings"], numbers.company_ratio("bookings")) == (600, Decimal("0.05"))
    assert numbers.reps("bookings", leaves=numbers.planned("bookings")) == 660


def test_a_change_of_one_month_moves_it_by_that_month(cast, partly):
    april = Period.objects.leaves().get(label="2026-04").pk
    before = assigned.read(partly, read_history().as_of(date(2026, 9, 18)), by_leaf=True)
    after = assigned.with_changes(before, [(of_team(cast.north.pk), "bookings", april, Decimal(150))])
    assert after.of_team(cast.north.pk, "bookings") == 1290 + 150 - 110
    assert after.quotas == before.quotas
    back = assigned.with_changes(after, [(of_team(cast.north.pk), "bookings", april, None)])
    assert back.targets == before.targets


def test_one_query_reads_a_year_whose_numbers_cover_all_of_it(cast, year, django_assert_num_queries):
    plan, whole = plans.working_plan(year), Period.objects.get(label="2026")
    plans.set_plan_lines(plan, [Goal(of_segment(), "bookings", whole, Decimal(1_200))])
    plans.set_target(plan, holder=cast.north, measure="bookings", period=whole, amount=Decimal(600))
    tree = read_history().as_of(date(2026, 9, 18))
    with django_assert_num_queries(1):
        assigned.read(plan, tree)


def test_the_grid_of_the_allocation_shows_the_same_number(cast, year, partly):
    grid = read_grid(cast.admin, create_cycle(year, cast.admin))
    north = next(row for row in grid.rows if row.name == "North")
    assert [cell.amount for cell in north.cells] == [300, 330, 330, 330]
    assert (north.amount, north.below, round(north.over, 4)) == (1290, 1320, Decimal("0.0233"))
    own = read_grid(cast.north_manager, grid.plan.fiscal_year.cycle, team=cast.north.pk).totals
    assert (own.to_allocate, own.allocated, own.remaining) == (1290, 1320, -30)


def test_what_is_spread_again_keeps_the_months_without_a_target(cast, year, partly):
    create_cycle(year, cast.admin)
    found = preview(partly, of_team(cast.north.pk), "bookings", Method.CURRENT, cast.north_manager)
    moved = {(cell.period.label, cell.before, cell.after) for cell in found.cells}
    assert moved == {(label, Decimal(110), Decimal(100)) for label in months(1, 3)}


def test_a_total_typed_for_the_team_moves_all_twelve_months(cast, year, partly):
    place = typed_numbers.Place(partly, create_cycle(year, cast.admin), "bookings", cast.north.pk, cast.admin)
    whole = Period.objects.get(label="2026")
    typed = typed_numbers.read(place, [Goal(of_team(cast.north.pk), "bookings", whole, Decimal(2_580))])
    # twice 1,290: 200 in January to March, 220 afterwards, which is all that stands in the place of the people's 110
    team = [cell.after for cell in typed.preview.cells if cell.holder == of_team(cast.north.pk)]
    assert team == [200] * 3 + [220] * 9


def test_a_scenario_compares_and_rescales_it_the_same_way(cast, year, partly):
    create_cycle(year, cast.admin)
    made = scenarios.create(partly, "More", cast.admin)
    scenarios.adjust(made, Adjustment(WhatIf.GROWTH, percent=Decimal(10)), cast.admin)
    table = scenario_queries.compare(cast.admin, year, [partly, made], "bookings")
    (north,) = [line for line in table.lines if line.name == "North"]
    # 3 x 110 and 9 x 121; the months without a target still have none
    assert [(cell.amount, round(cell.over, 4)) for cell in north.cells] == [
        (1290, Decimal("0.0233")),
        (1419, Decimal("0.0233")),
    ]
    assert list(made.targets.values_list("amount", flat=True)) == [110, 110, 110]
