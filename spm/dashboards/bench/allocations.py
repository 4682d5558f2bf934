"""A whole company allocated in one go, every measure and month, against one bulk update of the same rows."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from time import perf_counter
from typing import Any

from django.db import transaction

from spm.imports import bulk
from spm.money import to_units
from spm.org.models import FiscalYear, Period, User
from targets import allocation, plans
from targets.allotting import Options
from targets.choices import Measure, Method
from targets.models import CompanyPlan, PlanningCycle, Quota

ROUNDS = 3
PLANNED = Decimal(1_000_000_000)


def measure() -> dict[str, Any]:
    """The figures of the newest year; nothing of it is kept."""
    with transaction.atomic():
        plan, by = _prepare(FiscalYear.objects.order_by("-starts_on")[:1].get())
        _allocate(plan, by, 0)  # makes the rows of the teams, which the update below then finds
        rows = list(Quota.objects.filter(plan=plan))
        allocated = min(_timed(partial(_allocate, plan, by, number)) for number in range(1, ROUNDS + 1))
        updated = min(_timed(partial(_update, rows, number)) for number in range(ROUNDS))
        bare = min(_timed(partial(_bare_update, rows, number)) for number in range(ROUNDS))
        transaction.set_rollback(True)
    return {
        "allocated_rows": len(rows),
        "allocate_seconds": round(allocated, 3),
        "bulk_update_seconds": round(updated, 3),
        "bare_update_seconds": round(bare, 3),
        "allocate_vs_bulk_update": round(allocated / updated, 3),
    }


def _prepare(year: FiscalYear) -> tuple[CompanyPlan, User]:
    """A cycle, a number of the company in every measure, and somebody who may spread it."""
    PlanningCycle.objects.create(fiscal_year=year)
    plan = plans.working_plan(year)
    whole = Period.objects.get(fiscal_year=year, level="year")
    for measured in Measure:
        plans.set_plan_line(plan, measure=measured, period=whole, amount=PLANNED)
    return plan, User.objects.create(email="allocator@bench.invalid", name="Allocator", is_admin=True)


def _allocate(plan: CompanyPlan, by: User, percent: int) -> None:
    """From preview to batch, as the page does it; another over-assignment each time, so that every number changes."""
    options = Options(over={None: Decimal(percent)})
    found = [allocation.preview(plan, None, measured, Method.EVEN, by, options) for measured in Measure]
    allocation.apply(*found, by=by)


def _update(rows: list[Quota], more: int) -> None:
    for row in rows:
        row.amount += more + 1
    Quota.objects.bulk_update(rows, ["amount"], batch_size=bulk.MAX_IN)


def _bare_update(rows: list[Quota], more: int) -> None:
    bulk.update(Quota, ["amount"], [(row.pk, to_units(row.amount) + more) for row in rows])


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started
