"""Reads for the page of one territory: owner, target and attainment, months, and its accounts with what they brought.

A manager reads the territory's own row of the roll-up. A rep, who sees no such row, reads his own credits in it, and
its target where he is the owner.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from spm.dashboards.actuals import Subject, credits_of, territory_subject
from spm.dashboards.board import Row, RowKind
from spm.dashboards.columns import MONTHS, Shown
from spm.dashboards.figures import ZERO, Cells, Figures, figures, only, standing
from spm.dashboards.origin import Holders, origin_of
from spm.dashboards.periods import PAGE_ROWS, Leaf, View, Window
from spm.dashboards.queries import Stamp, steady
from spm.dashboards.rows import bar_of
from spm.dashboards.territories import cells_of, reads_own_alone
from spm.dashboards.territory_holders import (
    Beside,
    Held,
    Spell,
    Way,
    below,
    beside,
    held_also,
    holders,
    holding_of,
    owner_now,
    spells,
)
from spm.dashboards.territory_market import Land, PlanOf, lands, plans_of
from spm.dashboards.tiles import Lines, Math, effect_words, holder_math
from spm.market.choices import AssignmentRole
from spm.market.models import Account, AccountPlacement, Territory
from spm.market.territories import chains
from spm.org.models import Company, User
from spm.ui.fields import MoneyField
from spm.ui.geometry import Bullet
from spm.ui.status import Status


@dataclass(frozen=True, slots=True)
class AccountRow:
    name: str
    external_id: str
    tier: str
    lines: int
    actual: Decimal
    share: Decimal | None  # of the territory's actual
    page: int | None = None  # of the account, where its map is the user's to open


@dataclass(frozen=True, slots=True)
class LeafRow:
    label: str
    figures: Figures
    status: Status
    href: str
    is_running: bool


@dataclass(frozen=True, slots=True)
class TerritoryPage:
    view: View
    company: Company
    stamp: Stamp
    territory: int | None  # where it has target markets and a white space of its own; not what no territory claims
    name: str
    parent: str
    owner: Held | None
    helpers: list[Held]
    also: list[Way]  # what its owner holds besides
    children: list[Way]
    spells: list[Spell]
    land: Land
    plan: PlanOf | None
    beside: Beside | None  # for those who see the territory's own row
    own_alone: bool  # a rep's own credits, not the territory's
    hides_target: bool  # such a rep is not its owner, and does not see its target
    figures: Figures
    effect: str  # what rates of exchange did to the number; empty where nothing
    status: Status
    bar: Bullet
    math: Math
    months: list[LeafRow]
    accounts: list[AccountRow]
    account_count: int
    not_listed: Decimal  # of the actual, in no account of the list
    page: Page[AccountRow]
    lines_href: str

    @property
    def columns(self) -> Shown:
        """Of its months."""
        return MONTHS.shown(())


def territory_page(
    user: User, company: Company, view: View, territory: Territory, *, links: bool = True
) -> TerritoryPage:
    """The page of one territory that ``user`` may see, all of one roll-up; ``links``: to its accounts."""
    return steady(user, lambda stamp: _read(user, company, view, territory, stamp, links=links))


def _read(  # noqa: PLR0913  # whose page, of what, at which state
    user: User, company: Company, view: View, territory: Territory, stamp: Stamp, *, links: bool
) -> TerritoryPage:
    above = chains()
    cells = cells_of(user, view, [territory.pk], above).get(territory.pk, {})
    whole = figures(cells, view.window)
    status, name = standing(whole, company), territory.shown_name
    tree = list(Territory.objects.visible_to(user))
    holding = holding_of(user, territory, view.today)
    held, owner = holding.own, owner_now(holding.own, view.today)
    accounts = _accounts(user, view, territory_subject(view, territory, above), territory, whole.actual, links=links)
    href = reverse("dashboards:actuals") + view.query(territory=territory.pk)
    row = Row(RowKind.TEAM, territory.pk, whole, cells)
    goals = Holders([] if reads_own_alone(user) else sorted(cells), territories={territory.pk: name})
    return TerritoryPage(
        view=view,
        company=company,
        stamp=stamp,
        territory=None if territory.is_unassigned else territory.pk,
        name=name,
        parent=territory.parent.name if territory.parent else "",
        owner=next(iter(holders(held, view, AssignmentRole.OWNER)), None),
        helpers=holders(held, view, AssignmentRole.OVERLAY),
        also=held_also(holding, view),
        children=below(tree, view, territory),
        spells=spells(held, view.today),
        land=lands(user, view, tree).get(territory.pk, Land()),
        plan=plans_of(user, view).get(territory.pk),
        beside=None if reads_own_alone(user) else beside(user, view, territory, owner),
        own_alone=reads_own_alone(user),
        hides_target=reads_own_alone(user) and (owner is None or owner.person_id != user.pk),
        figures=whole,
        effect=effect_words(whole, company),
        status=status,
        bar=bar_of(name, whole, status, company.currency),
        math=holder_math(row, view, company, Lines(href, origin_of(view, company, stamp, goals))),
        months=[_month(leaf, cells, view, company) for leaf in view.window.leaves if leaf.begun],
        accounts=accounts,
        account_count=len(accounts),
        not_listed=whole.actual - sum((row.actual for row in accounts), ZERO),
        page=Paginator(accounts, PAGE_ROWS).get_page(view.page),
        lines_href=href,
    )


def _accounts(  # noqa: PLR0913  # of whom, where, and what they are a share of
    user: User, view: View, subject: Subject, territory: Territory, whole: Decimal, *, links: bool
) -> list[AccountRow]:
    """Accounts that stand here today or brought something here in the window; the most first."""
    found: dict[int, tuple[str, str, str, int, Decimal]] = {}
    placed = AccountPlacement.objects.visible_to(user).as_of(view.today).filter(territory=territory)
    for row in placed.select_related("account"):
        found[row.account_id] = (row.account.name, row.account.external_id, row.account.tier, 0, ZERO)
    for key, name, number, tier, lines, amount in _credited(user, view, subject):
        found[key or 0] = (name or _("Lines without an account"), number or "", tier or "", lines, amount)
    brought = credits_of(user, view, subject).select_related(None).order_by().values("actual__account")
    here = Q(pk__in=placed.values("account")) | Q(pk__in=brought)
    opened = set(Account.objects.worked_by(user).filter(here).values_list("pk", flat=True)) if links else set()
    rows = [
        AccountRow(
            name, number, tier, lines, amount, amount / whole if whole > 0 else None, key if key in opened else None
        )
        for key, (name, number, tier, lines, amount) in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.actual, row.name.casefold(), row.external_id))


def _credited(user: User, view: View, subject: Subject) -> Iterable[tuple[int | None, str, str, str, int, Decimal]]:
    fields = ("actual__account", "actual__account__name", "actual__account__external_id", "actual__account__tier")
    rows = credits_of(user, view, subject).select_related(None).order_by()
    return rows.values_list(*fields).annotate(many=Count("pk"), sum=Sum("counts", output_field=MoneyField()))


def _month(leaf: Leaf, cells: Cells, view: View, company: Company) -> LeafRow:
    part = figures(only(cells, {leaf.pk}), Window((leaf,), (), (), (), ()))
    href = view.query(period=leaf.label)
    return LeafRow(leaf.title, part, standing(part, company), href, is_running=not leaf.over)
