"""The company plan as it stood at the end of a past day, from records that are only ever added to (INV-28).

Numbers come from the history of the plan's lines. Its state is the plan's own once that lies before the end of the
day, else the newest entry of the audit log before it. Amounts are whole minor units of the company's currency.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org import clock
from spm.org.choices import AuditKind
from spm.org.exports import AS_OF
from spm.org.models import AuditEntry, FiscalYear, User
from spm.ui.numbers import day as written
from targets.choices import PlanState
from targets.models import CompanyPlan, PlanLine


class BadDay(RuleViolation):
    """What the address asks for is no day, or one that has not come."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """A day in the company's time zone. ``until``: the first moment after it; None: today, so nothing is too late."""

    day: date
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Who began the plan and when, who changed a number last, and the newest revision that was approved by then."""

    author: User | None
    begun: datetime
    by: User | None
    changed: datetime | None
    revision: CompanyPlan | None


def asked(query: Mapping[str, str]) -> AsOf | None:
    """The day that the address names, None where it names none. Raises BadDay with a sentence."""
    text = query.get(AS_OF, "").strip()
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:  # also weeks, and days without their dashes, are ISO dates
        raise BadDay(_("“%(text)s” is no day. Write it as year, month and day: 2026-11-30.") % {"text": text[:40]})
    now = clock.today()
    if found > now:
        raise BadDay(_("%(day)s has not come yet: nobody knows the plan of that day.") % {"day": written(found)})
    return AsOf(found, None if found == now else clock.end_of(found))


def as_it_stood(plan: CompanyPlan, until: datetime | None) -> CompanyPlan:
    """The version as it was just before ``until``, not to be saved; without a key where it had not been begun."""
    if until is None or not plan.pk:
        return plan
    if plan.created_at >= until:
        return CompanyPlan(pk=0, fiscal_year=plan.fiscal_year, kind=plan.kind)
    past = copy(plan)
    past.locked_at = _before(plan.locked_at, until)
    past.frozen_at = _before(plan.frozen_at, until)
    if _before(plan.decided_at, until):
        return past
    past.decided_at = past.decided_by = None
    if _before(plan.submitted_at, until):
        past.state = PlanState.SUBMITTED
        return past
    past.submitted_at = past.submitted_by = None
    _state_of_the_log(past, until)
    return past


def _before(at: datetime | None, until: datetime) -> datetime | None:
    return at if at is not None and at < until else None


def _state_of_the_log(past: CompanyPlan, until: datetime) -> None:
    """Give the plan the state that was last logged: it has been submitted or decided anew since."""
    entries = AuditEntry.objects.filter(kind=AuditKind.PLAN_APPROVAL, subject=past.fiscal_year.label, at__lt=until)
    entry = entries.select_related("actor").order_by("-pk").first()
    past.state = PlanState(entry.detail["state"]) if entry else PlanState.DRAFT
    if entry is None or past.state == PlanState.DRAFT:
        return
    if past.state == PlanState.SUBMITTED:
        past.submitted_at, past.submitted_by = entry.at, entry.actor
    else:
        past.decided_at, past.decided_by = entry.at, entry.actor


def amounts(plan: CompanyPlan, until: datetime) -> list[tuple[str, str, int, Decimal]]:
    """(segment, measure, leaf period, amount) of the version just before ``until``; one query."""
    rows = PlanLine.history.filter(plan_id=plan.pk, history_date__lt=until).order_by("history_date", "history_id")
    newest: dict[int, tuple[str, str, int, Decimal]] = {}
    columns = ("history_type", "id", "segment", "measure", "period_id", "amount")
    for change, key, *number in rows.values_list(*columns).iterator():
        newest[key] = tuple(number)
        if change == "-":
            del newest[key]
    return list(newest.values())


def standing(plan: CompanyPlan, year: FiscalYear, until: datetime | None) -> Standing | None:
    """Who made the version what it was just before ``until``; None before it was begun. Two queries."""
    if not plan.pk:
        return None
    lines, revisions = PlanLine.history.filter(plan_id=plan.pk), CompanyPlan.objects.approved_revisions()
    if until is not None:
        lines, revisions = lines.filter(history_date__lt=until), revisions.filter(decided_at__lt=until)
    line = lines.select_related("history_user").order_by("-history_date", "-history_id").first()
    return Standing(
        author=plan.author,
        begun=plan.created_at,
        by=line.history_user if line else None,
        changed=line.history_date if line else None,
        revision=revisions.filter(fiscal_year=year).last(),
    )
