"""What was applied stays as it is: the database refuses any change, and ``verify`` names what was forged past it."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from spm.market.models import AccountPlacement
from spm.org import guards
from spm.org.verification import run_all
from targets import revisions
from targets.models import CompanyPlan
from territories import moves
from territories.models import MovedAccount, MovePackage
from tests.builders import make_account
from tests.territories.move_help import OCTOBER, deal, draft, on, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def land(cast):
    return settle(cast)


@pytest.fixture
def unguarded():
    """The database without what keeps applied packages as they are, as after a restore of a forged dump."""
    guards.drop(connection)


def breaches():
    return [finding for finding in run_all(("INV-80", "INV-81")) if finding.breaches]


def test_inv_80_an_account_that_was_never_placed_is_named(land, unguarded):
    on(OCTOBER)
    moves.apply(draft(land), land.north_manager)
    assert breaches() == []
    MovedAccount.objects.update(moves_on=date(2026, 10, 2))
    assert [finding.invariant.number for finding in breaches()] == ["INV-80"]


def test_inv_80_what_is_said_later_of_the_same_day_is_no_breach(land):
    on(OCTOBER)
    moves.apply(draft(land), land.north_manager)
    row = AccountPlacement.objects.get(starts_on=OCTOBER)
    row.territory = land.west
    row.save()
    assert breaches() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda package: package.delete(),
        lambda package: MovePackage.objects.filter(pk=package.pk).update(reason="Never said"),
        lambda package: package.accounts.filter(account__name="Alpha").update(moves_on=date(2026, 10, 2)),
        lambda package: package.accounts.filter(moves_on=None).update(account=make_account("Other")),
        lambda package: package.accounts.filter(moves_on=None).update(potential=1),
        lambda package: package.accounts.filter(moves_on=None).update(from_person=None, moves_on=date(2026, 10, 2)),
        lambda package: package.accounts.all().delete(),
        lambda package: MovedAccount.objects.create(package=package, account=make_account("Late")),
        lambda package: package.events.update(count=9),
        lambda package: package.events.all().delete(),
    ],
    ids=[
        "put away",
        "changed",
        "moved elsewhere",
        "another account",
        "another potential",
        "another giver",
        "emptied",
        "filled",
        "event changed",
        "event gone",
    ],
)
def test_inv_80_the_database_refuses_to_change_what_was_applied(land, change):
    deal(land.beta)
    on(OCTOBER)
    package = moves.apply(draft(land, land.alpha, land.beta, hold_over="close"), land.north_manager)
    with pytest.raises(DatabaseError, match="INV-80|INV-27"), transaction.atomic():
        change(package)
    assert package.accounts.count() == 2
    assert breaches() == []


def test_inv_81_sums_that_differ_are_named(land, unguarded):
    on(OCTOBER)
    package = moves.apply(draft(land), land.north_manager)
    package.figures["numbers"][0][4][1] = "11100.01"
    package.save()
    assert {finding.invariant.number for finding in breaches()} == {"INV-81"}


def forge(package, **changes):
    MovePackage.objects.filter(pk=package.pk).update(**changes)


def both_ways(figures, kind, place, amount):
    """Forged on both sides alike, so that the sums still agree: what is taken here is given there."""
    rows = [row for row in figures[kind] if len(row) > place]
    for row, sign in zip(rows, (-1, 1), strict=True):
        row[place][1] = str(Decimal(row[place][1]) + sign * amount)
    return figures


@pytest.mark.parametrize("locked", [False, True], ids=["open year", "locked year"])
def test_inv_81_numbers_forged_on_both_sides_alike_are_named(land, unguarded, locked):
    if locked:
        CompanyPlan.objects.update(locked_at="2026-01-05T10:00:00Z")
    on(OCTOBER)
    package = moves.apply(draft(land), land.north_manager)
    assert (package.revision is not None, package.batch is not None) == (locked, not locked)
    assert breaches() == []
    forge(package, figures=both_ways(package.figures, "numbers", 4, Decimal(7)))
    assert [finding.invariant.sentence for finding in breaches()] == [
        "An applied package says of each quota and target what its batch or revision wrote."
    ]


def test_inv_81_a_later_change_of_the_quota_is_no_breach(land):
    CompanyPlan.objects.update(locked_at="2026-01-05T10:00:00Z")
    on(OCTOBER)
    package = moves.apply(draft(land), land.north_manager)
    revisions.approve(package.revision, by=land.admin)
    assert breaches() == []
    on(date(2026, 11, 1))
    moves.apply(draft(land, land.beta, effective_on=date(2026, 11, 1), name="Next"), land.north_manager)
    assert breaches() == []


def test_inv_81_a_side_forged_on_both_sides_alike_is_named(land, unguarded):
    on(OCTOBER)
    package = moves.apply(draft(land), land.north_manager)
    forge(package, figures=both_ways(package.figures, "sides", 5, Decimal(50)))
    assert [finding.invariant.sentence for finding in breaches()] == [
        "Each side of an applied package has lost or gained what its accounts bring, account by account."
    ]


def test_inv_81_a_territory_that_is_left_out_of_the_sides_is_named(land, unguarded):
    on(OCTOBER)
    package = moves.apply(draft(land), land.north_manager)
    package.figures["sides"] = []
    forge(package, figures=package.figures)
    assert [finding.invariant.number for finding in breaches()] == ["INV-81"]
