"""The demo company, loaded by the import machine and rolled up, says what the demo story says, to the cent."""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.db.models import DateTimeField, Q

from spm.dashboards import demo
from spm.dashboards.demo_planning import moment
from spm.dashboards.norvik import cast, exchange, figures, sheets
from spm.imports.choices import BatchState
from spm.imports.models import ImportBatch
from spm.jobs.queue import in_process
from spm.market.models import Account
from spm.money import convert
from spm.org import verification
from spm.org.choices import PeriodLevel, PeriodState
from spm.org.models import Company, FiscalYear, Period, Team, User
from spm.org.scopes import history_of
from spm.periods import elapsed_share
from spm.talk.models import Comment, Notification
from targets import access, allocation, cycle_queries, frozen
from targets.cautions import CautionKind
from targets.choices import Measure, PlanState, Stage
from targets.measures import expected_to_date, pace, pace_gap
from targets.models import (
    Actual,
    ActualVersion,
    Attainment,
    CompanyPlan,
    PlanLine,
    PlanningCycle,
    PlanRate,
    Proposal,
    Quota,
    QuotaLetter,
    Target,
)
from targets.sending import changed
from territories import account_list, plan_board
from territories.models import (
    AccountPlan,
    AccountReview,
    DecisionStep,
    PlanReview,
    PlanVersion,
    Stakeholder,
    TerritoryPlan,
    TerritoryPlanLine,
)
from tests.spm.dashboards.test_norvik import STORY


@pytest.fixture(scope="module")
def norvik(django_db_setup, django_db_blocker):
    """The demo company, loaded once for all tests here, which only read, and taken away after them."""
    with django_db_blocker.unblock(), in_process():
        demo.build(demo.Phases(report=lambda _line: None))
        yield
        demo.remove()


pytestmark = [pytest.mark.usefixtures("norvik"), pytest.mark.django_db]


def leaves(**holder):
    """(number, elapsed, days) and actual of each leaf of 2026 for a holder's bookings."""
    rows = Attainment.objects.filter(
        measure=Measure.BOOKINGS, period__level=PeriodLevel.MONTH, period__fiscal_year__label="2026", **holder
    ).select_related("period")
    return list(rows.order_by("period__starts_on"))


def standing(number, **holder):
    """Actual and expected to date, from the stored totals; ``number`` is target or quota_sum."""
    rows = leaves(**holder)
    due = expected_to_date(
        (getattr(row, number), *elapsed_share(row.period.starts_on, row.period.ends_on, figures.TODAY)) for row in rows
    )
    return sum(row.actual for row in rows), due


@pytest.mark.parametrize("rep", figures.REPS, ids=lambda rep: rep.code)
def test_a_rep_stands_where_the_story_says(rep):
    actual, due = standing("target", person__email=cast.SELLERS[rep.code].email)
    assert due == rep.bookings * 630
    assert actual == due * rep.pace


@pytest.mark.parametrize("team", STORY)
def test_a_team_has_the_gap_of_the_story(team):
    actual, due = standing("quota_sum", team__name=team)
    assert pace_gap(actual, due) == STORY[team] * 1000


def test_the_company_stands_at_101_percent_of_plan_and_96_percent_of_quota_pace():
    actual, planned = standing("target", company=1)
    assert actual == Decimal("33228720")
    assert actual - planned == Decimal("468720")
    assert actual - standing("quota_sum", company=1)[1] == Decimal("-1484280")


def test_a_year_is_the_sum_of_its_months_for_everybody():
    years = Attainment.objects.filter(period__label="2026", period__level=PeriodLevel.YEAR, measure=Measure.BOOKINGS)
    for year in years.filter(person__isnull=False):
        assert year.actual == sum(row.actual for row in leaves(person=year.person))


def test_every_status_appears_as_often_as_told():
    words = Counter()
    for rep in figures.REPS:
        ratio = pace(*standing("target", person__email=cast.SELLERS[rep.code].email)) * 100
        words["ahead" if ratio >= 105 else "on track" if ratio >= 95 else "at risk" if ratio >= 85 else "behind"] += 1
    assert words == {"ahead": 3, "on track": 5, "at risk": 3, "behind": 3}


