"""Reads for the list of accounts: those whose map the viewer may open, and where a map asks for something."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum

from spm.imports.bulk import chunks
from spm.keys import as_key
from spm.market.models import Account, AccountPlacement, Territory
from spm.org import clock
from spm.org.models import User
from spm.ui.fields import MoneyField
from territories import account_facts as facts
from territories import measures
from territories.choices import DECIDING, Need
from territories.models import AccountReview, Stakeholder

PER_PAGE = 50
SORTS = ("name", "tier", "before", "actual", "potential", "met")
USUAL = "name"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address asks for; ``sort`` is a key of SORTS, "-" before it for descending."""

    text: str = ""
    territory: int | None = None
    tier: str = ""
    need: str = ""
    sort: str = USUAL


@dataclass(frozen=True, slots=True)
class AccountLine:
    pk: int
    name: str
    external_id: str
    tier: str
    territory: str
    holder: str
    before: Decimal
    actual: Decimal
    potential: Decimal | None
    share: Decimal | None
    coverage: Decimal | None
    never: int  # decision roles never met
    roles: int  # decision roles
    is_single: bool
    met_on: date | None


@dataclass(frozen=True)
class AccountList:
    wish: Wish
    page: Page[Any]
    lines: Sequence[AccountLine]
    total: int  # all the viewer works, whatever the filters
    single: int  # single-threaded among those
    territories: Sequence[tuple[str, str]]
    tiers: Sequence[str]
    is_filtered: bool


def wish_of(query: Any) -> Wish:
    """From the query string; what it cannot mean is left out."""
    sort = query.get("sort", USUAL)
    need = query.get("need", "")
    return Wish(
        text=query.get("q", "")[:100],
        territory=as_key(query.get("territory", "")),
        tier=query.get("tier", "")[:40],
        need=need if need in Need.values else "",
        sort=sort if sort.removeprefix("-") in SORTS else USUAL,
    )


def account_list(user: User, wish: Wish, number: str) -> AccountList:
    """One page of it; the same number of queries for any number of accounts."""
    today = clock.today()
    every = Account.objects.visible_to(user).worked_by(user)
    rows = _sorted(user, _narrowed(user, every, wish, today), wish.sort, today)
    page = Paginator(rows, PER_PAGE).get_page(number)
    tiers = every.exclude(tier="").order_by("tier").values_list("tier", flat=True).distinct()
    lands = Territory.objects.visible_to(user).real().order_by("name").values_list("pk", "name")
    return AccountList(
        wish=wish,
        page=page,
        lines=list(lines_of(user, list(page.object_list), today)),
        total=every.count(),
        single=_needing(user, every, Need.SINGLE, today).count(),
        territories=[(str(pk), name) for pk, name in lands[:500]],
        tiers=list(tiers[:50]),
        is_filtered=bool(wish.text or wish.territory or wish.tier or wish.need),
    )


def every_line(user: User, wish: Wish) -> Iterator[AccountLine]:
    """All of them, for a file; read by the thousand."""
    today = clock.today()
    rows = _narrowed(user, Account.objects.visible_to(user).worked_by(user), wish, today)
    for block in chunks(_sorted(user, rows, wish.sort, today)):
        yield from lines_of(user, block, today)


def lines_of(user: User, accounts: Sequence[Account], today: date) -> Iterator[AccountLine]:
    keys = [account.pk for account in accounts]
    sales = facts.sales_of(user, keys, facts.years_of(today), today)
    standing = facts.standings(user, keys, today)
    parts = facts.parts_of(user, keys)
    for account in accounts:
        here, bought, known = standing.get(account.pk), sales[account.pk], parts[account.pk]
        never, roles = measures.never_met(known, today)
        yield AccountLine(
            pk=account.pk,
            name=account.name,
            external_id=account.external_id,
            tier=account.tier,
            territory=here.territory if here else "",
            holder=here.holder.name if here and here.holder else "",
            before=bought.before,
            actual=bought.actual,
            potential=account.potential,
            share=bought.share_of(account.potential),
            coverage=measures.contact_coverage(known, today),
            never=never,
            roles=roles,
            is_single=measures.is_single_threaded(known, today),
            met_on=max((part.met_on for part in known if part.met_on), default=None),
        )


def _narrowed(user: User, rows: QuerySet[Account], wish: Wish, today: date) -> QuerySet[Account]:
    for word in wish.text.split():
        rows = rows.filter(Q(name__icontains=word) | Q(external_id__icontains=word))
    if wish.tier:
        rows = rows.filter(tier=wish.tier)
    if wish.territory:
        placed = AccountPlacement.objects.visible_to(user).as_of(today).filter(territory=wish.territory)
        rows = rows.filter(pk__in=placed.values("account"))
    return _needing(user, rows, wish.need, today) if wish.need else rows


def _needing(user: User, rows: QuerySet[Account], need: str, today: date) -> QuerySet[Account]:
    mapped = Stakeholder.objects.visible_to(user).filter(account=OuterRef("pk"))
    if need == Need.SINGLE:
        met = mapped.met_since(today - timedelta(days=measures.THREAD_DAYS), today).order_by().values("account")
        return rows.annotate(threads=Subquery(met.annotate(n=Count("pk")).values("n"))).filter(threads=1)
    if need == Need.NEVER:
        gone = Q(contact__left_on__isnull=False, contact__left_on__lte=today)
        return rows.filter(Exists(mapped.filter(Q(last_met_on__isnull=True) | gone, role__in=DECIDING)))
    if need == Need.NO_MAP:
        return rows.filter(~Exists(mapped))
    due = AccountReview.objects.visible_to(user).filter(plan__account=OuterRef("pk"), held_on__isnull=True)
    return rows.filter(Exists(due.filter(due_on__lte=today)))


def _sorted(user: User, rows: QuerySet[Account], sort: str, today: date) -> QuerySet[Account]:
    key = sort.removeprefix("-")
    if key in ("before", "actual"):
        rows = rows.annotate(**{key: Subquery(_sold(user, key, today))})
    elif key == "met":
        met = Stakeholder.objects.visible_to(user).filter(account=OuterRef("pk")).order_by().values("account")
        rows = rows.annotate(met=Subquery(met.annotate(last=Max("last_met_on")).values("last")))
    by = F(key).desc(nulls_last=True) if sort.startswith("-") else F(key).asc(nulls_last=True)
    return rows.order_by(by, "name", "pk")


def _sold(user: User, key: str, today: date) -> Any:
    years = facts.years_of(today)
    year = years.now if key == "actual" else years.before
    rows = facts.credits(user, today).filter(actual__account=OuterRef("pk")).order_by()
    rows = rows.filter(date__range=(year.starts_on, year.ends_on)) if year else rows.none()
    return rows.values("actual__account").annotate(sum=Sum("amount", output_field=MoneyField())).values("sum")
