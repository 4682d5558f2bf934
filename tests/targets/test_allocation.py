"""A total is spread by a method: previewed with before and after, applied as one batch, taken back by one undo."""

from datetime import date
from decimal import Decimal

import pytest

from spm.market.models import AccountPlacement
from spm.org import people
from spm.org.models import Period, TeamPlacement, User
from targets import allocation, batches
from targets.allocation import NotYours, OutsidePolicy
from targets.allotting import CannotAllocate, Options
from targets.choices import BatchKind, LimitAction, Method
from targets.goals import BadAmount, LockedPlan, OwnQuota, of_person, of_team
from targets.models import CompanyPlan, GoalBatch, Hold, OneOffDeal, PlanningCycle, Quota, Target
from targets.plans import set_plan_line, set_target, working_plan
from targets.quotas import set_quota
from targets.ramp_schedules import set_schedule
from targets.rollup import rebuild
from tests.builders import make_account, make_actual, make_person, make_territory, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(year):
    plan = working_plan(make_year("2027", date(2027, 1, 1)))
    PlanningCycle.objects.create(fiscal_year=plan.fiscal_year)
    return plan


def period(label="2027"):
    return Period.objects.get(label=label)


def target(plan, team, amount):
    set_target(plan, holder=team, measure="bookings", period=period(), amount=Decimal(amount))


def give(plan, person, amount, label="2027"):
    set_quota(plan, person=person, measure="bookings", period=period(label), amount=Decimal(amount))


def shown(plan, node, method, by, **options):
    holder = node and (of_person(node.pk) if isinstance(node, User) else of_team(node.pk))
    return allocation.preview(plan, holder, "bookings", method, User.objects.get(pk=by.pk), Options(**options))


def applied(plan, node, method, by, **options):
    return allocation.apply(shown(plan, node, method, by, **options), by=by)


def quotas():
    """Name → the year's quota."""
    found = {}
    for row in Quota.objects.select_related("person"):
        found[row.person.name] = found.get(row.person.name, 0) + row.amount
    return found


def test_the_plan_goes_evenly_to_everybody_down_the_tree_and_adds_up(plan, cast):
    set_plan_line(plan, measure="bookings", period=period(), amount=Decimal(1000))
    applied(plan, None, Method.EVEN, cast.admin)
    assert quotas() == {"Rep One": Decimal("333.34"), "Rep Two": Decimal("333.33"), "Rep Three": Decimal("333.33")}
    assert sum(row.amount for row in Target.objects.filter(team=cast.sales)) == 1000


def test_each_level_may_give_more_than_it_has(plan, cast):
    set_plan_line(plan, measure="bookings", period=period(), amount=Decimal(1000))
    applied(plan, None, Method.EVEN, cast.admin, over={None: Decimal(8)})
    assert sum(quotas().values()) == 1080


def test_by_last_year_the_one_off_deals_do_not_count(plan, cast):
    make_actual(cast.rep, "2026-02-03", 600, kind="booking")
    make_actual(cast.teammate, "2026-02-03", 400, kind="booking")
    deal = make_actual(cast.teammate, "2026-03-03", 900, kind="booking")
    OneOffDeal.objects.create(cycle=plan.fiscal_year.cycle, actual=deal, reason="Stadium")
    rebuild()
    target(plan, cast.north, 1000)
    applied(plan, cast.north, Method.LAST_YEAR, cast.admin)
    assert quotas() == {"Rep One": 600, "Rep Two": 400}


def test_by_potential_of_the_accounts_in_the_territories_held(plan, cast):
    for person, potential in ((cast.rep, 300), (cast.teammate, 100)):
        territory = make_territory(owner=person)
        AccountPlacement.objects.create(account=make_account(potential=Decimal(potential)), territory=territory)
    target(plan, cast.north, 1000)
    applied(plan, cast.north, Method.POTENTIAL, cast.admin)
    assert quotas() == {"Rep One": 750, "Rep Two": 250}


def test_by_hand_the_shares_add_up_to_a_hundred(plan, cast):
    target(plan, cast.north, 1000)
    shares = {of_person(cast.rep.pk): Decimal(70), of_person(cast.teammate.pk): Decimal(30)}
    applied(plan, cast.north, Method.MANUAL, cast.admin, shares=shares)
    assert quotas() == {"Rep One": 700, "Rep Two": 300}
    with pytest.raises(CannotAllocate, match="99"):
        shown(plan, cast.north, Method.MANUAL, cast.admin, shares=shares | {of_person(cast.rep.pk): Decimal(69)})