def test_the_specialists_credit_counts_for_nobody_else():
    helper = Attainment.objects.filter(person__email=cast.SPECIALIST.email, period__level=PeriodLevel.YEAR)
    assert helper.get(measure=Measure.BOOKINGS).overlay == Decimal("407500")


def test_the_baseline_keeps_the_numbers_of_january():
    ruxandra = Quota.objects.filter(person__email=cast.SELLERS["C4"].email, measure="bookings", period__label="2026-07")
    amounts = {quota.plan.kind: quota.amount for quota in ruxandra.select_related("plan")}
    # "As published" was kept when the plan was handed on, in January.
    assert amounts == {"saved": 182_000, "baseline": 182_000, "revision": 280_000, "working": 280_000}


def test_at_plan_rates_the_rep_on_the_ahead_threshold_is_on_track_and_the_company_keeps_its_sum():
    numbers = dict(measure=Measure.BOOKINGS, period__label="2026", period__level=PeriodLevel.YEAR)
    rep = Attainment.objects.get(person__email=cast.SELLERS["N2"].email, **numbers)
    company = Attainment.objects.get(company=1, **numbers)
    assert (rep.actual, company.actual) == (Decimal("2910600"), Decimal("33228720"))
    effects = Attainment.objects.exclude(effect=0).filter(person__isnull=False, **numbers)
    assert sum(row.effect for row in effects) == company.effect > 0
    at_plan = rep.actual - rep.effect
    assert Decimal("0.95") < at_plan / (4_400_000 * figures.EXPECTED_SHARE) < Decimal("1.05")


def test_every_line_in_kroner_bears_the_rate_of_its_day_and_each_year_its_plan_rate():
    assert set(Actual.objects.exclude(rate=None).values_list("currency", flat=True)) == {exchange.KRONER}
    first = Actual.objects.filter(currency=exchange.KRONER, date__year=2026).order_by("date")[0]
    assert (first.rate, first.amount) == (Decimal("0.0855"), convert(first.given_amount, Decimal("0.0855"), "EUR"))
    planned = dict(PlanRate.objects.values_list("fiscal_year__label", "rate"))
    assert planned == {str(year): Decimal(rate) for year, rate in exchange.PLANNED.items()}


@pytest.mark.parametrize("path", ["/performance/?period=2026&measure=bookings", "/performance/?measure=revenue"])
def test_the_page_of_performance_tells_the_currency_effect_and_what_it_is_at_plan_rates(client, path):
    client.force_login(User.objects.get(email=cast.ADMIN.email))
    text = client.get(path).content.decode()
    assert "Of which currency effect +€" in text
    assert "at plan rates it is €" in text


def test_the_rates_page_of_this_year_tells_plan_and_market(client):
    client.force_login(User.objects.get(email=cast.ADMIN.email))
    text = client.get("/targets/2026/rates/").content.decode()
    assert "NOK" in text
    assert "0.0852" in text
    assert "0.0886" in text


@pytest.mark.parametrize(("year", "day"), [("2026", date(2025, 8, 20)), ("2027", date(2026, 8, 20))])
def test_the_plan_of_a_year_is_made_in_the_planning_season_of_the_year_before(year, day):
    rows = PlanLine.history.filter(plan__fiscal_year__label=year, plan__kind="working")
    assert {moment.date() for moment in rows.values_list("history_date", flat=True)} == {day}
    rates = PlanRate.history.filter(fiscal_year__label=year)
    assert [moment.date() for moment in rates.values_list("history_date", flat=True)] == [day]
    begun = PlanningCycle.objects.get(fiscal_year__label=year)
    assert begun.created_at.date() > day


def test_the_restated_order_keeps_its_first_version():
    order = Actual.objects.get(external_id=sheets.RESTATED)
    assert ActualVersion.objects.get(actual=order).delta == Decimal("-12500")


