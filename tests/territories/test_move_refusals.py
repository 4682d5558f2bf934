"""What stops a move package: a sentence, and nothing is stored."""

from datetime import date

import pytest

from spm.errors import PeriodClosed, RuleViolation
from spm.market.models import AccountPlacement, Assignment
from spm.org.models import Period, User
from spm.talk.models import Notification
from spm.ui.forms import StaleRecord
from territories import moves
from territories.models import MovePackage
from tests.builders import make_account, make_person, make_territory
from tests.territories.move_help import OCTOBER, deal, draft, on, placed, settle, values

pytestmark = pytest.mark.django_db


@pytest.fixture
def land(cast):
    return settle(cast)


def refused(land, match, **fields):
    """A sentence, and nothing stored."""
    with pytest.raises(RuleViolation, match=match):
        draft(land, **fields)
    assert not MovePackage.objects.exists()


def test_a_date_in_a_closed_period_is_refused(land):
    Period.objects.filter(label="2026-09").update(state="closed")
    with pytest.raises(PeriodClosed):
        draft(land, effective_on=date(2026, 9, 2))
    assert not MovePackage.objects.exists()


def test_a_vacant_territory_takes_nothing(land):
    Assignment.objects.create(territory=land.east, person=None, starts_on=date(2026, 9, 30))
    refused(land, "Nobody holds East")


def test_a_package_without_accounts_is_refused(land):
    with pytest.raises(RuleViolation, match="at least one account"):
        moves.save(MovePackage(), values(land), [], land.north_manager)


def test_more_than_a_thousand_accounts_are_for_rules(land):
    with pytest.raises(RuleViolation, match="at most 1,000 accounts, these are 1,001"):
        moves.save(MovePackage(), values(land), list(range(1, 1002)), land.north_manager)
    assert not MovePackage.objects.exists()


def test_an_account_that_stands_there_already_is_refused(land):
    with pytest.raises(RuleViolation, match="Already in East: Delta"):
        draft(land, land.delta)


def test_an_account_that_moved_meanwhile_stops_the_package(land):
    package = draft(land)
    moves.propose(package, land.north_manager)
    third = make_territory("Third", owner=land.rep)
    AccountPlacement.objects.create(account=land.alpha, territory=third, starts_on=date(2026, 9, 25))
    on(OCTOBER)
    assert moves.apply_due() == (0, 0)
    package.refresh_from_db()
    assert "Moved meanwhile" in package.problem
    assert placed() == [("Alpha", "Third", date(2026, 9, 25))]
    told = Notification.objects.filter(parameters__what="failed").values_list("person", flat=True)
    assert list(told) == [land.north_manager.pk]
    assert moves.apply_due() == (0, 0)  # and says so once
    assert Notification.objects.filter(parameters__what="failed").count() == 1


def test_what_is_placed_anew_later_is_not_overwritten(land):
    AccountPlacement.objects.create(account=land.alpha, territory=land.east, starts_on=date(2026, 12, 1))
    refused(land, "Placed anew")


def test_two_packages_for_one_account_do_not_overlap(land):
    first = draft(land, name="First")
    second = draft(land, name="Second")
    moves.propose(first, land.north_manager)
    with pytest.raises(RuleViolation, match="“First” moves them already: Alpha"):
        moves.propose(second, land.north_manager)
    on(OCTOBER)
    moves.apply_due()
    with pytest.raises(RuleViolation, match="Placed anew"):
        moves.apply(second, land.north_manager)


def test_an_account_that_waits_in_a_package_is_promised(land):
    deal(land.alpha)
    on(OCTOBER)
    moves.apply(draft(land, hold_over="close"), land.north_manager)
    with pytest.raises(RuleViolation, match="moves them already"):
        draft(land, effective_on=date(2026, 10, 5))


def test_who_saw_an_older_version_changes_nothing(land):
    package = draft(land)
    MovePackage.objects.update(version=7)
    for verb in (moves.propose, moves.discard):
        with pytest.raises(StaleRecord):
            verb(package, land.north_manager, seen=0)
    on(OCTOBER)
    with pytest.raises(StaleRecord):
        moves.apply(package, land.north_manager, seen=0)
    assert placed() == []


def test_a_manager_moves_nothing_of_people_they_do_not_lead(land):
    south = make_territory("South", owner=land.outsider)
    with pytest.raises(RuleViolation, match="between people they lead"):
        draft(land, to_territory=south)
    with pytest.raises(RuleViolation, match="between people they lead"):
        draft(land, make_account("Lost"))
    assert draft(land, to_territory=south, by=land.director).pk
    Assignment.objects.filter(territory=south).update(person=land.north_manager)
    with pytest.raises(RuleViolation, match="between people they lead"):
        draft(land, to_territory=south)  # nor what is their own


def test_rights_are_looked_at_again_on_the_day(land):
    package = draft(land)
    moves.propose(package, land.north_manager)
    land.north.leads.all().delete()
    on(OCTOBER)
    assert moves.apply_due() == (0, 0)
    package.refresh_from_db()
    assert "people they lead" in package.problem


@pytest.mark.parametrize("why", ["inactive", "leads nobody"])
def test_what_cannot_be_applied_is_told_to_every_admin_where_its_proposer_sees_it_no_longer(land, why):
    second = make_person("Second Admin", is_admin=True)
    make_person("Former Admin", is_admin=True, is_active=False)
    package = draft(land)
    moves.propose(package, land.north_manager)
    if why == "inactive":
        User.objects.filter(pk=land.north_manager.pk).update(is_active=False)
    else:
        land.north.leads.all().delete()
    on(OCTOBER)
    assert moves.apply_due() == (0, 0)
    package.refresh_from_db()
    assert package.problem
    told = Notification.objects.filter(parameters__what="failed").values_list("person", flat=True)
    assert set(told) == {land.admin.pk, second.pk}


def test_a_number_that_cannot_be_written_leaves_the_accounts_where_they_are(land, monkeypatch):
    on(OCTOBER)
    package = draft(land)

    def broken(*_args, **_more):
        raise RuleViolation("The number is held.")

    monkeypatch.setattr("targets.batches.write_batch", broken)
    with pytest.raises(RuleViolation, match="is held"):
        moves.apply(package, land.north_manager)
    assert placed() == []
    package.refresh_from_db()
    assert package.state == "draft"
