"""What a change of territory brings to a person's number or takes from it."""

import json
from datetime import date
from decimal import Decimal

import pytest

from spm.market import territories
from spm.market.models import AccountPlacement
from targets import handovers
from targets.allocation_facts import read_calendar
from targets.handovers import NOTE, Moved, moved_of
from targets.letter_words import what_moved_hands
from targets.models import Credit, OneOffDeal, PlanningCycle
from tests.builders import make_account, make_actual, make_territory, make_year

pytestmark = pytest.mark.django_db
NEW_YEAR = date(2027, 1, 1)


@pytest.fixture
def cycle(year, cast):
    return PlanningCycle.objects.create(fiscal_year=make_year("2027", NEW_YEAR))


@pytest.fixture
def benelux(cast):
    return make_territory("Benelux", owner=cast.rep)


@pytest.fixture
def gent(cast):
    return make_territory("Gent", owner=cast.teammate)


def read(cycle, measure="bookings", share=1):
    calendar = read_calendar(cycle.fiscal_year)
    ground = handovers.read_ground(calendar)
    found = handovers.read(cycle, measure, calendar, Decimal(share), ground)
    return {person: (one.amount, moved_of(ground.note(one))) for person, one in found.items()}


def sell(person, amount, territory=None, account=None, day="2026-03-03", **more):
    return make_actual(person, day, amount, kind="booking", territory=territory, account=account, **more)


def test_where_nothing_changes_nothing_is_read(cycle, cast, benelux, django_assert_num_queries):
    sell(cast.rep, 100, benelux)
    calendar = read_calendar(cycle.fiscal_year)
    ground = handovers.read_ground(calendar)
    with django_assert_num_queries(0):
        assert handovers.read(cycle, "bookings", calendar, Decimal(1), ground) == {}


def test_a_territory_goes_from_one_owner_to_the_next_and_the_sums_stay(cycle, cast, benelux):
    sell(cast.rep, 100, benelux)
    territories.assign(benelux, person=cast.outsider, starts_on=NEW_YEAR)
    assert read(cycle) == {
        cast.rep.pk: (-100, [Moved("Benelux", gained=False, accounts=0)]),
        cast.outsider.pk: (100, [Moved("Benelux", gained=True, accounts=0)]),
    }
    assert read(cycle, "margin") == {}


def test_a_year_that_runs_is_scaled_to_a_whole_one_as_last_year_is(cycle, cast, benelux):
    sell(cast.rep, 60, benelux)
    territories.assign(benelux, person=cast.outsider, starts_on=NEW_YEAR)
    assert read(cycle, share="0.75")[cast.outsider.pk][0] == 80


def test_who_took_it_over_within_last_year_gains_what_was_sold_before(cycle, cast, benelux):
    sell(cast.rep, 60, benelux, day="2026-03-03")
    territories.assign(benelux, person=cast.outsider, starts_on=date(2026, 7, 1))
    sell(cast.outsider, 40, benelux, day="2026-08-03")
    assert {person: amount for person, (amount, _note) in read(cycle).items()} == {
        cast.rep.pk: -60,
        cast.outsider.pk: 60,
    }


def test_an_account_moves_alone(cycle, cast, benelux, gent):
    moves, stays = (make_account(owner=cast.rep) for _each in range(2))
    for account in (moves, stays):
        AccountPlacement.objects.create(account=account, territory=benelux)
        sell(cast.rep, 100, account=account)
    AccountPlacement.objects.create(account=moves, territory=gent, starts_on=NEW_YEAR)
    assert read(cycle) == {
        cast.rep.pk: (-100, [Moved("Benelux", gained=False, accounts=1)]),
        cast.teammate.pk: (100, [Moved("Benelux", gained=True, accounts=1)]),
    }


def test_a_territory_that_was_vacant_comes_with_what_nobody_sold(cycle, cast):
    vacant = make_territory("Aegean")
    sell(None, 70, vacant)
    territories.assign(vacant, person=cast.rep, starts_on=NEW_YEAR)
    assert read(cycle) == {cast.rep.pk: (70, [Moved("Aegean", gained=True, accounts=0)])}


def test_a_territory_that_falls_vacant_takes_its_sales_away(cycle, cast, benelux):
    sell(cast.rep, 70, benelux)
    territories.assign(benelux, person=None, starts_on=NEW_YEAR)
    assert read(cycle) == {cast.rep.pk: (-70, [Moved("Benelux", gained=False, accounts=0)])}


def test_sales_in_the_territory_of_somebody_else_overlay_and_one_offs_do_not_move(cycle, cast, benelux):
    sell(cast.teammate, 30, benelux)
    overlay = sell(cast.rep, 50, benelux)
    Credit.objects.filter(actual=overlay).update(is_overlay=True)
    deal = sell(cast.rep, 900, benelux)
    OneOffDeal.objects.create(cycle=cycle, actual=deal, reason="Stadium")
    sell(cast.rep, 10, benelux)
    territories.assign(benelux, person=cast.outsider, starts_on=NEW_YEAR)
    assert {person: amount for person, (amount, _note) in read(cycle).items()} == {
        cast.rep.pk: -10,
        cast.outsider.pk: 10,
    }


def test_the_note_fits_its_column_and_reads_as_words(cycle, cast):
    for number in range(40):
        land = make_territory(f"Land {number}", owner=cast.rep)
        sell(cast.rep, 10, land)
        territories.assign(land, person=cast.outsider, starts_on=NEW_YEAR)
    calendar = read_calendar(cycle.fiscal_year)
    ground = handovers.read_ground(calendar)
    note = ground.note(handovers.read(cycle, "bookings", calendar, Decimal(1), ground)[cast.rep.pk])
    assert len(note) <= NOTE
    assert what_moved_hands(note).startswith("Land 0 handed on; Land 1 handed on")
    two = json.dumps([["Gent", True, 2], ["Benelux", False, 1]])
    assert what_moved_hands(two) == "2 accounts of Gent gained; 1 account of Benelux handed on"
    assert what_moved_hands("Agreed in May") == "Agreed in May"
    assert what_moved_hands("") == ""
