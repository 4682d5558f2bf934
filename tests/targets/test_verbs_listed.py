"""The list of verbs that are killed at every statement.

Every function of ``targets`` that opens a transaction of its own, every view that does, and every address that takes a
POST stands in the lists below with the test that kills it at each statement. A new one without such a test fails.
"""

import ast
import re
from pathlib import Path

import pytest

from spm.imports.kinds import all_kinds
from tests.access.policy import NO_METHOD
from tests.access.routes import ROUTES
from tests.spm.test_imports_crash_kinds import FILES

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
