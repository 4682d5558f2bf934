"""The company plan is submitted, and approved or returned by a second admin, before the managers read it."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import AuditEntry, Period, User
from spm.talk.anchors import sees
from spm.talk.models import Comment, Notification
from spm.talk.threads import BadComment
from targets import access, approvals, cycles, plans, rollup
from targets.approvals import NotAllowed, Overtaken, Unapproved
from targets.choices import PlanState, Stage
from targets.goals import SubmittedPlan
from targets.holdups import Waiting, holdups
from targets.models import Attainment, CompanyPlan, PlanLine, PlanningCycle
from tests import children
from tests.builders import make_person, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(year, cast):
    """2027 in its first stage: 900,317 of bookings are planned."""
    plan = plans.working_plan(make_year("2027", date(2027, 1, 1)))
    cycles.create_cycle(plan.fiscal_year, cast.admin)
    give(plan, 900_317)
    return plan


@pytest.fixture
def second(cast):
    return make_person("Second", is_admin=True)


def give(plan, amount, by=None):
    period = Period.objects.get(label="2027")
    plans.set_plan_line(plan, measure="bookings", period=period, amount=Decimal(amount), by=by)


def stored():
    return CompanyPlan.objects.get(kind="working", fiscal_year__label="2027")


def advance(cast):
    return cycles.advance(PlanningCycle.objects.get(), Stage.ALLOCATE, cast.admin)


def approval(client, person, **data):
    client.force_login(person)
    name = "plan-decide" if data else "plan-approval"
    address = reverse(f"targets:{name}", args=["2027"])
    return client.post(address, data, follow=True) if data else client.get(address)


# The verbs


def test_a_second_admin_approves_and_the_plan_can_be_handed_on(plan, cast, second):
    with pytest.raises(Unapproved, match="Submit it first"):
        advance(cast)
    approvals.submit(plan, by=cast.admin)
    with pytest.raises(Unapproved, match="waits for its approval"):
        advance(cast)
    assert [(row.person, row.kind) for row in Notification.objects.all()] == [(second, "plan_submitted")]
    with pytest.raises(NotAllowed, match="did not submit it"):
        approvals.approve(stored(), by=cast.admin)
    approvals.approve(stored(), by=second)
    assert (stored().state, stored().decided_by) == (PlanState.APPROVED, second)
    assert Notification.objects.filter(kind="plan_decided", person=cast.admin).count() == 1
    assert advance(cast).stage == Stage.ALLOCATE


def test_where_there_is_one_admin_that_one_may_approve(plan, cast):
    make_person("Gone admin", is_admin=True, is_active=False)
    approvals.approve(approvals.submit(plan, by=cast.admin), by=cast.admin)
    assert stored().state == PlanState.APPROVED


def test_a_return_needs_its_comment_and_leads_to_a_new_submission(plan, cast, second):
    approvals.submit(plan, by=cast.admin)
    with pytest.raises(BadComment):
        approvals.send_back(stored(), by=second, comment=" ")
    approvals.send_back(stored(), by=second, comment="Margin is missing")
    assert (stored().state, Comment.objects.get().text) == (PlanState.RETURNED, "Margin is missing")
    with pytest.raises(NotAllowed):
        approvals.approve(stored(), by=second)
    give(plan, 800_000, by=cast.admin)
    approvals.submit(stored(), by=cast.admin)
    assert [entry.detail["state"] for entry in AuditEntry.objects.filter(kind="plan_approval").order_by("pk")] == [
        "submitted",
        "returned",
        "submitted",
    ]


def test_what_is_submitted_does_not_change_until_it_is_taken_back(plan, cast):
    approvals.submit(plan, by=cast.admin)
    assert not access.can_edit_plan(cast.admin, stored())
    with pytest.raises(SubmittedPlan):
        give(stored(), 1, by=cast.admin)
    approvals.withdraw(stored(), by=cast.admin)
    give(stored(), 1, by=cast.admin)
    assert (stored().state, sum(plan.lines.values_list("amount", flat=True))) == (PlanState.DRAFT, 1)
    with pytest.raises(NotAllowed):
        approvals.withdraw(stored(), by=cast.admin)


def test_a_plan_changed_after_its_approval_is_approved_again_before_it_is_handed_on_or_locked(plan, cast):
    approvals.approve(approvals.submit(plan, by=cast.admin), by=cast.admin)
    with pytest.raises(NotAllowed):
        approvals.submit(stored(), by=cast.admin)
    give(plan, 800_000, by=cast.admin)
    for stage, following in ((Stage.PLAN, Stage.ALLOCATE), (Stage.APPROVE, Stage.LOCK)):
        PlanningCycle.objects.update(stage=stage)
        with pytest.raises(Unapproved, match="changed since"):
            cycles.advance(PlanningCycle.objects.get(), following, cast.admin)
    approvals.approve(approvals.submit(stored(), by=cast.admin), by=cast.admin)
    assert cycles.advance(PlanningCycle.objects.get(), Stage.LOCK, cast.admin).stage == Stage.LOCK


def test_who_read_an_earlier_submission_looks_again(plan, cast, second):
    seen = approvals.submit(plan, by=cast.admin).version
    approvals.withdraw(stored(), by=cast.admin)
    give(plan, 800_000, by=cast.admin)
    approvals.submit(stored(), by=cast.admin)
    with pytest.raises(Overtaken):
        approvals.approve(stored(), by=second, seen=seen)
    approvals.approve(stored(), by=second, seen=stored().version)


def test_nobody_but_an_admin_and_nothing_without_a_number_or_a_cycle(plan, cast):
    for person in (cast.director, cast.rep):
        with pytest.raises(NotAllowed):
            approvals.submit(plan, by=person)
    PlanLine.objects.all().delete()
    with pytest.raises(Unapproved, match="no company plan yet"):
        approvals.submit(plan, by=cast.admin)
    PlanningCycle.objects.all().delete()
    with pytest.raises(NotAllowed):
        approvals.submit(stored(), by=cast.admin)


def test_who_holds_it_up_is_the_other_admin_and_then_who_submitted(plan, cast, second):
    approvals.submit(plan, by=cast.admin)
    (row,) = (row for row in holdups(PlanningCycle.objects.get()) if row.kind is Waiting.PLAN)
    assert (row.person, row.about) == (second, cast.admin)
    approvals.send_back(stored(), by=second, comment="Margin is missing")
    (row,) = (row for row in holdups(PlanningCycle.objects.get()) if row.kind is Waiting.RETURNED)
    assert row.person == cast.admin


# The pages


def test_the_page_says_whose_turn_it_is(client, plan, cast, second):
    page = approval(client, cast.admin).content.decode()
    assert "Approved by another admin: Second" in page
    assert "900,317" in page
    page = approval(client, cast.admin, submit="1").content.decode()
    assert "It is for Second to decide" in page
    assert 'name="approve"' not in page
    version = stored().version
    assert approval(client, cast.admin, approve="1", version=version).status_code == 403
    page = approval(client, second, **{"return": "1", "comment": "Margin is missing", "version": version})
    assert "Returned" in page.content.decode()
    approval(client, cast.admin, submit="1")
    page = approval(client, second, approve="1", version=stored().version).content.decode()
    assert "is approved. Next" in page


def test_the_only_admin_is_told_why_they_may_approve(client, plan, cast):
    assert "You are the only admin" in approval(client, cast.admin).content.decode()
    page = approval(client, cast.admin, submit="1").content.decode()
    assert "You are the only admin" in page
    assert 'name="approve"' in page


def test_the_year_leads_to_the_approval_and_the_plan_says_that_it_waits(client, plan, cast):
    client.force_login(cast.admin)
    assert "Have the company plan approved" in client.get("/targets/2027/").content.decode()
    approvals.submit(plan, by=cast.admin)
    page = client.get("/targets/2027/company/")
    assert "its numbers stay as they were submitted" in page.content.decode()
    assert not page.context["grid"].can_edit
    assert "submitted is to be decided" in client.get("/targets/2027/").content.decode()


# Managers


def test_managers_read_no_number_of_a_plan_that_is_not_handed_on(client, plan, cast):
    rollup.rebuild()
    client.force_login(cast.director)
    pages = ("", "2027/", "2027/company/", "2027/company/?format=csv", "2027/company/versions/", "2027/fairness/")
    year = Period.objects.get(label="2027")
    for path in (*(f"/targets/{page}" for page in pages), f"/performance/?period={year.label}&compare=plan"):
        answer = client.get(path)
        text = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()
        assert answer.status_code == 200, path
        assert not [token for token in ("900,317", "900317", "900.3") if token in text], path
    assert client.get("/targets/2027/company/history/").status_code == 403
    assert "is being drafted" in client.get("/targets/2027/company/").content.decode()
    assert not Attainment.objects.visible_to(cast.director).filter(company=1, period=year).exists()


def test_once_it_is_handed_on_they_do(client, plan, cast):
    approvals.approve(approvals.submit(plan, by=cast.admin), by=cast.admin)
    advance(cast)
    client.force_login(cast.director)
    assert "900.3" in client.get("/targets/?measure=bookings").content.decode()
    assert client.get("/targets/2027/company/history/").status_code == 200


def test_a_year_to_come_without_a_cycle_is_not_handed_on_either(plan, cast):
    PlanningCycle.objects.all().delete()
    assert not PlanLine.objects.visible_to(cast.director).exists()
    CompanyPlan.objects.update(locked_at="2026-09-18T00:00Z")
    assert PlanLine.objects.visible_to(cast.director).exists()


def test_what_admins_say_of_the_plan_stays_among_them(plan, cast, second):
    approvals.submit(plan, by=cast.admin)
    approvals.send_back(stored(), by=second, comment="Margin is missing")
    PlanningCycle.objects.update(stage=Stage.ALLOCATE)
    assert sees(cast.admin, "plan", plan.pk)
    assert not sees(cast.director, "plan", plan.pk)


# Killed


def approve_by_key(pk, by):
    approvals.approve(CompanyPlan.objects.get(pk=pk), by=User.objects.get(pk=by))


@pytest.mark.django_db(transaction=True)
def test_an_approval_killed_at_every_statement_is_whole_or_absent(year, cast, plan, second):
    approvals.submit(plan, by=cast.admin)
    seen = []
    for _ended in children.kills(approve_by_key, plan.pk, second.pk):
        entries = AuditEntry.objects.filter(kind="plan_approval", detail__state="approved").count()
        seen.append((stored().state, entries, Notification.objects.filter(kind="plan_decided").count()))
        if stored().state == PlanState.APPROVED:
            break
    assert (set(seen), len(seen) > 5) == ({("submitted", 0, 0), ("approved", 1, 1)}, True)
