"""What is said beside a plan, and what people are reminded of: each is told once, and no more than they want."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from spm.org import clock
from spm.talk import notices, threads
from spm.talk.models import Notification
from territories import plan_flow, plan_history, plan_reminders, plans
from territories.choices import Section, SectionReview
from territories.models import PlanSection, PlanTemplate, TerritoryPlan, TerritoryPlanLine
from territories.plan_live import STALE_DAYS, is_stale
from tests.builders import make_company
from tests.territories.test_plan_flow import told
from tests.territories.test_plan_writing import complete


@pytest.fixture
def submitted(planned):
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    return planned


def line_of(planned, section=Section.ACCOUNTS):
    return TerritoryPlanLine.objects.get(plan=planned.plan, section=section)


def say(planned, by, anchor, key, text, field=""):
    return threads.say(threads.thread_of(anchor, key, field), by=by, text=text)


def test_the_author_hears_of_a_comment_on_a_line_and_the_section_is_marked(submitted):
    say(submitted, submitted.north_manager, plans.LINE, line_of(submitted).pk, "How do we get in?")
    assert told(submitted.rep).count("territory_plan_comment") == 1
    section = PlanSection.objects.get(plan=submitted.plan, section=Section.ACCOUNTS)
    assert section.review == SectionReview.COMMENTED
    notice = Notification.objects.get(person=submitted.rep, kind="territory_plan_comment")
    assert notice.path.endswith(f"?talk=line-{line_of(submitted).pk}#talk")


def test_the_manager_hears_of_the_answer_and_the_author_not_of_the_own(submitted):
    say(submitted, submitted.rep, plans.PLAN, submitted.plan.pk, "By the dock", Section.ACCOUNTS)
    assert "territory_plan_comment" in told(submitted.north_manager)
    assert "territory_plan_comment" not in told(submitted.rep)
    assert PlanSection.objects.get(plan=submitted.plan, section=Section.ACCOUNTS).review == SectionReview.OPEN


def test_who_does_not_see_the_plan_cannot_speak_of_its_lines(submitted, client):
    client.force_login(submitted.outsider)
    data = {"anchor": plans.LINE, "key": line_of(submitted).pk, "text": "Secret"}
    assert client.post(reverse("talk:say"), data).status_code == 404


def test_the_page_shows_every_thread_with_its_place_and_opens_the_one_asked_for(submitted, client):
    line = line_of(submitted)
    say(submitted, submitted.north_manager, plans.LINE, line.pk, "How do we get in?")
    say(submitted, submitted.north_manager, plans.PLAN, submitted.plan.pk, "What of me?", Section.SUPPORT)
    client.force_login(submitted.rep)
    address = reverse("territories:plan-detail", args=["2027", submitted.rep.pk])
    body = client.get(f"{address}?talk=line-{line.pk}").content.decode()
    assert "2 Key accounts and penetration, Halvorsen" in body
    assert "2 open, 0 resolved" in body
    assert f'name="key" value="{line.pk}"' in body
    other = client.get(f"{address}?talk=line-99999").content.decode()
    assert f'name="key" value="{submitted.plan.pk}"' in other


def test_what_was_said_of_a_line_comes_back_with_it(submitted, client):
    line = line_of(submitted)
    say(submitted, submitted.north_manager, plans.LINE, line.pk, "How do we get in?")
    plan_flow.return_(submitted.plan, submitted.north_manager, "Say how")
    client.force_login(submitted.rep)
    address = reverse("territories:plan-detail", args=["2027", submitted.rep.pk])
    client.post(reverse("territories:plan-save", args=[submitted.plan.pk]), {"remove": line.pk})
    assert "How do we get in?" not in client.get(address).content.decode()
    undo = reverse("territories:plan-line-restore", args=[submitted.plan.pk, line.pk])
    assert "How do we get in?" in client.post(undo, follow=True).content.decode()
    assert "How do we get in?" in client.get(f"{address}?talk=line-{line.pk}").content.decode()


def due(planned, day, today):
    PlanTemplate.objects.filter(fiscal_year=planned.year).update(due_on=day)
    make_company(fixed_today=today)
    return plan_reminders.remind_all()


def test_who_has_not_handed_in_hears_a_week_before_the_day_and_weekly_after_it(planned):
    assert due(planned, date(2026, 10, 15), "2026-10-05") == 0
    assert due(planned, date(2026, 10, 15), "2026-10-08") == 1
    assert due(planned, date(2026, 10, 15), "2026-10-12") == 0
    assert told(planned.rep).count("territory_plan_due") == 1
    for day in ("2026-10-16", "2026-10-17", "2026-10-23"):
        due(planned, date(2026, 10, 15), day)
    assert told(planned.rep).count("territory_plan_late") == 2


def test_who_handed_in_hears_nothing_and_the_manager_is_reminded_after_five_days(submitted):
    handed_in = timezone.localdate(submitted.plan.submitted_at or clock.now())
    assert due(submitted, handed_in, handed_in.isoformat()) == 0
    later = date.fromordinal(handed_in.toordinal() + 5).isoformat()
    assert due(submitted, None, later) == 1
    assert "territory_plans_undecided" in told(submitted.north_manager)
    assert due(submitted, None, later) == 0


def test_lines_that_nobody_touched_are_told_of_once_a_quarter(submitted):
    plan_flow.approve(submitted.plan, submitted.north_manager)
    TerritoryPlan.objects.update(decided_at="2027-01-04T10:00:00Z")
    for today, count in (("2027-02-01", 0), ("2027-03-20", 1), ("2027-03-21", 0), ("2027-04-02", 1)):
        assert due(submitted, None, today) == count
    assert Notification.objects.filter(kind="territory_plan_stale").first().parameters["count"] == 6


def test_a_kind_that_was_switched_off_is_not_shown(planned):
    notices.choose(planned.rep, {"territory_plan_due": (False, False)})
    due(planned, date(2026, 10, 15), "2026-10-14")
    assert not Notification.objects.filter(person=planned.rep, kind="territory_plan_due").unread().exists()


LATE = "2026-10-05T23:30:00Z"
"""Still Monday in UTC, Tuesday morning in Tokyo."""


def test_days_of_waiting_are_counted_from_the_companys_day(submitted, client):
    TerritoryPlan.objects.update(submitted_at=LATE)
    make_company(timezone="Asia/Tokyo", fixed_today=date(2026, 10, 10))
    assert plan_reminders.remind_all() == 0  # the fifth day in UTC, the fourth in Tokyo
    client.force_login(submitted.north_manager)
    assert "for 4 days" in client.get("/").content.decode()
    make_company(timezone="Asia/Tokyo", fixed_today=date(2026, 10, 11))
    assert plan_reminders.remind_all() == 1


def test_an_untouched_line_and_the_day_of_a_version_follow_the_companys_day(submitted, client):
    plan_flow.approve(submitted.plan, submitted.north_manager)
    TerritoryPlan.objects.update(decided_at=LATE)
    plan = TerritoryPlan.objects.get()
    line = TerritoryPlanLine(plan=plan, status="planned")
    stale = timedelta(days=STALE_DAYS)
    make_company(timezone="Asia/Tokyo", fixed_today=date(2026, 10, 6) + stale)
    assert not is_stale(line, plan)
    make_company(timezone="Asia/Tokyo", fixed_today=date(2026, 10, 7) + stale)
    assert is_stale(line, plan)


def test_a_version_bears_the_companys_day(planned):
    complete(planned)
    make_company(timezone="Asia/Tokyo")
    with time_machine.travel(LATE, tick=False):
        plan_flow.submit(planned.plan, planned.rep)
    kept = plan_history.history(planned.rep, TerritoryPlan.objects.get(), "", "").choices[1]
    assert kept.label.endswith("6 Oct 2026")
