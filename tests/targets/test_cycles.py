"""The planning cycle: made, moved, given owners, dates and a policy; and who holds it up."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from spm.errors import NothingToDo, RuleViolation
from spm.org.choices import AuditKind
from spm.org.models import AuditEntry, Period
from spm.talk.models import Notification
from spm.talk.notices import sentence
from targets import access, cycles, plans
from targets.choices import PlanState, Stage
from targets.cycles import BadPolicy, BadStage, StagePlan, WrongStage
from targets.holdups import Waiting, holdups
from targets.models import CycleStage, PlanLine, PlanningCycle, Quota, QuotaLetter, Target
from targets.seasonality import set_profile, weights_of
from tests.builders import approve_plan, make_line_of_plan, make_person, make_plan, make_quota, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def next_year(year):
    return make_year("2027", date(2027, 1, 1))


@pytest.fixture
def cycle(next_year, cast):
    return cycles.create_cycle(next_year, cast.admin)


def set_target(team, amount, measure="bookings", label="2027-01"):
    leaf = Period.objects.leaves().get(label=label)
    return Target.objects.create(
        plan=make_plan(leaf.fiscal_year), team=team, measure=measure, period=leaf, amount=Decimal(amount)
    )


def at_stage(cycle, stage):
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=stage)
    cycle.refresh_from_db()
    return cycle


def test_a_cycle_begins_with_plan_and_its_maker_owns_every_stage(cycle, cast):
    assert cycle.stage == Stage.PLAN
    assert [row.stage for row in cycle.stages.all()] == list(Stage)
    assert {row.owner for row in cycle.stages.all()} == {cast.admin}


def test_a_year_has_one_cycle(cycle, cast):
    with pytest.raises(NothingToDo, match="begun already"):
        cycles.create_cycle(cycle.fiscal_year, cast.admin)


def test_a_copy_takes_owners_dates_policy_and_season_a_year_on(year, next_year, cast):
    first = cycles.create_cycle(year, cast.director)
    cycles.set_stage(first, Stage.PLAN, owner=cast.admin, due_on=date(2025, 9, 30), by=cast.admin)
    cycles.set_policy(first, by=cast.admin, over_max=Decimal(12), over_action="block")
    set_profile("Season 2026", {number: Decimal(number) for number in range(1, 13)}, fiscal_year=year)
    copy = cycles.create_cycle(next_year, cast.admin, copy_from=first)
    plan = copy.stages.get(stage=Stage.PLAN)
    assert (plan.owner, plan.due_on) == (cast.admin, date(2026, 9, 30))
    assert (copy.over_max, copy.over_action, copy.copied_from) == (Decimal(12), "block", first)
    assert weights_of(next_year)[12] == Decimal(12)
    assert next_year.seasonality.get().name == "Season 2027"


def test_an_owner_who_left_is_not_copied(year, next_year, cast):
    first = cycles.create_cycle(year, cast.deactivated)
    copy = cycles.create_cycle(next_year, cast.admin, copy_from=first)
    assert {row.owner for row in copy.stages.all()} == {cast.admin}


def test_the_29_february_becomes_the_28th():
    assert cycles._years_later(date(2024, 2, 29), 1) == date(2025, 2, 28)


def test_numbers_come_along_only_if_asked(year, next_year, cast):
    first = cycles.create_cycle(year, cast.admin)
    make_quota(cast.rep, "2026-03", 500)
    cycles.create_cycle(next_year, cast.admin, copy_from=first)
    assert not Quota.objects.filter(plan__fiscal_year=next_year).exists()


def test_copied_numbers_fall_on_the_same_periods_and_leave_out_who_left_and_oneself(year, next_year, cast):
    first = cycles.create_cycle(year, cast.admin)
    for person in (cast.rep, cast.deactivated, cast.admin):
        make_quota(person, "2026-03", 500)
    make_line_of_plan("2026-03", 900)
    set_target(cast.north, 700, label="2026-03")
    cycles.create_cycle(next_year, cast.admin, copy_from=first, with_numbers=True)
    quotas = Quota.objects.filter(plan__fiscal_year=next_year)
    assert [(row.person, row.period.label, row.amount) for row in quotas] == [(cast.rep, "2027-03", 500)]
    assert PlanLine.objects.get(plan__fiscal_year=next_year).amount == 900
    assert Target.objects.get(plan__fiscal_year=next_year).team == cast.north


def test_numbers_are_not_copied_over_numbers(year, next_year, cast):
    first = cycles.create_cycle(year, cast.admin)
    make_quota(cast.rep, "2026-03", 500)
    make_quota(cast.rep, "2027-03", 1)
    with pytest.raises(RuleViolation, match="has numbers already"):
        cycles.create_cycle(next_year, cast.admin, copy_from=first, with_numbers=True)
    assert not PlanningCycle.objects.filter(fiscal_year=next_year).exists()


# Moving


def test_the_next_stage_is_entered_and_the_one_before_is_done(cycle, cast):
    make_line_of_plan("2027-01", 900)
    approve_plan(cycle.fiscal_year, cast.admin)
    moved = cycles.advance(cycle, Stage.ALLOCATE, cast.admin)
    assert moved.stage == Stage.ALLOCATE
    assert cycle.stages.get(stage=Stage.PLAN).done_by == cast.admin
    assert plans.working_plan(cycle.fiscal_year).state == PlanState.APPROVED
    entry = AuditEntry.objects.filter(kind=AuditKind.PLAN_STAGE).get()
    assert (entry.actor, entry.detail) == (cast.admin, {"before": "plan", "after": "allocate"})


@pytest.mark.parametrize("to", [stage for stage in Stage if stage != Stage.ALLOCATE] + ["nonsense"])
def test_no_stage_is_skipped(cycle, cast, to):
    make_line_of_plan("2027-01", 900)
    with pytest.raises(WrongStage, match="the next stage is “Allocate”"):
        cycles.advance(cycle, to, cast.admin)
    assert PlanningCycle.objects.get().stage == Stage.PLAN


def test_the_last_stage_is_the_last(cycle, cast):
    with pytest.raises(WrongStage, match="its last stage"):
        cycles.advance(at_stage(cycle, Stage.MONITOR), Stage.PLAN, cast.admin)


@pytest.mark.parametrize(
    ("stage", "to", "missing"),
    [
        (Stage.PLAN, Stage.ALLOCATE, "no company plan"),
        (Stage.ALLOCATE, Stage.REVIEW, "Nobody has a quota"),
        (Stage.APPROVE, Stage.LOCK, "no company plan"),
    ],
)
def test_a_stage_needs_what_it_builds_on(cycle, cast, stage, to, missing):
    with pytest.raises(WrongStage, match=missing):
        cycles.advance(at_stage(cycle, stage), to, cast.admin)


def ready_to_lock(cycle, cast, quota):
    make_line_of_plan("2027-01", 1000)
    set_target(cast.sales, 1000)
    set_target(cast.north, 1000)
    make_quota(cast.rep, "2027-01", quota)
    return at_stage(cycle, Stage.APPROVE)


def test_entering_lock_locks_the_numbers(cycle, cast):
    cycles.advance(ready_to_lock(cycle, cast, 1500), Stage.LOCK, cast.admin)
    assert plans.working_plan(cycle.fiscal_year).locked_at
    assert plans.baseline_of(cycle.fiscal_year)
    with pytest.raises(WrongStage, match="not unlocked"):
        cycles.step_back(cycle, "Why not", cast.admin)


def test_a_lock_is_logged_once_and_told_once(cycle, cast):
    cycles.set_stage(cycle, Stage.LOCK, owner=cast.director, due_on=None, by=cast.admin)
    ready_to_lock(cycle, cast, 1500)
    before = AuditEntry.objects.latest("pk").pk
    cycles.lock_year(cycle.fiscal_year, cast.admin)
    assert list(AuditEntry.objects.filter(pk__gt=before).order_by("pk").values_list("kind", flat=True)) == [
        AuditKind.PLAN_LOCK,
        AuditKind.PLAN_STAGE,
    ]
    assert Notification.objects.filter(kind="cycle_stage", person=cast.director).count() == 1


def test_a_blocking_policy_keeps_the_year_open(cycle, cast):
    cycles.set_policy(cycle, by=cast.admin, over_action="block")
    with pytest.raises(
        WrongStage, match=r"North, Bookings: over-assignment is \+8\.1.%; the policy is 0\.0.% to 8\.0.%"
    ):
        cycles.advance(ready_to_lock(cycle, cast, 1081), Stage.LOCK, cast.admin)
    assert plans.working_plan(cycle.fiscal_year).locked_at is None
    Quota.objects.update(amount=1080)
    assert cycles.advance(cycle, Stage.LOCK, cast.admin).stage == Stage.LOCK


def test_a_stale_page_moves_nothing_twice(cycle, cast):
    make_line_of_plan("2027-01", 900)
    approve_plan(cycle.fiscal_year, cast.admin)
    seen_by_two = PlanningCycle.objects.get(pk=cycle.pk)
    cycles.advance(cycle, Stage.ALLOCATE, cast.admin)
    with pytest.raises(WrongStage):
        cycles.advance(seen_by_two, Stage.ALLOCATE, cast.admin)


def test_a_step_back_needs_a_reason_and_leaves_a_trace(cycle, cast):
    at_stage(cycle, Stage.ALLOCATE)
    with pytest.raises(RuleViolation, match="Write why"):
        cycles.step_back(cycle, "  ", cast.admin)
    cycles.step_back(cycle, "The board wants more", cast.admin)
    assert PlanningCycle.objects.get().stage == Stage.PLAN
    detail = AuditEntry.objects.filter(kind=AuditKind.PLAN_STAGE).get().detail
    assert detail["reason"] == "The board wants more"
    assert plans.working_plan(cycle.fiscal_year).state == PlanState.DRAFT


@pytest.mark.parametrize("stage", [Stage.PLAN, Stage.LOCK, Stage.MONITOR])
def test_nothing_steps_back_from_the_first_stage_or_from_the_lock_on(cycle, cast, stage):
    with pytest.raises(WrongStage):
        cycles.step_back(at_stage(cycle, stage), "Why not", cast.admin)


def test_other_modules_ask_for_a_stage_and_hear_a_sentence(cycle):
    cycles.require_stage(cycle, Stage.PLAN, Stage.ALLOCATE)
    with pytest.raises(WrongStage, match="this belongs to: Review, Approve"):
        cycles.require_stage(cycle, Stage.REVIEW, Stage.APPROVE)


def test_managers_and_the_owner_hear_that_allocation_begins(cycle, cast):
    make_line_of_plan("2027-01", 900)
    cycles.set_stage(cycle, Stage.ALLOCATE, owner=cast.loner, due_on=None, by=cast.admin)
    approve_plan(cycle.fiscal_year, cast.admin)
    cycles.advance(cycle, Stage.ALLOCATE, cast.admin)
    told = Notification.objects.filter(kind="cycle_stage")
    assert {row.person for row in told} == {cast.loner, cast.director, cast.north_manager, cast.south_manager}
    assert sentence(told.first(), "en") == "Plan 2027 is in the stage “Allocate” now."


# Owners, dates, policy


def test_owner_and_date_of_a_stage_are_kept_and_audited(cycle, cast):
    cycles.set_stage(cycle, Stage.REVIEW, owner=cast.director, due_on=date(2026, 11, 1), by=cast.admin)
    row = CycleStage.objects.get(cycle=cycle, stage=Stage.REVIEW)
    assert (row.owner, row.due_on) == (cast.director, date(2026, 11, 1))
    told = AuditEntry.objects.filter(kind=AuditKind.PLAN_POLICY).get().detail["stages"]["review"]
    assert told["after"] == {"owner": "Director", "due_on": "2026-11-01"}


def test_a_stage_is_not_due_before_the_one_it_follows(cycle, cast):
    wanted = {
        Stage.PLAN: StagePlan(cast.admin, date(2026, 10, 1)),
        Stage.REVIEW: StagePlan(cast.admin, date(2026, 9, 1)),
    }
    with pytest.raises(BadStage, match="“Review” cannot be due before “Plan”"):
        cycles.set_stages(cycle, wanted, by=cast.admin)
    assert not CycleStage.objects.filter(due_on__isnull=False).exists()


def test_who_cannot_sign_in_owns_no_stage(cycle, cast):
    with pytest.raises(BadStage, match="Gone cannot sign in"):
        cycles.set_stage(cycle, Stage.PLAN, owner=cast.deactivated, due_on=None, by=cast.admin)


@pytest.mark.parametrize(
    "policy",
    [{"over_min": Decimal(9)}, {"growth_limit": Decimal(-6)}, {"answer_days": 0}, {"over_action": "ignore"}],
)
def test_a_policy_that_contradicts_itself_is_refused(cycle, cast, policy):
    with pytest.raises(BadPolicy):
        cycles.set_policy(cycle, by=cast.admin, **policy)
    assert PlanningCycle.objects.get().version == 0


def test_the_policy_is_audited_and_stays_after_the_lock(cycle, cast):
    cycles.set_policy(cycle, by=cast.admin, over_max=Decimal(10))
    assert AuditEntry.objects.get(kind=AuditKind.PLAN_POLICY).detail["policy"] == {"over_max": ["8.00", "10"]}
    with pytest.raises(WrongStage):
        cycles.set_policy(at_stage(cycle, Stage.LOCK), by=cast.admin, over_max=Decimal(11))


def test_admins_alone_run_a_cycle(cast):
    assert access.can_run_cycle(cast.admin)
    assert not access.can_run_cycle(cast.director)


# Who holds it up


def told(cycle):
    return [(row.kind, row.person, row.days, row.is_late) for row in holdups(cycle)]


def test_the_owner_of_an_overdue_stage_holds_it_up_since_it_was_due(cycle, cast):
    assert told(cycle) == []
    cycles.set_stage(cycle, Stage.PLAN, owner=cast.director, due_on=date(2026, 9, 14), by=cast.admin)
    assert told(cycle) == [(Waiting.STAGE, cast.director, 4, True)]


def test_a_stage_without_owner_waits_for_nobody(cycle, cast):
    cycles.set_stage(cycle, Stage.PLAN, owner=None, due_on=None, by=cast.admin)
    assert told(cycle) == [(Waiting.OWNER, None, 0, False)]


def test_managers_who_have_not_handed_on_their_target_hold_it_up(cycle, cast):
    set_target(cast.sales, 1000)
    set_target(cast.north, 600)
    set_target(cast.south, 400)
    make_quota(cast.rep, "2027-01", 450)
    make_quota(cast.outsider, "2027-01", 400)
    found = holdups(at_stage(cycle, Stage.ALLOCATE))
    assert [(row.person, row.team_name, row.share) for row in found] == [(cast.north_manager, "North", Decimal("0.75"))]


def test_the_owner_of_allocate_holds_up_a_company_plan_that_is_not_handed_on(cycle, cast):
    make_line_of_plan("2027-01", 2000)
    set_target(cast.sales, 1500)
    make_quota(cast.loner, "2027-01", 100)
    (row,) = (row for row in holdups(at_stage(cycle, Stage.ALLOCATE)) if row.team is None)
    assert (row.kind, row.person, row.share) == (Waiting.COMPANY, cast.admin, Decimal("0.8"))


def test_letters_wait_for_the_person_or_for_the_manager(cycle, cast):
    at_stage(cycle, Stage.REVIEW)
    sent = datetime(2026, 9, 10, 12, tzinfo=UTC)
    PlanningCycle.objects.update(created_at=sent)
    for person, state in (
        (cast.rep, "sent"),
        (cast.teammate, "question"),
        (cast.outsider, "approved"),
        (make_person("Agreed", team=cast.south), "agreed"),
    ):
        QuotaLetter.objects.create(cycle=cycle, person=person, state=state, sent_at=sent, answered_at=sent)
    assert {(kind, person) for kind, person, *_ in told(cycle)} == {
        (Waiting.ANSWER, cast.rep),
        (Waiting.QUESTION, cast.north_manager),
        (Waiting.APPROVAL, cast.south_manager),
    }
    assert {(days, late) for *_, days, late in told(cycle)} == {(8, True)}


def test_a_locked_quota_waits_to_be_acknowledged(cycle, cast):
    QuotaLetter.objects.create(
        cycle=cycle, person=cast.rep, state="approved", approved_at=datetime(2026, 9, 17, tzinfo=UTC)
    )
    assert told(at_stage(cycle, Stage.LOCK)) == [(Waiting.ACKNOWLEDGE, cast.rep, 1, False)]


def test_holdups_take_the_same_queries_for_one_letter_and_for_three(cycle, cast, django_assert_max_num_queries):
    at_stage(cycle, Stage.REVIEW)
    people = [cast.rep, cast.teammate, cast.outsider]
    for person in people:
        QuotaLetter.objects.create(cycle=cycle, person=person, state="sent", sent_at=datetime(2026, 9, 17, tzinfo=UTC))
        with django_assert_max_num_queries(9):
            holdups(cycle)
