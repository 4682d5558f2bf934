"""The invariants of a locked year, recomputed from the baseline and the approved revisions."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from spm.org.verification import Breach, invariant
from targets.choices import PlanKind, PlanState
from targets.models import CompanyPlan, PlanLine, Quota, Target

TABLES: dict[Any, tuple[str, ...]] = {
    PlanLine: ("segment", "measure", "period_id"),
    Target: ("team_id", "territory_id", "measure", "period_id"),
    Quota: ("person_id", "measure", "period_id"),
}


def _numbers(model: Any, plan: CompanyPlan) -> dict[tuple[Any, ...], Decimal]:
    rows = model.objects.filter(plan=plan).values_list(*TABLES[model], "amount")
    return {tuple(row[:-1]): row[-1] for row in rows}


@invariant("INV-45", "A locked year is its baseline overlaid with its approved revisions, in the order of approval.")
def locked_years_are_baseline_and_revisions() -> Iterator[Breach]:
    for working in CompanyPlan.objects.working().filter(locked_at__isnull=False).select_related("fiscal_year"):
        label = working.fiscal_year.label
        baseline = CompanyPlan.objects.filter(fiscal_year=working.fiscal_year_id, kind=PlanKind.BASELINE).first()
        if baseline is None or baseline.frozen_at is None:
            yield Breach(f"{label} is locked without a frozen baseline", (working.pk,))
            continue
        for model in TABLES:
            expected = _numbers(model, baseline)
            for revision in CompanyPlan.objects.approved_revisions().filter(fiscal_year=working.fiscal_year_id):
                expected |= _numbers(model, revision)
            stored = _numbers(model, working)
            for key in sorted(expected.keys() ^ stored.keys(), key=str):
                yield Breach(f"{label}: {model.__name__} {key} stands in one of both alone", (working.pk,))
            for key in expected.keys() & stored.keys():
                if expected[key] != stored[key]:
                    yield Breach(
                        f"{label}: {model.__name__} {key} is {stored[key]}, not {expected[key]}", (working.pk,)
                    )


@invariant("INV-46", "A revision changes nothing before its effective period, and a decided one is frozen.")
def revisions_leave_the_past_alone() -> Iterator[Breach]:
    for revision in CompanyPlan.objects.filter(kind=PlanKind.REVISION).select_related("effective"):
        if revision.effective is None:
            yield Breach(f"revision {revision.number} takes effect at no time", (revision.pk,))
            continue
        for model in TABLES:
            early = model.objects.filter(plan=revision, period__starts_on__lt=revision.effective.starts_on)
            for pk in early.values_list("pk", flat=True):
                yield Breach(f"revision {revision.number} changes a month before its effect", (revision.pk, pk))
        decided = revision.state in (PlanState.APPROVED, PlanState.REJECTED)
        if decided != (revision.frozen_at is not None):
            yield Breach(f"revision {revision.number} is {revision.state}, frozen {revision.frozen_at}", (revision.pk,))
