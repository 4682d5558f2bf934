"""Worked examples by hand: what a roll-up writes, row by row, and that no other row exists."""

from datetime import date
from decimal import Decimal

import pytest

from spm.errors import PeriodClosed
from spm.market import territories
from spm.market.models import Assignment
from spm.org.models import Membership, Period, TeamPlacement, User
from spm.org.verification import run_all
from spm.periods import CalendarKind
from targets import grids, rollup
from targets.actuals import recording
from targets.crediting import Share
from targets.lines import CreditSet
from targets.models import Actual, Attainment, PeriodTotal, PlanLine, RollupRun, Target
from targets.staleness import mark_stale, mark_stale_since
from tests.builders import (
    make_actual,
    make_line,
    make_line_of_plan,
    make_plan,
    make_quota,
    make_team,
    make_territory,
    make_year,
)

pytestmark = pytest.mark.django_db


def period(label, level="month"):
    return Period.objects.get(label=label, level=level)


def figures(label, level="month", measure="revenue"):
    """{holder: (actual, target, quota_sum)} of a period; the company is called COMPANY."""
    rows = Attainment.objects.filter(period=period(label, level), measure=measure)
    return {
        str(row.person or row.team or row.territory or "COMPANY"): (row.actual, row.target, row.quota_sum)
        for row in rows.select_related("person", "team", "territory")
    }


def split(actual, *shares):
    with recording("test") as recorder:
        sets = [CreditSet(actual.external_id, tuple(Share(*share) for share in shares))]
        assert recorder.record_credits(sets)[0].outcome.value in ("new", "changed")


def give(holder, label, amount, measure="revenue"):
    """A target of a team or territory."""
    leaf = period(label)
    field = type(holder).__name__.lower()
    Target.objects.create(
        plan=make_plan(leaf.fiscal_year), measure=measure, period=leaf, amount=amount, **{field: holder}
    )


@pytest.fixture
def quarter(year, cast):
    """Two reps of North with quotas, one of South, one without team, and a house sale; January."""
    for person, quota in ((cast.rep, 120), (cast.teammate, 80), (cast.outsider, 50)):
        make_quota(person, "2026-01", quota, "revenue")
    give(cast.north, "2026-01", 210)
    PlanLine.objects.create(plan=make_plan(year), measure="revenue", period=period("2026-01"), segment="A", amount=300)
    PlanLine.objects.create(plan=make_plan(year), measure="revenue", period=period("2026-01"), segment="B", amount=50)
    make_actual(cast.rep, "2026-01-01", "60.5")
    make_actual(cast.rep, "2026-01-31", "39.5")
    make_actual(cast.loner, "2026-01-15", 7)
    make_actual(None, "2026-01-15", 30)
    return cast


def test_inv_05_every_holder_has_its_row_and_no_other_row_exists(quarter):
    rollup.roll_up(period("2026-01").pk)
    assert figures("2026-01") == {
        "Rep One": (100, 120, None),
        "Rep Two": (0, 80, None),
        "Rep Three": (0, 50, None),
        "Loner": (7, None, None),
        "North": (100, 210, 200),
        "South": (0, None, 50),
        "Sales": (100, None, 250),
        "Unassigned": (137, None, None),
        "COMPANY": (137, 350, 250),
    }
    assert set(figures("2026-01", measure="bookings")) == set()
    # Margin rows exist for those with lines, all of which lack a cost.
    assert figures("2026-01", measure="margin")["COMPANY"] == (0, None, None)


def test_inv_05_segments_are_parts_of_the_whole_companys_line(quarter, cast):
    make_line_of_plan("2026-01", 400, "revenue")
    rollup.roll_up(period("2026-01").pk)
    assert figures("2026-01")["COMPANY"] == (137, 400, 250)
    assert [breach for finding in run_all(["INV-05"]) for breach in finding.breaches] == []
    assert [summary.plan for summary in grids.summaries(cast.admin, "revenue")] == [400]


