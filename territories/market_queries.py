"""Reads for the page of a territory's target markets and customers: what is written there, and what the numbers say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from spm.market.models import Account, AccountPlacement, Opportunity, Territory
from spm.money import ZERO
from spm.org import clock
from spm.org.models import User
from spm.ui.fields import MoneyField
from territories import access, account_facts, caps, market_team, target_customers
from territories.choices import TargetMarketKind, TargetStatus
from territories.market_writing import CUSTOMER, FIELDS, MARKET
from territories.models import TargetCustomer, TargetMarket
from territories.target_customers import name_of

MARKET_FIELDS = ("name", "kind", "reason", "profile", "potential", "owner")
CUSTOMER_FIELDS = ("name", "family", "potential", "reason", "next_step")
OFFERED = 200  # accounts that the browser offers while a number or name is typed; any other is taken too


@dataclass(frozen=True, slots=True)
class MarketRow:
    """``row``: as the form names it; ``fields``: column → what an input shows."""

    pk: int
    row: str
    name: str
    kind: str
    reason: str
    profile: str
    potential: Decimal | None
    owner: str
    fields: Mapping[str, str]
    version: int


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """``year``: revenue of the last 365 days with the account; ``pipeline``: open there. None without an account."""

    pk: int
    row: str
    rank: int | None
    name: str
    account_id: str
    account: int | None
    page: int | None  # of the account, where its map is the user's to open
    family: str
    potential: Decimal | None
    known_potential: Decimal | None  # the account's own, where none is written here
    year: Decimal | None
    pipeline: Decimal | None
    reason: str
    next_step: str
    status: str
    status_label: str
    outcome: str
    fields: Mapping[str, str]
    version: int

    @property
    def worth(self) -> Decimal | None:
        """What is counted on from it: the potential written here, else the account's."""
        return self.potential if self.potential is not None else self.known_potential


@dataclass(frozen=True)
class MarketPage:
    territory: Territory
    can_edit: bool
    markets: Sequence[MarketRow]
    wanted: Sequence[CustomerRow]
    settled: Sequence[CustomerRow]
    kinds: Sequence[tuple[str, str]]
    families: Sequence[tuple[str, str]]
    team: Sequence[tuple[str, str]]
    accounts: Sequence[tuple[str, str]]  # number and name of those that stand here and are not on the list

    @property
    def name(self) -> str:
        return self.territory.shown_name

    @property
    def market_potential(self) -> Decimal | None:
        known = [row.potential for row in self.markets if row.potential is not None]
        return sum(known, ZERO) if known else None

    @property
    def wanted_potential(self) -> Decimal | None:
        known = [row.worth for row in self.wanted if row.worth is not None]
        return sum(known, ZERO) if known else None

    @property
    def no_account_yet(self) -> int:
        return sum(row.account is None for row in self.wanted)

    @property
    def takes_markets(self) -> bool:
        return self.can_edit and len(self.markets) < caps.MARKETS

    @property
    def takes_customers(self) -> bool:
        return self.can_edit and len(self.wanted) < caps.CUSTOMERS

    @property
    def drawn(self) -> tuple[dict[str, str], dict[str, int]]:
        """What the form was drawn from: fields and versions."""
        rows: list[MarketRow | CustomerRow] = [*self.markets, *self.wanted, *self.settled]
        fields = {f"{row.row}-{name}": text for row in rows for name, text in row.fields.items()}
        fields |= {f"{row.row}-rank": str(row.rank) for row in self.wanted}
        return fields, {row.row: row.version for row in rows}


def market_page(user: User, territory: Territory) -> MarketPage:
    """The same number of queries for any number of rows."""
    can_edit = access.can_edit_market(user, territory)
    markets = list(TargetMarket.objects.visible_to(user).filter(territory=territory).select_related("owner"))
    rows = TargetCustomer.objects.visible_to(user).filter(territory=territory)
    customers = _customers(user, list(rows.select_related("account", "product_family")))
    owners = {row.owner_id for row in markets if row.owner_id}
    return MarketPage(
        territory=territory,
        can_edit=can_edit,
        markets=[_market(row) for row in markets],
        wanted=[row for row in customers if row.status == TargetStatus.OPEN],
        settled=[row for row in customers if row.status != TargetStatus.OPEN],
        kinds=[(str(key), str(label)) for key, label in TargetMarketKind.choices],
        families=[(str(pk), name) for pk, name in target_customers.families()],
        team=market_team.choices(territory, user, owners) if can_edit else [],
        accounts=_offered(user, territory, {row.account for row in customers}) if can_edit else [],
    )


def _market(row: TargetMarket) -> MarketRow:
    return MarketRow(
        pk=row.pk,
        row=f"{MARKET}{row.pk}",
        name=row.name,
        kind=str(row.get_kind_display()),
        reason=row.reason,
        profile=row.profile,
        potential=row.potential,
        owner=row.owner.name if row.owner else "",
        fields={name: FIELDS.shown(row, name) for name in MARKET_FIELDS},
        version=row.version,
    )


def _customers(user: User, rows: Sequence[TargetCustomer]) -> list[CustomerRow]:
    today = clock.today()
    keys = sorted({row.account_id for row in rows if row.account_id})
    opened = set(Account.objects.visible_to(user).worked_by(user).filter(pk__in=keys).values_list("pk", flat=True))
    sales = account_facts.sales_of(user, keys, account_facts.Years(None, None), today)
    deals = Opportunity.objects.visible_to(user).open_on(today).filter(account__in=keys).order_by()
    pipeline = dict(deals.values_list("account").annotate(sum=Sum("amount", output_field=MoneyField())))
    return [_customer(row, opened, sales, pipeline) for row in rows]


def _customer(
    row: TargetCustomer,
    opened: set[int],
    sales: Mapping[int, account_facts.Sales],
    pipeline: Mapping[int, Decimal | None],
) -> CustomerRow:
    account = row.account
    return CustomerRow(
        pk=row.pk,
        row=f"{CUSTOMER}{row.pk}",
        rank=row.rank,
        name=name_of(row),
        account_id=account.external_id if account else "",
        account=row.account_id,
        page=row.account_id if row.account_id in opened else None,
        family=row.product_family.name if row.product_family else "",
        potential=row.potential,
        known_potential=account.potential if account else None,
        year=sales[account.pk].year if account else None,
        pipeline=(pipeline.get(account.pk) or ZERO) if account else None,
        reason=row.reason,
        next_step=row.next_step,
        status=row.status,
        status_label=str(row.get_status_display()),
        outcome=row.outcome_words,
        fields={name: FIELDS.shown(row, name) for name in CUSTOMER_FIELDS},
        version=row.version,
    )


def _offered(user: User, territory: Territory, listed: set[int | None]) -> list[tuple[str, str]]:
    placed = AccountPlacement.objects.visible_to(user).as_of(clock.today()).filter(territory=territory)
    rows = Account.objects.visible_to(user).filter(pk__in=placed.exclude(account__in=listed - {None}).values("account"))
    return list(rows.order_by("name", "pk").values_list("external_id", "name")[:OFFERED])
