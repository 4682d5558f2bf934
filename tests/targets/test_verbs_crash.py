"""What ``test_planning_crash`` has not: the smaller verbs of a year's planning, and the list that holds them all.

Every function of ``targets`` that opens a transaction of its own, every view that does, and every address that takes a
POST stands in the lists below with the test that kills it at each statement. A new one without such a test fails.
"""

import ast
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import QueryDict
from django.test import RequestFactory
from django.utils import timezone

from spm.imports.kinds import all_kinds
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
from tests.access.policy import NO_METHOD
from tests.access.routes import ROUTES
from tests.builders import make_territory
from tests.spm.test_imports_crash_kinds import FILES
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


# The list

HERE, THERE, BATCHES = "test_verbs_crash", "test_planning_crash", "test_batches_crash"
LETTERS, CLOSING, VERSIONS = "test_letters_crash", "test_closing_faults", "test_versions_crash"
TRANSACTIONS = {
    "allocation.write_cells": (HERE, "type_into_allocation"),
    "approvals.approve": ("test_approvals", "approve_by_key"),
    "approvals.send_back": (THERE, "return_company_plan"),
    "approvals.submit": (HERE, "submit_company_plan"),
    "approvals.withdraw": (HERE, "withdraw_company_plan"),
    "batches.undo": (BATCHES, "undo"),
    "batches.write_batch": (BATCHES, "write"),
    "closing.close": (CLOSING, "close"),
    "closing.reopen": (CLOSING, "reopen"),
    "closing.soft_close": (HERE, "soft_close"),
    "company_spread.apply": (HERE, "spread_and_keep_profile"),
    "company_spread.write_cells": (HERE, "type_into_company_plan"),
    "cycle_views.cycle_create": (HERE, "begin_next_year_by_page"),
    "cycle_views.cycle_edit": (HERE, "edit_cycle_by_page"),
    "cycles.advance": (THERE, "begin_review"),
    "cycles.create_cycle": (THERE, "create_cycle"),
    "cycles.set_policy": (THERE, "set_policy"),
    "cycles.set_stages": (THERE, "set_stages"),
    "cycles.step_back": (THERE, "step_back"),
    "goals.write": (HERE, "type_territory_targets"),
    "grids.store": (HERE, "type_territory_targets"),
    "holds.hold": (THERE, "hold"),
    "holds.release": (HERE, "release_a_part"),
    "letters.acknowledge": (THERE, "acknowledge"),
    "letters.agree": (THERE, "agree"),
    "letters.approve": (LETTERS, "approve"),
    "letters.ask": (THERE, "ask"),
    "letters.nudge": (HERE, "nudge"),
    "letters.reject": (THERE, "reject_letter"),
    "letters.send": (LETTERS, "send"),
    "locking.lock": (THERE, "lock"),
    "one_offs.count_again": (HERE, "count_again"),
    "one_offs.leave_out": (THERE, "leave_out"),
    "one_offs.undo": (HERE, "undo_leaving_out"),
    "plan_rates.set_plan_rates": (THERE, "set_plan_rates"),
    "plans.freeze_baseline": (CLOSING, "freeze"),
    "proposals.propose": (THERE, "propose"),
    "ramp_schedules.assign": (HERE, "assign_ramp"),
    "ramp_schedules.delete": (HERE, "delete_ramp"),
    "ramp_schedules.save": (THERE, "save_ramp"),
    "ramp_schedules.unassign": (HERE, "unassign_ramp"),
    "recipients.prepare": (HERE, "prepare_letters"),
    "reminders.remind": (HERE, "remind"),
    "revisions.approve": (THERE, "approve_revision"),
    "revisions.reject": (THERE, "reject_revision"),
    "revisions.request": (THERE, "ask_for_revision"),
    "scenarios.adjust": (THERE, "hire"),
    "scenarios.adopt": (THERE, "adopt"),
    "scenarios.discard": (THERE, "discard"),
    "scenarios.request_revision": (THERE, "hand_on"),
    "seasonality.set_profile": (HERE, "change_profile"),
    "versions.copy_plan": (THERE, "create_scenario"),
    "versions.restore": (VERSIONS, "restore"),
    "versions.save_version": (VERSIONS, "save"),
}
"""Each function with a transaction of its own: the module of the test, and the verb in it that is killed."""
ELSEWHERE = {
    "actuals.recording",  # a transaction that tests and imports work in
    "goal_imports._judged",  # rolled back at once: what a file would do
    "season_imports._faults",  # rolled back at once, too
    "rollup.roll_up_together",  # killed as the job that it is: test_rollup_faults, INV-23
}
"""Inside the transaction of an import, which ``test_imports_crash_kinds`` kills for each kind."""
ADDRESSES = {
    "cycle-create": ("cycle_views.cycle_create",),
    "cycle-edit": ("cycle_views.cycle_edit",),
    "cycle-advance": ("cycles.advance",),
    "cycle-back": ("cycles.step_back",),
    "company": ("company_spread.write_cells",),
    "plan-decide": ("approvals.submit", "approvals.withdraw", "approvals.approve", "approvals.send_back"),
    "company-paste": (),
    "company-spread": ("company_spread.apply",),
    "company-undo": ("batches.undo",),
    "versions": ("versions.save_version",),
    "version-restore": ("versions.restore",),
    "allocate": ("allocation.write_cells",),
    "allocate-paste": (),
    "allocate-spread": ("batches.write_batch",),
    "allocate-hold": ("holds.hold", "holds.release"),
    "allocate-undo": ("batches.undo",),
    "territories": ("grids.store",),
    "quota-answer": ("letters.acknowledge", "letters.agree", "letters.ask"),
    "quota-decide": ("letters.approve", "letters.nudge", "letters.reject"),
    "review-send": ("recipients.prepare", "letters.send"),
    "propose": ("proposals.propose",),
    "deal-leave-out": ("one_offs.leave_out",),
    "deal-count-again": ("one_offs.count_again",),
    "deal-undo": ("one_offs.undo",),
    "rates": ("plan_rates.set_plan_rates",),
    "lock": ("locking.lock",),
    "revision-new": ("revisions.request",),
    "revision-decide": ("revisions.approve", "revisions.reject"),
    "scenarios": ("versions.copy_plan",),
    "scenario-adjust": ("scenarios.adjust",),
    "scenario-undo": ("batches.undo",),
    "scenario-adopt": ("scenarios.adopt",),
    "scenario-revise": ("scenarios.request_revision",),
    "scenario-discard": ("scenarios.discard",),
}
"""What a POST to each address calls; nothing where it stores nothing."""
ROOT = Path(__file__).parent
OUTER = re.compile(r"\b(retries|transaction)\.atomic\b")


