"""The currency effect: what lines in other currencies count for beyond what they would at the plan rates of their year.

A line counts at the rate of its day; at the plan rate it would count for ``given × plan rate``, rounded alike. The
difference, of amount and of cost, is divided over the line's credits as the amount is, so that at every level
actual = actual at plan rates + effect, to the last ten-thousandth. Without a plan rate for its currency and year a line
has no effect. Rule: domain.md, Currency.
"""

from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal

from spm.imports import bulk
from spm.money import to_units
from spm.org.models import FiscalYear, Period
from targets.choices import Changed
from targets.crediting import Resolver, Share, divide
from targets.lines import Line, read_stored
from targets.models import Actual, Credit
from targets.rates import Rates, Worth, worth_of
from targets.reopenings import note, under_way
from targets.staleness import mark_stale, refuse_closed

COLUMNS = ("effect", "cost_effect")
NONE = (Decimal(0), Decimal(0))

# For the roll-up: whether any credit of its periods has an effect, and then the columns that sum it.
SOME = """
    SELECT 1 FROM targets_credit c WHERE NOT (c.effect = 0 AND c.cost_effect = 0) AND EXISTS (
        SELECT 1 FROM org_period p WHERE p.id IN ({periods}) AND c.date BETWEEN p.starts_on AND p.ends_on) LIMIT 1
"""
SUMS = """
    SUM(CASE WHEN c.is_overlay THEN 0 ELSE c.effect END) AS effect,
    SUM(CASE WHEN c.is_overlay THEN c.effect ELSE 0 END) AS overlay_effect,
    SUM(CASE WHEN c.is_overlay OR c.cost IS NULL THEN 0 ELSE c.effect - c.cost_effect END) AS earned,
    SUM(CASE WHEN c.is_overlay AND c.cost IS NOT NULL THEN c.effect - c.cost_effect ELSE 0 END) AS overlay_earned
"""
NO_SUMS = "0 AS effect, 0 AS overlay_effect, 0 AS earned, 0 AS overlay_earned"

type Effect = tuple[Decimal, Decimal]
"""Of the amount and of the cost, in company currency; positive where the rate of the day is the higher one."""


def effect_of(line: Line, worth: Worth, rates: Rates, currency: str) -> Effect:
    """The effect of one line that is worth ``worth`` in the company's ``currency``. Raises TooLarge."""
    planned = None if worth.rate is None else rates.planned(line.currency, line.date)
    if planned is None:
        return NONE
    at_plan = worth_of(line.amount, line.cost, planned, currency)
    cost = worth.cost - at_plan.cost if worth.cost is not None and at_plan.cost is not None else Decimal(0)
    return worth.amount - at_plan.amount, cost


def parts(effect: Effect, shares: Collection[Share]) -> list[tuple[int, int]]:
    """The effect of each credit of a line in ten-thousandths, in the order of its loaded shares; none = one credit."""
    amount, cost = effect
    if not shares:
        return [(to_units(amount), to_units(cost))]
    both = zip(divide(amount, list(shares)), divide(cost, list(shares)), strict=True)
    return [(to_units(one), to_units(other)) for one, other in both]


def restate(year: FiscalYear, currencies: Collection[str]) -> int:
    """After plan rates of these currencies were set: work the effects of the year's lines out anew; how many lines.

    In the caller's transaction, under the locks of all leaf periods; what changed is marked to be rolled up. Raises
    PeriodClosed where such a line lies in a closed period, and TooLarge.
    """
    lines = Actual.objects.in_force().filter(
        currency__in=currencies, rate__isnull=False, date__range=(year.starts_on, year.ends_on)
    )
    resolver, rates = Resolver(), Rates()
    touched = {leaf.pk for day in set(lines.values_list("date", flat=True)) if (leaf := resolver.leaf_on(day))}
    refuse_closed(Period.objects.filter(pk__in=touched).order_by("pk"))
    keys = list(lines.order_by("pk").values_list("pk", flat=True))
    for block in bulk.chunks(keys):
        rows = list(_rows(block, rates, resolver))
        bulk.update(Credit, COLUMNS, [(pk, *values) for pk, _day, values in rows])
        placed = ((resolver.leaf_on(day), pk) for pk, day, _values in rows)
        note(Changed.CREDIT, [(leaf.pk, pk, None) for leaf, pk in placed if leaf], under_way())
    mark_stale(touched)
    return len(keys)


def _rows(keys: list[int], rates: Rates, resolver: Resolver) -> Iterator[tuple[int, date, tuple[int, int]]]:
    """Key, day and effect of each credit of these lines."""
    credits: dict[int, list[int]] = {}
    for pk, actual in Credit.objects.filter(actual__in=keys).order_by("pk").values_list("pk", "actual_id"):
        credits.setdefault(actual, []).append(pk)
    for stored in read_stored(Actual.objects.filter(pk__in=keys)):
        effect = effect_of(stored.line, stored.worth, rates, resolver.currency)
        for pk, values in zip(credits[stored.pk], parts(effect, stored.shares), strict=True):
            yield pk, stored.line.date, values
