"""Many numbers at once: one batch, one undo, and both values kept when two people edit."""

from decimal import Decimal

import pytest
from django.utils import timezone

from spm.errors import NothingToDo, PeriodClosed, RuleViolation
from spm.org.choices import PeriodLevel, PeriodState
from spm.org.models import Period
from targets import batches, presences
from targets.choices import BatchKind, PlanKind
from targets.goals import BadAmount, Goal, LockedPlan, OwnQuota, of_person, of_team
from targets.models import CompanyPlan, GoalBatch, Quota, RollupRun, Target
from targets.plans import working_plan
from targets.quotas import set_quota
from tests.builders import make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(year):
    return working_plan(year)


def leaf(number):
    return Period.objects.get(label=f"2026-{number:02}", level=PeriodLevel.MONTH)


def quota(person, month, amount):
    return Quota, Goal(of_person(person.pk), "bookings", leaf(month), None if amount is None else Decimal(amount))


def write(plan, *goals, **told):
    values = {"by": None, "kind": BatchKind.EDIT} | told
    return batches.write_batch(plan, goals, **values)


def amounts():
    return [row.amount for row in Quota.objects.order_by("person", "period__starts_on")]


def test_one_batch_holds_every_change_with_both_amounts(plan, cast):
    target = (Target, Goal(of_team(cast.north.pk), "bookings", leaf(1), Decimal(500)))
    batch = write(plan, quota(cast.rep, 1, 100), quota(cast.teammate, 1, "0.05"), target, by=cast.admin)
    january = leaf(1).pk
    assert batch.changes == [
        ["quota", "person_id", cast.rep.pk, "bookings", january, None, "100.00"],
        ["quota", "person_id", cast.teammate.pk, "bookings", january, None, "0.05"],
        ["target", "team_id", cast.north.pk, "bookings", january, None, "500.00"],
    ]
    assert (batch.by, batches.newest(plan)) == (cast.admin, batch.pk)


def test_a_plan_without_batches_has_revision_number_zero(plan):
    assert batches.newest(plan) == 0


def test_numbers_that_stand_there_already_make_no_batch(plan, cast):
    write(plan, quota(cast.rep, 1, 100))
    with pytest.raises(NothingToDo):
        write(plan, quota(cast.rep, 1, 100))
    assert GoalBatch.objects.count() == 1


def test_a_batch_marks_its_periods_to_be_rolled_up(plan, cast):
    write(plan, quota(cast.rep, 1, 100), quota(cast.rep, 3, 100))
    assert set(RollupRun.objects.stale().values_list("period__label", flat=True)) == {"2026-01", "2026-03"}


def test_undo_gives_every_number_the_value_it_had(plan, cast):
    write(plan, quota(cast.rep, 1, 100))
    batch = write(plan, quota(cast.rep, 1, 150), quota(cast.rep, 2, 70))
    undone = batches.undo(batch, by=cast.admin)
    assert amounts() == [Decimal(100)]
    assert (undone.kind, undone.undoes) == (BatchKind.UNDO, batch)
    assert Quota.history.filter(period=leaf(2)).count() == 2


def test_a_batch_is_undone_once_and_an_undo_never(plan, cast):
    batch = write(plan, quota(cast.rep, 1, 100))
    undone = batches.undo(batch, by=cast.admin)
    for again in (batch, undone):
        with pytest.raises(batches.CannotUndo):
            batches.undo(again, by=cast.admin)


def test_a_number_changed_since_is_not_undone(plan, cast):
    batch = write(plan, quota(cast.rep, 1, 100), quota(cast.rep, 2, 100))
    set_quota(plan, person=cast.rep, measure="bookings", period=leaf(2), amount=Decimal(120))
    with pytest.raises(batches.CannotUndo, match="Feb 2026"):
        batches.undo(batch, by=cast.admin)
    assert amounts() == [Decimal(100), Decimal(120)]


def test_the_last_undoable_batch_is_ones_own_newest(plan, cast):
    first = write(plan, quota(cast.rep, 1, 100), by=cast.admin)
    write(plan, quota(cast.rep, 2, 100), by=cast.director)
    second = write(plan, quota(cast.rep, 3, 100), by=cast.admin)
    assert presences.read(plan, cast.admin)[0] == second
    batches.undo(second, by=cast.admin)
    assert presences.read(plan, cast.admin)[0] == first
    assert presences.read(plan, cast.north_manager)[0] is None


def test_an_import_is_not_undone_from_a_grid_nor_is_what_stands_below_it(plan, cast):
    write(plan, quota(cast.rep, 1, 100), by=cast.admin)
    loaded = write(plan, quota(cast.rep, 2, 100), by=cast.admin, kind=BatchKind.IMPORT)
    assert presences.read(plan, cast.admin)[0] is None
    with pytest.raises(batches.CannotUndo, match="Imports"):
        batches.undo(loaded, by=cast.admin)
    assert amounts() == [Decimal(100), Decimal(100)]


def test_two_people_on_one_cell_the_second_sees_both_values(plan, cast):
    seen = batches.newest(plan)
    theirs = write(plan, quota(cast.rep, 1, 100), by=cast.director, seen=seen)
    with pytest.raises(batches.Conflict) as caught:
        write(plan, quota(cast.rep, 1, 130), quota(cast.rep, 2, 5), by=cast.admin, seen=seen)
    (cell,) = caught.value.cells
    assert (cell.theirs, cell.yours, cell.by, cell.at) == (Decimal(100), Decimal(130), cast.director, theirs.at)
    assert amounts() == [Decimal(100)]


