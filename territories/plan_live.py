"""What has become of a plan: each line's own actual, beside the goal it names.

Credits to the plan's person, in the plan's year up to the clock's day, bookings alone, overlay credit left out:
- a key account: those of the account and the accounts below it;
- new business: those of first-time buyers, accounts whose first booking of all falls into the year;
- retention: those of accounts with a booking in the year before; a line that names an account, of that account;
- channel: those of lines with that partner.
A section counts each credit once, also where its lines name an account and the one above it, or one partner twice.
The base of retention is what customers of the year before bring beside the named key accounts (with these it adds up to
the quota, ux.md), so retention is held against the base and the goals of those key accounts that bought then.
A credit may stand behind several sections, so sections are not added up. Rule: issue of the living plan, domain idea 1.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Case, Max, Min, Q, Sum, When

from spm.keys import normalise
from spm.market.models import Account
from spm.money import ZERO
from spm.org import clock
from spm.ui.fields import MoneyField
from targets import measures
from targets.choices import ActualKind
from targets.models import Credit
from territories.choices import LineStatus, Section
from territories.models import TerritoryPlan, TerritoryPlanLine
from territories.plan_years import PlanYears, Quotas, Span

BELOW = """
    WITH RECURSIVE below (root, account) AS (
        SELECT id, id FROM {table} WHERE id IN ({roots})
        UNION SELECT below.root, child.id FROM {table} child JOIN below ON child.parent_id = below.account)
    SELECT root, account FROM below
"""
STALE_DAYS = 60
"""A line of a living plan that nobody has touched for so long is flagged."""


@dataclass(frozen=True, slots=True)
class Live:
    """One line or section today. ``expected``: the goal's part that should be in by now; None without a goal."""

    actual: Decimal
    before: Decimal  # of the year before the plan's: whole, or to date while it runs
    goal: Decimal | None
    expected: Decimal | None

    @property
    def pace(self) -> Decimal | None:
        return measures.pace(self.actual, self.expected) if self.expected else None


@dataclass(frozen=True)
class LivePlan:
    lines: Mapping[int, Live]
    sections: Mapping[str, Live]


@dataclass
class _Sold:
    """Bookings credited to one person in a year: by account (0 = none) and by partner (normal form)."""

    accounts: dict[int, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    partners: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))


def read(
    plan: TerritoryPlan, lines: Sequence[TerritoryPlanLine], base: Decimal | None, quotas: Quotas, years: PlanYears
) -> LivePlan:
    """The whole plan; three queries for any number of lines. ``years``: around the plan's, ``quotas``: its person's."""
    today = clock.today()
    now, past = _sold(plan.person_id, (years.own[0], min(today, years.own[1])), years.before)
    share = years.elapsed(quotas, today)
    families = _families([line.account_id for line in lines if line.account_id])
    named_lines = [line for line in lines if line.section == Section.ACCOUNTS and line.account_id]
    named = {pk for line in named_lines for pk in families[line.account_id or 0]}
    firsts, kept = _buyers(now.accounts.keys() | named, years)
    again = sum((line.amount or ZERO for line in named_lines if kept & families[line.account_id or 0]), ZERO)
    found = {}
    for line in lines:
        actual, then = _of_line(line, now, families), _of_line(line, past, families)
        if actual is not None:
            found[line.pk] = _live(actual, then or ZERO, line.amount, share)
    goals: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        goals[line.section] += line.amount or ZERO
    partners = {normalise(line.partner) for line in lines if line.section == Section.CHANNEL and line.partner}
    sections = {
        Section.ACCOUNTS.value: (_over(now.accounts, named), _over(past.accounts, named), goals[Section.ACCOUNTS]),
        Section.CHANNEL.value: (_over(now.partners, partners), _over(past.partners, partners), goals[Section.CHANNEL]),
        Section.BUSINESS.value: (_over(now.accounts, firsts), ZERO, goals[Section.BUSINESS]),
        Section.RETENTION.value: (_over(now.accounts, kept), sum(past.accounts.values(), ZERO), base and base + again),
    }
    return LivePlan(found, {name: _live(*amounts, share) for name, amounts in sections.items()})


