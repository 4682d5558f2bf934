"""Guards below the ORM. Each is shown twice: it refuses, and with it dropped the bad write goes through."""

from contextlib import contextmanager
from datetime import date

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from spm.org import guards
from spm.org.models import AuditEntry, FiscalYear, Period, TeamPlacement, User
from spm.org.sentinels import ensure_house
from targets.choices import PlanKind
from tests.builders import make_person, make_plan, make_quota, make_team

pytestmark = pytest.mark.django_db


def refused(write):
    """Whether the database refuses ``write``, whose effect is taken back either way."""
    try:
        with transaction.atomic():
            write()
            transaction.set_rollback(True)
    except IntegrityError:
        return True
    return False


@contextmanager
def without_guards():
    guards.drop(connection)
    try:
        yield
    finally:
        guards.install(connection)


def assert_only_the_guard_refuses(write):
    assert refused(write)
    with without_guards():
        assert not refused(write)


def make_entry() -> AuditEntry:
    return AuditEntry.objects.create(at=timezone.now(), kind="export", digest="0" * 64)


def test_inv_27_every_guard_is_present():
    assert guards.all_guards()
    assert guards.missing(connection) == []


def test_inv_27_every_history_table_is_append_only():
    guarded = {guard.table for guard in guards.all_guards() if "append_only_update" in guard.name}
    assert {apps.get_model("targets.HistoricalQuota")._meta.db_table} < set(guards.history_tables()) < guarded


def test_inv_27_a_dropped_guard_is_named_and_installed_again():
    guards.drop(connection, ["guard_org_auditentry_append_only_update"])
    assert guards.missing(connection) == ["guard_org_auditentry_append_only_update"]
    assert guards.install(connection) == ["guard_org_auditentry_append_only_update"]
    assert guards.missing(connection) == []


def test_inv_27_a_guard_that_says_something_else_is_missing():
    name = "guard_org_auditentry_append_only_delete"
    guards.drop(connection, [name])
    weaker = guards.Guard(name, "org_auditentry", guards.Event.DELETE, "never", "1 = 0")
    with connection.cursor() as cursor:
        for statement in guards._create_statements(weaker, connection):
            cursor.execute(statement)
    assert guards.missing(connection) == [name]


def test_two_guards_of_one_name_are_a_mistake():
    taken = next(guard for guard in guards.all_guards() if guard.table == "org_auditentry")
    with pytest.raises(ValueError, match="two guards"):
        guards.register(guards.Guard(taken.name, "other", guards.Event.UPDATE, "other"))


@pytest.mark.parametrize("write", [lambda rows: rows.update(subject="x"), lambda rows: rows.delete()])
def test_inv_27_audit_entries_are_append_only(write):
    entry = make_entry()
    assert_only_the_guard_refuses(lambda: write(AuditEntry.objects.filter(pk=entry.pk)))


@pytest.mark.parametrize("write", [lambda rows: rows.update(name="x"), lambda rows: rows.delete()])
def test_inv_27_history_is_append_only(write):
    person = make_person()
    assert_only_the_guard_refuses(lambda: write(User.history.filter(id=person.pk)))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL alone has TRUNCATE")
def test_inv_27_history_is_never_truncated():
    def truncate():
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE org_historicalteam")

    assert_only_the_guard_refuses(truncate)


def copy_of(row: models.Model, **changes):
    """Write a copy of the row, with these fields changed, past every check of the ORM."""
    row.pk = None
    for field, value in changes.items():
        setattr(row, field, value)
    type(row)._base_manager.bulk_create([row])


def test_inv_06_periods_of_a_level_never_overlap(year):
    june = Period.objects.get(label="2026-06")
    clash = {"number": 13, "label": "extra", "starts_on": date(2026, 6, 15)}
    assert_only_the_guard_refuses(lambda: copy_of(june, **clash))


def test_inv_06_a_period_is_not_stretched_over_its_neighbour(year):
    june = Period.objects.filter(label="2026-06")
    assert_only_the_guard_refuses(lambda: june.update(ends_on=date(2026, 7, 1)))


def test_inv_06_fiscal_years_never_overlap(year):
    assert_only_the_guard_refuses(lambda: copy_of(year, label="other", starts_on=date(2026, 7, 1)))
    assert FiscalYear.objects.count() == 1


def test_inv_33_two_teams_never_stand_below_each_other():
    above = make_team("Above")
    below = make_team("Below", parent=above)
    assert_only_the_guard_refuses(
        lambda: TeamPlacement.objects.create(team=above, parent=below, starts_on=date(2026, 1, 1))
    )


def test_inv_33_a_cycle_on_a_later_day_is_refused():
    one, two, three = make_team("One"), make_team("Two"), make_team("Three")
    TeamPlacement.objects.create(team=one, parent=two, starts_on=date(2027, 1, 1))
    TeamPlacement.objects.create(team=two, parent=three, starts_on=date(2027, 1, 1))
    # Nothing is wrong on the day it starts, only from 2027 on.
    assert_only_the_guard_refuses(
        lambda: TeamPlacement.objects.create(team=three, parent=one, starts_on=date(2026, 1, 1))
    )


def test_inv_33_taking_away_a_placement_may_not_close_a_circle():
    one, two = make_team("One"), make_team("Two")
    TeamPlacement.objects.create(team=one, parent=two, starts_on=date(2026, 1, 1))
    apart = TeamPlacement.objects.create(team=one, parent=None, starts_on=date(2027, 1, 1))
    TeamPlacement.objects.create(team=two, parent=one, starts_on=date(2027, 1, 1))
    assert_only_the_guard_refuses(lambda: TeamPlacement.objects.filter(pk=apart.pk).delete())


def test_inv_34_a_person_with_history_is_never_deleted():
    person = make_person()
    assert_only_the_guard_refuses(lambda: User.objects.filter(pk=person.pk).delete())


@pytest.fixture
def frozen(year):
    """A baseline with one quota."""
    quota = make_quota(make_person(), "2026-06", 100)
    baseline = make_plan(year, kind=PlanKind.BASELINE)
    type(quota).objects.filter(pk=quota.pk).update(plan=baseline)
    type(baseline).objects.filter(pk=baseline.pk).update(frozen_at=timezone.now())
    return baseline


@pytest.mark.parametrize(
    "write",
    [
        lambda plan: plan.quotas.update(amount=1),
        lambda plan: plan.quotas.all().delete(),
        lambda plan: copy_of(plan.quotas.get(), measure="margin"),
        lambda plan: type(plan).objects.filter(pk=plan.pk).update(frozen_at=None),
    ],
)
def test_inv_27_a_frozen_plan_stays_as_it_was(frozen, write):
    assert_only_the_guard_refuses(lambda: write(frozen))


def test_inv_27_a_quota_does_not_slip_into_or_out_of_a_frozen_plan(frozen, year):
    moved = make_quota(make_person(), "2026-06", 100)
    assert_only_the_guard_refuses(lambda: type(moved).objects.filter(pk=moved.pk).update(plan=frozen))
    assert_only_the_guard_refuses(lambda: frozen.quotas.update(plan=moved.plan))


@pytest.mark.django_db(transaction=True)
def test_inv_27_guards_stand_in_a_test_that_commits():
    ensure_house()
    make_entry()
    assert guards.missing(connection) == []


@pytest.mark.django_db(transaction=True)
def test_inv_27_guards_stand_again_after_the_flush_of_the_test_before():
    assert guards.missing(connection) == []
    assert AuditEntry.objects.count() == 0
