"""Reads for the white space: account × product family of a territory, a person or a team.

A cell is what was credited in the days shown, what is open in the pipeline, or *white*: never bought. The credits are
those of the subject's number, so that columns, rows and the total add up to it. Whether something was ever bought is
true for the account as a whole (``territories.ever_bought``); when, only of credits that the viewer sees. Accounts are
cut into pages by the database; what a white cell may bring is drawn from similar accounts
(``territories.similar_accounts``).
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import batched
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import QueryDict
from django.utils.translation import gettext as _

from spm.dashboards.actuals import Subject, credits_of, total_of
from spm.dashboards.figures import ZERO
from spm.dashboards.periods import Span, View, Window
from spm.dashboards.queries import Stamp, steady
from spm.dashboards.white_cells import Cell, CellKind, cell_of
from spm.keys import as_key
from spm.market.models import Account, AccountPlacement, Assignment, Opportunity
from spm.org.models import Company, User
from spm.ui.fields import MoneyField
from targets.models import Credit
from territories import ever_bought, similar_accounts, target_customers
from territories.models import TargetCustomer

PER_PAGE, MOST_SEGMENTS = 50, 50
BLOCK = 500  # accounts of a file that are read together
COLUMNS = 10  # families on one page; the others are summed in one column, and can be chosen one by one
FILE_COLUMNS = 100  # and in a file
ORDERS = ("name", "actual", "potential", "left", "pipeline")
USUAL = "-actual"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address asks for beside period and measure. ``order``: a key of ORDERS, or "f12" for a family."""

    segment: str = ""
    family: int | None = None
    white_only: bool = False
    order: str = USUAL

    @property
    def is_filtered(self) -> bool:
        return bool(self.segment or self.white_only)


@dataclass(frozen=True, slots=True)
class Column:
    pk: int
    name: str
    total: Decimal

    @property
    def key(self) -> str:
        """By which the address sorts."""
        return f"f{self.pk}"


@dataclass(frozen=True, slots=True)
class AccountRow:
    pk: int
    name: str
    external_id: str
    segment: str
    potential: Decimal | None
    actual: Decimal
    left: Decimal | None  # of a year's potential, after the last twelve months
    pipeline: Decimal
    cells: Sequence[Cell]
    others: Decimal  # of families beyond the columns, and of lines without one
    rank: int | None  # among the target customers of its territory
    is_open: bool  # its map is the viewer's to open


@dataclass(frozen=True)
class WhiteSpace:
    view: View
    company: Company
    stamp: Stamp | None
    subject: Subject
    wish: Wish
    columns: Sequence[Column]
    families: Sequence[tuple[int, str]]
    segments: Sequence[str]
    rows: Sequence[AccountRow]
    page: Page[Any]
    count: int
    listed: Decimal  # sum of all rows, on whatever page
    others: Decimal  # of it in no column
    not_listed: Decimal  # credits of the subject in no row: accounts the viewer does not see, lines without one
    counted: Decimal  # all credits of the subject
    total: Decimal  # as the roll-up has it
    is_year: bool
    white: int  # white cells on this page
    expected: Decimal  # together, those of which something can be said

    @property
    def has_others(self) -> bool:
        return bool(self.others) or len(self.families) > len(self.columns)

    @property
    def beyond(self) -> Decimal:
        """What the roll-up has beyond the credits read: of people not seen one by one, or newer."""
        return self.total - self.counted


def wish_of(query: Any) -> Wish:
    """From the query string; what it cannot mean is left out."""
    order = query.get("sort", USUAL)
    name = order.removeprefix("-")
    known = name in ORDERS or (name.startswith("f") and as_key(name[1:]) is not None)
    family = as_key(query.get("family", ""))
    return Wish(
        segment=query.get("segment", "")[:120].replace("\x00", ""),
        family=family,
        white_only=query.get("white", "") == "1" and family is not None,
        order=order if known else USUAL,
    )