def test_targets_of_teams_above_each_other_count_once(year, cast):
    plan = make_plan(year)
    for team, label, amount in (
        (cast.sales, "2026-01", 100),
        (cast.north, "2026-01", 60),
        (cast.south, "2026-01", 40),
        (cast.north, "2026-02", 7),  # no target stands above it in this month
        (cast.south, "2026-12", 3),
        (cast.sales, "2026-12", 5),
    ):
        leaf = Period.objects.get(level="month", label=label)
        Target.objects.create(plan=plan, team=team, measure="revenue", period=leaf, amount=amount)
    TeamPlacement.objects.create(team=cast.south, parent=None, starts_on=date(2026, 12, 31))
    assert [row.targets for row in grids.summaries(cast.admin, "revenue")] == [100 + 7 + 3 + 5]
    assert dict(grids.summary(cast.admin, year))["revenue"].targets == 115
    of_north = User.objects.get(pk=cast.north_manager.pk)
    assert dict(grids.summary(of_north, year))["revenue"].targets == 67  # of what he sees, the topmost


def test_inv_04_quarter_and_year_are_the_sums_of_their_months(quarter):
    make_quota(quarter.rep, "2026-03", 10, "revenue")
    make_actual(quarter.rep, "2026-03-31", 1)
    make_actual(quarter.rep, "2026-04-01", 2)
    rollup.rebuild()
    assert figures("2026-Q1", "quarter")["Rep One"] == (101, 130, None)
    assert figures("2026-Q1", "quarter")["COMPANY"] == (138, 350, 260)
    assert figures("2026-Q2", "quarter")["North"] == (2, None, None)
    assert figures("2026", "year")["Sales"] == (103, None, 260)
    assert figures("2026", "year")["Unassigned"] == (140, None, None)


def test_split_credit_counts_once_for_the_team_and_each_share_for_its_person(quarter):
    actual = Actual.objects.get(amount=Decimal("60.5"))
    split(actual, (quarter.rep.pk, None, Decimal("0.6")), (quarter.teammate.pk, None, Decimal("0.4")))
    rollup.roll_up(period("2026-01").pk)
    found = figures("2026-01")
    assert (found["Rep One"][0], found["Rep Two"][0]) == (Decimal("75.8"), Decimal("24.2"))
    assert (found["North"][0], found["COMPANY"][0]) == (100, 137)


def test_overlay_credit_counts_for_the_person_alone(quarter):
    actual = Actual.objects.get(amount=Decimal("60.5"))
    split(actual, (quarter.rep.pk, None, Decimal(1)), (quarter.outsider.pk, None, Decimal("0.5"), True))
    rollup.roll_up(period("2026-01").pk)
    found = figures("2026-01")
    assert (found["Rep Three"][0], found["South"][0], found["COMPANY"][0]) == (Decimal("30.25"), 0, 137)
    helper = Attainment.objects.get(period=period("2026-01"), person=quarter.outsider, measure="revenue")
    assert (helper.overlay, helper.lines) == (Decimal("30.25"), 1)


def test_margin_is_earned_on_lines_whose_cost_is_known(year, cast):
    make_actual(cast.rep, amount=100, cost=60)
    make_actual(cast.rep, amount=50, cost="50.0001")
    make_actual(cast.rep, amount=999)
    rollup.roll_up(period("2026-01").pk)
    for row in Attainment.objects.filter(period=period("2026-01"), measure="margin", territory=None):
        assert (row.actual, row.base, row.lines, row.cost_missing) == (Decimal("39.9999"), 150, 3, 1), row.pk


def test_overlay_line_without_a_cost_is_counted_missing_for_its_person_alone(year, cast):
    make_actual(cast.rep, amount=50, cost=20)
    actual = make_actual(cast.rep, amount=999)
    split(actual, (cast.rep.pk, None, Decimal(1)), (cast.outsider.pk, None, Decimal("0.5"), True))
    rollup.roll_up(period("2026-01").pk)
    margins = Attainment.objects.filter(period=period("2026-01"), measure="margin")
    counted = {
        row.person_id or "company": (row.lines, row.cost_missing) for row in margins.filter(team=None, territory=None)
    }
    assert counted == {cast.rep.pk: (2, 1), cast.outsider.pk: (1, 1), "company": (2, 1)}
    assert [finding.breaches for finding in run_all() if finding.breaches] == []


def test_verify_names_a_wrong_number_of_lines_without_a_cost(year, cast):
    make_actual(cast.rep, amount=999)
    rollup.roll_up(period("2026-01").pk)
    PeriodTotal.objects.filter(measure="margin").update(cost_missing=0, overlay_cost_missing=1)
    assert {finding.invariant.number for finding in run_all() if finding.breaches} >= {"INV-05", "INV-22"}