def test_a_new_total_keeps_the_proportions_and_what_is_held(plan, cast):
    target(plan, cast.north, 900)
    give(plan, cast.rep, 600)
    give(plan, cast.teammate, 300)
    Hold.objects.create(plan=plan, person=cast.rep, measure="bookings", period=period())
    found = shown(plan, cast.north, Method.CURRENT, cast.admin, total=Decimal(1200))
    assert [(row.row.name, row.before, row.after) for row in found.rows] == [
        ("North", 900, 1200),
        ("Rep Two", 300, 600),
    ]
    assert (found.before.allocated, found.after.allocated) == (900, 1200)
    assert quotas() == {"Rep One": 600, "Rep Two": 300}
    assert allocation.apply(found, by=cast.admin).kind == BatchKind.SPREAD
    assert quotas() == {"Rep One": 600, "Rep Two": 600}


def test_a_persons_total_goes_to_the_periods_that_are_not_held(plan, cast):
    give(plan, cast.rep, 1200)
    Hold.objects.create(plan=plan, person=cast.rep, measure="bookings", period=period("2027-Q1"))
    found = shown(plan, cast.rep, Method.CURRENT, cast.admin, total=Decimal(2100))
    assert {cell.after for cell in found.cells} == {200}
    assert len(found.cells) == 9


def test_a_quarters_total_leaves_the_other_quarters_alone(plan, cast):
    give(plan, cast.rep, 1200)
    found = shown(plan, cast.rep, Method.CURRENT, cast.admin, total=Decimal(450), period=period("2027-Q2"))
    assert [(cell.period.label, cell.after) for cell in found.cells] == [
        ("2027-04", 150),
        ("2027-05", 150),
        ("2027-06", 150),
    ]


def test_a_new_hire_gets_less_the_team_keeps_its_number_and_the_gap_is_told(plan, cast):
    set_schedule("New hires", [Decimal(0), Decimal(50)], is_default=True)
    make_person("Hire", team=cast.south, since=date(2027, 1, 1))
    target(plan, cast.south, 2400)
    found = shown(plan, cast.south, Method.EVEN, cast.admin)
    assert {row.row.name: (row.after, row.lost) for row in found.rows} == {
        "Rep Three": (1200, 0),
        "Hire": (1050, Decimal(150)),
    }
    assert found.after.to_allocate == 2400


def test_one_undo_takes_the_whole_spread_back(plan, cast):
    target(plan, cast.north, 1000)
    batch = applied(plan, cast.north, Method.EVEN, cast.admin)
    batches.undo(batch, by=cast.admin)
    assert quotas() == {}


def test_a_policy_that_blocks_keeps_the_spread_from_being_applied(plan, cast):
    PlanningCycle.objects.update(over_action=LimitAction.BLOCK)
    target(plan, cast.north, 1000)
    found = shown(plan, cast.north, Method.EVEN, cast.admin, over={cast.north.pk: Decimal(9)})
    assert found.blocked
    with pytest.raises(OutsidePolicy, match="Over-assignment"):
        allocation.apply(found, by=cast.admin)
    assert quotas() == {}


def test_what_somebody_else_changed_since_the_preview_is_a_conflict(plan, cast):
    target(plan, cast.north, 1000)
    found = shown(plan, cast.north, Method.EVEN, cast.admin)
    set_quota(plan, person=cast.rep, measure="bookings", period=period(), amount=Decimal(7), by=cast.director)
    with pytest.raises(batches.Conflict):
        allocation.apply(found, by=cast.admin)
    assert quotas() == {"Rep One": 7}


def test_a_manager_who_sells_never_moves_the_own_number(plan, cast):
    people.place_member(cast.north_manager, team=cast.north)
    give(plan, cast.north_manager, 500)
    target(plan, cast.north, 1000)
    applied(plan, cast.north, Method.EVEN, cast.north_manager)
    assert quotas() == {"North Manager": 500, "Rep One": 250, "Rep Two": 250}
    with pytest.raises(OwnQuota):
        shown(plan, cast.north_manager, Method.CURRENT, cast.north_manager, total=Decimal(1))