def test_every_file_was_committed_and_none_of_its_rows_refused():
    states = ImportBatch.objects.values_list("state", "refused", "parked")
    assert set(states) == {(BatchState.COMMITTED, 0, 0)}


def test_past_months_are_closed_and_september_is_open():
    state = dict(Period.objects.leaves().values_list("label", "state"))
    assert state["2026-06"] == PeriodState.CLOSED
    assert state["2026-07"] == state["2026-08"] == PeriodState.SOFT_CLOSED
    assert state["2026-09"] == PeriodState.OPEN


OF_THE_MACHINE = {
    *("Job.created_at", "Job.due_at", "Job.started_at", "Job.finished_at", "RollupRun.started_at"),
    *("User.joined_at", "Thread.created_at", "Notification.mailed_at"),
    *("HistoricalUser.history_date", "HistoricalTerritory.history_date"),
}
"""What no page tells as a part of the story: the work of the machine, and the sentinels that each migration makes."""


def test_closed_months_are_drawn_by_the_teams_of_today_since_nobody_moved_after_a_closing():
    """So the line of last year ends at the number that the tile compares with."""
    closed = Period.objects.leaves().filter(state=PeriodState.CLOSED)
    admin = User.objects.get(email__startswith="ops@")
    assert frozen.trees(dict(closed.values_list("pk", "ends_on")), history_of(admin)) == {}


def test_the_clock_stands_still_and_the_company_says_that_it_is_a_demo():
    company = Company.objects.get()
    assert company.today() == date(2026, 9, 18)
    assert company.is_demo


def test_everybody_signs_in_with_the_printed_password():
    people = User.objects.people().filter(is_active=True)
    assert people.count() == 21
    assert all(person.check_password(demo.PASSWORD) for person in people)


def test_the_tree_has_three_teams_under_one_root():
    assert set(Team.objects.values_list("name", flat=True)) == {"Sales", *STORY}


def test_the_data_passes_every_invariant():
    assert [breach for found in verification.run_all() for breach in found.breaches] == []


def test_what_happened_in_the_demo_is_dated_in_its_story():
    locked = PlanningCycle.objects.get(fiscal_year__label="2026")
    assert locked.created_at.date() == date(2025, 8, 25)
    working = CompanyPlan.objects.working().get(fiscal_year__label="2026")
    assert working.locked_at.date() == date(2025, 11, 13)
    last, later, moments = moment(figures.TODAY, 18), set(), 0
    ours = [model for model in apps.get_models() if model.__module__.startswith(("spm.", "targets.", "territories."))]
    for model in ours:
        for field in (field for field in model._meta.concrete_fields if isinstance(field, DateTimeField)):
            told = model._default_manager.filter(**{f"{field.name}__isnull": False})
            moments += told.exists()
            if told.filter(**{f"{field.name}__gt": last}).exists():
                later.add(f"{model.__name__}.{field.name}")
    assert moments > 30
    assert later <= OF_THE_MACHINE, later


def test_nothing_of_the_maps_and_plans_was_met_done_or_held_after_the_day_of_the_story():
    """And what is done bears its evidence, each step of a decision is due after the one before it."""
    for rows, name in (
        (Stakeholder.objects, "last_met_on"),
        (DecisionStep.objects, "done_on"),
        (AccountReview.objects, "held_on"),
        (PlanReview.objects, "held_on"),
    ):
        days = list(rows.filter(**{f"{name}__isnull": False}).values_list(name, flat=True))
        assert days, name
        assert max(days) <= figures.TODAY, name
    assert not DecisionStep.objects.filter(done_on__isnull=False, evidence="").exists()
    assert not DecisionStep.objects.filter(done_on=None).exclude(evidence="").exists()
    due: dict[int, list[date]] = defaultdict(list)
    for account, day in DecisionStep.objects.order_by("account", "position").values_list("account", "due_on"):
        due[account].append(day)
    assert all(days == sorted(days) for days in due.values())
    assert sum(days[-1] > figures.TODAY for days in due.values()) > len(due) / 2  # most are still to be decided