def asked(query: QueryDict) -> QueryDict:
    """Of an address what chooses period and measure: revenue, where it names none."""
    found = QueryDict(mutable=True)
    found["measure"] = str(query.get("measure", "revenue"))
    for name in ("period", "page"):
        if text := query.get(name):
            found[name] = str(text)
    return found


def twelve_months(view: View, query: QueryDict) -> View:
    """The same, of the last twelve leaf periods that have begun, unless the address names a fiscal year.

    A part of a year is not shown: what is left of a year's potential could not be told from it.
    """
    trail = view.window.trail
    if (query.get("period") and view.span is Span.YEAR) or not trail:
        return view
    window: Window = replace(view.window, leaves=trail, before=())
    return replace(view, window=window, title=_("last twelve months"))


def white_space(user: User, company: Company, view: View, subject: Subject, wish: Wish) -> WhiteSpace:
    """All of one roll-up; the same number of queries for any number of accounts."""
    return steady(user, lambda stamp: _read(user, company, view, subject, wish, stamp))


@dataclass(frozen=True)
class WhiteFile:
    """Every row and every family that is asked for; the rows are read block by block as they are written."""

    columns: Sequence[Column]
    rows: Iterator[AccountRow]


def white_file(user: User, company: Company, view: View, subject: Subject, wish: Wish) -> WhiteFile:
    """All of the list, on whatever page; it says nothing of the roll-up."""
    counts = credits_of(user, view, subject).select_related(None).order_by()
    chosen = _narrowed(accounts_of(user, view, subject, counts), wish)
    columns = _columns(target_customers.families(), _by_family(counts, chosen), wish, FILE_COLUMNS)
    keys = list(_sorted(user, view, chosen, counts, wish).values_list("pk", "segment"))
    means = similar_accounts.means(view.measure, view.today, {segment for _pk, segment in keys})

    def rows() -> Iterator[AccountRow]:
        for block in batched([pk for pk, _segment in keys], BLOCK, strict=False):
            found = {account.pk: account for account in _told(user, chosen.filter(pk__in=block))}
            known = Known.of(user, view, list(found.values()), counts, means)
            yield from (_row(found[pk], known, columns, company.currency) for pk in block if pk in found)

    return WhiteFile(columns, rows())


def _read(  # noqa: PLR0913  # whose page, of what, at which state
    user: User, company: Company, view: View, subject: Subject, wish: Wish, stamp: Stamp | None
) -> WhiteSpace:
    counts = credits_of(user, view, subject).select_related(None).order_by()
    every = accounts_of(user, view, subject, counts)
    chosen = _narrowed(every, wish)
    sums = _by_family(counts, chosen)
    families = target_customers.families()
    columns = _columns(families, sums, wish, COLUMNS)
    segments = _segments(_narrowed(every, replace(wish, segment="")))
    paginator = Paginator(_told(user, _sorted(user, view, chosen, counts, wish)), PER_PAGE)
    paginator.count = segments.get(wish.segment, 0) if wish.segment else sum(segments.values())
    page = paginator.get_page(view.page)
    accounts = list(page.object_list)
    known = Known.of(user, view, accounts, counts)
    rows = [_row(account, known, columns, company.currency) for account in accounts]
    whole = sum((amount for amount, _listed in sums.values()), ZERO)
    listed = sum((part for _amount, part in sums.values()), ZERO)
    cells = [cell for row in rows for cell in row.cells if cell.kind is CellKind.WHITE]
    return WhiteSpace(
        view=view,
        company=company,
        stamp=stamp,
        subject=subject,
        wish=wish,
        columns=columns,
        families=families,
        segments=[name for name in segments if name][:MOST_SEGMENTS],
        rows=rows,
        page=page,
        count=page.paginator.count,
        listed=listed,
        others=listed - sum((column.total for column in columns), ZERO),
        not_listed=ZERO if wish.is_filtered else whole - listed,
        counted=whole,
        total=whole if stamp is None else total_of(user, view, subject),
        is_year=view.window.leaves != view.window.trail,
        white=len(cells),
        expected=sum((cell.expected or ZERO for cell in cells), ZERO),
    )