@pytest.mark.parametrize(("month", "amount"), [(1, 100), (2, 130)])
def test_the_same_value_or_another_cell_is_no_conflict(plan, cast, month, amount):
    write(plan, quota(cast.rep, 1, 100), by=cast.director, seen=0)
    write(plan, quota(cast.rep, month, amount), quota(cast.rep, 4, 1), by=cast.admin, seen=0)


def test_a_second_window_of_ones_own_overwrites_nothing_unseen(plan, cast):
    first = write(plan, quota(cast.rep, 1, 100), by=cast.admin, seen=0)
    with pytest.raises(batches.Conflict) as caught:
        write(plan, quota(cast.rep, 1, 130), by=cast.admin, seen=0)
    assert (caught.value.cells[0].theirs, caught.value.cells[0].by) == (100, cast.admin)
    write(plan, quota(cast.rep, 1, 130), by=cast.admin, seen=first.pk)  # the window that saved knows its own save
    assert amounts() == [Decimal(130)]


def test_a_change_undone_meanwhile_is_a_conflict_too(plan, cast):
    batch = write(plan, quota(cast.rep, 1, 100), by=cast.director)
    batches.undo(batch, by=cast.director)
    with pytest.raises(batches.Conflict) as caught:
        write(plan, quota(cast.rep, 1, 130), by=cast.admin, seen=batch.pk)
    assert caught.value.cells[0].theirs is None


@pytest.mark.parametrize("seen", ["", "x", "-1", "1.0", "²", 10**30, -1, 99_999_999])
def test_a_revision_number_never_given_out_is_refused(plan, cast, seen):
    with pytest.raises(batches.UnknownRevision):
        write(plan, quota(cast.rep, 1, 100), seen=seen)
    assert not Quota.objects.exists()


def test_the_revision_number_of_another_plan_is_refused(plan, cast):
    other = working_plan(make_year("2027", leaf(1).starts_on.replace(year=2027)))
    with pytest.raises(batches.UnknownRevision):
        write(other, seen=write(plan, quota(cast.rep, 1, 100)).pk)


@pytest.mark.parametrize("amount", ["-1", "0.001", "1e15", "NaN", "Infinity"])
def test_a_bad_amount_stores_nothing(plan, cast, amount):
    with pytest.raises(BadAmount):
        write(plan, quota(cast.teammate, 1, 100), quota(cast.rep, 1, amount))
    assert not Quota.objects.exists()


def test_nobody_has_their_own_quota_in_a_batch(plan, cast):
    with pytest.raises(OwnQuota):
        write(plan, quota(cast.rep, 1, 100), by=cast.rep)


def test_a_closed_period_refuses_the_batch_and_the_undo(plan, cast):
    batch = write(plan, quota(cast.rep, 1, 100))
    Period.objects.filter(pk=leaf(1).pk).update(state=PeriodState.CLOSED)
    for verb in (lambda: write(plan, quota(cast.rep, 1, 90)), lambda: batches.undo(batch, by=None)):
        with pytest.raises(PeriodClosed):
            verb()


def test_a_locked_plan_names_the_way_to_change_it(plan, cast):
    batch = write(plan, quota(cast.rep, 1, 100))
    CompanyPlan.objects.filter(pk=plan.pk).update(locked_at=timezone.now())
    for verb in (lambda: write(plan, quota(cast.rep, 1, 90)), lambda: batches.undo(batch, by=None)):
        with pytest.raises(LockedPlan, match="Request a revision"):
            verb()
    assert amounts() == [Decimal(100)]


def test_every_way_of_setting_a_number_gives_out_a_new_revision_number(plan, cast):
    set_quota(plan, person=cast.rep, measure="bookings", period=leaf(1), amount=Decimal(9), by=cast.director)
    with pytest.raises(batches.Conflict):
        write(plan, quota(cast.rep, 1, 100), by=cast.admin, seen=0)


@pytest.fixture
def revision(plan, year):
    return CompanyPlan.objects.create(fiscal_year=year, kind=PlanKind.REVISION, effective=leaf(7))


def test_a_revision_holds_nothing_before_its_effective_period(revision, cast):
    with pytest.raises(LockedPlan, match="Jul 2026"):
        write(revision, quota(cast.rep, 6, 100))
    write(revision, quota(cast.rep, 7, 100))


def test_a_locked_plan_takes_the_numbers_of_the_revision_being_applied(plan, revision, cast):
    CompanyPlan.objects.filter(pk=plan.pk).update(locked_at=timezone.now(), applying=revision)
    with pytest.raises(LockedPlan):
        write(plan, quota(cast.rep, 6, 100))
    write(plan, quota(cast.rep, 7, 100), kind=BatchKind.REVISION)
    assert amounts() == [Decimal(100)]


def test_a_period_given_twice_or_of_another_year_is_refused(plan, cast):
    make_year("2027", leaf(1).starts_on.replace(year=2027))
    alien = Period.objects.get(label="2027-01", level=PeriodLevel.MONTH)
    for goals in ([quota(cast.rep, 1, 1)] * 2, [(Quota, Goal(of_person(cast.rep.pk), "bookings", alien, Decimal(1)))]):
        with pytest.raises(RuleViolation):
            write(plan, *goals)
    assert not Quota.objects.exists()
