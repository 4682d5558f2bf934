"""Versions: kept under a name, compared by holder level, and restored as one batch."""

from decimal import Decimal

import pytest
from django.db import Error
from django.utils import timezone

from spm.errors import NothingToDo, PeriodClosed
from spm.org.choices import PeriodState
from spm.org.models import Period
from targets import batches, locking, versions
from targets.choices import BatchKind, PlanKind, PlanState
from targets.goals import Goal, LockedPlan, of_person, of_segment
from targets.models import CompanyPlan, GoalBatch, PlanLine, Quota, Target
from targets.plans import set_plan_line, set_target, working_plan
from targets.quotas import set_quota

pytestmark = pytest.mark.django_db


def leaf(number=1):
    return Period.objects.leaves().get(label=f"2026-{number:02}")


def line(plan, amount, segment="", month=1, by=None):
    return set_plan_line(plan, measure="bookings", period=leaf(month), amount=amount, segment=segment, by=by)


@pytest.fixture
def plan(cast, year):
    """January: the company 1000, of it Mid-market 400; the team North 900, its two reps 500 and 450."""
    plan = working_plan(year)
    line(plan, Decimal(1000))
    line(plan, Decimal(400), "Mid-market")
    set_target(plan, holder=cast.north, measure="bookings", period=leaf(), amount=Decimal(900))
    for rep, amount in ((cast.rep, 500), (cast.teammate, 450)):
        set_quota(plan, person=rep, measure="bookings", period=leaf(), amount=Decimal(amount), by=cast.admin)
    return plan


def numbers(plan):
    lines = {(row.segment, row.period.label): row.amount for row in PlanLine.objects.filter(plan=plan)}
    targets = {(row.team.name, row.period.label): row.amount for row in Target.objects.filter(plan=plan)}
    quotas = {(row.person.name, row.period.label): row.amount for row in Quota.objects.filter(plan=plan)}
    return lines | targets | quotas


def rows(differences):
    return [(one.name, one.before, one.after, one.difference) for one in differences]


def test_a_saved_version_is_a_frozen_copy_with_name_author_and_reason(plan, cast):
    saved = versions.save_version(plan, " Before the board ", cast.admin, reason="First draft")
    assert numbers(saved) == numbers(plan)
    assert (saved.kind, saved.name, saved.author, saved.reason) == (
        "saved",
        "Before the board",
        cast.admin,
        "First draft",
    )
    assert (saved.based_on, saved.frozen_at is not None) == (plan, True)
    with pytest.raises(Error):
        PlanLine.objects.filter(plan=saved).update(amount=1)


def test_saved_versions_are_numbered_and_remember_approval(plan, cast):
    first = versions.save_version(plan, "One", cast.admin)
    CompanyPlan.objects.filter(pk=plan.pk).update(
        state=PlanState.APPROVED, decided_at=timezone.now(), decided_by=cast.admin
    )
    second = versions.save_version(plan, "Two", cast.admin)
    assert [(one.number, one.state, one.decided_by) for one in (first, second)] == [
        (1, "draft", None),
        (2, "approved", cast.admin),
    ]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_version_needs_a_name_that_fits(plan, cast, name):
    with pytest.raises(versions.BadVersion):
        versions.save_version(plan, name, cast.admin)
    assert not CompanyPlan.objects.filter(kind=PlanKind.SAVED).exists()


def test_a_plan_without_numbers_is_not_saved(cast, year):
    with pytest.raises(versions.BadVersion):
        versions.save_version(working_plan(year), "Empty", cast.admin)
    assert not CompanyPlan.objects.filter(kind=PlanKind.SAVED).exists()


def test_a_copy_of_another_kind_may_be_edited_and_leaves_its_source_alone(plan, cast):
    before = numbers(plan)
    scenario = versions.copy_plan(plan, PlanKind.SCENARIO, "Two more reps", cast.admin)
    line(scenario, Decimal(7))
    assert (numbers(plan), numbers(scenario)["", "2026-01"]) == (before, Decimal(7))


def test_compare_shows_each_level_with_difference_and_share(plan, cast):
    saved = versions.save_version(plan, "Before", cast.admin)
    line(plan, Decimal(1250))
    line(plan, Decimal(100), "Public")
    set_quota(plan, person=cast.rep, measure="bookings", period=leaf(), amount=None, by=cast.admin)
    found = versions.compare(saved, plan, "bookings")
    assert rows(found.company) == [
        ("Whole company", 1000, 1250, 250),
        ("Mid-market", 400, 400, 0),
        ("Public", None, 100, 100),
    ]
    assert rows(found.teams) == [(cast.north.name, 900, 900, 0)]
    assert sorted(rows(found.people)) == sorted([(cast.rep.name, 500, None, -500), (cast.teammate.name, 450, 450, 0)])
    assert [one.share for one in found.company] == [Decimal("0.25"), 0, None]
    assert found.changed == 3
    assert rows(found.months)[:2] == [("Jan 2026", 1000, 1250, 250), ("Feb 2026", None, None, 0)]
    assert len(found.months) == 12


