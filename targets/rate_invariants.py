"""The invariants of other currencies: what a year is planned at, and what lines count for."""

from collections.abc import Iterator

from spm.money import convert
from spm.org.models import Company
from spm.org.verification import Breach, invariant
from targets.models import Actual, CompanyPlan, PlanRate


@invariant("INV-50", "Plan rates stay as they were when the year was locked.")
def plan_rates_of_locked_years_stay() -> Iterator[Breach]:
    for plan in CompanyPlan.objects.working().filter(locked_at__isnull=False).select_related("fiscal_year"):
        label, year = plan.fiscal_year.label, plan.fiscal_year_id
        later = PlanRate.history.filter(fiscal_year=year, history_date__gt=plan.locked_at)
        for state in later.exclude(history_type="+"):
            yield Breach(f"{label}: the plan rate of {state.currency} was set after the lock", (state.history_id,))
        for row in PlanRate.objects.filter(fiscal_year=year):
            last = row.history.order_by("-history_id").first()
            if last is None or last.rate != row.rate:
                yield Breach(f"{label}: the plan rate of {row.currency} is not what its history says", (row.pk,))


@invariant("INV-51", "A line in another currency counts for what was given times its rate, a line in ours for itself.")
def lines_count_at_their_rate() -> Iterator[Breach]:
    own = Company.objects.values_list("currency", flat=True).first() or ""
    columns = ("pk", "currency", "amount", "cost", "given_amount", "given_cost", "rate")
    odd = Actual.objects.exclude(currency=own, rate__isnull=True)
    for pk, currency, amount, cost, given, given_cost, rate in odd.values_list(*columns).iterator():
        if currency == own or rate is None:
            yield Breach(f"a line in {currency} {'has no' if rate is None else 'has a'} rate", (pk,))
            continue
        worth = convert(given, rate, own), None if given_cost is None else convert(given_cost, rate, own)
        if (amount, cost) != worth:
            yield Breach(f"{given} {currency} at {rate} counts for {amount} and {cost}, not for {worth}", (pk,))