def test_everybody_has_acknowledged_the_locked_year_and_no_letter_tells_another_number():
    letters = QuotaLetter.objects.filter(cycle__fiscal_year__label="2026").select_related("cycle")
    assert letters.count() == len(figures.REPS)
    assert not letters.filter(acknowledged_at=None).exists()
    working = CompanyPlan.objects.working().get(fiscal_year__label="2026")
    told = {letter.person.email for letter in letters if letter.pk in changed(working, list(letters))}
    assert told == {cast.SELLERS[figures.GIVEN_A_TERRITORY].email}  # revised since


def test_the_territory_opened_in_july_has_no_target_before():
    targets = Target.objects.filter(territory__name=cast.TERRITORIES[figures.GIVEN_A_TERRITORY], measure="bookings")
    assert min(targets.values_list("period__starts_on", flat=True)) == date(2026, 7, 1)


def test_next_year_is_published_four_fifths_allocated_and_in_review_with_two_questions():
    admin = User.objects.get(email__startswith="ops@")
    line = next(line for line in cycle_queries.year_lines(admin, Measure.BOOKINGS) if line.label == "2027")
    assert (line.stage, line.allocated) == (Stage.REVIEW, Decimal("0.8"))
    plan = CompanyPlan.objects.working().get(fiscal_year__label="2027")
    assert (plan.state, plan.locked_at) == (PlanState.APPROVED, None)
    assert plan not in CompanyPlan.objects.unpublished()
    manager = User.objects.get(email=cast.MANAGERS["South"].email)
    assert access.can_read_plan(manager, plan.fiscal_year)
    letters = QuotaLetter.objects.filter(cycle__fiscal_year__label="2027")
    assert Counter(letters.values_list("state", flat=True)) == {"sent": 6, "agreed": 3, "question": 2}
    asking = letters.filter(state="question").values("pk")
    questions = Comment.objects.filter(thread__anchor="letter", thread__key__in=asking, thread__resolved_at=None)
    assert sorted(questions.values_list("author__email", flat=True)) == sorted(
        cast.SELLERS[code].email for code in ("N1", "S3")
    )


def test_next_year_is_handed_on_by_team_three_people_have_no_number_yet_and_three_say_what_they_think():
    admin = User.objects.get(email__startswith="ops@")
    cycle = PlanningCycle.objects.select_related("fiscal_year").get(fiscal_year__label="2027")
    home = cycle_queries.cycle_home(admin, cycle, Measure.BOOKINGS)
    assert [meter.amount for meter in home.meters.rows] == [54_000_000, 54_800_000, 43_200_000]
    assert home.meters.rows[-1].lacking == "3 of 14 have no number yet"
    waiting = Counter(str(row.kind) for row in home.waiting)
    assert waiting == {"answer": 6, "approval": 3, "question": 2, "number": 1}
    (without,) = (row for row in home.waiting if row.kind == "number")
    assert (without.person.email, without.team_name) == (cast.MANAGERS[figures.CHANNEL].email, figures.CHANNEL)
    said = Proposal.objects.filter(cycle=cycle).order_by("amount")
    assert [(row.amount, row.team_id is not None) for row in said] == [
        (3_050_000, False),
        (4_500_000, False),
        (17_400_000, True),
    ]
    assert all(row.note for row in said)
    returned = plans_of("2027").get(state="returned")
    at_plan = Q(thread__anchor="territory-plan", thread__key=returned.pk)
    at_line = Q(thread__anchor="territory-line", thread__key__in=returned.lines.values("pk"))
    talks = Comment.objects.filter(at_plan | at_line)
    assert talks.filter(thread__resolved_at=None).exclude(author=returned.person).exists()


