"""The invariants of a locked year, recomputed from the baseline and the approved revisions."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import F, Q

from spm.org.verification import Breach, invariant
from targets.choices import LetterState, Measure, PlanKind, PlanState
from targets.goals import COLUMNS
from targets.models import CompanyPlan, LetterLine, Quota, QuotaLetter


def _numbers(model: Any, plan: CompanyPlan) -> dict[tuple[Any, ...], Decimal]:
    rows = model.objects.filter(plan=plan).values_list(*COLUMNS[model], "measure", "period_id", "amount")
    return {tuple(row[:-1]): row[-1] for row in rows}


@invariant("INV-45", "A locked year is its baseline overlaid with its approved revisions, in the order of approval.")
def locked_years_are_baseline_and_revisions() -> Iterator[Breach]:
    for working in CompanyPlan.objects.working().filter(locked_at__isnull=False).select_related("fiscal_year"):
        label = working.fiscal_year.label
        baseline = CompanyPlan.objects.filter(fiscal_year=working.fiscal_year_id, kind=PlanKind.BASELINE).first()
        if baseline is None or baseline.frozen_at is None:
            yield Breach(f"{label} is locked without a frozen baseline", (working.pk,))
            continue
        for model in COLUMNS:
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
        for model in COLUMNS:
            early = model.objects.filter(plan=revision, period__starts_on__lt=revision.effective.starts_on)
            for pk in early.values_list("pk", flat=True):
                yield Breach(f"revision {revision.number} changes a month before its effect", (revision.pk, pk))
        decided = revision.state in (PlanState.APPROVED, PlanState.REJECTED)
        if decided != (revision.frozen_at is not None):
            yield Breach(f"revision {revision.number} is {revision.state}, frozen {revision.frozen_at}", (revision.pk,))


@invariant("INV-48", "The lines of a sent letter add up to the quota of the year as it was sent.")
def letters_add_up() -> Iterator[Breach]:
    letters = QuotaLetter.objects.exclude(state=LetterState.UNSENT).select_related("cycle").order_by("pk")
    told: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for pk, measure, amount in LetterLine.objects.values_list("letter_id", "measure", "amount"):
        told[pk, measure] += amount
    for (year, sent_at), group in groupby(sorted(letters, key=_sending), key=_sending):
        stood = _quotas_at(year, sent_at)
        for letter in group:
            for measure in Measure.values:
                sent, quota = told.get((letter.pk, measure)), stood.get((letter.person_id, measure))
                if sent != quota:
                    yield Breach(f"letter {letter.pk}, {measure}: its lines make {sent}, not {quota}", (letter.pk,))


def _sending(letter: QuotaLetter) -> tuple[int, datetime]:
    return letter.cycle.fiscal_year_id, letter.sent_at or letter.cycle.created_at


def _quotas_at(year: int, moment: datetime) -> dict[tuple[int, str], Decimal]:
    """(person, measure) → the quota of the year as it stood at that moment, from the history."""
    rows = Quota.history.filter(plan__fiscal_year=year, plan__kind=PlanKind.WORKING, history_date__lte=moment)
    last: dict[int, Any] = {}
    for row in rows.order_by("history_date", "history_id").values_list(
        "id", "person_id", "measure", "amount", "history_type"
    ):
        last[row[0]] = row
    found: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for _pk, person, measure, amount, kind in last.values():
        if kind != "-":
            found[person, measure] += amount
    return dict(found)


@invariant("INV-49", "Nobody's quota was ever written by their own hand.")
def nobody_writes_the_own_quota() -> Iterator[Breach]:
    own = Quota.history.filter(history_user_id=F("person_id"), plan__kind__in=(PlanKind.WORKING, PlanKind.REVISION))
    for pk, person, period in own.order_by("history_id").values_list("id", "person__name", "period__label"):
        yield Breach(f"{person} wrote the own quota of {period}", (pk,))
    for letter in QuotaLetter.objects.filter(Q(sent_by=F("person")) | Q(approved_by=F("person"))).order_by("pk"):
        yield Breach(f"letter {letter.pk} was sent or approved by its own person", (letter.pk,))
