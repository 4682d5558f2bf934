"""The lock and what may still change after it: approved revisions, from their effective period on."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from spm.errors import NothingToDo, RuleViolation
from spm.org import guards
from spm.org.models import AuditEntry, Period, Team, User
from spm.org.verification import run_all
from targets import baseline, batches, closing, locking, revisions, rollup
from targets.choices import PlanState, RevisionCause
from targets.goals import Goal, GoalSheet, LockedPlan, OwnQuota, of_person, of_segment
from targets.models import Attainment, CompanyPlan, PlanLine, Quota
from targets.plans import set_plan_line, set_target, working_plan
from targets.quotas import set_quota
from tests.builders import make_actual, make_company, make_person, make_team, make_year
from tests.spm.test_org_guards import assert_only_the_guard_refuses

pytestmark = pytest.mark.django_db


@pytest.fixture
def locked(year):
    """A year of one rep with a quota of 100 per month, locked by an admin."""
    admin, other = make_person("Admin", is_admin=True), make_person("Second", is_admin=True)
    lead = make_person("Lead")
    rep = make_person("Rep", team=make_team("North", lead=lead))
    plan = working_plan(year, by=admin)
    set_quota(plan, person=rep, measure="revenue", period=Period.objects.get(label="2026"), amount=Decimal(1200))
    locking.lock(plan, by=admin)
    plan.refresh_from_db()
    return plan, admin, other, lead, rep


def month(label):
    return Period.objects.get(label=label)


def ask(plan, by, rep, amounts, effective, reason="A new territory", on=None):
    wanted = [(Quota, Goal(of_person(rep.pk), "revenue", month(label), Decimal(n))) for label, n in amounts.items()]
    told = {"effective": month(effective), "cause": RevisionCause.TERRITORY, "reason": reason}
    return revisions.request(plan, wanted, by=by, on=on, **told)


def quota(rep, label):
    return Quota.objects.in_force().get(person=rep, period__label=label).amount


def breaches():
    return [breach.text for finding in run_all(["INV-45", "INV-46"]) for breach in finding.breaches]


def test_locking_keeps_the_baseline_and_refuses_every_other_change(locked):
    plan, admin, _other, _lead, rep = locked
    assert CompanyPlan.objects.get(kind="baseline").quotas.count() == 12
    assert AuditEntry.objects.filter(kind="plan_lock").count() == 1
    with pytest.raises(LockedPlan, match="Request a revision"):
        set_quota(plan, person=rep, measure="revenue", period=month("2026-10"), amount=Decimal(5), by=admin)
    with pytest.raises(NothingToDo):
        locking.lock(plan, by=admin)
    assert breaches() == []


def test_a_sheet_opened_before_the_lock_meets_it_in_words_and_writes_nothing(year):
    rep = make_person("Rep")
    set_quota(working_plan(year), person=rep, measure="revenue", period=month("2026-01"), amount=Decimal(100))
    sheet = GoalSheet(working_plan(year), Quota)
    locking.lock(working_plan(year), by=None)
    with pytest.raises(LockedPlan):
        sheet.write([Goal(of_person(rep.pk), "revenue", month("2026-01"), Decimal(5))])
    assert quota(rep, "2026-01") == 100


def test_an_empty_year_cannot_be_locked(year):
    with pytest.raises(locking.EmptyPlan):
        locking.lock(working_plan(year), by=None)


@pytest.mark.parametrize("write", ["update", "delete", "unlock"])
def test_inv_46_a_locked_number_cannot_change_below_the_orm(locked, write):
    plan, *_ = locked

    def bad_write():
        with connection.cursor() as cursor:
            if write == "unlock":
                cursor.execute("UPDATE targets_companyplan SET locked_at = NULL WHERE id = %s", [plan.pk])
            elif write == "update":
                cursor.execute("UPDATE targets_quota SET amount = 1 WHERE plan_id = %s", [plan.pk])
            else:
                cursor.execute("DELETE FROM targets_quota WHERE plan_id = %s", [plan.pk])

    with pytest.raises(IntegrityError), transaction.atomic():
        bad_write()
    guards.drop(connection)
    bad_write()  # the negative control: without the guard it goes through
    guards.install(connection)


def test_an_approved_revision_is_in_force_from_its_period_on_and_never_before(locked):
    plan, admin, other, lead, rep = locked
    make_actual(rep, "2026-07-10", amount=50)
    make_actual(rep, "2026-10-10", amount=50)
    rollup.roll_up_stale()
    revision = ask(plan, lead, rep, {"2026-10": 150, "2026-11": 160}, "2026-10")
    assert quota(rep, "2026-10") == 100
    revisions.approve(revision, by=other)
    rollup.roll_up_stale()
    assert [quota(rep, label) for label in ("2026-09", "2026-10", "2026-11", "2026-12")] == [100, 150, 160, 100]
    rows = Attainment.objects.filter(person=rep, measure="revenue")
    assert rows.get(period__label="2026-07").target == 100
    assert rows.get(period__label="2026-10").target == 150
    assert rows.get(period__label="2026").target == 1310
    assert breaches() == []
    revision.refresh_from_db()
    assert [(move.before, move.after) for move in revisions.moves(revision)] == [(100, 150), (100, 160)]
    assert CompanyPlan.objects.get(kind="baseline").quotas.get(period__label="2026-10").amount == 100


@pytest.mark.parametrize(
    ("amounts", "effective", "error"),
    [
        ({"2026-09": 150}, "2026-10", revisions.PastPeriod),
        ({"2026-10": 100}, "2026-10", NothingToDo),
        ({"2026-10": -1}, "2026-10", RuleViolation),
        ({"2026-10": "0.001"}, "2026-10", RuleViolation),
        ({"2026-Q4": 500}, "2026-10", RuleViolation),
        ({"2026-10": 150}, "2026-Q4", RuleViolation),
    ],
)
def test_what_a_revision_may_not_be_is_refused_and_nothing_is_stored(locked, amounts, effective, error):
    plan, admin, _other, _lead, rep = locked
    with pytest.raises(error):
        ask(plan, admin, rep, amounts, effective)
    assert not CompanyPlan.objects.filter(kind="revision").exists()


def test_a_revision_needs_a_reason_and_somebody_who_may_ask(locked):
    plan, admin, _other, _lead, rep = locked
    with pytest.raises(RuleViolation, match="Say why"):
        ask(plan, admin, rep, {"2026-10": 150}, "2026-10", reason=" ")
    with pytest.raises(revisions.NotAllowed):
        ask(plan, rep, rep, {"2026-10": 150}, "2026-10")
    with pytest.raises(OwnQuota):
        ask(plan, admin, admin, {"2026-10": 150}, "2026-10")


def test_nobody_decides_on_the_own_request_or_the_own_quota_and_none_twice(locked):
    plan, admin, other, lead, rep = locked
    revision = ask(plan, admin, rep, {"2026-10": 150}, "2026-10")
    with pytest.raises(revisions.NotAllowed):
        revisions.approve(revision, by=admin)
    with pytest.raises(revisions.NotAllowed):
        revisions.approve(revision, by=lead)
    with pytest.raises(RuleViolation, match="Say why"):
        revisions.reject(revision, by=other, comment="")
    revisions.reject(revision, by=other, comment="Too late in the year")
    with pytest.raises(revisions.NotAllowed, match="decided already"):
        revisions.approve(revision, by=other)
    mine = ask(plan, admin, other, {"2026-10": 150}, "2026-10")
    with pytest.raises(OwnQuota):
        revisions.approve(mine, by=other)
    assert quota(rep, "2026-10") == 100
    assert breaches() == []


def test_a_revision_is_not_approved_against_another_before_than_was_read(locked):
    plan, admin, other, lead, rep = locked
    first = ask(plan, admin, rep, {"2026-10": 120, "2026-11": 100}, "2026-10")
    second = ask(plan, lead, rep, {"2026-10": 90, "2026-12": 80}, "2026-10")
    seen = batches.newest(plan)
    revisions.approve(first, by=other, seen=seen)
    with pytest.raises(batches.Conflict) as refused:
        revisions.approve(second, by=other, seen=seen)
    (cell,) = refused.value.cells
    assert (cell.period.label, cell.theirs, cell.yours) == ("2026-10", 120, 90)
    assert (quota(rep, "2026-10"), quota(rep, "2026-12")) == (120, 100)
    with pytest.raises(batches.UnknownRevision):
        revisions.approve(second, by=other, seen="")
    revisions.approve(second, by=other, seen=batches.newest(plan))
    assert (quota(rep, "2026-10"), quota(rep, "2026-12")) == (90, 80)
    assert breaches() == []


def test_past_months_never_change(locked):
    plan, admin, other, _lead, rep = locked
    for effective in ("2026-02", "2026-08"):
        with pytest.raises(revisions.PastPeriod, match="is over"):
            ask(plan, admin, rep, {"2026-10": 150}, effective)
    with pytest.raises(revisions.PastPeriod, match="is over"):
        ask(plan, admin, rep, {"2026-08": 150}, "2026-08")
    revisions.approve(ask(plan, admin, rep, {"2026-09": 150}, "2026-09"), by=other)  # the running month
    assert (quota(rep, "2026-08"), quota(rep, "2026-09")) == (100, 150)


def test_nor_when_a_month_ends_between_request_and_approval(locked):
    plan, admin, other, _lead, rep = locked
    revision = ask(plan, admin, rep, {"2026-09": 150}, "2026-09")
    make_company(fixed_today=date(2026, 10, 1))
    with pytest.raises(revisions.PastPeriod, match="is over"):
        revisions.approve(revision, by=other)
    revision.refresh_from_db()
    assert (revision.state, quota(rep, "2026-09")) == (PlanState.SUBMITTED, 100)


def test_what_was_made_in_its_time_is_judged_by_its_day(locked):
    plan, admin, other, _lead, rep = locked
    revision = ask(plan, admin, rep, {"2026-04": 150}, "2026-04", on=date(2026, 4, 1))
    revisions.approve(revision, by=other, on=date(2026, 4, 1))
    assert quota(rep, "2026-04") == 150


def test_a_reopened_month_is_revised_and_no_other_past_one(locked):
    plan, admin, other, _lead, rep = locked
    rollup.roll_up_stale()
    closing.close(month("2026-03"), by=admin)
    with pytest.raises(revisions.PastPeriod, match="reopen"):
        ask(plan, admin, rep, {"2026-03": 150}, "2026-03")
    closing.reopen(month("2026-03"), by=admin, reason="Typed into the wrong month")
    with pytest.raises(revisions.PastPeriod, match="Apr 2026"):
        ask(plan, admin, rep, {"2026-03": 150, "2026-04": 150}, "2026-03")
    revision, late = (ask(plan, admin, rep, {"2026-03": amount}, "2026-03") for amount in (150, 160))
    revisions.approve(revision, by=other)
    rollup.roll_up_stale()
    closing.close(month("2026-03"), by=admin)
    with pytest.raises(revisions.PastPeriod):
        revisions.approve(late, by=other)
    assert (quota(rep, "2026-03"), quota(rep, "2026-04")) == (150, 100)


def test_the_company_plan_is_revised_alike(locked, year):
    plan, admin, other, *_ = locked
    wanted = [(PlanLine, Goal(of_segment(), "revenue", month("2026-12"), Decimal(900)))]
    revision = revisions.request(
        plan, wanted, effective=month("2026-12"), cause=RevisionCause.MARKET, reason="The market fell", by=admin
    )
    revisions.approve(revision, by=other)
    assert PlanLine.objects.in_force().get().amount == 900
    (step,) = baseline.steps([year.pk], "revenue")
    assert (step.revision, step.starts_on) == (revision.pk, date(2026, 12, 1))
    assert revision.effective.starts_on == date(2026, 12, 1)
    assert breaches() == []


# What the database refuses, and what is found where it did not


@pytest.fixture
def numbers(locked):
    """The tables of numbers, each with a row in the locked working version and in its baseline."""
    plan, admin, *_ = locked
    other = working_plan(make_year("2027", date(2027, 1, 1)))
    told = {"measure": "revenue", "period": month("2027-10"), "amount": Decimal(100)}
    set_plan_line(other, **told)
    set_target(other, holder=Team.objects.get(), **told)
    set_quota(other, person=User.objects.get(name="Rep"), **told)
    locking.lock(other, by=admin)
    return CompanyPlan.objects.filter(fiscal_year=other.fiscal_year_id)


@pytest.mark.parametrize("kind", ["working", "baseline"])
@pytest.mark.parametrize("table", ["targets_planline", "targets_target", "targets_quota"])
@pytest.mark.parametrize(
    "sql", ["UPDATE {table} SET amount = 1 WHERE plan_id = %s", "DELETE FROM {table} WHERE plan_id = %s"]
)
def test_inv_27_and_46_the_database_refuses_what_changes_a_locked_number_or_its_baseline(numbers, kind, table, sql):
    plan = numbers.get(kind=kind).pk
    assert_only_the_guard_refuses(lambda: execute(sql.format(table=table), plan))


@pytest.mark.parametrize(
    "table",
    ["targets_historicalplanline", "targets_historicaltarget", "targets_historicalquota", "targets_goalbatch"],
)
@pytest.mark.parametrize("sql", ["UPDATE {table} SET {column} = 'x'", "DELETE FROM {table}"])
def test_inv_27_the_database_refuses_what_changes_the_history_of_numbers(numbers, table, sql):
    column = "reason" if table == "targets_goalbatch" else "history_change_reason"
    assert_only_the_guard_refuses(lambda: execute(sql.format(table=table, column=column)))


def test_inv_27_the_baseline_itself_is_neither_changed_nor_taken_away(numbers):
    baseline = numbers.get(kind="baseline").pk
    assert_only_the_guard_refuses(
        lambda: execute("UPDATE targets_companyplan SET frozen_at = NULL WHERE id = %s", baseline)
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        execute("DELETE FROM targets_companyplan WHERE id = %s", baseline)


def execute(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def approved(locked):
    plan, admin, other, _lead, rep = locked
    revision = ask(plan, admin, rep, {"2026-10": 150, "2026-11": 160}, "2026-10")
    revisions.approve(revision, by=other)
    return revision


def working_rows(locked):
    return Quota.objects.filter(plan=locked[0], period__label="2026-12")


def revision_rows():
    return CompanyPlan.objects.filter(kind="revision")


PLANTED = [
    ("INV-45", "a number", lambda locked: working_rows(locked).update(amount=7)),
    ("INV-45", "a number too few", lambda locked: working_rows(locked).delete()),
    ("INV-45", "a number too many", lambda locked: working_rows(locked).update(measure="bookings")),
    ("INV-45", "the baseline", lambda locked: Quota.objects.filter(plan__kind="baseline").update(amount=7)),
    ("INV-45", "no baseline", lambda _locked: CompanyPlan.objects.filter(kind="baseline").update(kind="saved")),
    ("INV-45", "an open baseline", lambda _locked: CompanyPlan.objects.filter(kind="baseline").update(frozen_at=None)),
    ("INV-45", "a revision", lambda _locked: Quota.objects.filter(plan__kind="revision").update(amount=7)),
    ("INV-46", "a past month", lambda _locked: revision_rows().update(effective=month("2026-11"))),
    ("INV-46", "no month", lambda _locked: revision_rows().update(effective=None)),
    ("INV-46", "a decided one that is open", lambda _locked: revision_rows().update(frozen_at=None)),
    ("INV-46", "a frozen one that is not decided", lambda _locked: revision_rows().update(state="submitted")),
]


@pytest.mark.parametrize(
    ("number", "plant"), [(one, plant) for one, _what, plant in PLANTED], ids=[p[1] for p in PLANTED]
)
def test_inv_45_and_46_a_planted_breach_is_found(locked, number, plant):
    approved(locked)
    assert breaches() == []
    guards.drop(connection)
    plant(locked)
    assert number in {finding.invariant.number for finding in run_all(["INV-45", "INV-46"]) if finding.breaches}
