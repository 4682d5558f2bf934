"""Who has no number yet: named in place of a percentage that says no more, and held up by whoever has to give one."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from spm.org.models import Company, User
from spm.talk.models import Notification
from spm.talk.notices import sentence
from targets import completion, cycles, policy, scenarios
from targets.allocation import read_grid
from targets.choices import LimitAction, Stage
from targets.cycle_queries import cycle_home
from targets.cycles import WrongStage
from targets.grounds import ground_of
from targets.holdups import Waiting, holdups
from targets.lacking import lacking
from targets.models import PlanningCycle, Quota, QuotaLetter
from targets.plans import working_plan
from targets.recipients import prepare
from targets.reminders import remind_all
from tests.builders import make_line_of_plan, make_person, make_quota, make_year
from tests.targets.test_cycles import set_target

pytestmark = pytest.mark.django_db
POLICY_WORDS = "the policy is 0"


@pytest.fixture
def cycle(year, cast):
    """2027 in Review, a plan of 1,000 for North and South: of North one of three has a number, of South all."""
    cycle = cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.admin)
    make_person("Rep Zero", team=cast.north)
    make_person("Deputy", team=cast.sales)
    make_line_of_plan("2027-01", 1000)
    for team, amount in ((cast.sales, 1000), (cast.north, 600), (cast.south, 400)):
        set_target(team, amount)
    make_quota(cast.rep, "2027-01", 150)
    make_quota(cast.outsider, "2027-01", 400)
    PlanningCycle.objects.update(stage=Stage.REVIEW)
    cycle.refresh_from_db()
    prepare(cycle)
    return cycle


def page(client, person, path):
    client.force_login(person)
    return client.get(path).content.decode().replace("\u00a0", " ")


def test_leads_are_not_expected_to_carry_a_number_unless_they_do():
    assert lacking({1, 2, 3, 4}, leads={3, 4}, numbered={1, 4}).words == "1 of 3 has no number yet"
    assert not lacking({1, 3}, leads={3}, numbered={1})


@pytest.mark.parametrize(
    ("numbered", "english", "french"),
    [
        ({1, 2}, "0 of 2 have no number yet", "0 personne sur 2 n’a pas encore de chiffre"),
        ({1}, "1 of 2 has no number yet", "1 personne sur 2 n’a pas encore de chiffre"),
        (set(), "2 of 2 have no number yet", "2 personnes sur 2 n’ont pas encore de chiffre"),
    ],
)
def test_both_languages_count_right(numbered, english, french):
    found = lacking({1, 2}, set(), numbered)
    assert found.words == english
    with translation.override("fr"):
        assert found.words == french


def test_the_years_page_counts_who_has_no_number_in_place_of_a_percentage(client, cycle, cast):
    reps = cycle_home(cast.admin, cycle, "bookings").meters.rows[-1]
    assert (reps.amount, reps.lacking) == (550, "3 of 5 have no number yet")
    text = page(client, cast.admin, "/targets/2027/")
    assert "3 of 5 have no number yet" in text
    assert "−45.0 %" not in text
    own = cycle_home(cast.north_manager, cycle, "bookings").meters.rows[-1]
    assert own.lacking == "2 of 3 have no number yet"


def test_the_allocation_does_so_above_the_grid_and_at_each_team(client, cycle, cast):
    text = page(client, cast.admin, "/targets/2027/allocate/")
    assert "0.5 k€ are still to be allocated. 3 of 5 have no number yet." in text
    assert "−75.0 %" not in text
    assert "−45.0 %" not in text
    rows = {row.name: row for row in read_grid(cast.admin, cycle).rows}
    assert [caution.sentence for caution in rows["North"].cautions] == ["2 of 3 have no number yet."]
    assert not rows["South"].is_half_made
    assert "(0.0 %)" in text  # South gives what it has, and says so


def test_above_the_policy_the_percentage_is_what_there_is_to_say(cycle, cast):
    Quota.objects.filter(person=cast.rep).update(amount=900)
    rows = {row.name: row for row in read_grid(cast.admin, cycle).rows}
    assert POLICY_WORDS in rows["North"].cautions[0].sentence.replace("\u00a0", " ")
    assert rows["North"].lacking.words == "2 of 3 have no number yet"
    assert cycle_home(cast.admin, cycle, "bookings").meters.rows[-1].lacking == ""


def test_where_all_have_one_the_percentage_stands(client, cycle, cast):
    for person in (cast.teammate, User.objects.get(name="Rep Zero")):
        make_quota(person, "2027-01", 10)
    north = next(row for row in read_grid(cast.admin, cycle).rows if row.name == "North")
    assert "−71.7" in north.cautions[0].sentence
    assert [row.kind for row in holdups(cycle) if row.team == cast.north.pk] == []


def test_in_review_the_manager_whose_people_have_no_number_holds_it_up(client, cycle, cast):
    """Sales gives all it has, so that its own member needs no number for that."""
    rows = [row for row in holdups(cycle) if row.kind is Waiting.NUMBER]
    assert [(row.person, row.team_name, row.lacking.words) for row in rows] == [
        (cast.north_manager, "North", "2 of 3 have no number yet"),
    ]
    assert "North: 2 of 3 have no number yet." in page(client, cast.admin, "/targets/2027/")
    home = page(client, cast.north_manager, "/")
    assert "2 people have no number yet." in home
    assert "North: 2 of 3 have no number yet" in home
    assert "no number yet" not in page(client, cast.south_manager, "/")


def test_a_team_that_hands_on_all_it_has_needs_no_number_more(cycle, cast):
    Quota.objects.filter(person=cast.rep).update(amount=600)
    assert {row.team_name for row in holdups(cycle) if row.kind is Waiting.NUMBER} == set()


def test_whoever_has_no_number_counts_as_a_letter_that_is_not_agreed_to(cycle, cast):
    QuotaLetter.objects.filter(person=cast.rep).update(state="agreed")
    cycle.refresh_from_db()
    assert completion.done_share(ground_of(cycle)) == Decimal(1) / 5
    Quota.objects.filter(person=cast.rep).update(amount=600)
    assert completion.done_share(ground_of(cycle)) == Decimal(1) / 2


def test_they_are_reminded_of_allocate_once_it_is_overdue(cycle, cast):
    cycles.set_stage(cycle, Stage.ALLOCATE, owner=cast.admin, due_on=date(2026, 9, 15), by=cast.admin)
    cycles.set_stage(cycle, Stage.REVIEW, owner=cast.admin, due_on=date(2026, 12, 1), by=cast.admin)
    Company.objects.update(fixed_today=date(2026, 9, 18))
    assert [remind_all(), remind_all()] == [1, 0]
    told = {row.person: sentence(row) for row in Notification.objects.select_related("person")}
    assert told == {cast.north_manager: "Plan 2027: “Allocate” was due on 15 Sep 2026."}


def test_a_lock_that_the_policy_blocks_names_who_has_no_number(cycle, cast):
    PlanningCycle.objects.update(stage=Stage.APPROVE, over_action=LimitAction.BLOCK)
    cycle.refresh_from_db()
    said = policy.outside(cycle, policy.standing(cycle, working_plan(cycle.fiscal_year)))
    assert said == ["North, Bookings: 2 of 3 have no number yet."]
    with pytest.raises(WrongStage, match=r"have no number yet\."):
        cycles.advance(cycle, Stage.LOCK, cast.admin)


def test_versions_side_by_side_say_it_too(client, cycle, cast):
    scenarios.create(working_plan(cycle.fiscal_year), "More", cast.admin)
    text = page(client, cast.admin, "/targets/2027/scenarios/")
    assert text.count(">3 of 5 have no number yet</td>") == 2
    assert "−45.0 %" not in text
    for person in (cast.teammate, *User.objects.filter(name__in=["Rep Zero", "Deputy"])):
        make_quota(person, "2027-01", 0)
    text = page(client, cast.admin, "/targets/2027/scenarios/")
    assert "−45.0 %" in text
