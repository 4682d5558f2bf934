"""The review page and the quota letter in the browser's eyes: what is shown, to whom, and what the buttons do."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest

from spm.org.models import Period
from spm.talk.models import Comment
from targets import cycles, letters
from targets.choices import LetterState, Measure, Stage
from targets.goals import of_person, of_team
from targets.models import PlanningCycle, Proposal, QuotaLetter
from targets.proposals import propose
from targets.quotas import set_quota
from targets.recipients import prepare
from tests.builders import make_line_of_plan, make_person, make_plan, make_quota, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def cycle(year, cast):
    cycle = cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.admin)
    make_line_of_plan("2027-01", 300000)
    for person, amount in ((cast.rep, 120000), (cast.teammate, 60000), (cast.outsider, 50000)):
        make_quota(person, "2027-01", amount)
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=Stage.REVIEW)
    cycle.refresh_from_db()
    prepare(cycle)
    return cycle


def letter_of(person) -> QuotaLetter:
    return QuotaLetter.objects.select_related("cycle").get(person=person)


def send(*people, by):
    letters.send([letter_of(person) for person in people], by)


def page(client, user, address, status=200):
    client.force_login(user)
    answer = client.get(f"/targets/2027/{address}")
    assert answer.status_code == status
    return answer.content.decode()


def post(client, user, address, status=302, **data):
    client.force_login(user)
    answer = client.post(f"/targets/2027/{address}", data)
    assert answer.status_code == status
    return answer


def letter_page(person):
    return f"quotas/{person.pk}/"


# Review


def test_a_manager_reviews_the_own_people_and_an_admin_everybody(client, cycle, cast):
    own = page(client, cast.north_manager, "review/")
    assert (cast.rep.name in own, cast.outsider.name in own) == (True, False)
    assert cast.outsider.name in page(client, cast.admin, "review/")


def test_who_waits_longest_stands_first(client, cycle, cast):
    send(cast.rep, cast.teammate, by=cast.admin)
    for person, day in ((cast.rep, "2026-09-16T00:00Z"), (cast.teammate, "2026-09-10T00:00Z")):
        QuotaLetter.objects.filter(person=person).update(sent_at=day)
    text = page(client, cast.north_manager, "review/")
    assert text.index(cast.teammate.name) < text.index(cast.rep.name)


def test_the_review_shows_the_view_of_the_rep_and_the_difference(client, cycle, cast):
    propose(cycle, of_person(cast.rep.pk), Measure.BOOKINGS, Decimal(100000), by=cast.rep, note="Gent is lost")
    text = page(client, cast.north_manager, "review/")
    assert "100.0" in text
    assert "−20.0" in text


def test_the_review_is_exported_in_whole_amounts(client, cycle, cast):
    propose(cycle, of_person(cast.rep.pk), Measure.BOOKINGS, Decimal(100000), by=cast.rep, note="Gent is lost")
    client.force_login(cast.north_manager)
    lines = list(
        csv.DictReader(io.StringIO(client.get("/targets/2027/review/?format=csv").getvalue().decode().lstrip("\ufeff")))
    )
    found = {line["Rep"]: line for line in lines}
    assert found.keys() == {cast.rep.name, cast.teammate.name}
    own = found[cast.rep.name]
    assert (own["Proposed"], own["Rep’s view"], own["Difference"]) == ("120000.00", "100000.00", "-20000.00")
    assert (own["Note"], own["State"]) == ("Gent is lost", "Not sent")


def test_letters_ticked_are_sent_and_those_of_others_are_not(client, cycle, cast):
    people = [cast.rep.pk, cast.teammate.pk, cast.outsider.pk]
    post(client, cast.north_manager, "review/send/", person=people)
    assert letter_of(cast.rep).state == letter_of(cast.teammate).state == LetterState.SENT
    assert letter_of(cast.outsider).state == LetterState.UNSENT


@pytest.mark.parametrize("person", ["", "x", "-1", "9" * 40, "²"])
def test_nonsense_sends_nothing(client, cycle, cast, person):
    post(client, cast.admin, "review/send/", person=[person])
    assert not QuotaLetter.objects.exclude(state=LetterState.UNSENT).exists()


def test_a_new_quota_gets_its_letter_when_it_is_sent(client, cycle, cast):
    make_quota(cast.loner, "2027-02", 10)
    post(client, cast.admin, "review/send/", person=[cast.loner.pk])
    assert letter_of(cast.loner).state == LetterState.SENT


def test_a_year_without_cycle_has_no_review_and_no_letters(client, cycle, cast):
    client.force_login(cast.admin)
    assert client.get("/targets/2026/review/").status_code == 200
    assert client.post("/targets/2026/review/send/").status_code == 404


def test_the_review_takes_the_same_queries_for_one_person_and_for_three(
    client, cycle, cast, django_assert_max_num_queries
):
    client.force_login(cast.admin)
    client.get("/targets/2027/review/")
    with django_assert_max_num_queries(45) as one:
        client.get("/targets/2027/review/")
    for name in ("A", "B"):
        make_quota(make_person(name, team=cast.north), "2027-01", 5)
    prepare(cycle)
    with django_assert_max_num_queries(len(one.captured_queries)):
        client.get("/targets/2027/review/")


# The letter


def test_an_unsent_letter_and_its_number_are_hidden_from_the_rep(client, cycle, cast):
    text = page(client, cast.rep, letter_page(cast.rep))
    assert "120,000" not in text
    assert "not sent yet" in text
    assert "120,000" in page(client, cast.north_manager, letter_page(cast.rep))
    for address in ("", "answer/"):
        client.post(f"/targets/2027/{letter_page(cast.rep)}{address}", {"agree": "1"})
    assert letter_of(cast.rep).state == LetterState.UNSENT


def test_a_sent_letter_shows_the_lines_and_the_number_as_it_was_sent(client, cycle, cast):
    send(cast.rep, by=cast.admin)
    january = Period.objects.leaves().get(label="2027-01")
    plan = make_plan(cycle.fiscal_year)
    set_quota(plan, person=cast.rep, measure="bookings", period=january, amount=Decimal(131313), by=cast.admin)
    text = page(client, cast.rep, letter_page(cast.rep))
    assert "120,000" in text
    assert "131,313" not in text
    assert "Stretch" in text
    assert "€120 k of bookings in 2027. Agree or ask by" in text.replace("\xa0", " ")
    above = page(client, cast.north_manager, letter_page(cast.rep))
    assert "changed since" in above
    assert "Jan 2027, Bookings" in above
    assert "131,313" in above
    assert "Its numbers have changed since it was sent" in above


def test_another_rep_has_no_such_page(client, cycle, cast):
    send(cast.rep, by=cast.admin)
    for address in ("", "print/"):
        page(client, cast.teammate, letter_page(cast.rep) + address, status=404)
    post(client, cast.teammate, letter_page(cast.rep) + "answer/", status=404, agree=1)


def test_the_rep_agrees_and_the_manager_approves(client, cycle, cast):
    send(cast.rep, by=cast.admin)
    assert 'name="agree"' in page(client, cast.rep, letter_page(cast.rep))
    post(client, cast.rep, letter_page(cast.rep) + "answer/", agree=1, version=1)
    assert 'name="approve"' in page(client, cast.north_manager, "review/")
    post(client, cast.north_manager, letter_page(cast.rep) + "decide/", approve=1, next="review")
    assert letter_of(cast.rep).state == LetterState.APPROVED


def test_a_manager_cannot_answer_and_a_rep_cannot_decide(client, cycle, cast):
    send(cast.rep, by=cast.admin)
    post(client, cast.north_manager, letter_page(cast.rep) + "answer/", status=403, agree=1)
    post(client, cast.rep, letter_page(cast.rep) + "decide/", status=403, approve=1)
    assert letter_of(cast.rep).state == LetterState.SENT


def test_a_rejection_without_comment_changes_nothing(client, cycle, cast):
    send(cast.rep, by=cast.admin)
    post(client, cast.north_manager, letter_page(cast.rep) + "decide/", reject=1)
    assert letter_of(cast.rep).state == LetterState.SENT
    post(client, cast.north_manager, letter_page(cast.rep) + "decide/", reject=1, comment="Too low")
    assert (letter_of(cast.rep).state, Comment.objects.get().text) == (LetterState.REJECTED, "Too low")


def test_a_question_through_the_thread_waits_for_the_manager(client, cycle, cast):
    send(cast.rep, by=cast.admin)
    client.force_login(cast.rep)
    data = {"anchor": "letter", "key": letter_of(cast.rep).pk, "field": "", "text": "Why?"}
    answer = client.post("/talk/say/", data, headers={"HX-Request": "true"})
    assert letter_of(cast.rep).state == LetterState.QUESTION
    shown = page(client, cast.rep, letter_page(cast.rep))
    assert "said" in answer.headers["HX-Trigger"]
    assert 'id="letter-state"' in shown
    assert 'hx-trigger="said from:body"' in shown
    assert "#talk" in page(client, cast.north_manager, "review/")


def test_the_range_of_the_team_is_told_from_four_people_on(client, cycle, cast):
    send(cast.rep, by=cast.admin)
    make_quota(make_person("Third", team=cast.north), "2027-01", 70000)
    assert "without names" not in page(client, cast.rep, letter_page(cast.rep))
    make_quota(make_person("Fourthly", team=cast.north), "2027-01", 80000)
    text = page(client, cast.rep, letter_page(cast.rep))
    assert "without names" in text
    assert "Fourthly" not in text


def test_the_print_version_adds_up_without_navigation(client, cycle, cast):
    send(cast.rep, by=cast.admin)
    text = page(client, cast.rep, letter_page(cast.rep) + "print/")
    assert "120,000" in text
    assert "<nav" not in text


def test_a_year_without_cycle_shows_numbers_and_history_as_ever(client, cycle, cast):
    make_quota(cast.rep, "2026-09", 4321)
    client.force_login(cast.rep)
    text = client.get(f"/targets/2026/quotas/{cast.rep.pk}/").content.decode()
    assert text.count("4,321") >= 3  # month, quarter and year
    assert "History" in text


# Proposals


def test_a_rep_writes_the_own_view_and_takes_it_back(client, cycle, cast):
    post(client, cast.rep, "propose/", measure="bookings", amount="110k", note="Gent is lost")
    assert Proposal.objects.get().amount == 110000
    assert "Your proposal is kept: €110,000.00." in page(client, cast.rep, letter_page(cast.rep))
    post(client, cast.rep, "propose/", measure="bookings", amount="")
    assert not Proposal.objects.exists()


def test_a_manager_writes_the_view_of_the_own_team_alone(client, cycle, cast):
    post(client, cast.north_manager, "propose/", team=cast.north.pk, measure="revenue", amount="5M")
    assert Proposal.objects.get().team == cast.north
    post(client, cast.north_manager, "propose/", status=404, team=cast.south.pk, amount="1")
    post(client, cast.rep, "propose/", status=403, team=cast.north.pk, amount="1")
    assert Proposal.objects.count() == 1


@pytest.mark.parametrize("amount", ["lots", "-5", "1e400", "0.0001", "<b>"])
def test_a_bad_proposal_is_refused_in_words(client, cycle, cast, amount):
    post(client, cast.rep, "propose/", measure="bookings", amount=amount)
    assert not Proposal.objects.exists()


def test_the_note_of_a_proposal_is_read_by_nobody_elsewhere(client, cycle, cast):
    propose(cycle, of_person(cast.rep.pk), Measure.BOOKINGS, Decimal(1), by=cast.rep, note="Whisper")
    propose(cycle, of_team(cast.north.pk), Measure.BOOKINGS, Decimal(1), by=cast.north_manager, note="Murmur")
    text = page(client, cast.south_manager, "review/")
    assert ("Whisper" in text, "Murmur" in text) == (False, False)
    assert "Murmur" not in page(client, cast.rep, letter_page(cast.rep))


def test_a_proposal_that_is_refused_stands_in_its_fields_once(client, cycle, cast):
    post(client, cast.rep, "propose/", amount="12o0", note="a long reason", measure="bookings")
    text = page(client, cast.rep, letter_page(cast.rep))
    assert 'value="12o0"' in text
    assert 'value="a long reason"' in text
    assert "a long reason" not in page(client, cast.rep, letter_page(cast.rep))


def test_a_comment_that_is_refused_stands_in_its_field(client, cycle, cast):
    send(cast.rep, by=cast.north_manager)
    QuotaLetter.objects.update(state="approved")
    post(client, cast.north_manager, f"{letter_page(cast.rep)}decide/", reject="1", comment="Gent is lost")
    QuotaLetter.objects.update(state="agreed")
    assert ">Gent is lost</textarea>" in page(client, cast.north_manager, letter_page(cast.rep))


def test_after_the_lock_the_rep_sees_what_changed_since_and_none_of_the_drafts(client, cycle, cast):
    send(cast.rep, by=cast.north_manager)
    letters.agree(letter_of(cast.rep), cast.rep)
    january = Period.objects.leaves().get(label="2027-01")
    plan = make_plan(cycle.fiscal_year)
    for amount in (999, 125000):
        set_quota(plan, person=cast.rep, measure="bookings", period=january, amount=Decimal(amount), by=cast.admin)
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=Stage.APPROVE)
    cycles.lock_year(cycle.fiscal_year, cast.admin)
    shown = page(client, cast.rep, letter_page(cast.rep))
    assert "What this version changed" in shown
    assert "120,000" in shown
    assert "125,000" in shown
    assert ">999<" not in shown
    assert ">999<" in page(client, cast.admin, letter_page(cast.rep))


def test_a_change_of_many_months_is_one_line_of_the_history(client, cycle, cast):
    whole = Period.objects.get(label="2027")
    plan = make_plan(cycle.fiscal_year)
    set_quota(plan, person=cast.loner, measure="revenue", period=whole, amount=Decimal(1200), by=cast.admin)
    client.force_login(cast.admin)
    changes = client.get(f"/targets/2027/{letter_page(cast.loner)}").context["page"].changes
    assert [(row.period, row.before, row.amount) for row in changes] == [("Jan 2027 to Dec 2027", None, Decimal(1200))]


def test_the_review_of_a_locked_year_reminds_who_has_not_acknowledged(client, cycle, cast):
    send(cast.rep, cast.teammate, by=cast.north_manager)
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=Stage.APPROVE)
    cycles.lock_year(cycle.fiscal_year, cast.admin)
    letters.acknowledge(letter_of(cast.rep), cast.rep)
    shown = page(client, cast.admin, "review/")
    assert "Remind Rep Two" in shown
    assert "Remind Rep One" not in shown
    assert "Acknowledged" in shown