@pytest.mark.parametrize("total", ["-1", "0.001", "1e15", "NaN"])
def test_a_bad_total_is_refused(plan, cast, total):
    with pytest.raises(BadAmount):
        shown(plan, cast.north, Method.EVEN, cast.admin, total=Decimal(total))


def test_what_cannot_be_spread_is_told_by_name_and_nothing_is_stored(plan, cast):
    refused = (
        (cast.north, Method.EVEN, {}, "North has no number"),
        (cast.north, Method.LAST_YEAR, {"total": Decimal(9)}, "nobody there has a number to go by"),
        (cast.north, Method.EVEN, {"over": {None: Decimal(5000)}}, "over-assignment lies between"),
        (None, Method.EVEN, {"total": Decimal(9)}, "company plan"),
        (cast.rep, Method.CURRENT, {}, "which total"),
        (cast.north, Method.EVEN, {"period": period("2026")}, "not part of"),
    )
    for node, method, options, sentence in refused:
        with pytest.raises(CannotAllocate, match=sentence):
            shown(plan, node, method, cast.admin, **options)
    assert not GoalBatch.objects.exists()


def test_held_numbers_above_the_total_are_told(plan, cast):
    give(plan, cast.rep, 600)
    Hold.objects.create(plan=plan, person=cast.rep, measure="bookings", period=period())
    with pytest.raises(CannotAllocate, match="North: the held numbers are more"):
        shown(plan, cast.north, Method.EVEN, cast.admin, total=Decimal(500))


def test_who_does_not_lead_the_team_spreads_nothing(plan, cast):
    target(plan, cast.north, 1000)
    for by in (cast.south_manager, cast.rep):
        with pytest.raises(NotYours):
            shown(plan, cast.north, Method.EVEN, by)
    with pytest.raises(NotYours):
        shown(plan, cast.north, Method.EVEN, cast.north_manager, total=Decimal(900))
    with pytest.raises(NotYours):
        shown(plan, cast.rep, Method.CURRENT, cast.south_manager, total=Decimal(900))


def test_a_locked_plan_is_not_spread(plan, cast):
    CompanyPlan.objects.filter(pk=plan.pk).update(locked_at="2026-09-18T00:00Z")
    plan.refresh_from_db()
    with pytest.raises(LockedPlan):
        shown(plan, cast.north, Method.EVEN, cast.admin)


@pytest.fixture
def joiner(plan, cast):
    """Rep Three, who moves from South to North with the year planned; she has 48."""
    people.place_member(cast.outsider, team=cast.north, starts_on=date(2027, 1, 1), by=cast.admin)
    give(plan, cast.outsider, 48)
    target(plan, cast.north, 300)
    return cast.outsider


def test_whom_one_may_not_set_today_stays_as_they_are(plan, cast, joiner):
    applied(plan, cast.north, Method.EVEN, cast.north_manager)
    assert quotas() == {"Rep One": 126, "Rep Two": 126, "Rep Three": 48}
    assert not Quota.history.filter(person=joiner, history_user=cast.north_manager).exists()


def test_a_team_that_joins_next_year_stays_with_everybody_in_it(plan, cast):
    TeamPlacement.objects.create(team=cast.south, parent=cast.north, starts_on=date(2027, 1, 1))
    give(plan, cast.outsider, 48)
    target(plan, cast.north, 300)
    applied(plan, cast.north, Method.EVEN, cast.north_manager)
    assert quotas() == {"Rep One": 126, "Rep Two": 126, "Rep Three": 48}
    assert not Target.objects.filter(team=cast.south).exists()


def test_what_somebody_else_may_set_is_not_applied_for_one(plan, cast, joiner):
    for_admin = shown(plan, cast.north, Method.EVEN, cast.admin)
    assert any(row.row.holder == of_person(joiner.pk) for row in for_admin.rows)
    with pytest.raises(NotYours):
        allocation.apply(for_admin, by=cast.north_manager)
    assert quotas() == {"Rep Three": 48}


def test_a_plan_below_zero_is_not_spread_over_people_and_says_so(plan, cast):
    set_plan_line(plan, measure="bookings", period=period(), amount=Decimal(-1200))
    with pytest.raises(CannotAllocate, match="below zero"):
        shown(plan, None, Method.EVEN, cast.admin)
