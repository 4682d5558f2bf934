"""What people are reminded of, once per slot; and what Home says of planning."""

from datetime import UTC, date, datetime, timedelta

import pytest

from spm.dashboards.planning import planning_of
from spm.jobs.models import Job
from spm.jobs.queue import enqueue, in_process
from spm.jobs.schedule import SCHEDULE
from spm.org.models import Company, TeamLead, User
from spm.org.people import place_member
from spm.talk.models import Notification
from targets import cycles
from targets.choices import Stage
from targets.holdups import holdups
from targets.letters import deciders
from targets.models import CompanyPlan, PlanningCycle, QuotaLetter
from targets.reminders import remind_all
from tests.builders import make_line_of_plan, make_person, make_quota, make_year
from tests.targets.test_cycles import set_target

pytestmark = pytest.mark.django_db
SENT = datetime(2026, 9, 8, 12, tzinfo=UTC)  # ten days before the company's clock; letters have five


@pytest.fixture
def cycle(year, cast):
    return cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.admin)


def due(cycle, stage, day, owner):
    cycle.stages.filter(stage=stage).update(due_on=day, owner=owner)
    PlanningCycle.objects.filter(pk=cycle.pk).update(stage=stage)


def letter(cycle, person, state, **fields):
    PlanningCycle.objects.filter(pk=cycle.pk, stage=Stage.PLAN).update(stage=Stage.REVIEW)
    values = {"sent_at": SENT, "answered_at": SENT} | fields
    return QuotaLetter.objects.create(cycle=cycle, person=person, state=state, **values)


def told():
    return {(row.person, row.kind) for row in Notification.objects.select_related("person")}


def at(day):
    Company.objects.update(fixed_today=day)


def test_the_owner_hears_three_days_before_once_and_weekly_when_it_is_late(cycle, cast):
    due(cycle, Stage.PLAN, date(2026, 9, 21), cast.director)
    assert [remind_all(), remind_all()] == [1, 0]
    assert told() == {(cast.director, "cycle_due")}
    counts = []
    for days in range(1, 15):
        at(date(2026, 9, 21) + timedelta(days=days))
        counts.append(remind_all())
    assert counts == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert (cast.director, "cycle_late") in told()


def test_who_changes_manager_next_year_is_for_the_manager_of_today(cycle, cast):
    """The year is planned for the teams of its first day; who may act is of today, and so is who is reminded."""
    place_member(cast.rep, team=cast.south, starts_on=date(2027, 1, 1))
    waiting = letter(cycle, cast.rep, "agreed")
    cycle.refresh_from_db()
    assert deciders(waiting) == [cast.north_manager]
    assert [row.person for row in holdups(cycle) if row.letter == waiting.pk] == [cast.north_manager]
    remind_all()
    assert {who for who, kind in told() if kind == "letters_waiting"} == {cast.north_manager}


def test_a_letter_of_somebody_without_a_manager_is_for_the_owner_of_the_stage(cycle, cast):
    waiting = letter(cycle, cast.loner, "agreed")
    cycle.refresh_from_db()
    cycle.stages.filter(stage=Stage.REVIEW).update(owner=cast.admin)
    assert deciders(waiting) == [cast.admin]
    assert [row.person for row in holdups(cycle) if row.letter == waiting.pk] == [cast.admin]


def test_four_days_before_nobody_hears_anything(cycle, cast):
    due(cycle, Stage.PLAN, date(2026, 9, 22), cast.director)
    assert remind_all() == 0


def test_managers_who_have_not_handed_on_hear_when_allocation_is_late(cycle, cast):
    set_target(cast.north, 600)
    make_quota(cast.rep, "2027-01", 450)
    due(cycle, Stage.ALLOCATE, date(2026, 9, 17), cast.admin)
    remind_all()
    assert told() == {(cast.admin, "cycle_late"), (cast.north_manager, "cycle_late")}