def accounts_of(user: User, view: View, subject: Subject, counts: QuerySet[Credit]) -> QuerySet[Account]:
    """Accounts the viewer sees that stand with the subject today, or brought it something in these days."""
    seen = Account.objects.visible_to(user)
    if subject.is_whole:
        return seen
    brought = Q(pk__in=counts.filter(actual__account__isnull=False).values("actual__account"))
    placed = AccountPlacement.objects.visible_to(user).as_of(view.today)
    if subject.holder.territories:
        stands = placed.filter(territory__in=subject.holder.territories)
        return seen.filter(brought | Q(pk__in=stands.values("account")))
    people = subject.holder.stretches[-1].people if subject.holder.stretches else frozenset()
    held = Assignment.objects.visible_to(user).as_of(view.today).filter(person__in=people or ())
    stands = placed.filter(territory__in=held.values("territory"))
    return seen.filter(brought | Q(pk__in=stands.values("account")) | Q(owner__in=people or ()))


def _narrowed(rows: QuerySet[Account], wish: Wish) -> QuerySet[Account]:
    if wish.segment:
        rows = rows.filter(segment=wish.segment)
    return rows.filter(~ever_bought.of(wish.family)) if wish.white_only else rows


def _segments(rows: QuerySet[Account]) -> dict[str, int]:
    """Segment → how many accounts it has here; one query for the choice of segments and the count of the list."""
    return dict(rows.order_by("segment").values_list("segment").annotate(many=Count("pk")))


def _told(user: User, rows: QuerySet[Account]) -> QuerySet[Account]:
    """With ``rank`` among the target customers, and ``is_open``: whether its map is the viewer's to open."""
    wanted = TargetCustomer.objects.visible_to(user).filter(account=OuterRef("pk"), rank__isnull=False)
    worked = Account.objects.visible_to(user).worked_by(user).filter(pk=OuterRef("pk"))
    return rows.annotate(rank=Subquery(wanted.order_by("rank").values("rank")[:1]), is_open=Exists(worked))


def _by_family(counts: QuerySet[Credit], chosen: QuerySet[Account]) -> dict[int | None, tuple[Decimal, Decimal]]:
    """Family → (all that counts, that of the accounts listed); one query."""
    listed = Q(actual__account__in=chosen.order_by().values("pk"))
    kept: dict[str, Any] = {"output_field": MoneyField(), "default": ZERO}
    rows = counts.values_list("actual__product_family").annotate(
        all=Sum("counts", **kept), part=Sum("counts", filter=listed, **kept)
    )
    return {family: (amount, part) for family, amount, part in rows}


def _columns(
    families: Sequence[tuple[int, str]], sums: Mapping[int | None, tuple[Decimal, Decimal]], wish: Wish, most: int
) -> list[Column]:
    """The family asked for, else the ``most`` that bring most; of equals by name."""
    found = [Column(pk, name, sums.get(pk, (ZERO, ZERO))[1]) for pk, name in families]
    if wish.family:
        return [column for column in found if column.pk == wish.family]
    return sorted(found, key=lambda column: (-column.total, column.name.casefold()))[:most]


def _sorted(user: User, view: View, rows: QuerySet[Account], counts: QuerySet[Credit], wish: Wish) -> QuerySet[Account]:
    key = wish.order.removeprefix("-")
    mine = counts.filter(actual__account=OuterRef("pk"))
    if key.startswith("f") and key[1:].isdigit():
        rows = rows.annotate(by=_sum_of(mine.filter(actual__product_family=int(key[1:])), "actual__account", "counts"))
    elif key in ("actual", "left"):
        rows = rows.annotate(brought=_sum_of(mine, "actual__account", "counts"))
        rows = rows.annotate(by=F("brought") if key == "actual" else F("potential") - F("brought"))
    elif key == "pipeline":
        open_deals = Opportunity.objects.visible_to(user).open_on(view.today).filter(account=OuterRef("pk"))
        rows = rows.annotate(by=_sum_of(open_deals.order_by(), "account", "amount"))
    else:
        rows = rows.annotate(by=F(key))
    by = F("by").desc(nulls_last=True) if wish.order.startswith("-") else F("by").asc(nulls_last=True)
    return rows.order_by(by, "name", "pk")


