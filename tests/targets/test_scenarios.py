"""What-if: a scenario is adjusted beside the working version, which changes only when it is adopted."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import Error, transaction

from spm.errors import NothingToDo
from spm.market.models import AccountPlacement
from spm.org import verification
from spm.org.choices import PeriodState
from spm.org.models import AuditEntry, Period
from targets import batches, locking, scenarios
from targets.batches import CannotUndo, Conflict
from targets.choices import PlanState, Reach, RevisionCause, WhatIf
from targets.cycles import WrongStage
from targets.goals import FrozenPlan, OwnQuota
from targets.models import (
    Attainment,
    CompanyPlan,
    OpenQuota,
    PlanLine,
    PlanningCycle,
    Quota,
    ScenarioStep,
    Target,
)
from targets.plans import set_plan_line, set_target, working_plan
from targets.quotas import set_quota
from targets.ramp_schedules import set_schedule
from targets.rollup import rebuild, roll_up_stale
from targets.scenario_steps import Adjustment, CannotAdjust
from targets.versions import BadVersion
from tests.builders import make_account, make_actual, make_territory, make_year

pytestmark = pytest.mark.django_db
COMPANY = {"plan": 300_000, "Sales": 300_000, "North": 200_000, "South": 120_000}
PEOPLE = {"Rep One": 110_000, "Rep Two": 100_000, "Rep Three": 126_000}


@pytest.fixture
def plan(cast, year):
    """2027, bookings: 300,000 planned, teams 6.67 % over it, people 5 % over their teams."""
    plan = working_plan(make_year("2027", date(2027, 1, 1)))
    whole = Period.objects.get(label="2027")
    told = {"measure": "bookings", "period": whole}
    set_plan_line(plan, amount=Decimal(COMPANY["plan"]), **told)
    for team in (cast.sales, cast.north, cast.south):
        set_target(plan, holder=team, amount=Decimal(COMPANY[team.name]), **told)
    for person in (cast.rep, cast.teammate, cast.outsider):
        set_quota(plan, person=person, amount=Decimal(PEOPLE[person.name]), **told)
    return plan


@pytest.fixture
def scenario(plan, cast):
    return scenarios.create(plan, "What if", cast.admin)


def leaf(label):
    return Period.objects.leaves().get(label=label)


def numbers(plan):
    """Holder → the year's number; open positions by their number."""
    found = {}
    rows = [("plan", row.amount) for row in PlanLine.objects.filter(plan=plan)]
    rows += [(row.team.name, row.amount) for row in Target.objects.filter(plan=plan)]
    rows += [(row.person.name, row.amount) for row in Quota.objects.filter(plan=plan)]
    rows += [(row.position.number, row.amount) for row in OpenQuota.objects.filter(plan=plan)]
    for name, amount in rows:
        found[name] = found.get(name, 0) + amount
    return found


def adjusted(scenario, cast, kind, **asked):
    return scenarios.adjust(scenario, Adjustment(WhatIf(kind), **asked), cast.admin, reason="Board asked")


def test_a_scenario_is_a_copy_and_needs_a_name(plan, scenario, cast):
    assert numbers(scenario) == numbers(plan) == COMPANY | PEOPLE
    assert (scenario.kind, scenario.state, scenario.author) == ("scenario", "draft", cast.admin)
    with pytest.raises(BadVersion):
        scenarios.create(plan, " ", cast.admin)
    with pytest.raises(scenarios.NotAScenario):
        scenarios.create(scenario, "Copy of a copy", cast.admin)


def test_growth_of_the_company_keeps_every_over_assignment_to_the_cent(plan, scenario, cast):
    adjusted(scenario, cast, "growth", percent=Decimal(5))
    assert numbers(scenario) == {
        "plan": 315_000,
        "Sales": 315_000,
        "North": 210_000,
        "South": 126_000,
        "Rep One": 115_500,
        "Rep Two": 105_000,
        "Rep Three": Decimal("132_300"),
    }
    assert numbers(plan) == COMPANY | PEOPLE


def test_growth_of_a_team_leaves_the_levels_above_alone(scenario, cast):
    adjusted(scenario, cast, "growth", reach=Reach.TEAM, team=cast.north.pk, percent=Decimal("-10"))
    assert numbers(scenario) == COMPANY | PEOPLE | {"North": 180_000, "Rep One": 99_000, "Rep Two": 90_000}


