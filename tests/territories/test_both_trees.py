"""By territory and by person the company is one number, to the last decimal, whatever moves in mid-period."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spm.market import territories
from spm.market.models import AccountPlacement, Territory
from spm.org.models import User
from targets import rollup
from targets.models import Attainment, PeriodTotal
from tests.builders import make_account, make_actual, make_territory, make_year

pytestmark = pytest.mark.django_db
MONTHS = ("2026-05", "2026-06")


def by_territory(label: str) -> Decimal:
    rows = Attainment.objects.filter(period__label=label, measure="bookings", territory__isnull=False)
    return rows.filter(territory__parent=None).aggregate(sum=Sum("actual"))["sum"] or Decimal(0)


def by_person(label: str) -> tuple[Decimal, Decimal]:
    """(people, House) of one leaf period."""
    rows = PeriodTotal.objects.filter(period__label=label, measure="bookings")
    people = rows.filter(person__is_house=False).aggregate(sum=Sum("amount"))["sum"]
    house = rows.filter(person__is_house=True).aggregate(sum=Sum("amount"))["sum"]
    return people or Decimal(0), house or Decimal(0)


def test_a_worked_example_with_an_account_and_an_owner_that_move_in_mid_june(cast):
    """Alpha moves from East to West on 16 June, West from Rep One to Rep Two on 21 June.

    June: 100.01 on the 10th in East; 200.02 on the 18th in West; 50.5 without an account by Rep One on the 22nd, who
    owns nothing then: Unassigned; 7.77 of the House: Unassigned too.
    """
    make_year()
    roof = make_territory("Roof")
    east, west = make_territory("East", parent=roof), make_territory("West", parent=roof, owner=cast.rep)
    alpha = make_account("Alpha")
    AccountPlacement.objects.create(account=alpha, territory=east)
    AccountPlacement.objects.create(account=alpha, territory=west, starts_on=date(2026, 6, 16))
    territories.assign(west, person=cast.teammate, starts_on=date(2026, 6, 21))
    booked = ((cast.rep, 10, "100.01", alpha), (cast.rep, 18, "200.02", alpha), (cast.rep, 22, "50.5", None))
    for person, day, amount, account in (*booked, (None, 23, "7.77", None)):
        make_actual(person, date(2026, 6, day), amount, kind="booking", account=account)
    rollup.rebuild()
    rows = Attainment.objects.filter(period__label="2026-06", measure="bookings", territory__isnull=False)
    assert dict(rows.values_list("territory__name", "actual")) == {
        "East": Decimal("100.01"),
        "West": Decimal("200.02"),
        "Roof": Decimal("300.03"),
        Territory.objects.get(is_unassigned=True).name: Decimal("58.27"),
    }
    assert by_person("2026-06") == (Decimal("350.53"), Decimal("7.77"))
    assert by_territory("2026-06") == Decimal("358.30")


DAYS = st.dates(date(2026, 5, 1), date(2026, 6, 30))
LINES = st.lists(st.tuples(DAYS, st.integers(0, 2), st.integers(-1, 1), st.integers(-999_999, 9_999_999)), max_size=12)
MOVES = st.lists(st.tuples(DAYS, st.integers(0, 1), st.integers(-1, 1)), max_size=4, unique_by=lambda move: move[:2])
OWNERS = st.lists(st.tuples(DAYS, st.integers(0, 1), st.integers(0, 2)), max_size=4, unique_by=lambda one: one[:2])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, MOVES, OWNERS)
def test_both_sums_are_equal_for_any_moves_and_any_lines(cast, lines, moves, owners):
    with transaction.atomic():
        make_year()
        roof = make_territory("Roof")
        areas = [make_territory("East", parent=roof, owner=cast.rep), make_territory("West")]
        accounts = [make_account("Alpha"), make_account("Beta")]
        people: list[User | None] = [cast.rep, cast.teammate, None]
        for day, account, area in moves:
            where = areas[area] if area >= 0 else None
            AccountPlacement.objects.create(account=accounts[account], territory=where, starts_on=day)
        for day, area, person in owners:
            territories.assign(areas[area], person=people[person], starts_on=day)
        for day, person, account, cents in lines:
            amount = Decimal(cents).scaleb(-2)
            named = accounts[account] if account >= 0 else None
            make_actual(people[person], day, amount, kind="booking", account=named)
        rollup.rebuild()
        for label in MONTHS:
            assert by_territory(label) == sum(by_person(label))
        transaction.set_rollback(True)
