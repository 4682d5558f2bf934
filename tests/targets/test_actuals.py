"""Lines and their credits: who is credited, where, and what a restatement leaves behind."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from spm.errors import PeriodClosed, RuleViolation
from spm.imports.choices import RowOutcome
from spm.imports.models import ImportBatch
from spm.market.models import AccountPlacement, Assignment, Territory
from spm.org.models import Period, User
from targets import actuals
from targets.actuals import recording
from targets.choices import VersionReason
from targets.crediting import Share, divide
from targets.lines import CreditSet
from targets.models import Actual, ActualVersion, Credit, RollupRun
from tests.builders import make_account, make_actual, make_line, make_person, make_territory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("year")]


def record(*lines, batch=None):
    with recording("test", batch) as recorder:
        return [verdict.outcome.value for verdict in recorder.record(lines)]


def credit(*shares, line="L", batch=None):
    with recording("test", batch) as recorder:
        (verdict,) = recorder.record_credits([CreditSet(line, tuple(shares))])
    return verdict


def territory_of(actual):
    return Credit.objects.get(actual=actual).territory


def stale():
    return set(RollupRun.objects.stale().values_list("period__label", flat=True))


def close(label, state="closed"):
    Period.objects.filter(level="month", label=label).update(state=state)


def make_batch(**fields):
    return ImportBatch.objects.create(kind="actuals", source="test", filename="f.csv", sha256="0", **fields)


# Where a line counts


def test_explicit_territory_wins_over_account_and_person():
    person, named = make_person(), make_territory("Named")
    account = make_account()
    AccountPlacement.objects.create(account=account, territory=make_territory("Placed"))
    make_territory("Owned", owner=person)
    assert territory_of(make_actual(person, account=account, territory=named)) == named


def test_placement_of_the_account_wins_over_the_territory_of_the_person():
    person, placed = make_person(), make_territory("Placed")
    account = make_account()
    AccountPlacement.objects.create(account=account, territory=placed)
    make_territory("Owned", owner=person)
    assert territory_of(make_actual(person, account=account)) == placed


def test_account_taken_out_of_its_territory_falls_back_to_the_person():
    person = make_person()
    owned, account = make_territory("Owned", owner=person), make_account()
    AccountPlacement.objects.create(account=account, territory=make_territory("Placed"))
    AccountPlacement.objects.create(account=account, territory=None, starts_on=date(2026, 1, 10))
    assert territory_of(make_actual(person, "2026-01-09", account=account)).name == "Placed"
    assert territory_of(make_actual(person, "2026-01-10", account=account)) == owned


def test_territory_follows_the_owner_on_the_event_date():
    before, after = make_person(), make_person()
    territory = make_territory(owner=before)
    Assignment.objects.create(territory=territory, person=after, starts_on=date(2026, 2, 1))
    unassigned = Territory.objects.get(is_unassigned=True)
    assert territory_of(make_actual(before, "2026-01-31")) == territory
    assert territory_of(make_actual(before, "2026-02-01")) == unassigned
    assert territory_of(make_actual(after, "2026-02-01")) == territory


def test_of_two_territories_the_one_taken_last_counts_then_the_smallest_key():
    person = make_person()
    first, second = make_territory("First", owner=person), make_territory("Second", owner=person)
    third = make_territory("Third")
    Assignment.objects.create(territory=third, person=person, starts_on=date(2026, 1, 10))
    assert territory_of(make_actual(person, "2026-01-09")) == min(first, second, key=lambda one: one.pk)
    assert territory_of(make_actual(person, "2026-01-10")) == third


def test_overlay_assignment_gives_no_territory():
    person = make_person()
    Assignment.objects.create(territory=make_territory(), person=person, role="overlay")
    assert territory_of(make_actual(person)).is_unassigned


def test_house_sale_is_credited_to_the_house_once():
    held = Credit.objects.get(actual=make_actual(None, amount="12.3456"))
    assert (held.person, held.territory.is_unassigned) == (User.objects.house(), True)
    assert (held.amount, held.share, held.is_default) == (Decimal("12.3456"), 1, True)


# Restating


def test_same_line_twice_changes_nothing():
    line = make_line(make_person(), amount="0.1", cost="0.05")
    assert record(line) == ["new"]
    RollupRun.objects.all().delete()
    assert record(replace(line, external_id=f"  {line.external_id.lower()} ")) == ["unchanged"]
    assert (ActualVersion.objects.count(), Actual.objects.get().version, stale()) == (0, 1, set())


def test_restated_line_keeps_its_old_form_and_marks_both_months():
    person = make_person()
    line = make_line(person, "2026-01-15", "100.25")
    record(line)
    RollupRun.objects.all().delete()
    assert record(replace(line, date=date(2026, 3, 2), amount=Decimal(80))) == ["changed"]
    kept = ActualVersion.objects.get()
    assert (kept.version, kept.delta, kept.reason) == (1, Decimal("-20.25"), VersionReason.RESTATED)
    assert (kept.values["date"], kept.values["amount"]) == ("2026-01-15", "100.2500")
    assert Credit.objects.get().date == date(2026, 3, 2)
    assert stale() == {"2026-01", "2026-03"}


def test_vanished_line_becomes_a_tombstone_without_credits_and_comes_back_as_new():
    line, other = make_line(), make_line()
    record(line, other)
    with recording("test") as recorder:
        assert recorder.vanishing({other.key}) == 1
        assert recorder.vanish({other.key}) == 1
    assert Actual.objects.get(is_tombstone=True).external_key == line.key
    assert Credit.objects.count() == 1
    assert ActualVersion.objects.get().delta == -100
    assert record(line) == ["new"]
    assert Credit.objects.count() == 2


def test_vanished_line_comes_back_with_its_loaded_credits():
    line, other, seller, helper = make_line(amount=100), make_line(), make_person(), make_person()
    record(line, other)
    shares = (Share(seller.pk, None, Decimal(1)), Share(helper.pk, None, Decimal("0.5"), is_overlay=True))
    credit(*shares, line=line.external_id)
    with recording("test") as recorder:
        recorder.vanish({other.key})
    assert record(replace(line, amount=Decimal(80))) == ["new"]
    found = Credit.objects.filter(actual__external_key=line.key).order_by("pk")
    assert list(found.values_list("person", "amount", "is_overlay", "is_default")) == [
        (seller.pk, 80, False, False),
        (helper.pk, 40, True, False),
    ]
    gone = ActualVersion.objects.get(actual__external_key=line.key, values__is_tombstone=True)
    assert gone.values["credits"] == []


def test_line_whose_credits_were_undone_before_it_vanished_comes_back_without_them():
    line, seller, loaded = make_line(), make_person(), make_batch()
    record(line)
    credit(Share(seller.pk, None, Decimal(1)), line=line.external_id, batch=loaded)
    actuals.undo(loaded)
    with recording("test") as recorder:
        recorder.vanish(set())
    record(line)
    assert Credit.objects.get().is_default


def test_lines_of_another_source_never_vanish():
    record(make_line())
    with recording("elsewhere") as recorder:
        assert recorder.vanish(set()) == 0


# Refused and parked


@pytest.mark.parametrize("state", ["soft_closed", "closed"])
def test_line_of_a_period_that_is_not_open_is_parked(state):
    close("2026-01", state)
    assert record(make_line()) == ["parked"]
    assert not Actual.objects.exists()


def test_restatement_out_of_a_closed_period_is_parked_and_unchanged_stays_unchanged():
    line = make_line()
    record(line)
    close("2026-01")
    assert record(replace(line, date=date(2026, 2, 1))) == ["parked"]
    assert record(line) == ["unchanged"]
    with recording("test") as recorder:
        assert recorder.vanish(set()) == 0


@pytest.mark.parametrize(("state", "verdict"), [("closed", "parked"), ("soft_closed", "new")])
def test_inv_29_vanished_line_of_a_closed_period_waits_when_it_comes_back_with_another_date(state, verdict):
    line = make_line(day="2026-01-15")
    record(line)
    with recording("test") as recorder:
        recorder.vanish({"nothing"})
    close("2026-01", state)
    other = make_line(day="2026-08-15")
    assert record(replace(line, date=date(2026, 8, 15)), other) == [verdict, "new"]


def test_date_outside_the_calendar_and_foreign_currency_are_refused():
    assert record(make_line(day="2031-01-01"), make_line(currency="USD")) == ["refused", "refused"]


def test_judging_writes_nothing():
    with recording("test") as recorder:
        assert [verdict.outcome for verdict in recorder.judge([make_line()])] == [RowOutcome.NEW]
    assert not Actual.objects.exists()


# Shared credit


def test_inv_03_shares_add_up_to_the_last_ten_thousandth_ties_to_the_smallest_key():
    parts = {9: "0.3333", 3: "0.3333", 7: "0.3334"}
    shares = [Share(person, None, Decimal(part)) for person, part in parts.items()]
    assert divide(Decimal("0.0002"), shares) == [Decimal(0), Decimal("0.0001"), Decimal("0.0001")]
    halves = [Share(9, None, Decimal("0.5")), Share(3, None, Decimal("0.5"))]
    assert divide(Decimal("0.0001"), halves) == [Decimal(0), Decimal("0.0001")]
    assert divide(Decimal("-0.0001"), halves) == [Decimal(0), Decimal("-0.0001")]


def test_split_line_credits_each_their_share_and_the_overlay_beside_it():
    first, second, helper = make_person(), make_person(), make_person()
    make_actual(first, amount=100, cost=60, external_id="L")
    half = Decimal("0.5")
    verdict = credit(
        Share(first.pk, None, half), Share(second.pk, None, half), Share(helper.pk, None, Decimal(1), True)
    )
    assert verdict == actuals.NEW
    rows = Credit.objects.order_by("pk").values_list("person", "amount", "cost", "is_overlay", "is_default")
    assert list(rows) == [
        (first.pk, 50, 30, False, False),
        (second.pk, 50, 30, False, False),
        (helper.pk, 100, 60, True, False),
    ]


def test_inv_03_shares_that_do_not_sum_to_one_are_refused_with_the_sum():
    person = make_person()
    make_actual(person, external_id="L")
    verdict = credit(Share(person.pk, None, Decimal("0.9900")))
    assert verdict.outcome == RowOutcome.REFUSED
    assert "0.99" in verdict.reason
    assert credit(Share(person.pk, None, Decimal(1), True)).outcome == RowOutcome.REFUSED


def test_credits_of_an_unknown_line_are_refused():
    assert credit(Share(make_person().pk, None, Decimal(1))).outcome == RowOutcome.REFUSED


def test_same_credits_again_are_unchanged_and_a_restated_line_keeps_its_shares():
    first, second = make_person(), make_person()
    line = make_line(first, external_id="L")
    record(line)
    shares = [Share(first.pk, None, Decimal("0.25")), Share(second.pk, None, Decimal("0.75"))]
    credit(*shares)
    assert credit(*shares) == actuals.UNCHANGED
    record(replace(line, amount=Decimal(40)))
    assert dict(Credit.objects.values_list("person", "amount")) == {first.pk: 10, second.pk: 30}


# Undo


def test_undo_restores_the_old_form_and_tombstones_what_was_new():
    line, fresh = make_line(make_person(), amount=70), make_line()
    record(line)
    batch = make_batch()
    record(replace(line, amount=Decimal(99)), fresh, batch=batch)
    assert actuals.undo(batch) == 2
    assert dict(Actual.objects.in_force().values_list("external_id", "amount")) == {line.external_id: 70}
    assert list(Credit.objects.values_list("amount", flat=True)) == [70]
    assert sorted(ActualVersion.objects.filter(reason="undone").values_list("delta", flat=True)) == [-100, -29]


def test_undo_of_credits_brings_the_default_back():
    first, second = make_person(), make_person()
    make_actual(first, external_id="L")
    batch = make_batch()
    credit(Share(second.pk, None, Decimal(1)), batch=batch)
    assert actuals.undo(batch) == 1
    assert list(Credit.objects.values_list("person", "is_default")) == [(first.pk, True)]


def test_undo_is_refused_once_a_later_import_changed_a_line():
    line, first, second = make_line(), make_batch(), make_batch()
    record(line, batch=first)
    record(replace(line, amount=Decimal(5)), batch=second)
    with pytest.raises(RuleViolation, match="later"):
        actuals.undo(first)
    actuals.undo(second)
    actuals.undo(first)
    assert not Actual.objects.in_force().exists()


def test_undo_is_refused_in_a_closed_period():
    batch = make_batch()
    record(make_line(), batch=batch)
    close("2026-01")
    with pytest.raises(PeriodClosed, match="Jan 2026"):
        actuals.undo(batch)


# Dated facts that arrive later


def test_assignment_loaded_later_moves_the_credits_that_no_file_placed():
    person, given = make_person(), make_territory("Given")
    plain = make_actual(person)
    placed = make_actual(person, territory=given)
    owned = make_territory("Owned", owner=person)
    assert actuals.recredit(Period.objects.get(label="2026-01")) == 1
    assert (territory_of(plain), territory_of(placed)) == (owned, given)
    assert actuals.recredit(Period.objects.get(label="2026-01")) == 0
