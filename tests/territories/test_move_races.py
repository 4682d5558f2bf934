"""Two move packages that want one account at the same moment: the first takes it, the second hears a sentence."""

from datetime import date

import pytest
from django.db import connection

from spm.errors import RuleViolation
from territories import maps, moves
from territories.choices import MoveState
from territories.models import MovePackage
from tests.races import ROUNDS, Race
from tests.territories.move_help import OCTOBER, draft, on, placed, settle, values

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def land(cast):
    return settle(cast)


def two_drafts(land, number):
    """The accounts named in either order: Alpha stands in both."""
    return (
        draft(land, land.alpha, land.beta, name=f"First {number}"),
        draft(land, land.gamma, land.alpha, name=f"Second {number}"),
    )


def race(*works):
    """What each did; whoever was refused was so by a rule, in words."""
    run = Race(works)
    refused = [str(end) for end in run.ended if isinstance(end, RuleViolation)]
    others = [end for end in run.ended if isinstance(end, BaseException) and not isinstance(end, RuleViolation)]
    assert others == []
    return refused


def test_of_two_proposed_at_once_the_second_is_refused_and_the_first_is_applied_on_its_day(land):
    by = land.north_manager
    for number in range(ROUNDS):
        one, two = two_drafts(land, number)
        refused = race(lambda: moves.propose(one, by), lambda: moves.propose(two, by))  # noqa: B023  # run at once
        assert len(refused) == 1
        assert "moves them already: Alpha" in refused[0]
        states = sorted(MovePackage.objects.filter(pk__in=(one.pk, two.pk)).values_list("state", flat=True))
        assert states == [MoveState.DRAFT, MoveState.PROPOSED]
        if number < ROUNDS - 1:
            moves.withdraw(MovePackage.objects.get(state=MoveState.PROPOSED), by)
    on(OCTOBER)
    assert moves.apply_due()[0] == 1
    assert len(placed()) == 2


def test_of_two_applied_at_once_one_moves_the_account_once(land):
    on(OCTOBER)
    by = land.north_manager
    one, two = two_drafts(land, 0)
    refused = race(lambda: moves.apply(one, by), lambda: moves.apply(two, by))
    assert len(refused) == 1
    assert "Placed anew" in refused[0]
    assert [name for name, _land, _day in placed()].count("Alpha") == 1


def test_an_application_and_a_proposal_of_another_end_as_one_after_the_other(land):
    on(OCTOBER)
    by = land.north_manager
    one = draft(land, land.alpha, name="First")
    later = values(land, effective_on=date(2026, 11, 1), name="Second")
    two = moves.save(MovePackage(), later, [land.beta.pk, land.alpha.pk], by)
    refused = race(lambda: moves.apply(one, by), lambda: moves.propose(two, by))
    assert len(refused) == 1
    assert [name for name, _land, _day in placed()] in ([], ["Alpha"])
    assert MovePackage.objects.filter(state__in=(MoveState.PROPOSED, MoveState.ACTIVE)).count() == 1


def test_control_without_the_lock_both_are_proposed_and_block_each_other(land, monkeypatch):
    """On SQLite every writing transaction waits for the one before, whatever is locked."""
    monkeypatch.setattr(maps, "lock_all", lambda _accounts: None)
    by, both = land.north_manager, 0
    for number in range(ROUNDS):
        one, two = two_drafts(land, number)
        both += not race(lambda: moves.propose(one, by), lambda: moves.propose(two, by))  # noqa: B023  # as above
        for package in MovePackage.objects.filter(state=MoveState.PROPOSED):
            moves.withdraw(package, by)
    assert bool(both) is (connection.vendor == "postgresql")
