"""The invariants of move packages, read off the rows: what an applied one says was done, and its sums are equal."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from spm.imports.bulk import chunks
from spm.market.models import AccountPlacement
from spm.money import ZERO
from spm.org.verification import Breach, invariant
from targets.batches import changes_of
from targets.goals import NAMES
from targets.models import CompanyPlan, Quota, Target
from territories import move_figures
from territories.choices import MoveState
from territories.models import MovedAccount, MovePackage

type Placed = dict[tuple[int, date | None], list[tuple[int | None, str]]]


@invariant("INV-80", "The accounts of an applied package were placed as it says, on the day it says.")
def accounts_stand_as_applied() -> Iterator[Breach]:
    """What was said later of the same day stands; a day that no history names was never written."""
    moved = MovedAccount.objects.filter(package__state=MoveState.ACTIVE, moves_on__isnull=False)
    rows = moved.select_related("package").order_by("pk")
    for block in chunks(rows.iterator(chunk_size=1000)):
        history = _history([one.account_id for one in block])
        for one in block:
            said = history.get((one.account_id, one.moves_on), [])
            to = one.package.to_territory_id
            if not any(territory == to and kind != "-" for territory, kind in said):
                yield Breach(f"an account does not stand as package {one.package_id} says", (one.pk,))


@invariant("INV-80", "An account that was placed by a package did not move before the effective day of the package.")
def nothing_moves_early() -> Iterator[Breach]:
    for one in MovedAccount.objects.filter(moves_on__isnull=False).select_related("package").order_by("pk"):
        if one.moves_on is not None and one.moves_on < one.package.effective_on:
            yield Breach("an account moves before the day of its package", (one.pk,))


@invariant("INV-81", "What a package moves is taken from one side and given to the other, to the minor unit.")
def sums_are_equal() -> Iterator[Breach]:
    for package in MovePackage.objects.filter(state=MoveState.ACTIVE).order_by("pk"):
        figures = move_figures.of_kept(package.figures)
        uneven = [name for name, pair in figures.totals.items() if pair.moved]
        uneven += [f"{row.kind} {row.measure}" for row in figures.sums if row.amounts.moved]
        if uneven:
            yield Breach(f"before and after differ in {', '.join(uneven)}", (package.pk,))


@invariant("INV-81", "Each side of an applied package has lost or gained what its accounts bring, account by account.")
def sides_are_their_accounts() -> Iterator[Breach]:
    """The figures were kept as a whole, the accounts one by one: added up again they say the same."""
    packages = MovePackage.objects.filter(state=MoveState.ACTIVE).order_by("pk")
    for package in packages.prefetch_related("accounts").iterator(chunk_size=100):
        brought = _brought(package)
        for side in move_figures.of_kept(package.figures).sides:
            moved = [pair.moved for pair in move_figures.pairs(side)]
            if moved != brought.pop(side.land, [ZERO] * len(moved)):
                yield Breach(f"a side of package {package.pk} does not say what its accounts bring", (side.land,))
        if any(map(any, brought.values())):
            yield Breach("a territory that gives accounts is no side of its package", (package.pk,))


@invariant("INV-81", "An applied package says of each quota and target what its batch or revision wrote.")
def numbers_are_as_written() -> Iterator[Breach]:
    """Targets are compared by amount: what is kept names a territory as it was called then."""
    packages = MovePackage.objects.filter(state=MoveState.ACTIVE).select_related("batch", "revision")
    for package in packages.order_by("pk"):
        wrote = _written(package)
        rows = [row for row in move_figures.of_kept(package.figures).numbers if row.amounts.moved]
        told = Counter(_told(row.kind, row.person, row.measure, row.amounts.moved) for row in rows)
        if told != Counter(_told(*key, moved) for key, moved in wrote.items() if moved):
            yield Breach("the numbers a package says it moved are not those that were written", (package.pk,))


def _brought(package: MovePackage) -> dict[int, list[Decimal]]:
    """Territory → accounts, potential, pipeline and last year that it lost or gained."""
    found: dict[int, list[Decimal]] = defaultdict(lambda: [ZERO] * 4)
    for one in package.accounts.all():
        amounts = (Decimal(1), one.potential or ZERO, one.pipeline or ZERO, one.last_year or ZERO)
        for land, sign in ((one.from_territory_id or move_figures.NOWHERE, -1), (package.to_territory_id, 1)):
            found[land] = [held + sign * amount for held, amount in zip(found[land], amounts, strict=True)]
    return found


def _told(kind: str, key: int | str | None, measure: str, moved: Decimal) -> tuple[str, int | str | None, str, Decimal]:
    return kind, key if kind == "quota" else None, measure, moved


def _written(package: MovePackage) -> dict[tuple[str, int | str, str], Decimal]:
    """(quota or target, holder, measure) → what the package added to it over the year; less than zero = taken."""
    found: dict[tuple[str, int | str, str], Decimal] = defaultdict(lambda: ZERO)
    if package.batch is not None:
        for change in changes_of(package.batch):
            found[NAMES[change.model], change.holder.key, change.measure] += (change.after or ZERO) - (
                change.before or ZERO
            )
    elif package.revision is not None:
        for model in (Quota, Target):
            for holder, measure, amount in _asked(model, package.revision):
                found[NAMES[model], holder, measure] += amount
    return found


def _asked(model: type[Quota] | type[Target], revision: CompanyPlan) -> Iterator[tuple[int | str, str, Decimal]]:
    """Of each number of a revision the holder, the measure, and its distance from the one that stood when it was asked.

    That is told by the history: the last word on the working version's number before the revision's own was written.
    """
    column = "person_id" if model is Quota else "territory_id"
    history: Any = model.history
    asked = dict(history.filter(plan=revision.pk, history_type="+").values_list("id", "history_id"))
    rows: list[Any] = list(model._default_manager.filter(plan=revision))
    before = history.filter(plan=revision.based_on_id, period__in={row.period_id for row in rows}).order_by(
        "history_id"
    )
    stood: dict[Any, list[tuple[int, Decimal]]] = defaultdict(list)
    for holder, measure, period, kind, *said in before.values_list(
        column, "measure", "period_id", "history_type", "history_id", "amount"
    ):
        stood[holder, measure, period].append((said[0], ZERO if kind == "-" else said[1]))
    for row in rows:
        holder = getattr(row, column)
        known = stood[holder, row.measure, row.period_id]
        earlier = [amount for number, amount in known if number < asked[row.pk]]
        yield holder, row.measure, row.amount - (earlier[-1] if earlier else ZERO)


def _history(accounts: list[int]) -> Placed:
    """(account, day) → what was ever written of it, oldest first."""
    found: Placed = defaultdict(list)
    rows = AccountPlacement.history.filter(account__in=accounts).order_by("history_date", "history_id")
    for account, day, *said in rows.values_list("account_id", "starts_on", "territory_id", "history_type"):
        found[account, day].append((said[0], said[1]))
    return found
