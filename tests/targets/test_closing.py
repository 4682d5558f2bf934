"""Periods close, stay as they were closed, and open again with a reason."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from spm.errors import NothingToDo, PeriodClosed, RuleViolation
from spm.market import territories
from spm.org import guards, people
from spm.org.models import AuditEntry, Period
from spm.org.verification import run_all
from targets import closing, plans, quotas, rollup
from targets.models import (
    Actual,
    Attainment,
    Credit,
    PeriodClosing,
    PeriodReopening,
    PeriodTotal,
    PlanLine,
    Quota,
    RollupRun,
    Target,
)
from targets.staleness import mark_stale
from tests.builders import make_actual, make_plan, make_quota, make_territory

pytestmark = pytest.mark.django_db


@pytest.fixture
def january(year, cast):
    """January with one line, one quota, one target and a plan line, rolled up and open."""
    leaf = Period.objects.get(label="2026-01")
    make_actual(cast.rep, amount=100, cost=60)
    make_quota(cast.rep, leaf, 80, "revenue")
    plan = make_plan(year)
    Target.objects.create(plan=plan, team=cast.north, measure="revenue", period=leaf, amount=90)
    PlanLine.objects.create(plan=plan, measure="revenue", period=leaf, amount=95)
    rollup.roll_up_stale()
    return leaf


def state(leaf):
    return Period.objects.get(pk=leaf.pk).state


def test_closing_keeps_the_rows_and_a_digest_of_them(january, cast):
    kept = closing.close(january, by=cast.admin)
    assert state(january) == "closed"
    assert kept.digest == closing.digest_of(closing.snapshot(january))
    mine = [row for row in kept.rows if row["person_id"] == cast.rep.pk and row["measure"] == "revenue"]
    assert [(row["actual"], row["target"], row["lines"]) for row in mine] == [("100.0000", "80.0000", 1)]
    assert kept.difference == []
    assert AuditEntry.objects.get(kind="period_close").detail["digest"] == kept.digest


def test_closing_rolls_up_first_what_is_stale(january, cast):
    make_actual(cast.rep, amount=1)
    kept = closing.close(january, by=cast.admin)
    assert "101.0000" in {row["actual"] for row in kept.rows}
    assert not RollupRun.objects.stale().filter(period=january).exists()


def test_soft_close_waits_with_late_lines_but_lets_quotas_change(january, cast, year):
    closing.soft_close(january, by=cast.admin)
    with pytest.raises(Actual.DoesNotExist):
        make_actual(cast.rep, "2026-01-20")
    make_quota(cast.teammate, january, 5)
    assert state(january) == "soft_closed"
    with pytest.raises(NothingToDo):
        closing.soft_close(january, by=cast.admin)


def test_inv_30_reopening_needs_an_admin_and_a_reason(january, cast):
    closing.close(january, by=cast.admin)
    with pytest.raises(closing.NotAllowed):
        closing.reopen(january, by=cast.director, reason="please")
    with pytest.raises(RuleViolation, match="why"):
        closing.reopen(january, by=cast.admin, reason="  ")
    closing.reopen(january, by=cast.admin, reason="An invoice was missing")
    assert state(january) == "open"
    entry = AuditEntry.objects.get(kind="period_reopen")
    assert (entry.actor, entry.detail["reason"]) == (cast.admin, "An invoice was missing")


def test_inv_30_closing_again_keeps_what_differs_and_the_reopening_it_ends(january, cast):
    closing.close(january, by=cast.admin)
    reopening = closing.reopen(january, by=cast.admin, reason="An invoice was missing")
    make_actual(cast.rep, "2026-01-20", 7)
    again = closing.close(january, by=cast.admin)
    assert again.reopening == reopening
    changed = {(row["before"]["actual"], row["after"]["actual"]) for row in again.difference}
    assert ("100.0000", "107.0000") in changed
    assert PeriodClosing.objects.filter(period=january).count() == 2


def test_inv_22_reopening_places_credits_by_what_was_assigned_while_the_month_was_closed(january, cast):
    closing.close(january, by=cast.admin)
    owned = make_territory("Owned", owner=cast.rep)
    closing.reopen(january, by=cast.admin, reason="Ann held Owned all the time")
    rollup.roll_up_stale()
    assert set(PeriodTotal.objects.values_list("territory", flat=True)) == {owned.pk}


def test_inv_05_facts_that_change_after_the_closing_are_no_breach(january, cast):
    west, east = make_territory("West"), make_territory("East")
    patch = make_territory("Patch", parent=west, owner=cast.rep)
    rollup.rebuild()
    mark_stale([january.pk], recredit=True)
    closing.close(january, by=cast.admin)
    territories.save(patch, parent=east)
    people.place_member(cast.rep, team=cast.south, starts_on=date(2026, 1, 10))
    rollup.roll_up_stale()
    assert Attainment.objects.filter(period=january, territory=west).exists()
    assert [finding for finding in run_all(["INV-05", "INV-29"]) if finding.breaches] == []


def kept_under(reopening):
    return sorted(reopening.changes.values_list("what", "state", "reopening__period__label"))


def test_inv_30_each_change_of_a_reopened_period_bears_the_reopening(january, cast, year):
    closing.close(january, by=cast.admin)
    make_actual(cast.rep, "2026-02-01", 1)  # another period: no change of this one
    reopening = closing.reopen(january, by=cast.admin, reason="An invoice was missing")
    make_actual(cast.rep, "2026-01-20", 7, external_id="late")
    make_actual(cast.rep, "2026-02-20", 7, external_id="late")  # restated into February: January has lost it
    plan = make_plan(year)
    for amount in (70, None):
        told = {"measure": "revenue", "period": january, "amount": amount and Decimal(amount), "by": cast.admin}
        quotas.set_quota(plan, person=cast.rep, **told)
    states = list(Quota.history.filter(person=cast.rep).order_by("pk").values_list("history_id", flat=True))
    at = [("line", version, "2026-01") for version in (1, 2)]
    assert kept_under(reopening) == at + [("quota", state, "2026-01") for state in states[1:]]
    closing.close(january, by=cast.admin)
    assert [finding.breaches for finding in run_all(["INV-30"])] == [(), ()]


def test_inv_30_a_change_without_its_reopening_is_named(january, cast, year):
    closing.close(january, by=cast.admin)
    reopening = closing.reopen(january, by=cast.admin, reason="An invoice was missing")
    make_actual(cast.rep, "2026-01-20", 7, external_id="late")
    make_actual(cast.rep, "2026-01-20", 8, external_id="late")
    guards.drop(connection)
    reopening.changes.filter(state=2).delete()
    found = [breach.text for finding in run_all(["INV-30"]) for breach in finding.breaches]
    assert len(found) == 1
    assert "state 2, changed without its reopening" in found[0]


def test_inv_30_a_reopening_serves_until_the_next_closing_and_no_longer(january, cast):
    closing.close(january, by=cast.admin)
    closing.reopen(january, by=cast.admin, reason="An invoice was missing")
    closing.soft_close(january, by=cast.admin)
    closing.reopen(january, by=cast.admin, reason="Another one, too")
    closing.close(january, by=cast.admin)
    assert not PeriodReopening.objects.open().exists()
    with pytest.raises(IntegrityError, match="INV-30"), transaction.atomic():
        Period.objects.filter(pk=january.pk).update(state="open")


def test_inv_30_credits_placed_anew_in_a_reopened_period_bear_it_too(january, cast):
    closing.close(january, by=cast.admin)
    reopening = closing.reopen(january, by=cast.admin, reason="An invoice was missing")
    territories.assign(make_territory("North land"), person=cast.rep, starts_on=date(2026, 1, 1))
    rollup.roll_up_stale()
    assert kept_under(reopening) == [("credit", None, "2026-01")]


def test_only_admins_close_and_only_what_is_over(january, cast):
    with pytest.raises(closing.NotAllowed):
        closing.close(january, by=cast.director)
    with pytest.raises(closing.NotOver):
        closing.close(Period.objects.get(label="2026-09"), by=cast.admin)
    with pytest.raises(RuleViolation, match="leaf"):
        closing.close(january.parent, by=cast.admin)


def test_closed_period_refuses_plan_and_roll_up_in_words(january, cast):
    closing.close(january, by=cast.admin)
    with pytest.raises(NothingToDo):
        closing.close(january, by=cast.admin)
    with pytest.raises(PeriodClosed):
        rollup.roll_up(january.pk)


@pytest.mark.parametrize("model", [Actual, Credit, PeriodTotal, Attainment, Quota, Target, PlanLine])
def test_inv_29_closed_period_cannot_change_below_the_orm(january, cast, model):
    closing.close(january, by=cast.admin)
    in_it = {"date": date(2026, 1, 15)} if model in (Actual, Credit) else {"period": january}
    rows = model.objects.filter(**in_it)
    row = rows.order_by("pk").first()
    column = "version" if model is Actual else "lines" if model in (PeriodTotal, Attainment) else "amount"
    for attempt in (lambda: rows.update(**{column: 9}), lambda: rows.order_by("pk")._raw_delete("default")):
        with pytest.raises(IntegrityError, match="INV-29"), transaction.atomic():
            attempt()
    guards.drop(connection)
    rows.filter(pk=row.pk).update(**{column: 9})  # the negative control: without guards it goes through
    row.refresh_from_db()
    assert getattr(row, column) == 9


def test_inv_29_nothing_is_added_to_a_closed_period_below_the_orm(january, cast):
    closing.close(january, by=cast.admin)
    credit = Credit.objects.get()
    quota = Quota.objects.get()
    total = PeriodTotal.objects.filter(measure="revenue").get()
    copies = [
        Credit(**{field.name: getattr(credit, field.name) for field in Credit._meta.fields if field.name != "id"}),
        Quota(plan=quota.plan, person=cast.teammate, measure="revenue", period=january, amount=1),
        PeriodTotal(run=total.run, period=january, person=cast.loner, territory=total.territory, measure="revenue"),
    ]
    for copy in copies:
        with pytest.raises(IntegrityError, match="INV-29"), transaction.atomic():
            copy.save()


def test_inv_30_period_opens_by_a_reopening_alone(january, cast):
    closing.close(january, by=cast.admin)
    with pytest.raises(IntegrityError, match="INV-30"), transaction.atomic():
        Period.objects.filter(pk=january.pk).update(state="open")


def test_baseline_may_be_frozen_over_closed_months(january, cast, year):
    closing.close(january, by=cast.admin)
    assert plans.freeze_baseline(make_plan(year), by=cast.admin).quotas.count() == 1


def test_schedule_soft_closes_after_five_days_and_closes_the_quarter_after_twenty(january, cast):
    RollupRun.objects.update(requested_at="2026-01-02T00:00:00Z")
    assert closing.close_due(date(2026, 2, 4)) == (0, 0)
    assert closing.close_due(date(2026, 2, 5)) == (1, 0)
    assert closing.close_due(date(2026, 2, 6)) == (0, 0)
    assert closing.close_due(date(2026, 4, 20)) == (0, 3)
    assert closing.close_due(date(2026, 4, 20)) == (0, 0)


@pytest.mark.parametrize("overtaken", [NothingToDo("closed"), closing.NotOver("not over")])
def test_schedule_goes_on_when_somebody_else_closed_a_period_first(january, monkeypatch, overtaken):
    RollupRun.objects.update(requested_at="2026-01-02T00:00:00Z")
    close = closing.close

    def raced(leaf, *, by):
        if leaf.pk == january.pk:
            raise overtaken
        return close(leaf, by=by)

    monkeypatch.setattr(closing, "close", raced)
    assert closing.close_due(date(2026, 4, 20)) == (1, 2)
    assert [state(Period.objects.get(label=label)) for label in ("2026-02", "2026-03")] == ["closed", "closed"]


def test_schedule_leaves_history_and_reopened_months_alone(january, cast):
    assert closing.close_due(date(2026, 9, 18)) == (0, 0)  # numbers came in after all of these were over
    RollupRun.objects.update(requested_at="2026-01-02T00:00:00Z")
    closing.close(january, by=cast.admin)
    closing.reopen(january, by=cast.admin, reason="An invoice was missing")
    closing.close_due(date(2026, 4, 20))
    assert state(january) == "open"
