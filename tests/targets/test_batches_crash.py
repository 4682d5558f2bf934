"""Killed at any statement, a batch of numbers and its undo are there whole or not at all."""

from decimal import Decimal

import pytest

from spm.org.choices import PeriodLevel
from spm.org.models import Period
from targets import batches
from targets.choices import BatchKind
from targets.goals import Goal, of_person, of_team
from targets.models import CompanyPlan, GoalBatch, Quota, RollupRun, Target
from targets.plans import working_plan
from tests import children
from tests.builders import make_person, make_team

pytestmark = pytest.mark.django_db(transaction=True)


def write(plan, holders):
    quarter = Period.objects.get(label="2026-Q1", level=PeriodLevel.QUARTER)
    person, team = holders
    goals = [
        (Quota, Goal(of_person(person), "bookings", quarter, Decimal(300))),
        (Target, Goal(of_team(team), "bookings", quarter, Decimal(900))),
    ]
    batches.write_batch(CompanyPlan.objects.get(pk=plan), goals, by=None, kind=BatchKind.EDIT, seen=0)


def undo(batch):
    batches.undo(GoalBatch.objects.get(pk=batch), by=None)


def stored():
    """Batches, quotas, targets, history rows and periods to roll up."""
    history = Quota.history.count() + Target.history.count()
    stale = RollupRun.objects.stale().count()
    return GoalBatch.objects.count(), Quota.objects.count(), Target.objects.count(), history, stale


def test_a_batch_killed_at_every_statement_is_whole_or_absent(year):
    holders = make_person("Ana").pk, make_team("North").pk
    plan = working_plan(year)
    seen = []
    for _ended in children.kills(write, plan.pk, holders):
        seen.append(stored())
        if GoalBatch.objects.exists():
            break
    assert (set(seen), len(seen) > 10) == ({(0, 0, 0, 0, 0), (1, 3, 3, 6, 3)}, True)


def test_an_undo_killed_at_every_statement_is_whole_or_absent(year):
    plan = working_plan(year)
    write(plan.pk, (make_person("Ana").pk, make_team("North").pk))
    batch = batches.newest(plan)
    seen = []
    for _ended in children.kills(undo, batch):
        seen.append(stored())
        if GoalBatch.objects.count() == 2:
            break
    assert (set(seen), len(seen) > 10) == ({(1, 3, 3, 6, 0), (2, 0, 0, 12, 3)}, True)
