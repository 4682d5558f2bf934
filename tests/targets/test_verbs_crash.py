"""The smaller verbs of a year's planning, beside ``test_planning_crash``; ``test_verbs_listed`` lists them all."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import QueryDict
from django.test import RequestFactory
from django.utils import timezone

from spm.jobs.models import Job
from spm.org.clock import today
from spm.org.models import Company, Period, Team
from spm.org.verification import run_all
from targets import (
    allocation,
    approvals,
    closing,
    company_grid,
    company_spread,
    cycle_views,
    cycles,
    grids,
    holds,
    letters,
    one_offs,
    ramp_schedules,
    recipients,
    reminders,
    seasonality,
)
from targets.allotting import Options
from targets.choices import BatchKind, Measure, Method, Season, Stage
from targets.company_spread import Wish
from targets.cycles import StagePlan
from targets.goals import Goal, of_person, of_segment, of_team
from targets.models import Actual, PlanLine, Quota, RampSchedule, RollupRun
from tests.builders import make_territory
from tests.targets import test_planning_crash as planning
from tests.targets.test_planning_crash import (
    cycle,
    in_stage,
    kill_before_every_statement,
    letter,
    october,
    person,
    plan,
    sweep_up,
    with_deal_of_last_year,
    with_letter,
    with_ramp,
)

pytestmark = pytest.mark.django_db(transaction=True)


# What is there before


def with_reminder_due():
    """A month later: a letter that nobody answered, in a stage that is overdue."""
    with_letter()
    Company.objects.update(fixed_today=timezone.now().date() + timedelta(days=30))
    late = {stage.value: StagePlan(person("Lead"), today() - timedelta(days=20)) for stage in Stage}
    cycles.set_stages(cycle(), late, by=person("Admin"))


def with_hold():
    in_stage(Stage.ALLOCATE)
    holds.hold(plan(), of_person(person("Rep").pk), "bookings", october().parent, by=person("Admin"))


def with_deal_left_out():
    with_deal_of_last_year()
    planning.leave_out()


def with_own_ramp():
    with_ramp()
    assign_ramp()


def with_profile():
    in_stage(Stage.PLAN)
    save_profile()


def with_submitted_plan():
    in_stage(Stage.PLAN)
    approvals.submit(plan(), by=person("Admin"))


# The verbs


def submit_company_plan():
    approvals.submit(plan(), by=person("Admin"))


def withdraw_company_plan():
    approvals.withdraw(plan(), by=person("Admin"))


def save_profile():
    seasonality.set_profile("Usual", {number: Decimal(number) for number in range(1, 13)})


def change_profile():
    seasonality.set_profile("Usual", {number: Decimal(13 - number) for number in range(1, 12)})


def take_over_as_default():
    seasonality.set_profile("Even", {number: Decimal(1) for number in range(1, 13)})


def spread_and_keep_profile():
    by, working = person("Admin"), plan()
    facts = company_grid.read_facts(by, working)
    weights = {leaf.number: Decimal(leaf.number) for leaf in facts.calendar.leaves}
    wish = Wish("", Measure.BOOKINGS, facts.calendar.year, Season.CUSTOM, Decimal(7800), weights, "Rising", True)
    found = company_spread.preview(facts, wish, by)
    company_spread.apply(found, facts, by=by, seen=found.revision)


def type_into_company_plan():
    goals = [(PlanLine, Goal(of_segment(""), "bookings", october(), Decimal(1200)))]
    company_spread.write_cells(plan(), goals, by=person("Admin"), kind=BatchKind.EDIT)


def type_into_allocation():
    goals = [(Quota, Goal(of_person(person("Rep").pk), "bookings", october(), Decimal(1200)))]
    allocation.write_cells(plan(), goals, by=person("Lead"), kind=BatchKind.EDIT)


def spread_allocation():
    by, north = person("Admin"), of_team(Team.objects.get(code="North").pk)
    found = allocation.preview(plan(), north, "bookings", Method.EVEN, by, Options(total=Decimal(2400)))
    allocation.apply(found, by=by)


def type_territory_targets():
    by, year = person("Admin"), plan().fiscal_year
    cells = [cell for line in grids.read(by, year, "bookings").lines for cell in line.cells]
    _said, count = grids.store(by, year, "bookings", {cell.name: "700" for cell in cells[:3]}, reason="First numbers")
    assert count == 3


def release_a_part():
    holds.release(plan(), of_person(person("Rep").pk), "bookings", october(), by=person("Admin"))


def nudge():
    letters.nudge(letter(), person("Lead"))


def remind():
    assert reminders.remind(cycle(), today()) > 1


def prepare_letters():
    recipients.prepare(cycle())


def count_again():
    deal = Actual.objects.get(date=date(2025, 3, 10))
    one_offs.count_again(cycle(), deal, reason="It comes again", by=person("Admin"))


def undo_leaving_out():
    one_offs.undo(cycle(), Actual.objects.get(date=date(2025, 3, 10)), by=person("Admin"))


def assign_ramp():
    schedule = RampSchedule.objects.get(name="Experienced")
    ramp_schedules.assign(person("Rep"), schedule, starts_on=date(2026, 4, 1), by=person("Admin"))


def assign_no_ramp():
    ramp_schedules.assign(person("Rep"), None, starts_on=date(2026, 5, 1), by=person("Admin"))


def unassign_ramp():
    ramp_schedules.unassign(person("Rep"), by=person("Admin"))


def delete_ramp():
    ramp_schedules.delete(RampSchedule.objects.get(name="Spare"), by=person("Admin"))


def soft_close():
    closing.soft_close(Period.objects.leaves().get(label="2026-01"), by=person("Admin"))


def by_page(view, data, **words):
    """Send a form as the admin; its transaction is the view's own."""
    request = RequestFactory().post("/")
    request.POST = QueryDict(mutable=True)
    request.POST.update(data)
    request.user = person("Admin")
    request._messages = CookieStorage(request)
    assert view(request, **words).status_code == 302