def test_segments_and_territories_grow_with_the_company(plan, cast):
    whole = Period.objects.get(label="2027")
    for segment, amount in (("", 300_000), ("Mid", 100_000), ("Small", 200_000)):
        set_plan_line(plan, measure="bookings", period=whole, amount=Decimal(amount), segment=segment)
    land = make_territory(owner=cast.rep)
    set_target(plan, holder=land, measure="bookings", period=whole, amount=Decimal(50_000))
    scenario = scenarios.create(plan, "Segments", cast.admin)
    adjusted(scenario, cast, "growth", percent=Decimal(3))
    segments = {}
    for row in PlanLine.objects.filter(plan=scenario):
        segments[row.segment] = segments.get(row.segment, 0) + row.amount
    assert segments == {"": 309_000, "Mid": 103_000, "Small": 206_000}
    assert sum(row.amount for row in Target.objects.filter(plan=scenario, territory=land)) == 51_500


def test_over_assignment_of_the_company_scales_what_is_below(scenario, cast):
    adjusted(scenario, cast, "over", percent=Decimal(10))
    assert numbers(scenario) == COMPANY | {
        "Sales": 330_000,
        "North": 220_000,
        "South": 132_000,
        "Rep One": 121_000,
        "Rep Two": 110_000,
        "Rep Three": Decimal("138_600"),
    }


def test_over_assignment_of_every_team_goes_level_by_level(scenario, cast):
    adjusted(scenario, cast, "over", reach=Reach.TEAMS, percent=Decimal(0))
    found = numbers(scenario)
    assert found["plan"] == found["Sales"] == found["North"] + found["South"] == 300_000
    assert (found["North"], found["South"]) == (187_500, 112_500)
    assert found["Rep One"] + found["Rep Two"] == 187_500
    assert found["Rep Three"] == 112_500


def test_two_hires_take_their_part_of_the_team_from_their_start_on(scenario, cast):
    """10,500 a month of one person become 3,500 each of three."""
    adjusted(scenario, cast, "hire", team=cast.south.pk, starts=leaf("2027-07"), count=2)
    assert numbers(scenario) == COMPANY | PEOPLE | {"Rep Three": 84_000, 1: 21_000, 2: 21_000}


def test_a_hire_ramps_up(scenario, cast):
    """A half in the first month: a third of 10,500; then a half of it."""
    set_schedule("New hires", [Decimal(50)], is_default=True)
    adjusted(scenario, cast, "hire", team=cast.south.pk, starts=leaf("2027-11"))
    amounts = [row.amount for row in OpenQuota.objects.filter(plan=scenario).order_by("period__starts_on")]
    assert amounts == [3_500, 5_250]
    assert numbers(scenario)["Rep Three"] == 126_000 - 8_750


def test_a_hire_on_top_leaves_the_others_alone(scenario, cast):
    adjusted(scenario, cast, "hire", team=cast.north.pk, starts=leaf("2027-01"), shared=False)
    assert numbers(scenario) == COMPANY | PEOPLE | {1: 105_000}


def test_an_open_position_grows_with_its_team(scenario, cast):
    adjusted(scenario, cast, "hire", team=cast.north.pk, starts=leaf("2027-01"), shared=False)
    adjusted(scenario, cast, "growth", percent=Decimal(10))
    assert numbers(scenario)[1] == 115_500


def test_what_a_leaver_leaves_is_carried_by_the_others(scenario, cast):
    adjusted(scenario, cast, "leave", person=cast.rep.pk, starts=leaf("2027-10"))
    found = numbers(scenario)
    assert found["Rep One"] + found["Rep Two"] == 210_000
    assert found["Rep One"] == pytest.approx(Decimal(82_500), abs=Decimal("0.05"))
    assert not Quota.objects.filter(plan=scenario, person=cast.rep, period=leaf("2027-10")).exists()


def test_or_by_nobody(scenario, cast):
    adjusted(scenario, cast, "leave", person=cast.outsider.pk, starts=leaf("2027-01"), shared=False)
    assert "Rep Three" not in numbers(scenario)
    with pytest.raises(CannotAdjust):
        adjusted(scenario, cast, "leave", person=cast.outsider.pk, starts=leaf("2027-01"), shared=False)


def test_nobody_is_left_to_carry_it(scenario, cast):
    with pytest.raises(CannotAdjust):
        adjusted(scenario, cast, "leave", person=cast.outsider.pk, starts=leaf("2027-01"))