def transactions():
    """``module.function`` of each function in ``targets`` that is decorated as a transaction, or opens one inside."""
    found = set()
    for path in sorted((ROOT.parents[1] / "targets").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                opened = [
                    item.context_expr for part in ast.walk(node) if isinstance(part, ast.With) for item in part.items
                ]
                if any(OUTER.search(ast.unparse(one)) for one in (*node.decorator_list, *opened)):
                    found.add(f"{path.stem}.{node.name}")
    return found


def test_every_transaction_of_targets_is_killed_at_each_statement_by_a_test_of_this_list():
    assert transactions() == TRANSACTIONS.keys() | ELSEWHERE


@pytest.mark.parametrize(("module", "verb"), sorted(set(TRANSACTIONS.values())))
def test_the_verbs_of_the_list_are_there_and_killed(module, verb):
    text = (ROOT / f"{module}.py").read_text()
    assert re.search(rf"^def {verb}\(", text, re.MULTILINE)
    killed = re.search(rf"(kills|kill_before_every_statement)\({verb}\b", text) or re.search(
        rf"^    \({verb},", text, re.M
    )
    assert killed, f"{module} names {verb} and kills it nowhere"


def test_every_address_that_takes_a_post_names_the_verbs_it_calls():
    posts = {
        name.removeprefix("targets:")
        for name, policy in ROUTES.items()
        if name.startswith("targets:") and policy.post is not None and policy.post("admin", "own") != NO_METHOD
    }
    assert posts == ADDRESSES.keys()
    assert {verb for verbs in ADDRESSES.values() for verb in verbs} <= TRANSACTIONS.keys()


def test_a_file_of_every_kind_that_targets_loads_is_killed_too():
    ours = {kind.name for kind in all_kinds() if type(kind).__module__.startswith("targets.")}
    assert ours - FILES.keys() == set()
