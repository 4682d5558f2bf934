"""The facts a package stands on, read once: who holds what on its day, where accounts stand, what they sold.

A fixed number of queries for any number of accounts. Rights are the caller's; these rows are for verbs and figures.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum

from spm.market.choices import AssignmentRole
from spm.market.models import Account, AccountPlacement, Assignment, Opportunity
from spm.money import ZERO
from spm.org.choices import PeriodState
from spm.org.models import FiscalYear, Period, User
from spm.periods import ONE_DAY
from spm.ui.fields import MoneyField
from targets.choices import ActualKind, Measure
from targets.models import Credit
from territories.choices import MoveState
from territories.models import MovedAccount, MovePackage

MANY = 20_000


@dataclass(frozen=True)
class Standing:
    """An account of a territory as the effective day begins."""

    account: int
    territory: int | None
    potential: Decimal | None


@dataclass(frozen=True)
class Ground:
    """``owners``: territory → who holds it on the effective day; ``accounts``: those that stand on its eve in one of
    the territories concerned, by account; ``sold``: measure → account → credited sum of last year.
    """

    day: date
    owners: Mapping[int, int | None]
    accounts: Mapping[int, Standing]
    sold: Mapping[str, Mapping[int, Decimal]]
    pipeline: Mapping[int, Decimal]
    year: FiscalYear | None  # that holds the day
    lands: Mapping[int, str]  # names of territories that have or had an owner
    people: Mapping[int, str]  # and of who holds them

    def held_by(self, person: int) -> frozenset[int]:
        """The territories of a person on the day."""
        return frozenset(land for land, owner in self.owners.items() if owner == person)

    def within(self, lands: Collection[int | None]) -> frozenset[int]:
        """The accounts that stand in these territories on the eve."""
        return frozenset(row.account for row in self.accounts.values() if row.territory in lands)

    @property
    def potential(self) -> dict[int, Decimal]:
        return {row.account: row.potential for row in self.accounts.values() if row.potential is not None}


def owners_on(day: date, lands: Iterable[int]) -> dict[int, int | None]:
    """Territory → who holds it on the day, None = vacant; without a row it is absent. One query."""
    return dict(_owners(day).filter(territory__in=set(lands)).values_list("territory", "person"))


def _owners(day: date) -> QuerySet[Assignment]:
    rows: QuerySet[Assignment] = Assignment.objects.as_of(day).filter(role=AssignmentRole.OWNER)
    return rows


def stand_on(day: date, accounts: Sequence[int]) -> dict[int, int | None]:
    """Account → the territory it stands in on the day; without a row it is absent. One query per thousand."""
    found: dict[int, int | None] = {}
    for start in range(0, len(accounts), 1000):
        rows = AccountPlacement.objects.as_of(day).filter(account__in=accounts[start : start + 1000])
        found.update(rows.values_list("account", "territory"))
    return found


def holders_of(package: MovePackage) -> set[int | None]:
    """Who gives and takes: of an applied package those of its day, of any other whoever would do so as things stand.

    None: a territory that is vacant, or none at all.
    """
    if package.state == MoveState.ACTIVE:
        return {package.to_person_id, *package.accounts.values_list("from_person", flat=True)}
    eve = AccountPlacement.objects.filter(account=OuterRef("account"), starts_on__lt=package.effective_on)
    stands = Subquery(eve.order_by("-starts_on").values("territory")[:1])
    lands = {package.to_territory_id, *package.accounts.annotate(stands=stands).values_list("stands", flat=True)}
    owners = owners_on(package.effective_on, [land for land in lands if land is not None])
    return {None if land is None else owners.get(land) for land in lands}


def before_of(day: date, accounts: Sequence[int]) -> dict[int, tuple[int | None, Decimal | None]]:
    """Account → (the territory it stands in on the eve, its potential). One query per thousand."""
    eve = AccountPlacement.objects.filter(account=OuterRef("pk"), starts_on__lt=day).order_by("-starts_on")
    found: dict[int, tuple[int | None, Decimal | None]] = {}
    for start in range(0, len(accounts), 1000):
        rows = Account.objects.filter(pk__in=accounts[start : start + 1000])
        rows = rows.annotate(stands=Subquery(eve.values("territory")[:1]))
        found.update({pk: (land, potential) for pk, land, potential in rows.values_list("pk", "stands", "potential")})
    return found


def read(day: date, lands: Collection[int], unplaced: Mapping[int, Decimal | None]) -> Ground:
    """``lands``: the territories that give and receive; those that their owners hold besides are read too.

    ``unplaced``: accounts of the package that stand in no territory, with their potential.
    """
    held = list(_owners(day).values_list("territory", "person", "territory__name", "person__name"))
    owners = {land: person for land, person, _land_name, _name in held}
    people = {owners.get(land) for land in lands} - {None}
    every = set(lands) | {land for land, owner in owners.items() if owner in people}
    placed = AccountPlacement.objects.as_of(day - ONE_DAY).filter(territory__in=every)
    rows = placed.values_list("account", "territory", "account__potential").iterator(chunk_size=MANY)
    accounts = {account: Standing(account, land, potential) for account, land, potential in rows}
    accounts |= {account: Standing(account, None, potential) for account, potential in unplaced.items()}
    years = list(FiscalYear.objects.filter(starts_on__lte=day).order_by("-starts_on")[:2])
    year = years.pop(0) if years and years[0].ends_on >= day else None
    before = years[0] if years else None
    named = Q(account__in=placed.order_by().values("account")) | Q(account__in=sorted(unplaced))
    sold, pipeline = _sold(before, named), _pipeline(day, named)
    names = {land: name for land, _person, name, _holder in held}
    called = {person: holder for _land, person, _name, holder in held if person is not None}
    return Ground(day, owners, accounts, sold, pipeline, year, names, called)


def _sold(year: FiscalYear | None, named: Q) -> dict[str, dict[int, Decimal]]:
    """Measure → account → what was credited to anybody, overlays aside. One query."""
    found: dict[str, dict[int, Decimal]] = {measure: {} for measure in Measure.values}
    if year is None:
        return found
    rows = Credit.objects.filter(date__range=(year.starts_on, year.ends_on), is_overlay=False)
    rows = rows.filter(_of_actual(named)).order_by()
    bills = Q(kind=ActualKind.REVENUE)
    sums = {
        Measure.BOOKINGS: Sum("amount", filter=Q(kind=ActualKind.BOOKING), output_field=MoneyField()),
        Measure.REVENUE: Sum("amount", filter=bills, output_field=MoneyField()),
        Measure.MARGIN: Sum(F("amount") - F("cost"), filter=bills & Q(cost__isnull=False), output_field=MoneyField()),
    }
    summed = rows.values_list("actual__account").annotate(**{str(measure): one for measure, one in sums.items()})
    for account, *amounts in summed.iterator(chunk_size=MANY):
        for measure, amount in zip(sums, amounts, strict=True):
            if amount is not None:
                found[measure][account] = amount
    return found


def _of_actual(named: Q) -> Q:
    """The same accounts, seen from a credit."""
    return Q(*[(f"actual__{path}", value) for path, value in named.children], _connector=Q.OR)  # type: ignore[misc]


def _pipeline(day: date, named: Q) -> dict[int, Decimal]:
    """Account → amount of what is open as the day begins. One query."""
    rows = Opportunity.objects.open_on(day - ONE_DAY).filter(named, amount__isnull=False).order_by()
    return dict(rows.values_list("account").annotate(sum=Sum("amount", output_field=MoneyField())))


def closings(day: date, accounts: Sequence[int]) -> dict[int, list[date | None]]:
    """Account → of each opportunity open as the day begins, when it closed (None = still open). Held-over accounts."""
    found: dict[int, list[date | None]] = defaultdict(list)
    for start in range(0, len(accounts), 1000):
        rows = Opportunity.objects.open_on(day - ONE_DAY).filter(account__in=accounts[start : start + 1000])
        for account, closed in rows.values_list("account", "closed_on"):
            found[account].append(closed)
    return found


def numbers_of(package: MovePackage, user: User) -> list[str]:
    """The numbers of its accounts that whoever changes the draft sees; none of a package yet to be stored."""
    rows = MovedAccount.objects.visible_to(user).filter(package=package.pk).order_by("pk")
    return list(rows.values_list("account__external_id", flat=True))


def placed_since(day: date, accounts: Sequence[int]) -> set[int]:
    """Those of the accounts for which somebody has said something about the day or a later one."""
    rows = AccountPlacement.objects.filter(starts_on__gte=day)
    blocks = (accounts[start : start + 1000] for start in range(0, len(accounts), 1000))
    return {key for block in blocks for key in rows.filter(account__in=block).values_list("account", flat=True)}


def first_open_day() -> date | None:
    """The first day after the last closed period; None where none is closed."""
    rows = Period.objects.leaves().filter(state=PeriodState.CLOSED).order_by("-ends_on")
    last = rows.values_list("ends_on", flat=True).first()
    return last + ONE_DAY if last else None


def total(accounts: Iterable[int], amounts: Mapping[int, Decimal]) -> Decimal:
    return sum((amounts.get(account, ZERO) for account in accounts), ZERO)