def test_bookings_and_revenue_of_a_month_stand_apart(year, cast):
    make_actual(cast.rep, amount=10, kind="booking")
    make_actual(cast.rep, amount=20, kind="revenue")
    rollup.roll_up(period("2026-01").pk)
    assert figures("2026-01", measure="bookings")["Rep One"][0] == 10
    assert figures("2026-01", measure="revenue")["Rep One"][0] == 20


def test_rep_who_moves_team_counts_where_he_is_on_the_last_day(year, cast):
    Membership.objects.create(person=cast.rep, team=cast.south, starts_on=date(2026, 2, 15))
    for day in ("2026-01-20", "2026-02-01", "2026-02-20"):
        make_actual(cast.rep, day, 10)
    make_quota(cast.rep, "2026-02", 40, "revenue")
    rollup.rebuild()
    assert figures("2026-01")["North"] == (10, None, None)
    assert figures("2026-02")["South"] == (20, None, 40)
    assert "North" not in figures("2026-02")
    quarter = figures("2026-Q1", "quarter")
    assert (quarter["North"][0], quarter["South"][0]) == (10, 20)


def test_team_re_parented_keeps_its_history_and_counts_above_from_then_on(year, cast):
    east = make_team("East")
    TeamPlacement.objects.create(team=cast.north, parent=east, starts_on=date(2026, 2, 28))
    for day in ("2026-01-20", "2026-02-01"):
        make_actual(cast.rep, day, 10)
    rollup.rebuild()
    assert (figures("2026-01")["Sales"][0], "East" in figures("2026-01")) == (10, False)
    assert (figures("2026-02")["East"][0], "Sales" in figures("2026-02")) == (10, False)
    assert figures("2026-02")["COMPANY"][0] == 10


def test_territory_credits_stay_with_the_one_who_held_it_and_add_up_its_tree(year, cast):
    region = make_territory("Region")
    patch = make_territory("Patch", parent=region, owner=cast.rep)
    Assignment.objects.create(territory=patch, person=cast.outsider, starts_on=date(2026, 1, 16))
    make_actual(cast.rep, "2026-01-15", 10)
    make_actual(cast.rep, "2026-01-16", 5)
    make_actual(cast.outsider, "2026-01-16", 3)
    give(patch, "2026-01", 40)
    rollup.roll_up(period("2026-01").pk)
    found = figures("2026-01")
    assert (found["Patch"], found["Region"], found["Unassigned"][0]) == ((13, 40, None), (13, None, 40), 5)


def test_territory_is_given_what_the_nearest_ones_below_it_were_given(year, cast):
    region = make_territory("Region")
    patch = make_territory("Patch", parent=region)
    street = make_territory("Street", parent=patch, owner=cast.rep)
    make_actual(cast.rep, amount=7)
    give(patch, "2026-01", 40)
    give(street, "2026-01", 10)
    give(make_territory("Other", parent=region), "2026-01", 5)
    rollup.roll_up(period("2026-01").pk)
    found = figures("2026-01")
    assert (found["Street"], found["Patch"], found["Other"]) == ((7, 10, None), (7, 40, 10), (0, 5, None))
    assert found["Region"] == (7, None, 45)


def test_assignment_loaded_later_moves_credits_when_the_stale_period_is_rolled_up(year, cast):
    make_actual(cast.rep, amount=10)
    rollup.roll_up_stale()
    make_territory("Patch", owner=cast.rep)
    mark_stale_since(date(2026, 1, 1), recredit=True)
    assert len(rollup.roll_up_stale()) == 12
    assert figures("2026-01")["Patch"][0] == 10
    assert "Unassigned" not in figures("2026-01")
    assert not RollupRun.objects.filter(recredit=True).exists()


def test_restatement_into_another_month_moves_the_amount(year, cast):
    line = make_line(cast.rep, "2026-01-15", 100)
    with recording("test") as recorder:
        recorder.record([line])
    rollup.roll_up_stale()
    make_actual(cast.rep, "2026-02-10", 60, external_id=line.external_id)
    assert len(rollup.roll_up_stale()) == 2
    assert (figures("2026-01"), figures("2026-02")["Rep One"][0]) == ({}, 60)
    assert figures("2026", "year")["COMPANY"][0] == 60


