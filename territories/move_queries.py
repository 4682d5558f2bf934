"""What the pages of move packages show, as far as the viewer sees whom a package concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet

from spm.market.choices import AssignmentRole
from spm.market.models import Account, AccountPlacement, Assignment, Territory
from spm.org import clock
from spm.org.models import User
from spm.org.scopes import scope_of
from targets.choices import Measure
from targets.models import CompanyPlan
from targets.querysets import years_in_draft
from territories import access, move_figures, move_ground, move_holds
from territories.choices import MoveState
from territories.models import MovedAccount, MoveEvent, MovePackage
from territories.move_figures import Figures, NumberRow, OwnSide, Pair
from territories.move_words import KINDS

PER_PAGE = 50
PICKED = 200
"""Accounts in the list to choose from; beyond that one narrows it down."""


@dataclass(frozen=True, slots=True)
class MoveLine:
    package: MovePackage
    accounts: int
    waits: int  # held until their last opportunity closes


@dataclass(frozen=True)
class MoveList:
    page: Page[Any]
    lines: Sequence[MoveLine]
    can_make: bool


@dataclass(frozen=True, slots=True)
class MovedRow:
    """An account of a package. Amounts None: not the viewer's to read, or not known."""

    pk: int
    name: str
    external_id: str
    origin: str  # empty = no territory
    moves_on: date | None
    is_waiting: bool
    is_overtaken: bool
    potential: Decimal | None
    pipeline: Decimal | None
    last_year: Decimal | None


@dataclass(frozen=True, slots=True)
class NumberLine:
    """A quota or target in words; ``name`` empty = of all together."""

    name: str
    kind: str
    measure: str
    amounts: Pair


@dataclass(frozen=True)
class MovePage:
    """``sides``, ``figures``: the viewer's part of them; ``is_whole``: all of them, with their sums.

    ``is_planned``: the year's quotas are proposals still, of which nobody reads the own one here.
    """

    package: MovePackage
    sides: Sequence[OwnSide]
    figures: Figures
    rows: Sequence[MovedRow]
    events: Sequence[MoveEvent]
    revision: CompanyPlan | None
    is_whole: bool
    is_due: bool
    is_planned: bool
    may: Mapping[str, bool]

    @property
    def waiting(self) -> int:
        return sum(row.is_waiting for row in self.rows)

    @property
    def held(self) -> int:
        """Accounts that stay where they are after the day on which their share of the quota moves."""
        later = [row for row in self.rows if row.moves_on and row.moves_on > self.package.effective_on]
        return self.waiting + len(later) if self.package.moves_quota else 0

    @property
    def overtaken(self) -> int:
        return sum(row.is_overtaken for row in self.rows)

    @property
    def totals(self) -> Mapping[str, Pair]:
        return self.figures.totals

    @property
    def numbers(self) -> Sequence[NumberLine]:
        return [_number(row) for row in self.figures.numbers]

    @property
    def sums(self) -> Sequence[NumberLine]:
        """Of all holders together; empty where the viewer reads a part alone."""
        return [_number(row) for row in self.figures.sums] if self.is_whole else []


def _number(row: NumberRow) -> NumberLine:
    return NumberLine(row.name, str(KINDS[row.kind]), str(Measure(row.measure).label), row.amounts)


def move_list(user: User, number: str) -> MoveList:
    """The newest first; a fixed number of queries."""
    rows = packages_of(user)
    page: Page[Any] = Paginator(rows, PER_PAGE).get_page(number)
    return MoveList(page, [_line(row) for row in page.object_list], access.can_make_moves(user))


def every_line(user: User) -> list[MoveLine]:
    """The whole list, for a file."""
    return [_line(row) for row in packages_of(user)]


def packages_of(user: User) -> QuerySet[MovePackage]:
    mine = MovedAccount.objects.visible_to(user)
    rows: QuerySet[MovePackage] = MovePackage.objects.visible_to(user).filter(
        Q(state__in=(MoveState.DRAFT, MoveState.PROPOSED, MoveState.ACTIVE)) | Q(created_by=user.pk)
    )
    counted = rows.annotate(
        many=Count("accounts", filter=Q(accounts__in=mine)),
        held=Count("accounts", filter=Q(accounts__in=mine.waiting())),
    )
    return counted.select_related("to_territory", "to_person", "created_by").order_by("-effective_on", "-pk")


def _line(row: Any) -> MoveLine:
    return MoveLine(row, row.many, row.held)


