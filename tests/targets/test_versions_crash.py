"""Killed at any statement, a restore and a saved version are there whole or not at all."""

from decimal import Decimal

import pytest

from spm.org.models import Period
from targets import versions
from targets.models import CompanyPlan, GoalBatch, PlanLine, Quota, RollupRun
from targets.plans import set_plan_line, working_plan
from targets.quotas import set_quota
from tests import children
from tests.builders import make_person

pytestmark = pytest.mark.django_db(transaction=True)


def restore(version):
    versions.restore(CompanyPlan.objects.get(pk=version), None)


def save(plan):
    versions.save_version(CompanyPlan.objects.get(pk=plan), "Later", None)


def amounts(rows):
    return tuple(rows.filter(plan__kind="working").order_by("pk").values_list("amount", flat=True))


def stored():
    """Batches, plan lines, quotas, states of both in history, periods to roll up."""
    history = PlanLine.history.count() + Quota.history.count()
    counts = GoalBatch.objects.count(), history, RollupRun.objects.stale().count()
    return (*counts, amounts(PlanLine.objects), amounts(Quota.objects))


@pytest.fixture
def plan(year):
    plan = working_plan(year)
    fill(plan, make_person("Ana"), 100)
    return plan


def fill(plan, person, amount):
    for month in ("2026-01", "2026-02"):
        leaf = Period.objects.leaves().get(label=month)
        set_plan_line(plan, measure="bookings", period=leaf, amount=Decimal(amount))
    set_quota(plan, person=person, measure="bookings", period=leaf, amount=Decimal(amount))


def test_a_restore_killed_at_every_statement_is_whole_or_absent(plan):
    version = versions.save_version(plan, "Before", None)
    fill(plan, Quota.objects.in_force().get().person, 70)
    before, seen = stored(), []
    for _ended in children.kills(restore, version.pk):
        seen.append(stored())
        if seen[-1] != before:
            break
    batches, history, stale = before[:3]
    hundred = Decimal(100)
    after = (batches + 1, history + 3, stale + 2, (hundred, hundred), (hundred,))
    assert (set(seen), len(seen) > 10) == ({before, after}, True)


def test_a_version_saved_and_killed_at_every_statement_is_whole_or_absent(plan):
    seen = []
    for _ended in children.kills(save, plan.pk):
        saved = CompanyPlan.objects.filter(kind="saved")
        frozen = saved.filter(frozen_at__isnull=False).count()
        seen.append((saved.count(), frozen, PlanLine.objects.filter(plan__in=saved).count()))
        if saved:
            break
    assert (set(seen), len(seen) > 5) == ({(0, 0, 0), (1, 1, 2)}, True)