def test_one_deal_of_this_year_is_told_where_next_year_is_allocated_and_none_is_left_out_yet():
    admin = User.objects.get(email__startswith="ops@")
    cycle = PlanningCycle.objects.select_related("fiscal_year").get(fiscal_year__label="2027")
    rows = allocation.read_grid(admin, cycle).rows
    told = {row.name for row in rows for caution in row.cautions if caution.kind == CautionKind.ONE_DEAL}
    assert told == {cast.SELLERS["N1"].name}
    assert not cycle.one_offs.exists()


def plans_of(year):
    return TerritoryPlan.objects.filter(fiscal_year__label=year)


def test_fourteen_plans_of_this_year_are_approved_and_thirteen_of_them_ticked():
    assert set(plans_of("2026").values_list("state", flat=True)) == {"approved"}
    assert plans_of("2026").count() == 14
    ticked = plans_of("2026").filter(lines__touched_at__isnull=False).distinct()
    assert ticked.count() == 13
    untouched = plans_of("2026").exclude(pk__in=ticked.values("pk")).get()
    assert (untouched.person.email, untouched.decided_at.month) == (cast.SELLERS["S3"].email, 2)
    assert all(plan.decided_by != plan.person for plan in plans_of("2026"))


def test_plans_of_next_year_stand_in_the_states_of_the_story():
    rows = plan_board.board(User.objects.get(email__startswith="ops@"), FiscalYear.objects.get(label="2027")).columns
    assert {str(column.state): len(column.cards) for column in rows} == {
        "none": 6,
        "draft": 4,
        "submitted": 2,
        "returned": 1,
        "approved": 1,
    }


def test_a_finished_plan_names_its_whole_quota_and_the_returned_one_not_all_of_it():
    cards = plan_board.board(User.objects.get(email__startswith="ops@"), FiscalYear.objects.get(label="2027")).cards
    left = {card.person.email: card.left for card in cards}
    assert left[cast.SELLERS["N4"].email] == left[cast.SELLERS["S1"].email] == 0
    assert left[cast.SELLERS["N2"].email] == 140_000
    talks = Comment.objects.filter(thread__anchor__in=("territory-plan", "territory-line"))
    assert talks.count() == 3


def test_plans_are_dated_in_the_story_and_those_of_next_year_are_news():
    last = moment(figures.TODAY, 18)
    for model, name in ((TerritoryPlan, "edited_at"), (PlanVersion, "at"), (TerritoryPlanLine, "touched_at")):
        assert model.objects.filter(**{f"{name}__isnull": False}).exists(), model
        assert not model.objects.filter(**{f"{name}__gt": last}).exists(), model
    manager = User.objects.get(email=cast.MANAGERS["South"].email)
    news = Notification.objects.filter(person=manager, read_at=None, kind__startswith="territory_plan")
    assert [row.kind for row in news] == ["territory_plan_submitted"]


def test_a_change_after_the_territory_of_july_is_the_second_version():
    versions = PlanVersion.objects.filter(plan__person__email=cast.SELLERS["C4"].email)
    assert list(versions.values_list("number", "state")) == [
        (1, "submitted"),
        (1, "approved"),
        (2, "submitted"),
        (2, "approved"),
    ]


def test_key_accounts_have_maps_steps_and_plans_and_those_of_one_rep_hang_on_one_person():
    mapped = Account.objects.filter(stakeholders__isnull=False).distinct()
    assert mapped.count() == 40
    assert set(mapped.values_list("tier", flat=True)) == {"Key"}
    assert 20 <= Account.objects.filter(decision_steps__isnull=False).distinct().count() <= 35
    assert AccountPlan.objects.count() == 26  # of two accounts of every seller but S3
    held, planned = AccountReview.objects.filter(held_on__isnull=False), AccountReview.objects.filter(held_on=None)
    assert held.count() == planned.count() == 18  # North and Channel; the manager of South reviews nothing
    rep = User.objects.get(email=cast.SELLERS["S3"].email)
    found = account_list.account_list(rep, account_list.Wish(need="single"), "")
    assert [line.tier for line in found.lines] == ["Key"] * 3
