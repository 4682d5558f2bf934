"""What has become of a plan: each line's own actual, beside the goal it names.

Credits to the plan's person, in the plan's year up to the clock's day, bookings alone, overlay credit left out:
- a key account: those of the account and the accounts below it;
- new business: those of first-time buyers, accounts whose first booking of all falls into the year;
- retention: those of accounts with a booking in the year before; a line that names an account, of that account;
- channel: those of lines with that partner.
A credit may stand behind several sections, so sections are not added up. Rule: issue of the living plan, domain idea 1.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Min, Sum

from spm.keys import normalise
from spm.market.models import Account
from spm.money import ZERO
from spm.org import clock
from spm.org.models import FiscalYear, Period
from spm.ui.fields import MoneyField
from targets import last_year, measures
from targets.choices import ActualKind, PlanKind
from targets.models import Credit, Quota
from territories.choices import LineStatus, Section
from territories.models import TerritoryPlan, TerritoryPlanLine

STALE_DAYS = 60
"""A line of a living plan that nobody has touched for so long is flagged."""


@dataclass(frozen=True, slots=True)
class Live:
    """One line or section today. ``expected``: the goal's part that should be in by now; None without a goal."""

    actual: Decimal
    before: Decimal  # the year before, whole
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


def read(plan: TerritoryPlan, lines: Sequence[TerritoryPlanLine], base: Decimal | None) -> LivePlan:
    """The whole plan; a fixed number of queries for any number of lines."""
    year, today = plan.fiscal_year, clock.today()
    before = FiscalYear.objects.filter(starts_on__lt=year.starts_on).order_by("-starts_on").first()
    now = _sold(plan.person_id, year.starts_on, min(today, year.ends_on))
    past = _sold(plan.person_id, before.starts_on, before.ends_on) if before else _Sold()
    share = elapsed(plan, today)
    families = _families([line.account_id for line in lines if line.account_id])
    firsts = _first_time(now.accounts, year)
    kept = _bought_before(now.accounts, before) if before else set()
    found = {}
    for line in lines:
        actual, then = _of_line(line, now, families), _of_line(line, past, families)
        if actual is not None:
            found[line.pk] = _live(actual, then or ZERO, line.amount, share)
    goals: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        goals[line.section] += line.amount or ZERO
    named = [line for line in lines if line.section in (Section.ACCOUNTS, Section.CHANNEL)]
    sections = {
        section.value: _live(
            sum((found[line.pk].actual for line in named if line.section == section and line.pk in found), ZERO),
            sum((found[line.pk].before for line in named if line.section == section and line.pk in found), ZERO),
            goals[section],
            share,
        )
        for section in (Section.ACCOUNTS, Section.CHANNEL)
    }
    sections[Section.BUSINESS] = _live(_over(now.accounts, firsts), ZERO, goals[Section.BUSINESS], share)
    sections[Section.RETENTION] = _live(_over(now.accounts, kept), sum(past.accounts.values(), ZERO), base, share)
    return LivePlan(found, sections)


def elapsed(plan: TerritoryPlan, today: date) -> Decimal:
    """The season-weighted share of the plan's year that has passed: by the person's own quotas, else day by day."""
    leaves = list(Period.objects.leaves().filter(fiscal_year=plan.fiscal_year_id).order_by("starts_on"))
    rows = Quota.objects.filter(plan__fiscal_year=plan.fiscal_year_id, plan__kind=PlanKind.WORKING, measure="bookings")
    quotas = dict(rows.filter(person=plan.person_id).values_list("period__number", "amount"))
    return last_year.elapsed(leaves, quotas if any(quotas.values()) else {}, today)


def _live(actual: Decimal, before: Decimal, goal: Decimal | None, share: Decimal) -> Live:
    return Live(actual, before, goal or None, goal * share if goal else None)


def _of_line(line: TerritoryPlanLine, sold: _Sold, families: Mapping[int, set[int]]) -> Decimal | None:
    """What is credited behind one line; None where a line names nobody to count."""
    if line.account_id and line.section in (Section.ACCOUNTS, Section.RETENTION):
        return _over(sold.accounts, families[line.account_id])
    if line.section == Section.CHANNEL and line.partner:
        return sold.partners.get(normalise(line.partner), ZERO)
    return None


def _over(amounts: Mapping[int, Decimal], keys: Iterable[int]) -> Decimal:
    return sum((amounts.get(key, ZERO) for key in keys), ZERO)


def _sold(person: int, first: date, last: date) -> _Sold:
    found = _Sold()
    rows = Credit.objects.filter(person=person, kind=ActualKind.BOOKING, is_overlay=False, date__range=(first, last))
    summed: Any = rows.order_by().values_list("actual__account", "actual__partner")
    for account, partner, amount in summed.annotate(sum=Sum("amount", output_field=MoneyField())):
        found.accounts[account or 0] += amount
        if partner:
            found.partners[normalise(partner)] += amount
    return found


def _families(accounts: Sequence[int]) -> dict[int, set[int]]:
    """Account → itself and every account below it; a few queries, one per level of the tree."""
    found = {account: {account} for account in accounts}
    level = {account: {account} for account in accounts}
    while any(level.values()):
        parents = set().union(*level.values())
        rows = list(Account.objects.filter(parent__in=parents).order_by().values_list("parent", "pk"))
        level = {
            root: {child for parent, child in rows if parent in held} - found[root] for root, held in level.items()
        }
        for root, children in level.items():
            found[root] |= children
    return found


def _first_time(accounts: Iterable[int], year: FiscalYear) -> set[int]:
    """Those whose first booking of all, by anybody, falls into the year."""
    credits = Credit.objects.filter(kind=ActualKind.BOOKING, actual__account__in=[key for key in accounts if key])
    firsts = credits.order_by().values_list("actual__account").annotate(first=Min("date"))
    return {account for account, first in firsts if first >= year.starts_on}


def _bought_before(accounts: Iterable[int], before: FiscalYear) -> set[int]:
    credits = Credit.objects.filter(
        kind=ActualKind.BOOKING,
        actual__account__in=[key for key in accounts if key],
        date__range=(before.starts_on, before.ends_on),
    )
    return set(credits.order_by().values_list("actual__account", flat=True).distinct())


def is_stale(line: TerritoryPlanLine, plan: TerritoryPlan) -> bool:
    """A line in force that is neither done nor dropped, and that nobody has touched for ``STALE_DAYS``."""
    if plan.approved_number is None or line.status in (LineStatus.DONE, LineStatus.DROPPED):
        return False
    last = line.touched_at or plan.decided_at
    return last is not None and (clock.today() - last.date()).days > STALE_DAYS


def progress(lines: Iterable[TerritoryPlanLine]) -> Decimal | None:
    """Share of the lines that are done, those dropped aside; a line under way counts half. None without lines."""
    worth = {LineStatus.DONE: Decimal(1), LineStatus.UNDER_WAY: Decimal("0.5"), LineStatus.PLANNED: ZERO}
    counted = [worth[LineStatus(line.status)] for line in lines if line.status != LineStatus.DROPPED]
    return sum(counted, ZERO) / len(counted) if counted else None