def _sum_of(rows: QuerySet[Any], group: str, amount: str) -> Any:
    summed = rows.values(group).annotate(sum=Sum(amount, output_field=MoneyField())).values("sum")
    return Subquery(summed, output_field=MoneyField())


type Means = Mapping[tuple[similar_accounts.Kin, int], similar_accounts.Mean]


@dataclass(frozen=True)
class Known:
    """What is known of the accounts of one page, by account and family; four queries and that of similar accounts."""

    credited: Mapping[tuple[int, int | None], Decimal]
    last: Mapping[tuple[int, int | None], date]  # the newest credit of all that the viewer sees
    bought: Set[tuple[int, int]]  # whoever was credited
    year: Mapping[int, Decimal]  # all that the account brought in the last twelve months, of people seen
    open_deals: Mapping[tuple[int, int | None], Decimal]
    means: Means

    @classmethod
    def of(
        cls, user: User, view: View, accounts: Sequence[Account], counts: QuerySet[Credit], means: Means | None = None
    ) -> "Known":
        """``means``: of similar accounts, where they have been read already."""
        keys = [account.pk for account in accounts]
        pair = ("actual__account", "actual__product_family")
        here = counts.filter(actual__account__in=keys).values_list(*pair)
        ever = Credit.objects.visible_to(user).filter(actual__account__in=keys).order_by().values_list(*pair)
        deals = Opportunity.objects.visible_to(user).open_on(view.today).filter(account__in=keys).order_by()
        summed = here.annotate(sum=Sum("counts", output_field=MoneyField()))
        credited = {(account, family): amount for account, family, amount in summed}
        year: dict[int, Decimal] = {}
        for (account, _family), amount in credited.items():
            year[account] = year.get(account, ZERO) + amount
        return cls(
            credited=credited,
            last={(account, family): day for account, family, day in ever.annotate(day=Max("date"))},
            bought=ever_bought.pairs(keys),
            year=year,
            open_deals={
                (account, family): amount or ZERO
                for account, family, amount in deals.values_list("account", "product_family").annotate(
                    sum=Sum("amount", output_field=MoneyField())
                )
            },
            means=similar_accounts.means(view.measure, view.today, {account.segment for account in accounts})
            if means is None
            else means,
        )


def _row(account: Account, known: Known, columns: Sequence[Column], currency: str) -> AccountRow:
    brought = known.year.get(account.pk, ZERO)
    cells = [cell(account, column.pk, column.name, known, currency) for column in columns]
    shown = {column.pk for column in columns}
    rest = [amount for (pk, family), amount in known.credited.items() if pk == account.pk and family not in shown]
    deals = [amount for (pk, _family), amount in known.open_deals.items() if pk == account.pk]
    return AccountRow(
        pk=account.pk,
        name=account.name,
        external_id=account.external_id,
        segment=account.segment,
        potential=account.potential,
        actual=brought,
        left=max(account.potential - brought, ZERO) if account.potential is not None else None,
        pipeline=sum(deals, ZERO),
        cells=cells,
        others=sum(rest, ZERO),
        rank=account.rank,  # type: ignore[attr-defined]  # annotated by _told
        is_open=account.is_open,  # type: ignore[attr-defined]  # as above
    )


def cell(account: Account, family: int, name: str, known: Known, currency: str) -> Cell:
    """The cell of an account and a family."""
    mean = known.means.get((similar_accounts.kin_of(account), family))
    may_bring = similar_accounts.expected(
        mean.amount if mean else None, account.potential, known.year.get(account.pk, ZERO)
    )
    return cell_of(
        account=account.pk,
        family=family,
        name=(account.name, name),
        amount=known.credited.get((account.pk, family), ZERO),
        last=known.last.get((account.pk, family)),
        was_bought=(account.pk, family) in known.bought,
        pipeline=known.open_deals.get((account.pk, family), ZERO),
        expected=may_bring,
        currency=currency,
    )