def test_a_territory_takes_its_share_of_last_year_and_the_teams_along(scenario, cast):
    """A quarter of last year was sold there: 27,500 of 110,000, from January on."""
    land, other = make_territory("Land", owner=cast.rep), make_territory("Rest", owner=cast.rep)
    make_actual(cast.rep, "2026-02-03", 100, kind="booking", territory=land)
    make_actual(cast.rep, "2026-02-04", 300, kind="booking", territory=other)
    step = adjusted(scenario, cast, "territory", territory=land.pk, receiver=cast.outsider.pk, starts=leaf("2027-01"))
    assert (step.percent, step.person) == (25, cast.rep)
    assert numbers(scenario) == COMPANY | PEOPLE | {
        "North": 172_500,
        "South": 147_500,
        "Rep One": 82_500,
        "Rep Three": 153_500,
    }


def test_without_sales_the_share_goes_by_potential_then_by_their_count(scenario, cast):
    land, other = make_territory("Land", owner=cast.rep), make_territory("Rest", owner=cast.rep)
    told = {"territory": land.pk, "receiver": cast.teammate.pk, "starts": leaf("2027-01")}
    assert adjusted(scenario, cast, "territory", **told).percent == 50
    for territory, potential in ((land, 100), (other, 900)):
        AccountPlacement.objects.create(account=make_account(potential=Decimal(potential)), territory=territory)
    assert adjusted(scenario, cast, "territory", **told).percent == 10
    assert numbers(scenario)["Rep Two"] == 100_000 + 55_000 + 5_500


def test_nobody_changes_the_own_number_in_a_scenario_either(plan, cast):
    cast.rep.is_admin = True
    cast.rep.save()
    scenario = scenarios.create(plan, "My own", cast.rep)
    scenarios.adjust(scenario, Adjustment(WhatIf.GROWTH, percent=Decimal(10)), cast.rep)
    assert numbers(scenario)["Rep One"] == 110_000
    assert numbers(scenario)["Rep Two"] == 110_000
    with pytest.raises(OwnQuota):
        scenarios.adjust(scenario, Adjustment(WhatIf.LEAVE, person=cast.rep.pk, starts=leaf("2027-10")), cast.rep)


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "growth", "percent": Decimal(2000)},
        {"kind": "growth", "percent": Decimal("NaN")},
        {"kind": "growth", "reach": Reach.TEAM},
        {"kind": "over", "percent": Decimal(-101)},
        {"kind": "hire"},
        {"kind": "hire", "team": 10**9},
        {"kind": "hire", "count": 51},
        {"kind": "leave"},
        {"kind": "territory"},
    ],
)
def test_what_is_incomplete_or_absurd_is_refused_and_nothing_is_stored(asked, scenario, cast):
    with pytest.raises(CannotAdjust), transaction.atomic():
        adjusted(scenario, cast, asked.pop("kind"), **asked)
    assert numbers(scenario) == COMPANY | PEOPLE
    assert not ScenarioStep.objects.exists()


def test_a_growth_of_nothing_is_no_step(scenario, cast):
    with pytest.raises(NothingToDo):
        adjusted(scenario, cast, "growth", percent=Decimal(0))


def test_closed_months_stay_in_a_scenario_too(plan, cast):
    Period.objects.filter(label="2027-01").update(state=PeriodState.CLOSED)
    scenario = scenarios.create(plan, "From February", cast.admin)
    adjusted(scenario, cast, "growth", percent=Decimal(12))
    january = Quota.objects.get(plan=scenario, person=cast.outsider, period=leaf("2027-01"))
    assert january.amount == 10_500
    assert numbers(scenario)["Rep Three"] == 10_500 + Decimal(115_500) * Decimal("1.12")


def test_each_step_says_who_when_before_after_and_why_and_is_undone_at_once(scenario, cast):
    first = adjusted(scenario, cast, "hire", team=cast.south.pk, starts=leaf("2027-07"), count=2)
    second = adjusted(scenario, cast, "growth", percent=Decimal(5))
    assert (first.batch.by, first.batch.reason, first.batch.kind) == (cast.admin, "Board asked", "what_if")
    with pytest.raises(CannotUndo):
        scenarios.undo(first, cast.admin)
    scenarios.undo(second, cast.admin)
    scenarios.undo(first, cast.admin)
    assert numbers(scenario) == COMPANY | PEOPLE


def test_adopting_is_one_batch_that_one_undo_takes_back(plan, scenario, cast):
    adjusted(scenario, cast, "growth", percent=Decimal(5))
    batch, own, positions = scenarios.adopt(scenario, cast.admin, reason="The board said yes")
    assert numbers(plan) == numbers(scenario)
    assert (batch.reason, own, positions) == ("The board said yes", 0, 0)
    scenario.refresh_from_db()
    assert (scenario.state, scenario.decided_by) == (PlanState.APPROVED, cast.admin)
    assert AuditEntry.objects.filter(kind="plan_scenario", detail__state="approved").exists()
    batches.undo(batch, by=cast.admin)
    assert numbers(plan) == COMPANY | PEOPLE


