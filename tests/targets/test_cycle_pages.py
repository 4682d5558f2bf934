"""Pages of the planning cycle: the years, one year's home, what each role sees there, and the verbs."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import FiscalYear, User
from targets import cycles, letters
from targets.choices import Stage
from targets.cycle_queries import cycle_home, following_label, next_to_plan, year_lines
from targets.models import Attainment, PlanningCycle, Quota, QuotaLetter
from targets.recipients import prepare
from targets.rollup import roll_up_stale
from tests.builders import make_actual, make_line_of_plan, make_quota, make_year
from tests.targets.test_cycles import set_target

pytestmark = pytest.mark.django_db


@pytest.fixture
def cycle(year, cast):
    """2027 with a plan of 1000, targets of 1000 and 600, quotas of 450 and 480."""
    cycle = cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.admin)
    make_line_of_plan("2027-01", 1000)
    set_target(cast.sales, 1050)
    set_target(cast.north, 600)
    set_target(cast.south, 450)
    make_quota(cast.rep, "2027-01", 450)
    make_quota(cast.outsider, "2027-01", 480)
    PlanningCycle.objects.update(stage=Stage.ALLOCATE)
    cycle.refresh_from_db()
    return cycle


@pytest.fixture
def page_of(client):
    def get(person, path):
        client.force_login(person)
        return client.get(path).content.decode()

    return get


def test_the_list_shows_stage_allocation_and_letters(page_of, cycle, cast):
    QuotaLetter.objects.create(cycle=cycle, person=cast.rep, state="sent")
    QuotaLetter.objects.create(cycle=cycle, person=cast.outsider, state="agreed")
    page = page_of(cast.admin, "/targets/")
    assert '<span class="badge">Allocate</span>' in page
    assert re.search(r">93.%<", page)
    assert ">1/2<" in page


def test_an_admin_is_offered_the_next_cycle_and_no_one_else(page_of, year, cast):
    assert "Create 2026 cycle" in page_of(cast.admin, "/targets/")
    assert "Create 2026 cycle" not in page_of(cast.director, "/targets/")


def test_the_year_after_the_newest_cycle_comes_next_with_its_structure(year, cast):
    cycles.create_cycle(year, cast.admin)
    offered = next_to_plan(cast.admin)
    assert (offered.label, offered.year, offered.source) == ("2027", None, "2026")


def test_creating_a_cycle_makes_the_calendar_of_its_year_too(client, year, cast):
    cycles.create_cycle(year, cast.admin)
    client.force_login(cast.admin)
    assert client.post("/targets/create/", {"year": "2027", "copy": "on"})["Location"] == "/targets/2027/"
    assert FiscalYear.objects.get(label="2027").ends_on == date(2027, 12, 31)
    assert PlanningCycle.objects.get(fiscal_year__label="2027").copied_from.fiscal_year == year


@pytest.mark.parametrize("label", ["2031", "", "x" * 300])
def test_no_year_but_the_offered_one_is_made(client, year, cast, label):
    client.force_login(cast.admin)
    assert client.post("/targets/create/", {"year": label}).status_code == 404
    assert FiscalYear.objects.count() == 1


@pytest.mark.parametrize(
    ("label", "after"),
    [("2026", "2027"), ("FY26", "FY27"), ("2025/26", "2026/27"), ("FY09", "FY10"), ("Year", "Year 2")],
)
def test_labels_go_on(label, after):
    assert following_label(label) == after


def test_the_home_says_who_holds_it_up(page_of, cycle, cast):
    page = page_of(cast.admin, "/targets/2027/")
    assert "North Manager" in page
    assert "North: 75" in page


def test_a_manager_reads_of_the_own_teams_alone(page_of, cycle, cast):
    page = page_of(cast.south_manager, "/targets/2027/")
    assert "North: 75" not in page
    home = cycle_home(cast.south_manager, cycle, "bookings")
    assert [meter.amount for meter in home.meters.rows] == [450, 450, 480]
    assert not home.is_whole


def test_meters_add_up_each_level_once_and_mark_what_lies_outside_of_the_policy(cycle, cast):
    meters = cycle_home(cast.admin, cycle, "bookings").meters.rows
    assert [(meter.amount, meter.is_outside) for meter in meters] == [(1000, False), (1050, False), (930, True)]
    assert [meter.over for meter in meters] == [None, Decimal("0.05"), Decimal("-0.07")]


def test_the_waterfall_leads_from_last_year_to_the_quotas(cycle, cast):
    make_actual(cast.rep, "2026-01-10", 730, kind="booking")
    roll_up_stale()
    assert Attainment.objects.filter(company__isnull=False, period__level="year").exists()
    steps = cycle_home(cast.admin, cycle, "bookings").waterfall.steps
    assert [step.kind for step in steps] == ["total", "down", "total", "down", "actual"]
    assert [step.ends for step in steps[1:]] == [1000, 1000, 930, 930]
    assert 1000 < steps[0].ends < 1040  # 730 until 18 September: 71.6 % of an even season


def test_a_rep_is_led_to_the_own_letter(client, cycle, cast):
    client.force_login(cast.rep)
    assert client.get("/targets/2027/")["Location"] == f"/targets/2027/quotas/{cast.rep.pk}/"


def test_the_next_stage_is_entered_by_its_button(client, cycle, cast):
    client.force_login(cast.admin)
    client.post("/targets/2027/advance/", {"to": "review"})
    assert PlanningCycle.objects.get().stage == Stage.REVIEW


@pytest.mark.parametrize("to", ["lock", "monitor", "plan", "", "x" * 500])
def test_a_stage_skipped_by_url_is_refused_with_a_sentence(client, cycle, cast, to):
    client.force_login(cast.admin)
    page = client.post("/targets/2027/advance/", {"to": to}, follow=True).content.decode()
    assert "No stage is skipped." in page
    assert PlanningCycle.objects.get().stage == Stage.ALLOCATE


def test_locking_by_url_waits_for_its_stage(client, cycle, cast):
    client.force_login(cast.admin)
    client.post("/targets/2027/lock/")
    assert PlanningCycle.objects.get().stage == Stage.ALLOCATE
    assert cycle.fiscal_year.plans.get(kind="working").locked_at is None


def test_a_step_back_is_told_in_the_history(client, cycle, cast):
    client.force_login(cast.admin)
    page = client.post("/targets/2027/back/", {"reason": "The board wants more"}, follow=True).content.decode()
    assert "Allocate → Plan: The board wants more" in page


def form_of(cycle, **changes):
    stages = {f"owner_{row.stage}": row.owner_id or "" for row in cycle.stages.all()}
    policy = {name: getattr(cycle, name) for name in cycles.POLICY}
    return stages | policy | {"version": cycle.version} | changes


def test_owners_dates_and_policy_are_stored_together(client, cycle, cast):
    client.force_login(cast.admin)
    sent = form_of(cycle, due_plan="2026-09-30", owner_review=cast.director.pk, over_max="10")
    assert client.post("/targets/2027/edit/", sent).status_code == 302
    assert cycle.stages.get(stage="plan").due_on == date(2026, 9, 30)
    assert cycle.stages.get(stage="review").owner == cast.director
    assert PlanningCycle.objects.get().over_max == 10


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"due_plan": "2026-10-01", "due_review": "2026-09-01"}, "cannot be due before"),
        ({"over_min": "9"}, "ends below its start"),
        ({"answer_days": "0"}, "out of range"),
        ({"over_max": "much"}, "Enter a number"),
        ({"due_plan": "tomorrow"}, "Enter a valid date"),
        ({"owner_plan": "999999"}, "Select a valid choice"),
    ],
)
def test_a_wrong_setting_stores_nothing_and_says_why(client, cycle, cast, changes, said):
    client.force_login(cast.admin)
    answer = client.post("/targets/2027/edit/", form_of(cycle, owner_lock=cast.director.pk, **changes))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert cycle.stages.get(stage="lock").owner == cast.admin


def test_inv_32_settings_changed_by_another_admin_are_not_overwritten(client, cycle, cast):
    client.force_login(cast.admin)
    stale = form_of(cycle, over_max="12")
    cycles.set_policy(cycle, by=cast.director, over_max=Decimal(10))
    page = client.post("/targets/2027/edit/", stale)
    assert page.status_code == 422
    assert "Somebody else has saved this meanwhile" in page.content.decode()
    assert PlanningCycle.objects.get().over_max == 10


def test_inv_32_owners_and_days_set_by_another_admin_stand_beside_ones_own(client, cycle, cast):
    client.force_login(cast.admin)
    stale = form_of(cycle, owner_review=cast.north_manager.pk, due_lock="2026-12-01")
    assert client.post("/targets/2027/edit/", form_of(cycle, owner_review=cast.director.pk)).status_code == 302
    page = client.post("/targets/2027/edit/", stale)
    assert page.status_code == 422
    rows = re.findall(r'<tr><th scope="row">(.+?)</th><td>(.*?)</td><td>(.*?)</td></tr>', page.content.decode())
    assert ("Review, Owner", "North Manager", "Director") in rows
    assert ("Lock, Due on", "1 Dec 2026", "—") in rows
    assert len(rows) == 2
    assert cycle.stages.get(stage="review").owner == cast.director


def test_home_takes_the_same_queries_for_two_quotas_and_for_five(
    client, cycle, cast, django_assert_num_queries, django_assert_max_num_queries
):
    client.force_login(cast.admin)
    client.get("/targets/2027/")  # sign-in and caches
    with django_assert_max_num_queries(45) as first:
        client.get("/targets/2027/")
    for person in (cast.teammate, cast.loner, cast.north_manager):
        make_quota(person, "2027-02", 10)
    assert Quota.objects.count() == 5
    with django_assert_num_queries(len(first)):
        client.get("/targets/2027/")


def test_the_history_of_the_policy_names_what_changed_and_nothing_else(cycle, cast):
    stages = {row.stage: cycles.StagePlan(row.owner, row.due_on) for row in cycle.stages.all()}
    stages[Stage.PLAN] = cycles.StagePlan(cast.admin, date(2026, 9, 1))
    cycles.set_stages(cycle, stages, by=cast.admin)
    told = next(event for event in cycle_home(cast.admin, cycle, "bookings").events if "Plan" in event.detail)
    assert told.detail == "Plan: — → 1 Sep 2026"


def test_a_rep_reads_the_number_of_the_letter_in_the_list_of_years(page_of, cycle, cast):
    assert "0.45" not in page_of(cast.rep, "/targets/")
    PlanningCycle.objects.update(stage=Stage.REVIEW)
    prepare(cycle)
    letters.send(list(QuotaLetter.objects.filter(person=cast.rep).select_related("cycle")), cast.north_manager)
    (line,) = (line for line in year_lines(User.objects.get(pk=cast.rep.pk), "bookings") if line.label == "2027")
    assert (line.quotas, line.plan) == (450, None)


@pytest.mark.parametrize(("who", "is_told"), [("north_manager", True), ("admin", False)])
def test_whose_quotas_add_up_is_said_to_whom_does_not_see_those_who_left(client, cast, year, who, is_told):
    client.force_login(getattr(cast, who))
    for address in (reverse("targets:year-list"), reverse("targets:year", args=["2026"])):
        page = client.get(address).content.decode()
        assert ("Quotas are those of the people you see today." in page) is is_told
