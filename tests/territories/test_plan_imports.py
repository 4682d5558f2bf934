"""Lines of territory plans from files: the same caps, the same frozen words, undone as a whole."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from spm.imports import batches
from spm.imports.journal import ChangedSince
from spm.imports.workbooks import template
from territories import plan_flow, plan_writing
from territories.choices import PlanState, Section
from territories.models import TerritoryPlan, TerritoryPlanLine
from territories.plan_imports import PlanLines
from territories.plan_writing import NotWritable
from tests.spm.imports_help import load, told
from tests.territories.test_plan_writing import complete

HEADER = "fiscal_year,email,section,line,account_id,partner,text,entry,next_step,risk,amount,due_on\n"
ROWS = """
    2027,{email},goals,1,,,Win two refits,,,,,2027-03-31
    2027,{email},accounts,1,{first},,,By the dock,Walk,,620000,2027-02-12
    2027,{email},accounts,2,{second},,,By the plant manager,Call,,480000,2027-03-12
    2027,{email},business,1,,,Breweries,,,,780000.50,
    2027,{email},retention,1,,,Keep them,,,high,,
    2027,{email},channel,1,,Küstenluft,Train two,,,,480000,
    2027,{email},support,1,,,A technician,,,,,
"""


def rows_of(planned, text=ROWS, header=HEADER):
    keys = [account.external_id for account in planned.accounts]
    return header + text.strip().format(email=planned.rep.email, first=keys[0], second=keys[1])


def refusals(batch):
    return [(row.number, row.column, row.reason) for row in batch.rows.order_by("number")]


def test_a_whole_plan_is_loaded_and_again_changes_nothing(planned):
    assert told(load("plan_lines", rows_of(planned))) == {"read": 7, "new": 7}
    history = TerritoryPlanLine.history.count()
    assert told(load("plan_lines", rows_of(planned))) == {"read": 7, "unchanged": 7}
    assert TerritoryPlanLine.history.count() == history
    assert plan_flow.submit(planned.plan, planned.rep).state == PlanState.SUBMITTED


def test_a_plan_that_is_not_open_is_opened_and_undone_with_its_lines(planned):
    email = planned.teammate.email
    batch = load("plan_lines", HEADER + f"2027,{email},goals,1,,,Win,,,,,2027-03-31")
    assert TerritoryPlan.objects.get(person=planned.teammate).sections.count() == len(Section)
    batches.undo(batch)
    assert not TerritoryPlan.objects.filter(person=planned.teammate).exists()


def test_a_plan_that_an_import_opened_is_not_undone_over_what_was_written_since(planned):
    batch = load("plan_lines", HEADER + f"2027,{planned.teammate.email},goals,1,,,Win,,,,,2027-03-31")
    plan = TerritoryPlan.objects.get(person=planned.teammate)
    plan_writing.add_line(plan, Section.SUPPORT, planned.teammate)
    with pytest.raises(ChangedSince):
        batches.undo(batch)
    assert plan.lines.count() == 2


def test_undo_puts_the_words_back_that_stood_before(planned):
    load("plan_lines", rows_of(planned))
    batches.undo(load("plan_lines", rows_of(planned).replace("Breweries", "Boatyards").replace("620000", "1")))
    assert TerritoryPlanLine.objects.get(section=Section.BUSINESS).text == "Breweries"
    assert TerritoryPlanLine.objects.get(section=Section.ACCOUNTS, position=1).amount == 620_000


def test_two_lines_change_accounts_between_them(planned):
    load("plan_lines", rows_of(planned))
    swapped = rows_of(planned).replace(planned.accounts[0].external_id, "?")
    swapped = swapped.replace(planned.accounts[1].external_id, planned.accounts[0].external_id)
    batch = load("plan_lines", swapped.replace("?", planned.accounts[1].external_id))
    assert told(batch) == {"read": 7, "changed": 2, "unchanged": 5}
    first = TerritoryPlanLine.objects.get(section=Section.ACCOUNTS, position=1)
    assert first.account == planned.accounts[1]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2027,{email},goals,4,,,Win,,,,,", "line"),
        ("2027,{email},goals,0,,,Win,,,,,", "line"),
        ("2031,{email},goals,1,,,Win,,,,,", "fiscal_year"),
        ("2027,nobody@example.com,goals,1,,,Win,,,,,", "email"),
        ("2027,{email},wishes,1,,,Win,,,,,", "section"),
        ("2027,{email},goals,1,,,{long},,,,,", "text"),
        ("2027,{email},accounts,1,{first},,,{longer},,,,", "entry"),
        ("2027,{email},channel,1,,Küstenluft,{most},,,,,", "text"),
        ("2027,{email},accounts,1,NOBODY,,,,,,,", "account_id"),
        ("2027,{email},goals,1,,,Win,By the dock,,,,", "entry"),
        ("2027,{email},business,1,,,Win,,,,-5,", "amount"),
        ("2027,{email},business,1,,,Win,,,,5.0012,", "amount"),
        ("2027,{email},retention,1,,,Keep,,,enormous,,", "risk"),
        ("2027,{email},goals,1,,,Win,,,,,2027-02-31", "due_on"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_column_and_nothing_is_loaded(planned, row, column):
    row = row.replace("{long}", "x" * 111).replace("{longer}", "x" * 121).replace("{most}", "x" * 110)
    batch = load("plan_lines", rows_of(planned, row))
    assert [(number, name) for number, name, _reason in refusals(batch)] == [(2, column)]
    assert not TerritoryPlanLine.objects.exists()


def test_an_account_stands_once_in_a_plan(planned):
    load("plan_lines", rows_of(planned))
    key = planned.accounts[0].external_id
    batch = load("plan_lines", HEADER + f"2027,{planned.rep.email},accounts,3,{key},,,Again,,,,")
    assert [column for _number, column, _reason in refusals(batch)] == ["account_id"]


def test_the_words_of_a_plan_that_is_handed_in_stay(planned):
    batch = load("plan_lines", rows_of(planned))
    plan_flow.submit(planned.plan, planned.rep)
    later = load("plan_lines", rows_of(planned).replace("Breweries", "Boatyards"))
    assert [column for _number, column, _reason in refusals(later)] == ["text"]
    assert told(load("plan_lines", rows_of(planned))) == {"read": 7, "unchanged": 7}
    with pytest.raises(NotWritable):
        batches.undo(batch)


def test_status_and_evidence_are_loaded_once_the_plan_is_in_force(planned):
    header = "fiscal_year,email,section,line,status,evidence\n"
    early = load("plan_lines", header + f"2027,{planned.rep.email},goals,1,done,Signed")
    assert [column for _number, column, _reason in refusals(early)] == ["status"]
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    plan_flow.approve(planned.plan, planned.north_manager)
    bare = load("plan_lines", header + f"2027,{planned.rep.email},goals,1,done,")
    assert [column for _number, column, _reason in refusals(bare)] == ["evidence"]
    batch = load("plan_lines", header + f"2027,{planned.rep.email},goals,1,done,Signed on 3 March")
    line = TerritoryPlanLine.objects.get(section=Section.GOALS)
    assert (line.status, line.evidence, line.text) == ("done", "Signed on 3 March", "Win two")
    assert line.touched_at is not None
    batches.undo(batch)
    assert TerritoryPlanLine.objects.get(section=Section.GOALS).status == "planned"


def test_the_kind_has_a_template_workbook_with_its_headers():
    assert template(PlanLines())[:2] == b"PK"


def test_only_the_plans_that_a_file_names_are_held_while_it_is_loaded(planned):
    other = TerritoryPlan.objects.create(fiscal_year=planned.year, person=planned.teammate)
    with CaptureQueriesContext(connection) as ran:
        load("plan_lines", rows_of(planned))
    held = [one["sql"] for one in ran if one["sql"].startswith('SELECT "territories_territoryplan"."id" AS "pk"')]
    assert held
    assert all(f"IN ({planned.plan.pk})" in sql for sql in held)
    assert str(other.pk) not in [sql.split("IN (")[1].split(")")[0] for sql in held]
