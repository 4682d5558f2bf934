"""Quota letters: who may do what with them and when, and who hears of it."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from spm.errors import NothingToDo, RuleViolation
from spm.org.models import Membership, Period, User
from spm.talk import threads
from spm.talk.models import Comment, Notification
from targets import cycles, letters, plans, revisions, sending
from targets.choices import LetterState, Measure, RevisionCause, Stage
from targets.cycle_queries import cycle_home
from targets.cycles import WrongStage
from targets.goals import Goal, OwnQuota, of_person
from targets.holdups import Waiting, holdups
from targets.letter_lines import build_lines
from targets.letters import NotYours, NumberChanged, Overtaken, WrongState
from targets.models import PlanningCycle, Quota, QuotaLetter
from targets.recipients import prepare
from tests.builders import make_person, make_plan, make_quota
from tests.targets.letter_help import agreed, at_stage, cycle_in_review, heard, letter_of, lines, sent, set_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def cycle(year, cast):
    return cycle_in_review(cast)


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
    assert sending.changed(plan, [letter, other]) == {letter.pk}
    with pytest.raises(NumberChanged):
        letters.approve(letter, cast.north_manager)
    assert [row.person for row in letters.send([letter, other], cast.admin)] == [cast.rep]
    assert sending.changed(plan, [letter_of(cast.rep), other]) == set()


def test_a_number_changed_and_put_back_is_the_one_that_was_sent(cycle, cast):
    letter, plan = agreed(cast.rep, cast.admin), make_plan(cycle.fiscal_year)
    move_to_december(cast.rep, Decimal(1000), cast.admin)
    assert sending.changed(plan, [letter]) == {letter.pk}
    set_number(cast.rep, None, cast.admin, "2027-12")
    set_number(cast.rep, Decimal(1200), cast.admin)
    assert sending.changed(plan, [letter]) == set()


def test_what_changed_since_letters_were_sent_takes_three_queries_for_any_number_of_them(cycle, cast):
    both = [agreed(cast.rep, cast.admin), agreed(cast.teammate, cast.admin)]
    move_to_december(cast.rep, Decimal(1000), cast.admin)
    plan = make_plan(cycle.fiscal_year)
    assert _counted(lambda: sending.changed(plan, both)) == _counted(lambda: sending.changed(plan, both[:1])) == 3


@pytest.mark.parametrize("stage", [Stage.PLAN, Stage.ALLOCATE])
def test_no_letter_is_sent_before_the_review(cycle, cast, stage):
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
        with pytest.raises((WrongStage, NothingToDo)):
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
    unsent = [(Waiting.UNSENT, cast.director), (Waiting.UNSENT, cast.north_manager)]
    assert sorted(found, key=str) == sorted([(Waiting.ACKNOWLEDGE, cast.rep), *unsent], key=str)


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


def to_lock(cycle, cast):
    at_stage(cycle, Stage.APPROVE)
    cycles.lock_year(cycle.fiscal_year, cast.admin)
    return PlanningCycle.objects.get(pk=cycle.pk)


def test_the_lock_sends_what_was_never_sent_and_what_tells_another_number(cycle, cast):
    agreed(cast.rep, cast.north_manager)
    sent(cast.teammate, cast.north_manager)
    set_number(cast.rep, Decimal(1250), cast.north_manager)
    newcomer = make_person("Came Late", team=cast.north)
    make_quota(newcomer, "2027-01", 700)
    QuotaLetter.objects.filter(person=newcomer).delete()
    to_lock(cycle, cast)
    rep, manager, late = letter_of(cast.rep), letter_of(cast.north_manager), letter_of(newcomer)
    assert [row.state for row in (rep, manager, late)] == [LetterState.SENT] * 3
    assert (rep.version, sum(lines(rep).values())) == (2, 1250)
    assert letter_of(cast.teammate).version == 1
    assert heard(cast.rep)[-2:] == ["quota_locked", "quota_changed"]
    assert heard(newcomer)[-1] == "quota_locked"
    letters.acknowledge(late, newcomer)


def test_the_dialogue_of_the_lock_counts_what_it_sends_and_leaves_open(cycle, cast):
    agreed(cast.rep, cast.north_manager)
    sent(cast.teammate, cast.north_manager)
    set_number(cast.rep, Decimal(1250), cast.north_manager)
    at_stage(cycle, Stage.APPROVE)
    ahead = cycle_home(cast.admin, cycle, Measure.BOOKINGS).at_lock
    assert (ahead.unsent, ahead.changed, ahead.unanswered, ahead.unapproved) == (1, 1, 1, 0)
    assert ahead.outside == ("The company, Bookings: 1 of 4 has no number yet.",)
    set_number(cast.outsider, Decimal(50), cast.admin)
    assert cycle_home(cast.admin, cycle, Measure.BOOKINGS).at_lock.outside == (
        "The company, Bookings: over-assignment is −20.0\xa0%; the policy is 0.0\xa0% to 8.0\xa0%.",
    )
    assert cycle_home(cast.north_manager, cycle, Measure.BOOKINGS).at_lock is None


def test_a_newcomer_of_a_locked_year_waits_for_a_letter_and_gets_it(cycle, cast):
    for person in (cast.rep, cast.teammate):
        sent(person, cast.north_manager)
    sent(cast.north_manager, cast.director)
    locked = to_lock(cycle, cast)
    late = make_person("Came Late", team=cast.north)
    QuotaLetter.objects.create(cycle=locked, person=late)
    assert [row.kind for row in holdups(locked) if row.about == late] == [Waiting.UNSENT]
    manager = User.objects.get(pk=cast.north_manager.pk)
    with pytest.raises(NothingToDo):  # no quota yet
        letters.send([letter_of(late), letter_of(cast.rep)], manager)
    working = plans.working_plan(locked.fiscal_year)
    first = Period.objects.leaves().filter(fiscal_year=locked.fiscal_year).first()
    wanted = [(Quota, Goal(of_person(late.pk), "bookings", first, Decimal(300)))]
    asked = revisions.request(
        working, wanted, effective=first, cause=RevisionCause.HIRE, reason="Hired in March", by=manager
    )
    revisions.approve(asked, by=cast.admin)
    assert letters.send([letter_of(late), letter_of(cast.rep)], manager) == [letter_of(late)]
    assert sum(lines(letter_of(late)).values()) == 300


# What is settled is no news


def unread(person):
    return list(Notification.objects.filter(person=person).unread().order_by("pk").values_list("kind", flat=True))


def test_a_letter_that_is_answered_is_no_news_to_its_person_nor_a_question_that_is_answered(cycle, cast):
    letter = sent(cast.rep, cast.admin)
    letters.ask(letter, cast.rep, "On which accounts?")
    assert (unread(cast.rep), unread(cast.north_manager)) == ([], ["quota_question"])
    threads.say(threads.thread_of(sending.LETTER, letter.pk), by=cast.north_manager, text="On all of them.")
    assert (unread(cast.rep), unread(cast.north_manager)) == (["quota_answered"], [])
    letters.agree(letter, cast.rep)
    assert (unread(cast.rep), unread(cast.north_manager)) == ([], ["quota_agreed"])
    letters.approve(letter, cast.north_manager)
    assert (unread(cast.rep), unread(cast.north_manager)) == (["quota_approved"], [])


def test_an_acknowledged_quota_is_no_news_and_another_persons_letter_still_is(cycle, cast):
    letters.approve(agreed(cast.rep, cast.admin), cast.admin)
    sent(cast.teammate, cast.admin)
    at_stage(cycle, Stage.APPROVE)
    cycles.advance(cycle, Stage.LOCK, cast.admin)
    assert "quota_locked" in unread(cast.rep)
    letters.acknowledge(letter_of(cast.rep), cast.rep)
    assert unread(cast.rep) == []
    assert "quota_published" in unread(cast.teammate)
