"""The invariants of move packages, read off the rows: what an applied one says was done, and its sums are equal."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from spm.imports.bulk import chunks
from spm.market.models import AccountPlacement
from spm.org.verification import Breach, invariant
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


def _history(accounts: list[int]) -> Placed:
    """(account, day) → what was ever written of it, oldest first."""
    found: Placed = defaultdict(list)
    rows = AccountPlacement.history.filter(account__in=accounts).order_by("history_date", "history_id")
    for account, day, *said in rows.values_list("account_id", "starts_on", "territory_id", "history_type"):
        found[account, day].append((said[0], said[1]))
    return found