def move_page(user: User, package: MovePackage, *, with_events: bool = True) -> MovePage:
    """Of a draft or proposal what it would do if it were applied now, of an applied one what it did.

    ``with_events``: also what happened to it and the revision it led to, of which a file says nothing.
    """
    moved = list(
        MovedAccount.objects.visible_to(user)
        .filter(package=package)
        .select_related("account", "from_territory")
        .order_by("account__name", "pk")
    )
    whole = access.reads_move(user, package)
    found = _figures(user, package, [one.account_id for one in moved], whole=whole)
    has_own = any(row.kind != "target" and row.person == user.pk for row in found.numbers)
    is_planned = not whole and has_own and _is_planned(found.year)
    sides, figures = (found.sides, found) if whole else _part(user, found, is_planned=is_planned)
    days = _days(package, moved)
    events = MoveEvent.objects.visible_to(user).filter(package=package).select_related("by")
    may = {
        "edit": access.can_edit_move(user, package),
        "apply": access.can_apply_move(user, package),
        "withdraw": access.can_withdraw_move(user, package),
        "reverse": access.can_reverse_move(user, package),
    }
    asked = package.revision_id if with_events else None
    plans = CompanyPlan.objects.visible_to(user).filter(pk=asked) if asked else None
    return MovePage(
        package=package,
        sides=sides,
        figures=figures,
        rows=[_row(one, package, days[one.account_id], figures, whole=whole) for one in moved],
        events=list(events) if with_events else [],
        revision=plans.select_related("fiscal_year").first() if plans is not None else None,
        is_whole=whole,
        is_due=package.effective_on <= clock.today(),
        is_planned=is_planned,
        may=may,
    )


def _figures(user: User, package: MovePackage, accounts: Sequence[int], *, whole: bool) -> Figures:
    """Read now or as kept, of both sides; none where the viewer sees no account of it."""
    if package.state == MoveState.ACTIVE:
        return move_figures.of_kept(package.figures)
    if not accounts:
        return Figures([], [])
    every = accounts if whole else list(package.accounts.values_list("account", flat=True))
    return move_figures.read(package, every, with_targets=access.sets_targets(user, package)).figures


def _part(user: User, found: Figures, *, is_planned: bool) -> tuple[list[OwnSide], Figures]:
    """Of the viewer's people alone (INV-36), and nothing that ``visible_to`` of its model hides from the viewer:

    targets are for managers, and of a year in draft nobody reads the own quota.
    """
    scope = scope_of(user)

    def mine(person: int | None) -> bool:
        return scope.people is None or (person is not None and person in scope.people)

    def shown(row: NumberRow) -> bool:
        if row.kind == "target":
            return mine(row.person) and scope.is_manager
        return mine(row.person) and not (is_planned and row.person == user.pk)

    sides = [side.own for side in found.sides if mine(side.person)]
    numbers = [row for row in found.numbers if shown(row)]
    return sides, Figures([], numbers, found.year, found.since, found.is_late)


def _is_planned(year: str) -> bool:
    return bool(year) and years_in_draft(CompanyPlan).filter(fiscal_year__label=year).exists()


def _days(package: MovePackage, moved: Sequence[MovedAccount]) -> dict[int, date | None]:
    """Account → the day it moves; of what is not applied yet as it stands now. None: it waits, or was overtaken."""
    if package.state in (MoveState.ACTIVE, MoveState.DISCARDED):
        return {one.account_id: one.moves_on for one in moved}
    closings = move_ground.closings(package.effective_on, [one.account_id for one in moved])
    policy = (package.hold_over, package.effective_on, package.hold_days)
    return {one.account_id: move_holds.moves_on(*policy, closings.get(one.account_id, [])) for one in moved}


def _row(one: MovedAccount, package: MovePackage, day: date | None, figures: Figures, *, whole: bool) -> MovedRow:
    is_applied = package.state == MoveState.ACTIVE
    brought: Any = one if is_applied else (figures.carried or {}).get(one.account_id)
    return MovedRow(
        pk=one.account_id,
        name=one.account.name,
        external_id=one.account.external_id,
        origin=one.from_territory.name if one.from_territory else "",
        moves_on=day,
        is_waiting=day is None and not one.overtaken and package.state != MoveState.DISCARDED,
        is_overtaken=one.overtaken,
        potential=brought.potential if whole and brought else None,
        pipeline=brought.pipeline if whole and brought else None,
        last_year=brought.last_year if whole and brought else None,
    )


def owners(user: User) -> dict[int, str]:
    """Territory → who holds it today, as far as the user sees them."""
    rows = Assignment.objects.visible_to(user).as_of(clock.today())
    held = rows.filter(role=AssignmentRole.OWNER, person__isnull=False)
    return dict(held.values_list("territory", "person__name"))


@dataclass(frozen=True, slots=True)
class Candidate:
    external_id: str
    name: str
    territory: str


@dataclass(frozen=True)
class Candidates:
    rows: Sequence[Candidate]
    more: int


def candidates(user: User, look: str, within: Territory | None, *, nowhere: bool) -> Candidates:
    """Accounts to choose from, by name; those that stand in a territory today, or in none."""
    rows = Account.objects.visible_to(user)
    placed = AccountPlacement.objects.visible_to(user).as_of(clock.today())
    for word in look.split():
        rows = rows.filter(Q(name__icontains=word) | Q(external_id__icontains=word))
    if within is not None:
        rows = rows.filter(pk__in=placed.filter(territory=within).values("account"))
    elif nowhere:
        rows = rows.exclude(pk__in=placed.filter(territory__isnull=False).values("account"))
    shown = list(rows.order_by("name", "pk").values_list("pk", "external_id", "name")[: PICKED + 1])
    keys = [pk for pk, _number, _name in shown]
    stands = dict(placed.filter(account__in=keys).values_list("account", "territory__name"))
    found = [Candidate(number, name, stands.get(pk) or "") for pk, number, name in shown[:PICKED]]
    return Candidates(found, max(rows.count() - PICKED, 0) if len(shown) > PICKED else 0)
