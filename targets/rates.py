"""What one unit of another currency is worth in the company's: by date for actuals, fixed for the year for plans.

An actual takes the rate of its event date when it is loaded, and keeps it: a rate that is loaded late, changed or taken
back alters no line that stands. A line whose day or currency is restated takes the rate of that day as it is then. Plan
lines, targets and quotas given in another currency take the plan rate of their fiscal year. Rule: domain.md, Currency.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.money import MAX_UNITS, UNITS_PER_ONE, convert
from spm.org.models import FiscalYear
from targets.crediting import Spans
from targets.models import PlanRate, Rate

PLACES = Decimal("1E-12")
MOST = 10**6
MOST_DIGITS = 15  # SQLite keeps so many
MAX_AMOUNT = Decimal(MAX_UNITS) / UNITS_PER_ONE


class NoRate(RuleViolation):
    """The amount is in another currency than the company's, and nobody said what that is worth."""


class BadRate(RuleViolation):
    """Not above zero, too large, or with more digits than are stored."""


class TooLarge(RuleViolation):
    """Converted, the amount has more digits than an amount may have."""


class Worth(NamedTuple):
    """What a line counts for, in company currency, and the rate that made it so (None: it is in company currency)."""

    amount: Decimal
    cost: Decimal | None
    rate: Decimal | None = None


class Rates:
    """Dated rates, read once per currency, and plan rates, answered from memory: for imports of any size."""

    def __init__(self) -> None:
        self._spans: dict[str, Spans[Decimal]] = {}
        self._planned: dict[str, list[tuple[date, date, Decimal]]] | None = None

    def on(self, currency: str, day: date) -> Decimal:
        """The rate in force on ``day``: the newest that started by then. Raises NoRate."""
        if currency not in self._spans:
            self._spans[currency] = _spans_of(currency)
        rate = self._spans[currency].on(day)
        if rate is None:
            words = {"code": currency, "day": day.isoformat()}
            raise NoRate(_("No rate for %(code)s on %(day)s: import rates first.") % words)
        return rate

    def planned(self, currency: str, day: date) -> Decimal | None:
        """The plan rate of the fiscal year that contains ``day``; None where it has none."""
        if self._planned is None:
            self._planned = _planned()
        held = self._planned.get(currency, ())
        return next((rate for first, last, rate in held if first <= day <= last), None)


def _planned() -> dict[str, list[tuple[date, date, Decimal]]]:
    """Currency → (first day, last day, rate) of each fiscal year that has a plan rate for it."""
    found: dict[str, list[tuple[date, date, Decimal]]] = {}
    columns = ("currency", "fiscal_year__starts_on", "fiscal_year__ends_on", "rate")
    for currency, first, last, rate in PlanRate.objects.values_list(*columns):
        found.setdefault(currency, []).append((first, last, rate))
    return found


def _spans_of(currency: str) -> Spans[Decimal]:
    spans = Spans[Decimal]()
    for day, rate in Rate.objects.filter(currency=currency).order_by("starts_on").values_list("starts_on", "rate"):
        spans.add(day, rate)
    return spans


def rate_on(currency: str, day: date) -> Decimal:
    """The rate of one currency on one day. Raises NoRate. For many, keep a ``Rates``."""
    return Rates().on(currency, day)


def plan_rates(year: FiscalYear) -> dict[str, Decimal]:
    """Currency → plan rate of a fiscal year."""
    return dict(PlanRate.objects.filter(fiscal_year=year).values_list("currency", "rate"))


def plan_rate(year: FiscalYear, currency: str) -> Decimal:
    """The rate at which a fiscal year is planned. Raises NoRate."""
    return of_plan(plan_rates(year), year, currency)


def of_plan(rates: Mapping[str, Decimal], year: FiscalYear, currency: str) -> Decimal:
    """The rate of a currency among the plan rates of a year. Raises NoRate."""
    if currency not in rates:
        words = {"code": currency, "year": year.label}
        raise NoRate(_("There is no plan rate for %(code)s in %(year)s.") % words)
    return rates[currency]


def refuse_rate(rate: Decimal) -> None:
    """Raise BadRate for what cannot be a rate, or could not be stored to its last digit."""
    if not rate.is_finite() or not 0 < rate < MOST:
        raise BadRate(_("A rate is above 0 and below %(most)s.") % {"most": f"{MOST:,}"})
    trimmed = rate.normalize()
    if trimmed != trimmed.quantize(PLACES) or len(trimmed.as_tuple().digits) > MOST_DIGITS:
        raise BadRate(_("A rate has at most 12 decimals and 15 digits."))


def exchanged(amount: Decimal, rate: Decimal, currency: str) -> Decimal:
    """``amount`` at ``rate`` in whole minor units of ``currency``. Raises TooLarge."""
    worth = convert(amount, rate, currency)
    if abs(worth) > MAX_AMOUNT:
        raise TooLarge(_("In %(currency)s the amount is too large.") % {"currency": currency})
    return worth


def worth_of(amount: Decimal, cost: Decimal | None, rate: Decimal, currency: str) -> Worth:
    """Amount and cost each rounded once, so that margin is what they differ by. Raises TooLarge."""
    return Worth(exchanged(amount, rate, currency), None if cost is None else exchanged(cost, rate, currency), rate)