def test_a_letter_that_is_not_answered_in_time_is_recalled_to_its_person(cycle, cast):
    letter(cycle, cast.rep, "sent")
    letter(cycle, cast.teammate, "sent", answered_at=SENT + timedelta(days=6))
    remind_all()
    assert told() == {(cast.rep, "quota_waiting")}
    assert Notification.objects.get().path == f"/targets/2027/quotas/{cast.rep.pk}/"


def test_a_letter_sent_again_is_recalled_again(cycle, cast):
    row = letter(cycle, cast.rep, "sent")
    assert [remind_all(), remind_all()] == [1, 0]
    QuotaLetter.objects.filter(pk=row.pk).update(sent_at=SENT + timedelta(days=30))
    at(date(2026, 10, 18))
    assert [remind_all(), remind_all()] == [1, 0]


def test_a_manager_is_reminded_of_letters_once_a_week(cycle, cast):
    letter(cycle, cast.rep, "agreed")
    counts = []
    for days in range(15):
        at(date(2026, 9, 18) + timedelta(days=days))
        counts.append(remind_all())
    assert counts == [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_letters_that_wait_for_a_manager_are_one_reminder(cycle, cast):
    for person, state in ((cast.rep, "question"), (cast.teammate, "agreed")):
        letter(cycle, person, state)
    remind_all()
    row = Notification.objects.get()
    assert (row.person, row.kind, row.parameters["count"]) == (cast.north_manager, "letters_waiting", 2)


def test_a_year_that_is_watched_reminds_of_no_stage(cycle, cast):
    due(cycle, Stage.MONITOR, date(2026, 9, 1), cast.director)
    assert remind_all() == 0


def test_the_reminders_are_daily_work(cycle, cast, django_capture_on_commit_callbacks):
    due(cycle, Stage.PLAN, date(2026, 9, 18), cast.director)
    with in_process(), django_capture_on_commit_callbacks(execute=True):
        enqueue("cycle_reminders")
    assert Job.objects.get(kind="cycle_reminders").state == "done"
    assert SCHEDULE["cycle_reminders"] == timedelta(days=1)
    assert told() == {(cast.director, "cycle_due")}


# Home


def said(person):
    return [card.text for card in planning_of(User.objects.get(pk=person.pk)).cards]


def test_home_says_what_is_due_and_what_waits_for_the_manager(cycle, cast, client):
    due(cycle, Stage.REVIEW, date(2026, 9, 30), cast.admin)
    letter(cycle, cast.rep, "question")
    letter(cycle, cast.teammate, "question")
    letter(cycle, cast.outsider, "agreed")
    expected = "Plan 2027: “Review” is due on 30 Sep 2026. 2 questions wait."
    assert said(cast.north_manager) == [expected]
    client.force_login(cast.north_manager)
    assert expected in client.get("/").content.decode()
    assert said(cast.admin) == [expected + " 1 letter is to be approved."]


@pytest.mark.parametrize(
    ("state", "stage", "expected"),
    [
        ("unsent", Stage.REVIEW, "1 letter is not sent."),
        ("sent", Stage.REVIEW, "1 letter is not answered."),
        ("question", Stage.REVIEW, "1 question waits."),
        ("rejected", Stage.REVIEW, "1 rejected number is to be changed."),
        ("agreed", Stage.APPROVE, "1 letter is to be approved."),
        ("approved", Stage.MONITOR, "1 locked quota is not acknowledged."),
    ],
)
def test_home_tells_whoever_stands_above_of_each_thing_that_waits(cycle, cast, state, stage, expected):
    due(cycle, stage, None, cast.admin)
    letter(cycle, cast.rep, state)
    assert [said(person)[0].endswith(expected) for person in (cast.north_manager, cast.director, cast.admin)] == [
        True
    ] * 3
    assert not any(expected in text for text in said(cast.south_manager))


def test_home_tells_of_targets_that_are_not_handed_on(cycle, cast):
    due(cycle, Stage.ALLOCATE, date(2026, 9, 30), cast.admin)
    make_line_of_plan("2027-01", 1000)
    set_target(cast.sales, 900)
    set_target(cast.north, 600)
    make_quota(cast.rep, "2027-01", 450)
    due_words = "Plan 2027: “Allocate” is due on 30 Sep 2026. "
    assert said(cast.north_manager) == [due_words + "1 team’s target is not handed on in full."]
    assert said(cast.admin) == [
        due_words + "90\u00a0% of the company plan is handed on. 2 teams’ targets are not handed on in full."
    ]


def test_home_tells_admins_of_revisions_that_wait_for_their_decision(cycle, cast):
    due(cycle, Stage.MONITOR, None, cast.admin)
    fields = {"kind": "revision", "state": "submitted", "author": cast.north_manager}
    CompanyPlan.objects.create(fiscal_year=cycle.fiscal_year, **fields)
    (card,) = planning_of(cast.admin).cards
    assert (card.text, card.href) == ("Plan 2027: 1 revision waits for its decision.", "/targets/2027/revisions/")
    assert [task.text for task in planning_of(cast.admin).tasks] == ["Revision 1 to be decided"]
    assert said(cast.north_manager) == said(cast.director) == []


def test_a_stage_without_owner_is_told_to_who_may_name_one(cycle, cast):
    due(cycle, Stage.PLAN, date(2026, 9, 30), None)
    assert said(cast.admin) == ["Plan 2027: “Plan” is due on 30 Sep 2026. Nobody owns this stage."]
    assert said(cast.director) == ["Plan 2027: “Plan” is due on 30 Sep 2026."]


def test_what_one_must_do_stands_in_a_list_with_the_way_there(cycle, cast):
    due(cycle, Stage.REVIEW, date(2026, 9, 30), cast.admin)
    letter(cycle, cast.rep, "question")
    letter(cycle, cast.teammate, "unsent")
    letter(cycle, cast.outsider, "agreed")
    found = planning_of(cast.north_manager)
    assert [(task.text, task.href, task.is_late) for task in found.tasks] == [
        ("Quota question of Rep One", f"/targets/2027/quotas/{cast.rep.pk}/#talk", True),
        ("1 quota letter to be sent", "/targets/2027/review/", False),
    ]
    assert planning_of(cast.rep).tasks == planning_of(cast.director).tasks == []


def test_more_than_five_things_are_counted(cycle, cast):
    due(cycle, Stage.REVIEW, date(2026, 9, 30), cast.admin)
    for number in range(7):
        letter(cycle, make_person(f"Agreed {number}", team=cast.north), "agreed")
    found = planning_of(cast.north_manager)
    assert (len(found.tasks), found.more) == (5, 2)


def test_home_warns_of_a_stage_that_is_late(cycle, cast):
    due(cycle, Stage.PLAN, date(2026, 9, 1), cast.admin)
    (card,) = planning_of(cast.admin).cards
    assert (card.kind, card.text) == ("warn", "Plan 2027: “Plan” was due on 1 Sep 2026.")


@pytest.mark.parametrize(
    ("state", "stage", "expected"),
    [
        ("sent", Stage.REVIEW, ["Plan 2027: your quota letter waits for your answer."]),
        ("approved", Stage.LOCK, ["Plan 2027: your quota is locked; acknowledge it."]),
        ("question", Stage.MONITOR, ["Plan 2027: your quota is locked; acknowledge it."]),
        ("agreed", Stage.REVIEW, []),
        ("unsent", Stage.LOCK, []),
        ("unsent", Stage.REVIEW, []),
    ],
)
def test_a_rep_hears_of_the_own_letter_alone(cycle, cast, state, stage, expected):
    due(cycle, stage, date(2026, 9, 30), cast.admin)
    letter(cycle, cast.rep, state)
    letter(cycle, cast.teammate, "question")
    assert said(cast.rep) == expected
    assert said(cast.loner) == []


def test_who_leads_nobody_any_more_hears_nothing_on_home(cycle, cast):
    letter(cycle, cast.rep, "question")
    TeamLead.objects.filter(person=cast.north_manager).update(person=None)
    assert said(cast.north_manager) == []
