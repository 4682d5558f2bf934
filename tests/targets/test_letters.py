"""Quota letters: lines that add up, who may do what and when, and who hears of it."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from spm.errors import NothingToDo, RuleViolation
from spm.market import territories
from spm.org.models import Membership, Period, User
from spm.talk import threads
from spm.talk.models import Comment, Notification
from targets import cycles, letters, plan_invariants, rollup
from targets.choices import LetterPart, LetterState, Stage
from targets.cycles import WrongStage
from targets.goals import OwnQuota
from targets.holdups import Waiting, holdups
from targets.letter_lines import Basis, build_lines, parts_of
from targets.letter_words import what_moved_hands
from targets.letters import NotYours, NumberChanged, Overtaken, WrongState
from targets.models import PlanningCycle, Quota, QuotaLetter
from targets.quotas import set_quota
from targets.recipients import prepare
from tests.builders import (
    make_actual,
    make_line_of_plan,
    make_person,
    make_plan,
    make_quota,
    make_territory,
    make_year,
)

pytestmark = pytest.mark.django_db

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False, allow_infinity=False)
ratios = st.decimals(min_value=-1, max_value=5, places=4, allow_nan=False, allow_infinity=False)


@pytest.fixture
def cycle(year, cast):
    """The cycle of 2027 in Review: the rep has 1,200, the teammate 600, the manager 500; plan 3,000."""
    cycle = cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.admin)
    make_line_of_plan("2027-01", 3000)
    for person, amount in ((cast.rep, 1200), (cast.teammate, 600), (cast.north_manager, 500)):
        make_quota(person, "2027-01", amount)
    at_stage(cycle, Stage.REVIEW)
    prepare(cycle)
    return cycle


def at_stage(cycle, stage):
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=stage)
    cycle.refresh_from_db()


def letter_of(person) -> QuotaLetter:
    return QuotaLetter.objects.select_related("cycle").get(person=person)


def sent(person, by):
    letters.send([letter_of(person)], by)
    return letter_of(person)


def agreed(person, by):
    return letters.agree(sent(person, by), person)


def lines(letter):
    return {line.part: line.amount for line in letter.lines.filter(measure="bookings")}


def heard(person):
    return list(Notification.objects.filter(person=person).order_by("pk").values_list("kind", flat=True))


def set_number(person, amount, by, label="2027-01"):
    month = Period.objects.leaves().get(label=label)
    set_quota(make_plan(month.fiscal_year), person=person, measure="bookings", period=month, amount=amount, by=by)


# Lines


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


def test_a_letter_shows_the_measures_of_which_there_is_a_quota(cycle, cast):
    make_quota(cast.rep, "2027-02", 90, "margin")
    letter = sent(cast.rep, cast.admin)
    assert set(letter.lines.values_list("measure", flat=True)) == {"bookings", "margin"}


# Sending


def test_entering_review_makes_a_letter_for_everybody_with_a_quota(cycle, cast):
    QuotaLetter.objects.all().delete()
    at_stage(cycle, Stage.ALLOCATE)
    cycles.advance(cycle, Stage.REVIEW, cast.admin)
    assert set(QuotaLetter.objects.values_list("person", "state")) == {
        (person.pk, "unsent") for person in (cast.rep, cast.teammate, cast.north_manager)
    }


def test_a_letter_is_sent_once_and_the_person_is_told(cycle, cast):
    letter = sent(cast.rep, cast.north_manager)
    assert (letter.state, letter.sent_by, letter.version) == (LetterState.SENT, cast.north_manager, 1)
    assert heard(cast.rep) == ["quota_published"]
    with pytest.raises(NothingToDo):
        letters.send([letter], cast.north_manager)


def test_a_letter_whose_number_changed_is_sent_again_and_others_are_passed_over(cycle, cast):
    both = [sent(cast.rep, cast.admin), sent(cast.teammate, cast.admin)]
    set_number(cast.rep, Decimal(1300), cast.admin)
    assert [row.person for row in letters.send(both, cast.admin)] == [cast.rep]
    assert sum(lines(letter_of(cast.rep)).values()) == 1300
    assert letter_of(cast.rep).version == 2


def move_to_december(person, amount, by):
    """The year stays what it was."""
    set_number(person, amount, by, "2027-12")
    set_number(person, Decimal(1200) - amount, by)


def test_a_letter_whose_months_moved_is_not_approved_but_sent_again(cycle, cast):
    letter, other = agreed(cast.rep, cast.admin), agreed(cast.teammate, cast.admin)
    move_to_december(cast.rep, Decimal(1000), cast.admin)
    plan = make_plan(cycle.fiscal_year)
    assert letters.changed(plan, [letter, other]) == {letter.pk}
    with pytest.raises(NumberChanged):
        letters.approve(letter, cast.north_manager)
    assert [row.person for row in letters.send([letter, other], cast.admin)] == [cast.rep]
    assert letters.changed(plan, [letter_of(cast.rep), other]) == set()


def test_a_number_changed_and_put_back_is_the_one_that_was_sent(cycle, cast):
    letter, plan = agreed(cast.rep, cast.admin), make_plan(cycle.fiscal_year)
    move_to_december(cast.rep, Decimal(1000), cast.admin)
    assert letters.changed(plan, [letter]) == {letter.pk}
    set_number(cast.rep, None, cast.admin, "2027-12")
    set_number(cast.rep, Decimal(1200), cast.admin)
    assert letters.changed(plan, [letter]) == set()


def test_what_changed_since_letters_were_sent_takes_three_queries_for_any_number_of_them(cycle, cast):
    both = [agreed(cast.rep, cast.admin), agreed(cast.teammate, cast.admin)]
    move_to_december(cast.rep, Decimal(1000), cast.admin)
    plan = make_plan(cycle.fiscal_year)
    assert _counted(lambda: letters.changed(plan, both)) == _counted(lambda: letters.changed(plan, both[:1])) == 3


@pytest.mark.parametrize("stage", [Stage.PLAN, Stage.ALLOCATE, Stage.LOCK, Stage.MONITOR])
def test_letters_are_sent_in_review_and_approve_alone(cycle, cast, stage):
    at_stage(cycle, stage)
    with pytest.raises(WrongStage):
        letters.send([letter_of(cast.rep)], cast.admin)
    assert letter_of(cast.rep).state == LetterState.UNSENT


def test_nobody_sends_the_own_letter_nor_those_of_people_elsewhere(cycle, cast):
    with pytest.raises(OwnQuota):
        letters.send([letter_of(cast.north_manager)], cast.north_manager)
    with pytest.raises(NotYours):
        letters.send([letter_of(cast.rep)], cast.south_manager)
    with pytest.raises(NotYours):
        letters.send([letter_of(cast.rep)], cast.teammate)
    assert set(QuotaLetter.objects.values_list("state", flat=True)) == {"unsent"}


def test_a_bulk_send_with_one_own_letter_sends_none(cycle, cast):
    with pytest.raises(OwnQuota):
        letters.send([letter_of(cast.rep), letter_of(cast.north_manager)], cast.north_manager)
    assert letter_of(cast.rep).state == LetterState.UNSENT


def test_letters_for_three_take_the_queries_of_letters_for_one(cycle, cast, django_assert_num_queries):
    plan, people = make_plan(cycle.fiscal_year), list(QuotaLetter.objects.select_related("cycle__fiscal_year"))
    build_lines(plan, people)
    with django_assert_num_queries(_counted(lambda: build_lines(plan, people[:1]))):
        build_lines(plan, people)


def _counted(call):
    with CaptureQueriesContext(connection) as found:
        call()
    return len(found)


# Answers


def test_the_person_agrees_and_the_manager_is_told(cycle, cast):
    letter = agreed(cast.rep, cast.admin)
    assert letter.state == LetterState.AGREED
    assert heard(cast.north_manager) == ["quota_agreed"]


@pytest.mark.parametrize("who", ["admin", "north_manager", "teammate", "director"])
def test_nobody_answers_for_another(cycle, cast, who):
    letter, other = sent(cast.rep, cast.admin), getattr(cast, who)
    for answer in (lambda: letters.agree(letter, other), lambda: letters.ask(letter, other, "Why?")):
        with pytest.raises(NotYours):
            answer()
    at_stage(cycle, Stage.LOCK)
    with pytest.raises(NotYours):
        letters.acknowledge(letter, other)
    assert (letter_of(cast.rep).state, Comment.objects.count()) == (LetterState.SENT, 0)


def test_an_unsent_letter_is_not_answered(cycle, cast):
    with pytest.raises(WrongState):
        letters.agree(letter_of(cast.rep), cast.rep)


def test_an_agreement_to_a_number_sent_again_meanwhile_is_refused(cycle, cast):
    seen = sent(cast.rep, cast.admin).version
    set_number(cast.rep, Decimal(1300), cast.admin)
    sent(cast.rep, cast.admin)
    with pytest.raises(Overtaken):
        letters.agree(letter_of(cast.rep), cast.rep, seen)


def test_a_question_waits_for_the_manager_and_the_answer_for_the_person(cycle, cast):
    letter = sent(cast.rep, cast.admin)
    letters.ask(letter, cast.rep, "Why so much?")
    assert (letter_of(cast.rep).state, heard(cast.north_manager)) == (LetterState.QUESTION, ["quota_question"])
    threads.say(threads.thread_of("letter", letter.pk), by=cast.north_manager, text="The market grows.")
    assert (letter_of(cast.rep).state, heard(cast.rep)) == (LetterState.SENT, ["quota_published", "quota_answered"])


def test_words_after_the_agreement_leave_it_as_it_is(cycle, cast):
    letter = agreed(cast.rep, cast.admin)
    threads.say(threads.thread_of("letter", letter.pk), by=cast.rep, text="Thank you")
    assert letter_of(cast.rep).state == LetterState.AGREED


def test_a_question_of_a_person_without_manager_goes_to_the_owner_of_the_stage(cycle, cast):
    make_quota(cast.loner, "2027-01", 10)
    prepare(cycle)
    letters.ask(sent(cast.loner, cast.admin), cast.loner, "Why?")
    assert "quota_question" in heard(cast.admin)


# Decisions


def test_the_manager_approves_what_was_agreed_to(cycle, cast):
    letter = letters.approve(agreed(cast.rep, cast.admin), cast.north_manager)
    assert (letter.state, letter.approved_by) == (LetterState.APPROVED, cast.north_manager)
    assert heard(cast.rep)[-1] == "quota_approved"


def test_what_is_not_agreed_to_is_not_approved(cycle, cast):
    with pytest.raises(WrongState):
        letters.approve(sent(cast.rep, cast.admin), cast.north_manager)


def test_a_number_that_changed_since_it_was_sent_is_not_approved(cycle, cast):
    letter = agreed(cast.rep, cast.admin)
    set_number(cast.rep, Decimal(1), cast.admin, label="2027-02")
    with pytest.raises(NumberChanged):
        letters.approve(letter, cast.north_manager)
    assert letter_of(cast.rep).state == LetterState.AGREED


def test_nobody_approves_or_rejects_the_own_quota_not_even_an_admin(cycle, cast):
    User.objects.filter(pk=cast.north_manager.pk).update(is_admin=True)
    boss = User.objects.get(pk=cast.north_manager.pk)
    letter = agreed(boss, cast.admin)
    with pytest.raises(OwnQuota):
        letters.approve(letter, boss)
    with pytest.raises(OwnQuota):
        letters.reject(letter, boss, "Too much")
    assert letter_of(boss).state == LetterState.AGREED


def test_a_rejection_needs_a_comment_and_leads_to_another_letter(cycle, cast):
    letter = agreed(cast.rep, cast.admin)
    with pytest.raises(RuleViolation, match="why"):
        letters.reject(letter, cast.north_manager, "  ")
    letters.reject(letter, cast.north_manager, "Too low")
    assert letter_of(cast.rep).state == LetterState.REJECTED
    assert Comment.objects.get().text == "Too low"
    assert heard(cast.rep) == ["quota_published", "quota_rejected"]
    assert sent(cast.rep, cast.admin).state == LetterState.SENT


def test_a_nudge_reminds_once_a_day(cycle, cast):
    letter = sent(cast.rep, cast.admin)
    letters.nudge(letter, cast.north_manager)
    with pytest.raises(NothingToDo):
        letters.nudge(letter, cast.north_manager)
    assert heard(cast.rep) == ["quota_published", "quota_waiting"]
    with pytest.raises(WrongState):
        letters.nudge(letter_of(cast.teammate), cast.north_manager)


# After the lock


def test_a_locked_letter_is_acknowledged_once_and_nothing_else(cycle, cast):
    letter = letters.approve(agreed(cast.rep, cast.admin), cast.admin)
    at_stage(cycle, Stage.APPROVE)
    cycles.lock_year(cycle.fiscal_year, cast.admin)
    for verb in (
        lambda: letters.agree(letter, cast.rep),
        lambda: letters.ask(letter, cast.rep, "Why?"),
        lambda: letters.send([letter], cast.admin),
        lambda: letters.approve(letter, cast.admin),
        lambda: letters.reject(letter, cast.admin, "No"),
    ):
        with pytest.raises(WrongStage):
            verb()
    assert letters.acknowledge(letter, cast.rep).acknowledged_at is not None
    with pytest.raises(NothingToDo):
        letters.acknowledge(letter, cast.rep)


def test_nothing_is_acknowledged_before_the_lock(cycle, cast):
    with pytest.raises(WrongStage):
        letters.acknowledge(sent(cast.rep, cast.admin), cast.rep)


def test_after_the_lock_every_sent_letter_waits_to_be_acknowledged(cycle, cast):
    sent(cast.rep, cast.admin)
    at_stage(cycle, Stage.LOCK)
    found = [(row.kind, row.person) for row in holdups(cycle) if row.letter]
    assert found == [(Waiting.ACKNOWLEDGE, cast.rep)]


# What a rep sees


def test_a_rep_sees_the_letter_and_the_quota_of_a_year_to_come_no_earlier_than_they_may(cycle, cast):
    def seen(person):
        quotas = Quota.objects.visible_to(person).filter(plan__fiscal_year=cycle.fiscal_year)
        return quotas.filter(person=cast.rep).exists(), QuotaLetter.objects.visible_to(person).exists()

    assert seen(User.objects.get(pk=cast.rep.pk)) == (False, False)
    sent(cast.rep, cast.admin)
    assert seen(User.objects.get(pk=cast.rep.pk)) == (False, True)
    at_stage(cycle, Stage.APPROVE)
    cycles.lock_year(cycle.fiscal_year, cast.admin)
    assert seen(User.objects.get(pk=cast.rep.pk)) == (True, True)
    assert seen(cast.north_manager)[0]


# Invariants


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


# Load


def newcomers(cast, cycle, count):
    for _number in range(count):
        person = make_person()
        Membership.objects.create(person=person, team=cast.north)
        make_quota(person, "2027-01", 100)
    prepare(cycle)
    return list(QuotaLetter.objects.filter(state="unsent").select_related("cycle__fiscal_year"))


def test_the_queries_of_sending_do_not_grow_with_the_letters(cycle, cast):
    sent(cast.rep, cast.admin)  # what is read once and kept
    counts = []
    for more in (1, 12):
        found = newcomers(cast, cycle, more)
        counts.append(_counted(lambda found=found: letters.send(found, cast.admin)))
    assert counts[0] == counts[1]