def _live(actual: Decimal, before: Decimal, goal: Decimal | None, share: Decimal) -> Live:
    return Live(actual, before, goal or None, goal * share if goal else None)


def _of_line(line: TerritoryPlanLine, sold: _Sold, families: Mapping[int, set[int]]) -> Decimal | None:
    """What is credited behind one line; None where a line names nobody to count."""
    if line.account_id and line.section in (Section.ACCOUNTS, Section.RETENTION):
        return _over(sold.accounts, families[line.account_id])
    if line.section == Section.CHANNEL and line.partner:
        return sold.partners.get(normalise(line.partner), ZERO)
    return None


def _over[K](amounts: Mapping[K, Decimal], keys: Iterable[K]) -> Decimal:
    return sum((amounts.get(key, ZERO) for key in keys), ZERO)


def _sold(person: int, now: Span, before: Span | None) -> tuple[_Sold, _Sold]:
    """What is credited in the plan's year so far, and in the year before; one query."""
    of_now = Q(date__range=now)
    of_both = of_now | Q(date__range=before) if before else of_now
    rows = Credit.objects.filter(of_both, person=person, kind=ActualKind.BOOKING, is_overlay=False).order_by()
    parts = rows.annotate(now=Case(When(of_now, then=True), default=False))
    found = {True: _Sold(), False: _Sold()}
    summed: Any = parts.values_list("now", "actual__account", "actual__partner")
    for part, account, partner, amount in summed.annotate(sum=Sum("amount", output_field=MoneyField())):
        found[part].accounts[account or 0] += amount
        if partner:
            found[part].partners[normalise(partner)] += amount
    return found[True], found[False]


def _families(accounts: Sequence[int]) -> dict[int, set[int]]:
    """Account → itself and every account below it; one query, whatever the depth of the tree."""
    found = {account: {account} for account in accounts}
    if found:
        places = ", ".join(["%s"] * len(found))
        with connection.cursor() as cursor:
            cursor.execute(BELOW.format(table=Account._meta.db_table, roots=places), list(found))
            for root, account in cursor.fetchall():
                found[root].add(account)
    return found


def _buyers(accounts: Iterable[int], years: PlanYears) -> tuple[set[int], set[int]]:
    """Of these accounts those whose first booking of all, by anybody, falls into the plan's year, and those with a
    booking in the year before; one query.
    """
    credits = Credit.objects.filter(kind=ActualKind.BOOKING, actual__account__in=[key for key in accounts if key])
    then = Q(date__range=years.before) if years.before else Q(pk__in=[])
    rows = credits.order_by().values_list("actual__account").annotate(first=Min("date"), then=Max("date", filter=then))
    told = list(rows)
    return {pk for pk, first, _then in told if first >= years.own[0]}, {pk for pk, _first, then in told if then}


def is_stale(line: TerritoryPlanLine, plan: TerritoryPlan) -> bool:
    """A line in force that is neither done nor dropped, and that nobody has touched for ``STALE_DAYS``."""
    if plan.approved_number is None or line.status in (LineStatus.DONE, LineStatus.DROPPED):
        return False
    last = line.touched_at or plan.decided_at
    return last is not None and (clock.today() - clock.day_of(last)).days > STALE_DAYS


def progress(lines: Iterable[TerritoryPlanLine]) -> Decimal | None:
    """Share of the lines that are done, those dropped aside; a line under way counts half. None without lines."""
    worth = {LineStatus.DONE: Decimal(1), LineStatus.UNDER_WAY: Decimal("0.5"), LineStatus.PLANNED: ZERO}
    counted = [worth[LineStatus(line.status)] for line in lines if line.status != LineStatus.DROPPED]
    return sum(counted, ZERO) / len(counted) if counted else None