def test_tombstone_takes_the_amount_out(year, cast):
    make_actual(cast.rep, amount=100)
    make_quota(cast.rep, "2026-01", 10, "revenue")
    with recording("test") as recorder:
        recorder.vanish(set())
    rollup.roll_up_stale()
    assert figures("2026-01")["Rep One"] == (0, 10, None)


def test_negative_actuals_and_a_quota_of_zero(year, cast):
    make_actual(cast.rep, amount=10)
    make_actual(cast.rep, amount=-25)
    make_quota(cast.rep, "2026-01", 0, "revenue")
    rollup.roll_up(period("2026-01").pk)
    assert figures("2026-01")["Rep One"] == (-15, 0, None)
    assert figures("2026-01")["North"] == (-15, None, 0)


def test_closed_month_refuses_and_keeps_its_totals(year, cast):
    make_actual(cast.rep, amount=10)
    rollup.roll_up_stale()
    Period.objects.filter(label="2026-01").update(state="closed")
    before = list(Attainment.objects.order_by("pk").values())
    with pytest.raises(PeriodClosed, match="Jan 2026"):
        rollup.roll_up(period("2026-01").pk)
    with pytest.raises(PeriodClosed):
        mark_stale([period("2026-01").pk])
    assert before == list(Attainment.objects.order_by("pk").values())


def test_year_goes_on_adding_a_closed_month(year, cast):
    make_actual(cast.rep, amount=10)
    rollup.roll_up_stale()
    Period.objects.filter(label="2026-01").update(state="closed")
    make_actual(cast.rep, "2026-02-01", 5)
    rollup.roll_up_stale()
    assert figures("2026-Q1", "quarter")["Rep One"][0] == 15


def test_inv_04_fifty_third_week_belongs_to_the_last_leaf_of_a_4_4_5_year(company, cast):
    make_year("2026", date(2026, 1, 5), CalendarKind.WEEKS_445, weeks=53)
    for day, amount in (("2026-02-01", 1), ("2026-02-02", 2), ("2027-01-03", 4), ("2027-01-10", 8)):
        make_actual(cast.rep, day, amount)
    rollup.rebuild()
    assert (figures("2026-P01")["Rep One"][0], figures("2026-P02")["Rep One"][0]) == (1, 2)
    assert figures("2026-P12")["Rep One"][0] == 12
    assert (figures("2026-Q4", "quarter")["Rep One"][0], figures("2026", "year")["Rep One"][0]) == (12, 15)


def test_inv_20_second_run_changes_nothing(quarter):
    first = rollup.roll_up(period("2026-01").pk)
    totals = list(PeriodTotal.objects.order_by("person", "territory", "measure").values_list("person", "amount"))
    second = rollup.roll_up(period("2026-01").pk)
    assert (first.digest, first.credit_count) == (second.digest, second.credit_count)
    assert second.credit_count == 4
    assert totals == list(
        PeriodTotal.objects.order_by("person", "territory", "measure").values_list("person", "amount")
    )


def test_inv_20_digest_changes_with_any_figure(quarter):
    first = rollup.roll_up(period("2026-01").pk)
    make_quota(quarter.loner, "2026-01", 1, "revenue")
    assert rollup.roll_up(period("2026-01").pk).digest != first.digest


def test_only_stale_periods_are_rolled_up_and_nothing_is_left_stale(quarter):
    assert len(rollup.roll_up_stale()) == 1
    assert len(rollup.roll_up_stale()) == 0
    assert set(Attainment.objects.values_list("run__state", flat=True)) == {"done"}


def test_periods_of_two_years_are_refused_together(year):
    make_year("2027", date(2027, 1, 1))
    with pytest.raises(ValueError, match="several"):
        rollup.roll_up_together([period("2026-01").pk, period("2027-01").pk])


def test_territory_that_changes_hands_moves_the_credits_from_that_day_on(year, cast):
    patch = make_territory("Patch", owner=cast.rep)
    make_actual(cast.rep, "2026-01-15", 10)
    make_actual(cast.outsider, "2026-02-15", 3)
    rollup.roll_up_stale()
    territories.assign(patch, person=cast.outsider, starts_on=date(2026, 2, 1))
    assert len(rollup.roll_up_stale()) == 11
    assert (figures("2026-01")["Patch"][0], figures("2026-02")["Patch"][0]) == (10, 3)
