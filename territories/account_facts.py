"""What is known of accounts by the dozen: what they bought, where they stand and who holds them, who is on their map.

Each function takes many accounts and asks once per thousand of them. Amounts are revenue in the company's currency,
of credits to people whom the viewer sees; overlay credit is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Sum, When

from spm.imports.bulk import chunks
from spm.market.choices import AssignmentRole
from spm.market.models import AccountPlacement, Assignment, Territory
from spm.money import ZERO
from spm.org.models import FiscalYear, User
from spm.ui.fields import MoneyField
from targets import measures as figures
from targets.choices import ActualKind
from targets.models import Credit
from territories.choices import DECIDING
from territories.measures import Part
from territories.models import Stakeholder

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Years:
    """The fiscal year of today and the one before it; None where the calendar has none."""

    now: FiscalYear | None
    before: FiscalYear | None


@dataclass(frozen=True, slots=True)
class Sales:
    """Revenue of one account. ``base`` and ``margin``: of the lines to date whose cost is known."""

    before: Decimal = ZERO  # the whole fiscal year before
    actual: Decimal = ZERO  # this fiscal year to date
    year: Decimal = ZERO  # the last 365 days
    base: Decimal = ZERO
    margin: Decimal = ZERO

    @property
    def margin_rate(self) -> Decimal | None:
        return figures.margin_rate(self.margin, self.base)

    def share_of(self, potential: Decimal | None) -> Decimal | None:
        """Of a year's potential, the part that the last 365 days brought."""
        return self.year / potential if potential else None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands today, as far as the viewer sees it."""

    territory: str
    territory_pk: int
    holder: User | None


def years_of(today: date) -> Years:
    rows = list(FiscalYear.objects.filter(starts_on__lte=today).order_by("-starts_on")[:2])
    if not rows or rows[0].ends_on < today:
        return Years(None, rows[0] if rows else None)
    return Years(rows[0], rows[1] if len(rows) > 1 else None)


def sales_of(user: User, accounts: Iterable[int], years: Years, today: date) -> dict[int, Sales]:
    """Account → what it bought; one without revenue has zeros."""
    found: dict[int, Sales] = defaultdict(Sales)
    for block in chunks(accounts):
        rows = credits(user, today).filter(actual__account__in=block).order_by()
        for account, *sums in rows.values_list("actual__account").annotate(**_sums(years, today)):
            found[account] = Sales(*(amount or ZERO for amount in sums))
    return found


def credits(user: User, today: date) -> Any:
    """The revenue that counts: of people seen, without overlay, up to today."""
    return Credit.objects.visible_to(user).filter(kind=ActualKind.REVENUE, is_overlay=False, date__lte=today)


def _sums(years: Years, today: date) -> dict[str, Any]:
    now, before = years.now, years.before
    to_date = {"date__gte": now.starts_on} if now else {"pk__isnull": True}
    last = {"date__range": (before.starts_on, before.ends_on)} if before else {"pk__isnull": True}
    known = to_date | {"cost__isnull": False}
    return {
        "before": _sum("amount", **last),
        "now": _sum("amount", **to_date),
        "year": _sum("amount", date__gt=today - YEAR),
        "base": _sum("amount", **known),
        "profit": _sum(F("amount") - F("cost"), **known),
    }


def _sum(amount: Any, **when: Any) -> Sum:
    return Sum(Case(When(**when, then=amount), output_field=MoneyField()), output_field=MoneyField())


def standings(user: User, accounts: Iterable[int], today: date) -> dict[int, Standing]:
    """Account → the territory it stands in today and its owner; accounts in none, or in one not seen, are absent."""
    placed: dict[int, Territory] = {}
    for block in chunks(accounts):
        rows = AccountPlacement.objects.visible_to(user).as_of(today).filter(account__in=block, territory__isnull=False)
        placed |= {row.account_id: row.territory for row in rows.select_related("territory")}
    holders = _holders(user, {land.pk for land in placed.values()}, today)
    return {account: Standing(land.shown_name, land.pk, holders.get(land.pk)) for account, land in placed.items()}


def _holders(user: User, territories: Iterable[int], today: date) -> dict[int, User]:
    """Territory → its owner of today, where the viewer sees the person."""
    found: dict[int, User] = {}
    for block in chunks(sorted(territories)):
        rows = Assignment.objects.visible_to(user).as_of(today).filter(territory__in=block, role=AssignmentRole.OWNER)
        found |= {row.territory_id: row.person for row in rows.select_related("person")}
    return found


def part_of(row: Stakeholder) -> Part:
    """A stakeholder (with its contact) as the formulas take it."""
    return Part(
        decides=row.role in DECIDING,
        influence=row.influence,
        known=row.contact_id is not None,
        met_on=row.last_met_on,
        has_relation=row.relation_id is not None,
        left_on=row.contact.left_on if row.contact else None,
    )


def parts_of(user: User, accounts: Sequence[int]) -> dict[int, list[Part]]:
    """Account → everybody on its map."""
    found: dict[int, list[Part]] = defaultdict(list)
    for block in chunks(accounts):
        rows = Stakeholder.objects.visible_to(user).filter(account__in=block).select_related("contact").order_by()
        for row in rows:
            found[row.account_id].append(part_of(row))
    return found
