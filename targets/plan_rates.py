"""The rates at which a fiscal year is planned: set before its lock, and fixed from then on.

Plan lines, targets and quotas given in another currency are converted at them once, when they are given; a rate that
is set anew moves no number that stands, but the currency effect of the year's lines (``targets.effects``). Rules:
domain.md, Currency; INV-50.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org import audit
from spm.org.choices import AuditKind
from spm.org.models import Company, FiscalYear, User
from spm.ui.numbers import moment
from spm.ui.written_numbers import is_currency
from targets import effects
from targets.choices import REASON_LENGTH
from targets.goals import LockedPlan, lock_plan
from targets.models import CompanyPlan, PlanRate
from targets.plans import working_plan
from targets.rates import PLACES, refuse_rate
from targets.staleness import lock_all_leaves


class BadCurrency(RuleViolation):
    """Not an ISO code, or the company's own."""


class SetMeanwhile(RuleViolation):
    """Somebody else set plan rates of the year after the form was opened."""


@dataclass(frozen=True, slots=True)
class RateChange:
    """What was done to the plan rate of one currency; None = none."""

    currency: str
    before: Decimal | None
    after: Decimal | None


@transaction.atomic
def set_plan_rates(
    year: FiscalYear,
    wanted: Mapping[str, Decimal | None],
    *,
    by: User | None,
    reason: str = "",
    seen: int | None = None,
) -> list[RateChange]:
    """Set the year's plan rate of each currency named, None takes it away; what changed is returned.

    ``seen``: the newest state (``newest``) that the author of ``wanted`` looked at. Raises LockedPlan for a rate that
    stands in a locked year (a currency without one may still get it: nothing was planned in it), PeriodClosed where a
    closed period holds a line in the currency, BadCurrency, BadRate, TooLarge, SetMeanwhile; and then sets none.
    """
    plan = lock_plan(working_plan(year, by))
    lock_all_leaves()
    if seen is not None and seen != newest(year):
        raise SetMeanwhile(_told_meanwhile(year))
    stored = {row.currency: row for row in PlanRate.objects.filter(fiscal_year=year)}
    changes = [
        RateChange(code, stored[code].rate if code in stored else None, rate)
        for code, rate in sorted(wanted.items())
        if rate != (stored[code].rate if code in stored else None)
    ]
    for change in changes:
        _refuse(plan, change)
        _store(year, change, stored.get(change.currency), by, reason)
    if changes:
        effects.restate(year, [change.currency for change in changes])
        told = {change.currency: [_text(change.before), _text(change.after)] for change in changes}
        audit.record(AuditKind.PLAN_RATES, actor=by, subject=year.label, rates=told, reason=reason)
    return changes


def newest(year: FiscalYear) -> int:
    """The number of the last change of the year's plan rates; 0 before the first."""
    found: int | None = PlanRate.history.filter(fiscal_year=year).values_list("history_id", flat=True).first()
    return found or 0


def _told_meanwhile(year: FiscalYear) -> str:
    last = PlanRate.history.filter(fiscal_year=year).select_related("history_user").first()
    who = last.history_user.name if last and last.history_user else "—"
    words = {"who": who, "when": moment(last.history_date) if last else "—"}
    return _("%(who)s set plan rates at %(when)s, after you opened this page. Compare, and save again.") % words


def _refuse(plan: CompanyPlan, change: RateChange) -> None:
    if not is_currency(change.currency):
        raise BadCurrency(_("“%(code)s” is no ISO currency code such as USD or EUR.") % {"code": change.currency})
    if change.currency == Company.objects.values_list("currency", flat=True).get():
        raise BadCurrency(_("This is the company's own currency."))
    if plan.locked_at is not None and change.before is not None:
        words = {"year": plan.fiscal_year.label, "code": change.currency}
        raise LockedPlan(_("%(year)s is locked: its plan rate for %(code)s stays.") % words)
    if change.after is not None:
        refuse_rate(change.after)


def _store(year: FiscalYear, change: RateChange, row: PlanRate | None, by: User | None, reason: str) -> None:
    """Write one rate; its history tells who and why."""
    kept = row or PlanRate(fiscal_year=year, currency=change.currency)
    history: Any = kept
    history._history_user = by  # noqa: SLF001  # how simple-history is told who
    history._change_reason = reason[:REASON_LENGTH]  # noqa: SLF001
    if change.after is None:
        kept.delete()
    else:
        kept.rate = change.after.quantize(PLACES)
        kept.save()


def _text(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate.normalize():f}"