def test_open_positions_stay_with_the_scenario_and_are_told(plan, scenario, cast):
    adjusted(scenario, cast, "hire", team=cast.south.pk, starts=leaf("2027-07"), count=2)
    assert scenarios.adopt(scenario, cast.admin)[2] == 2
    assert numbers(plan) == COMPANY | PEOPLE | {"Rep Three": 84_000}


def test_what_others_changed_since_the_copy_is_a_conflict_with_both_values(plan, scenario, cast):
    adjusted(scenario, cast, "growth", percent=Decimal(5))
    set_quota(
        plan, person=cast.rep, measure="bookings", period=leaf("2027-01"), amount=Decimal(7), by=cast.north_manager
    )
    with pytest.raises(Conflict) as told:
        scenarios.adopt(scenario, cast.admin)
    (cell,) = told.value.cells
    assert (cell.theirs, cell.by) == (7, cast.north_manager)
    assert numbers(plan)["Rep Two"] == 100_000
    scenarios.adopt(scenario, cast.admin, seen=batches.newest(plan))
    assert numbers(plan) == numbers(scenario)


def test_after_the_lock_a_scenario_becomes_a_request_for_a_revision(plan, scenario, cast):
    locking.lock(plan, by=cast.admin)
    Period.objects.filter(label="2027-01").update(state=PeriodState.CLOSED)
    adjusted(scenario, cast, "growth", reach=Reach.TEAM, team=cast.south.pk, percent=Decimal(10))
    with pytest.raises(scenarios.LockedYear):
        scenarios.adopt(scenario, cast.admin)
    told = {"cause": RevisionCause.MARKET, "reason": "South grows"}
    revision = scenarios.request_revision(scenario, cast.admin, **told)
    assert (revision.effective.label, revision.state) == ("2027-02", PlanState.SUBMITTED)
    assert sum(row.amount for row in revision.quotas.all()) == Decimal("127_050")
    assert numbers(CompanyPlan.objects.get(pk=plan.pk)) == COMPANY | PEOPLE


def test_outside_the_stages_of_planning_nothing_is_adopted(plan, scenario, cast):
    adjusted(scenario, cast, "growth", percent=Decimal(5))
    PlanningCycle.objects.create(fiscal_year=plan.fiscal_year, stage="monitor")
    with pytest.raises(WrongStage):
        scenarios.adopt(scenario, cast.admin)


def test_a_decided_scenario_is_frozen_by_the_database_too(scenario, cast):
    step = adjusted(scenario, cast, "hire", team=cast.south.pk, starts=leaf("2027-07"))
    scenarios.discard(scenario, cast.admin)
    for verb in (
        lambda: adjusted(scenario, cast, "growth", percent=Decimal(5)),
        lambda: scenarios.undo(ScenarioStep.objects.get(pk=step.pk), cast.admin),
        lambda: scenarios.adopt(scenario, cast.admin),
        lambda: scenarios.discard(scenario, cast.admin),
    ):
        with pytest.raises(FrozenPlan):
            verb()
    with pytest.raises(Error, match="frozen"), transaction.atomic():
        OpenQuota.objects.filter(plan=scenario).first().delete()


def test_a_scenario_is_in_no_roll_up_and_breaks_no_invariant(plan, scenario, cast):
    make_actual(cast.rep, "2026-02-03", 100, kind="booking")
    rebuild()
    before = list(Attainment.objects.order_by("pk").values_list("target", "quota_sum", "actual"))
    adjusted(scenario, cast, "hire", team=cast.south.pk, starts=leaf("2027-07"))
    adjusted(scenario, cast, "growth", percent=Decimal(5))
    assert roll_up_stale() == []
    assert list(Attainment.objects.order_by("pk").values_list("target", "quota_sum", "actual")) == before
    assert [found for found in verification.run_all() if found.breaches] == []


def test_nobody_but_an_admin_sees_a_scenario(scenario, cast):
    for model in (PlanLine, Target, Quota):
        for person in (cast.director, cast.rep, cast.south_manager):
            assert not model.objects.visible_to(person).filter(plan=scenario).exists()
    assert scenario not in CompanyPlan.objects.visible_to(cast.director)