def begin_next_year_by_page():
    by_page(cycle_views.cycle_create, {"year": "2027", "copy": "on", "numbers": "on"})


def edit_cycle_by_page():
    stored = cycle()
    fields = {f"owner_{stage.value}": str(person("Lead").pk) for stage in Stage}
    fields |= {f"due_{stage.value}": f"2026-09-0{place}" for place, stage in enumerate(Stage, 1)}
    policy = {name: getattr(stored, name) for name in cycles.POLICY} | {"over_max": "5"}
    fields |= {name: str(value) for name, value in policy.items() if value is not None}
    by_page(cycle_views.cycle_edit, fields | {"version": str(stored.version)}, year="2026")


VERBS = [
    (submit_company_plan, lambda: in_stage(Stage.PLAN)),
    (withdraw_company_plan, with_submitted_plan),
    (save_profile, lambda: in_stage(Stage.PLAN)),
    (change_profile, with_profile),
    (take_over_as_default, with_profile),
    (spread_and_keep_profile, with_profile),
    (type_into_company_plan, lambda: in_stage(Stage.PLAN)),
    (type_into_allocation, lambda: in_stage(Stage.ALLOCATE)),
    (spread_allocation, lambda: in_stage(Stage.ALLOCATE)),
    (type_territory_targets, lambda: in_stage(Stage.ALLOCATE) or make_territory("Coast")),
    (release_a_part, with_hold),
    (nudge, with_letter),
    (remind, with_reminder_due),
    (prepare_letters, lambda: in_stage(Stage.ALLOCATE)),
    (count_again, with_deal_left_out),
    (undo_leaving_out, with_deal_left_out),
    (assign_ramp, with_ramp),
    (assign_no_ramp, with_own_ramp),
    (unassign_ramp, with_own_ramp),
    (delete_ramp, lambda: with_ramp() or ramp_schedules.set_schedule("Spare", [Decimal(10)])),
    (soft_close, lambda: in_stage(Stage.PLAN)),
    (begin_next_year_by_page, lambda: in_stage(Stage.PLAN)),
    (edit_cycle_by_page, lambda: in_stage(Stage.PLAN)),
]


@pytest.mark.parametrize(("verb", "prepared"), VERBS, ids=[verb.__name__ for verb, _ in VERBS])
def test_inv_23_killed_at_every_statement_it_has_happened_or_not_and_the_sweeper_ends_it(verb, prepared):
    prepared()
    assert kill_before_every_statement(verb) > 2
    sweep_up()
    assert not Job.objects.exclude(state="done").exists()
    assert not RollupRun.objects.stale().exists()
    assert [finding for finding in run_all() if finding.breaches] == []