def test_compare_shows_a_manager_the_own_people_and_teams_alone(plan, cast):
    set_quota(plan, person=cast.outsider, measure="bookings", period=leaf(), amount=Decimal(77), by=cast.admin)
    saved = versions.save_version(plan, "Before", cast.admin)
    found = versions.compare(saved, plan, "bookings", cast.north_manager)
    assert {one.name for one in found.people} == {cast.rep.name, cast.teammate.name}
    assert versions.compare(saved, plan, "bookings", cast.south_manager).teams == ()


@pytest.mark.parametrize("months", [1, 3])
def test_compare_takes_six_queries_for_any_number_of_rows(plan, cast, months, django_assert_num_queries):
    for month in range(2, 2 + months):
        line(plan, Decimal(10), month=month)
        set_quota(plan, person=cast.rep, measure="bookings", period=leaf(month), amount=Decimal(1), by=cast.admin)
    saved = versions.save_version(plan, "Before", cast.admin)
    with django_assert_num_queries(6):
        versions.compare(saved, plan, "bookings")


def test_a_revision_is_not_compared(plan, cast):
    revision = CompanyPlan.objects.create(fiscal_year=plan.fiscal_year, kind=PlanKind.REVISION, effective=leaf())
    with pytest.raises(versions.BadVersion):
        versions.compare(plan, revision, "bookings")


def test_restore_brings_every_number_back_as_one_batch(plan, cast):
    before = numbers(plan)
    saved = versions.save_version(plan, "Before", cast.admin)
    line(plan, Decimal(1))
    line(plan, Decimal(5), "Public", month=3)
    set_target(plan, holder=cast.north, measure="bookings", period=leaf(), amount=None)
    count = GoalBatch.objects.count()
    batch, own = versions.restore(saved, cast.admin)
    assert (numbers(plan), own) == (before, 0)
    assert (GoalBatch.objects.count(), batch.kind, batch.reason) == (count + 1, BatchKind.RESTORE, "Before")
    batches.undo(batch, by=cast.admin)
    assert numbers(plan)["Public", "2026-03"] == 5


def test_restoring_what_stands_there_already_says_so(plan, cast):
    saved = versions.save_version(plan, "Before", cast.admin)
    with pytest.raises(NothingToDo):
        versions.restore(saved, cast.admin)


def test_restore_leaves_the_own_quota_and_tells_how_many_differ(plan, cast):
    set_quota(plan, person=cast.admin, measure="bookings", period=leaf(), amount=Decimal(5), by=None)
    saved = versions.save_version(plan, "Before", cast.admin)
    set_quota(plan, person=cast.admin, measure="bookings", period=leaf(), amount=Decimal(6), by=None)
    line(plan, Decimal(1))
    _batch, own = versions.restore(saved, cast.admin)
    assert (own, numbers(plan)[cast.admin.name, "2026-01"], numbers(plan)["", "2026-01"]) == (1, 6, 1000)


def test_a_locked_year_is_not_restored(plan, cast):
    saved = versions.save_version(plan, "Before", cast.admin)
    line(plan, Decimal(1))
    locking.lock(plan, by=cast.admin)
    with pytest.raises(LockedPlan, match="Request a revision"):
        versions.restore(saved, cast.admin)
    assert numbers(plan)["", "2026-01"] == 1


def test_a_closed_month_that_differs_refuses_the_whole_restore(plan, cast):
    saved = versions.save_version(plan, "Before", cast.admin)
    line(plan, Decimal(1))
    line(plan, Decimal(2), month=2)
    after = numbers(plan)
    Period.objects.filter(pk=leaf().pk).update(state=PeriodState.CLOSED)
    with pytest.raises(PeriodClosed):
        versions.restore(saved, cast.admin)
    assert numbers(plan) == after


def test_restore_refuses_what_somebody_else_has_changed_since(plan, cast):
    saved = versions.save_version(plan, "Before", cast.admin)
    seen = batches.newest(plan)
    line(plan, Decimal(1), by=cast.director)
    with pytest.raises(batches.Conflict) as found:
        versions.restore(saved, cast.admin, seen=seen)
    assert [(cell.theirs, cell.yours) for cell in found.value.cells] == [(1, 1000)]
    assert numbers(plan)["", "2026-01"] == 1


@pytest.mark.parametrize("seen", ["-1", "many", "999999", "9" * 40])
def test_restore_refuses_a_revision_number_never_given_out(plan, cast, seen):
    saved = versions.save_version(plan, "Before", cast.admin)
    line(plan, Decimal(1))
    with pytest.raises(batches.UnknownRevision):
        versions.restore(saved, cast.admin, seen=seen)


def test_the_working_version_is_not_restored_over_itself(plan, cast):
    with pytest.raises(versions.BadVersion):
        versions.restore(plan, cast.admin)


def test_holders_of_a_restore_are_those_of_the_version(plan, cast):
    saved = versions.save_version(plan, "Before", cast.admin)
    goals = [(PlanLine, Goal(of_segment(), "bookings", leaf(), Decimal(3)))]
    goals.append((Quota, Goal(of_person(cast.rep.pk), "bookings", leaf(), Decimal(4))))
    batches.write_batch(plan, goals, by=None, kind=BatchKind.EDIT)
    batch, _own = versions.restore(saved, cast.admin)
    assert {(change[0], change[-1]) for change in batch.changes} == {("planline", "1000.00"), ("quota", "500.00")}
