"""Deals of last year that do not count in last year adjusted: who decides, until when, with a reason, and undone."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from spm.errors import NothingToDo, RuleViolation
from spm.org.models import Period
from targets import access, last_year, locking
from targets.actuals import recording
from targets.crediting import Share
from targets.goals import LockedPlan
from targets.lines import CreditSet
from targets.models import OneOffDeal, PlanningCycle
from targets.one_offs import NotLastYear, OthersDeal, count_again, leave_out, undo
from targets.plans import working_plan
from targets.rollup import rebuild
from tests.builders import make_actual, make_line, make_quota, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def cycle(year):
    plan = working_plan(make_year("2027", date(2027, 1, 1)))
    return PlanningCycle.objects.create(fiscal_year=plan.fiscal_year)


@pytest.fixture
def deal(cycle, cast):
    return make_actual(cast.rep, "2026-03-03", 400, kind="booking")


def shared(*people):
    """A booking of 400 whose credit is shared evenly."""
    line = make_line(people[0], "2026-03-03", 400, kind="booking")
    shares = tuple(Share(person.pk, None, Decimal(1) / len(people)) for person in people)
    with recording("test") as recorder:
        recorder.record([line])
        recorder.record_credits([CreditSet(line.external_id, shares)])
    return people[0].actuals.get(external_key=line.key)


def steps(cycle):
    rows = OneOffDeal.history.filter(cycle=cycle).order_by("history_id")
    return [(row.history_type, row.history_user.name, row.history_change_reason) for row in rows]


def test_a_deal_of_last_year_is_left_out_with_a_reason_and_counted_again(cycle, deal, cast):
    leave_out(cycle, deal, reason="Stadium", by=cast.admin)
    leave_out(cycle, deal, reason=" Stadium  roof ", by=cast.admin)
    assert OneOffDeal.objects.get().reason == "Stadium roof"
    count_again(cycle, deal, reason="The second stadium is signed", by=cast.admin)
    with pytest.raises(NothingToDo):
        count_again(cycle, deal, reason="Twice", by=cast.admin)
    assert steps(cycle) == [
        ("+", "Admin", "Stadium"),
        ("~", "Admin", "Stadium roof"),
        ("-", "Admin", "The second stadium is signed"),
    ]


def test_a_deal_of_another_year_is_not_left_out(cycle, cast):
    make_year("2025", date(2025, 1, 1))
    for day in ("2027-03-03", "2025-03-03"):
        with pytest.raises(NotLastYear):
            leave_out(cycle, make_actual(cast.rep, day, 400), reason="Stadium", by=cast.admin)


@pytest.mark.parametrize("reason", [" ", "\0", "x" * 201])
def test_a_reason_is_asked_for_both_ways(cycle, deal, cast, reason):
    with pytest.raises(RuleViolation):
        leave_out(cycle, deal, reason=reason, by=cast.admin)
    leave_out(cycle, deal, reason="Stadium", by=cast.admin)
    with pytest.raises(RuleViolation):
        count_again(cycle, deal, reason=reason, by=cast.admin)
    assert OneOffDeal.objects.get().reason == "Stadium"


def test_a_manager_decides_on_the_deals_of_those_whose_number_he_sets(cycle, deal, cast):
    for other in (cast.rep, cast.teammate, cast.south_manager):
        with pytest.raises(OthersDeal):
            leave_out(cycle, deal, reason="Stadium", by=other)
    leave_out(cycle, deal, reason="Stadium", by=cast.north_manager)
    with pytest.raises(OthersDeal):
        count_again(cycle, deal, reason="Mine", by=cast.rep)
    count_again(cycle, deal, reason="It comes again", by=cast.director)


def test_a_deal_shared_with_another_team_is_for_who_stands_above_both(cycle, cast):
    both = shared(cast.rep, cast.outsider)
    for manager in (cast.north_manager, cast.south_manager):
        with pytest.raises(OthersDeal):
            leave_out(cycle, both, reason="Stadium", by=manager)
    leave_out(cycle, both, reason="Stadium", by=cast.director)


def test_nobody_leaves_out_a_deal_of_the_own_last_year_be_it_an_admin(cycle, cast):
    own = make_actual(cast.admin, "2026-03-03", 400, kind="booking")
    half = shared(cast.rep, cast.north_manager)
    for deal, by in ((own, cast.admin), (half, cast.north_manager)):
        with pytest.raises(OthersDeal):
            leave_out(cycle, deal, reason="Stadium", by=by)
    assert not access.can_leave_out(cast.admin, set())


def test_undo_gives_back_what_was_before_ones_own_last_change(cycle, deal, cast):
    leave_out(cycle, deal, reason="Stadium", by=cast.admin)
    undo(cycle, deal, by=cast.admin)
    assert not OneOffDeal.objects.exists()
    undo(cycle, deal, by=cast.admin)
    leave_out(cycle, deal, reason="Roof", by=cast.admin)
    undo(cycle, deal, by=cast.admin)
    assert OneOffDeal.objects.get().reason == "Stadium"
    count_again(cycle, deal, reason="Again", by=cast.admin)
    undo(cycle, deal, by=cast.admin)
    assert OneOffDeal.objects.get().reason == "Stadium"


def test_nobody_undoes_the_decision_of_somebody_else(cycle, deal, cast):
    with pytest.raises(NothingToDo):
        undo(cycle, deal, by=cast.admin)
    leave_out(cycle, deal, reason="Stadium", by=cast.admin)
    leave_out(cycle, deal, reason="Roof", by=cast.north_manager)
    with pytest.raises(NothingToDo):
        undo(cycle, deal, by=cast.admin)
    assert OneOffDeal.objects.get().reason == "Roof"


def test_after_the_lock_what_counted_stays(cycle, deal, cast):
    leave_out(cycle, deal, reason="Stadium", by=cast.admin)
    make_quota(cast.rep, "2027-01", 1200)
    locking.lock(working_plan(cycle.fiscal_year), by=cast.admin)
    with pytest.raises(LockedPlan):
        count_again(cycle, deal, reason="Again", by=cast.admin)
    with pytest.raises(LockedPlan):
        leave_out(cycle, deal, reason="Roof", by=cast.admin)
    with pytest.raises(LockedPlan):
        undo(cycle, deal, by=cast.admin)
    assert OneOffDeal.objects.get().reason == "Stadium"


def test_a_line_that_was_moved_to_another_year_takes_nothing_from_last_year(cycle, deal, cast):
    leaves = list(Period.objects.leaves().filter(fiscal_year__label="2026").order_by("starts_on"))
    make_actual(cast.rep, "2026-04-03", 600, kind="booking")
    rebuild()
    leave_out(cycle, deal, reason="Stadium", by=cast.admin)
    assert last_year.credited(cycle, "bookings", leaves)[1] == {cast.rep.pk: (400, 400)}
    OneOffDeal.objects.update(at=timezone.now())
    deal.credits.update(date=date(2027, 1, 4))
    assert last_year.credited(cycle, "bookings", leaves)[1] == {}
