"""The invariants of other currencies: what a year is planned at, and what lines count for."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from spm.market.models import Territory
from spm.money import convert
from spm.org.models import Company, Period, User
from spm.org.trees import tree_as_of
from spm.org.verification import Breach, invariant
from targets.choices import ActualKind, Measure
from targets.crediting import Resolver
from targets.models import Actual, Attainment, CompanyPlan, Credit, PeriodTotal, PlanRate, RollupRun

ZERO = Decimal(0)
HOLDERS = ("person_id", "team_id", "territory_id", "company_id")


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


@invariant("INV-52", "The credits of a line carry what it counts for beyond the plan rate of its year, no more.")
def effects_are_of_their_lines() -> Iterator[Breach]:
    own = Company.objects.values_list("currency", flat=True).first() or ""
    years = PlanRate.objects.values_list("currency", "rate", "fiscal_year__starts_on", "fiscal_year__ends_on")
    planned = [(code, rate, first, last) for code, rate, first, last in years]
    carried: dict[int, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for actual, effect, cost_effect in Credit.objects.filter(is_overlay=False).values_list(
        "actual_id", "effect", "cost_effect"
    ):
        carried[actual] = [carried[actual][0] + effect, carried[actual][1] + cost_effect]
    wanted: dict[int, list[Decimal]] = {}
    columns = ("pk", "currency", "date", "amount", "cost", "given_amount", "given_cost")
    lines = Actual.objects.in_force().filter(rate__isnull=False)
    for pk, currency, day, amount, cost, given, given_cost in lines.values_list(*columns):
        rate = next((rate for code, rate, first, last in planned if code == currency and first <= day <= last), None)
        if rate is not None:
            of_cost = ZERO if cost is None else cost - convert(given_cost, rate, own)
            wanted[pk] = [amount - convert(given, rate, own), of_cost]
    for pk in wanted.keys() | carried.keys():
        if wanted.get(pk, [ZERO, ZERO]) != carried[pk]:
            yield Breach(f"the credits of a line carry an effect of {carried[pk]}, not {wanted.get(pk)}", (pk,))


@invariant("INV-52", "The currency effect of every holder is that of the credits that make the number.")
def effects_add_up() -> Iterator[Breach]:
    stale = RollupRun.objects.stale().values("period")
    settled = {leaf.pk: leaf for leaf in Period.objects.leaves().exclude(pk__in=stale)}
    totals, stored = _credited(settled), {}
    columns = ("period_id", "person_id", "territory_id", "measure", "effect", "overlay_effect")
    for *key, effect, overlay in PeriodTotal.objects.filter(period__in=settled).values_list(*columns):
        stored[(*key, False)], stored[(*key, True)] = effect, overlay
    for key in totals.keys() | stored.keys():
        if totals.get(key, ZERO) != stored.get(key, ZERO):
            yield Breach(f"effect of {key}: stored {stored.get(key)}, counted {totals.get(key)}", (key[0],))
    wanted = _held(totals, settled)
    for leaf, measure, effect, *holders in Attainment.objects.filter(period__in=settled).values_list(
        "period_id", "measure", "effect", *HOLDERS
    ):
        place = next(i for i, holder in enumerate(holders) if holder is not None)
        expected = wanted.pop((leaf, measure, HOLDERS[place], holders[place]), ZERO)
        if effect != expected:
            yield Breach(f"effect of {HOLDERS[place]} {holders[place]}: stored {effect}, summed {expected}", (leaf,))
    for key, effect in wanted.items():
        if effect:
            yield Breach(f"effect {effect} of {key} stands nowhere", (key[0],))


type Sums = dict[Any, Decimal]


def _credited(settled: dict[int, Period]) -> Sums:
    """(leaf period, person, territory, measure, whether overlay) → the effect of the credits."""
    calendar = Resolver()
    sums: Sums = defaultdict(lambda: ZERO)
    columns = ("date", "kind", "person_id", "territory_id", "is_overlay", "cost", "effect", "cost_effect")
    for day, kind, person, territory, is_overlay, cost, effect, of_cost in Credit.objects.values_list(
        *columns
    ).iterator():
        leaf = calendar.leaf_on(day)
        if leaf and leaf.pk in settled:
            margin = ZERO if cost is None else effect - of_cost
            counted = {Measure.BOOKINGS: effect} if kind == ActualKind.BOOKING else {}
            counted = counted or {Measure.REVENUE: effect, Measure.MARGIN: margin}
            for measure, value in counted.items():
                sums[leaf.pk, person, territory, measure.value, is_overlay] += value
    return dict(sums)


def _held(totals: Sums, settled: dict[int, Period]) -> Sums:
    """(leaf period, measure, kind of holder, holder) → the effect, walking up from each total."""
    house, company = User.objects.house().pk, Company.objects.values_list("pk", flat=True).first()
    above = dict(Territory.objects.values_list("pk", "parent_id"))
    trees = {pk: tree_as_of(leaf.ends_on) for pk, leaf in settled.items()}
    sums: Sums = defaultdict(lambda: ZERO)
    for (leaf, person, territory, measure, is_overlay), effect in totals.items():
        holders: list[tuple[str, int | None]] = [("person_id", person)] if person != house else []
        if not is_overlay:
            tree = trees[leaf]
            holders += [("team_id", team) for team in tree.ancestors(tree.team_of.get(person))]
            holders += [("company_id", company)]
            while territory is not None:
                holders.append(("territory_id", territory))
                territory = above[territory]  # noqa: PLW2901  # a walk upward
        for holder in holders:
            sums[leaf, measure, *holder] += effect
    return dict(sums)
