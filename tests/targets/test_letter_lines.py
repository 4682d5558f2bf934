"""The lines of a letter: they lead from last year to the quota and add up to it, and `verify` holds them to it."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spm.market import territories
from targets import plan_invariants, rollup
from targets.choices import LetterPart
from targets.letter_lines import Basis, parts_of
from targets.letter_words import what_moved_hands
from targets.models import Quota, QuotaLetter
from tests.builders import make_actual, make_quota, make_territory
from tests.targets.letter_help import cycle_in_review, lines, sent, set_number

pytestmark = pytest.mark.django_db

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False, allow_infinity=False)
ratios = st.decimals(min_value=-1, max_value=5, places=4, allow_nan=False, allow_infinity=False)


@pytest.fixture
def cycle(year, cast):
    return cycle_in_review(cast)


@given(amounts, amounts, ratios, amounts, st.decimals(min_value=0, max_value=1, places=4))
def test_the_lines_add_up_to_the_quota_to_the_cent(quota, last, growth, change, share):
    parts = parts_of(Basis(quota, last, growth, change, "", share))
    assert sum(part.amount for part in parts) == quota
    assert all(part.amount == part.amount.quantize(Decimal("0.01")) for part in parts)


def test_the_lines_of_one_number_worked_out_by_hand():
    basis = Basis(Decimal(1100), Decimal(1000), Decimal("0.1"), Decimal(100), "North won", Decimal("0.75"))
    assert [(row.part, row.amount, row.note) for row in parts_of(basis)] == [
        (LetterPart.LAST_YEAR, 1000, ""),
        (LetterPart.MARKET, 100, "0.1"),
        (LetterPart.TERRITORY, 100, "North won"),
        (LetterPart.PART_YEAR, -300, "0.75"),
        (LetterPart.STRETCH, 200, ""),
    ]


def test_a_letter_tells_last_year_growth_of_the_plan_and_territory(cycle, cast):
    make_actual(cast.rep, "2026-01-15", 710, kind="booking")
    make_actual(cast.outsider, "2026-01-15", 1420, kind="booking")
    rollup.roll_up_stale()
    found = lines(sent(cast.rep, cast.north_manager))
    # On 18 September 2026 8.6 of the 12 months of an even year have passed.
    whole = Decimal(710) / (Decimal("8.6") / 12)
    last = whole.quantize(Decimal(1))
    growth = (Decimal(3000) / (whole * 3) - 1).quantize(Decimal("0.0001"))
    assert found["last_year"] == last
    assert found["market"] == (last * growth).quantize(Decimal(1))
    assert found["territory"] == 0
    assert sum(found.values()) == 1200


def test_a_letter_shows_the_measures_of_which_there_is_a_quota(cycle, cast):
    make_quota(cast.rep, "2027-02", 90, "margin")
    letter = sent(cast.rep, cast.admin)
    assert set(letter.lines.values_list("measure", flat=True)) == {"bookings", "margin"}


def breaches(check):
    return [breach.text for breach in check()]


def test_inv_48_holds_after_sending_and_after_a_later_change(cycle, cast):
    sent(cast.rep, cast.admin)
    set_number(cast.rep, Decimal(1300), cast.admin)
    assert breaches(plan_invariants.letters_add_up) == []


def test_inv_48_finds_a_line_that_was_tampered_with(cycle, cast):
    letter = sent(cast.rep, cast.admin)
    letter.lines.filter(part="stretch").update(amount=1)
    assert len(breaches(plan_invariants.letters_add_up)) == 1


def test_inv_49_finds_a_quota_and_a_letter_by_the_own_hand(cycle, cast):
    letter = sent(cast.rep, cast.admin)
    assert breaches(plan_invariants.nobody_writes_the_own_quota) == []
    quota = Quota.objects.get(person=cast.rep)
    quota._history_user = cast.rep
    quota.save()
    QuotaLetter.objects.filter(pk=letter.pk).update(sent_by=cast.rep)
    assert len(breaches(plan_invariants.nobody_writes_the_own_quota)) == 2


def test_a_territory_that_changes_hands_is_a_line_of_both_letters(cycle, cast):
    gent = make_territory("Gent", owner=cast.teammate)
    make_actual(cast.teammate, "2026-01-15", 430, kind="booking", territory=gent)
    rollup.roll_up_stale()
    territories.assign(gent, person=cast.rep, starts_on=date(2027, 1, 1))
    gains, loses = sent(cast.rep, cast.north_manager), sent(cast.teammate, cast.north_manager)
    whole = (Decimal(430) / (Decimal("8.6") / 12)).quantize(Decimal(1))
    assert (lines(gains)["territory"], lines(loses)["territory"]) == (whole, -whole)
    assert (sum(lines(gains).values()), sum(lines(loses).values())) == (1200, 600)
    notes = [what_moved_hands(letter.lines.get(part="territory").note) for letter in (gains, loses)]
    assert notes == ["Gent gained", "Gent handed on"]
