"""What ``verify`` says about imports; and that their order does not matter, whatever their kind (INV-11)."""

from itertools import batched

import pytest
from django.apps import apps

from spm.imports import batches
from spm.imports.models import ImportBatch
from spm.org.verification import run_all
from tests.builders import make_account, make_person, make_team, make_territory
from tests.spm.imports_help import load, upload

pytestmark = pytest.mark.django_db
LINES = "external_id,kind,date,email,amount\na,revenue,2026-01-05,,10\nb,revenue,2025-01-05,,20\n"


def broken(number):
    return [breach.text for finding in run_all([number]) for breach in finding.breaches]


@pytest.fixture
def loaded(year):
    """A file of which one row is loaded and one refused."""
    return load("actuals", LINES, is_partial=True)


def test_inv_14_sound_imports_are_silent(loaded):
    batches.preview(upload("actuals", LINES))
    load("actuals", LINES)
    assert (broken("INV-14"), broken("INV-15"), broken("INV-12")) == ([], [], [])


def test_inv_14_a_row_that_nobody_accounts_for_is_named(loaded):
    ImportBatch.objects.filter(pk=loaded.pk).update(read=3)
    assert broken("INV-14") == ["3 rows read, outcomes add to 2"]


def test_inv_14_a_refused_row_that_is_not_listed_is_named(loaded):
    loaded.rows.all().delete()
    assert broken("INV-14") == ["1 rows refused, 0 of them listed"]


def test_inv_14_a_refused_row_without_a_reason_is_named(loaded):
    loaded.rows.update(reason="")
    assert broken("INV-14") == [f"a refused row of import {loaded.pk} without line or reason"]


def test_inv_15_a_line_of_an_import_that_is_not_loaded_is_named(loaded):
    ImportBatch.objects.filter(pk=loaded.pk).update(state="undone")
    assert broken("INV-15") == [f"import {loaded.pk} is not loaded, a line of it counts"]


FILES = {  # header, rows; each row can be loaded by itself
    "teams": ("team,parent,lead_email", ["East,North,", "West,North,ana@x.com", "Far,North,bob@x.com", "North,,"]),
    "people": ("email,name,team", ["c@x.com,Cid,North", "d@x.com,Dot,", "ana@x.com,Ann,North", "e@x.com,Eve,South"]),
    "memberships": (
        "email,team,starts_on",
        [
            "ana@x.com,North,2026-01-01",
            "ana@x.com,South,2026-03-01",
            "bob@x.com,North,2026-02-01",
            "ana@x.com,,2026-09-01",
        ],
    ),
    "territories": ("territory,parent,name", ["T9,T1,Nine", "T8,T1,Eight", "T7,,Seven", "T1,,One"]),
    "assignments": (
        "territory,email,role,starts_on",
        ["T1,ana@x.com,owner,2026-01-01", "T1,bob@x.com,owner,2026-04-01", "T1,bob@x.com,overlay,2026-02-01"],
    ),
    "accounts": (
        "account_id,name,country,owner_email,potential",
        ["K1,One,FR,ana@x.com,120000", "K2,Two,DE,,7.5", "K3,Three,,bob@x.com,", "k9,Nine,IT,,0"],
    ),
    "placements": (
        "account_id,territory,starts_on",
        ["K0,T1,2026-01-01", "K0,,2026-05-01", "K0,T1,2026-08-01"],
    ),
    "company_plan": (
        "fiscal_year,measure,period,amount",
        ["2026,revenue,2026-Q1,1000", "2026,revenue,2026-04,70", "2026,bookings,2026-Q3,99.99"],
    ),
    "targets": (
        "scope,key,measure,period,amount",
        ["team,North,revenue,2026-Q1,1000", "territory,T1,revenue,2026-04,70", "team,South,margin,2026-Q3,99.99"],
    ),
    "quotas": (
        "email,measure,period,amount",
        ["ana@x.com,revenue,2026-Q1,1000", "bob@x.com,revenue,2026-04,70", "ana@x.com,bookings,2026-Q3,99.99"],
    ),
    "stakeholders": (
        "account_id,name,wanted,role,influence,support,listens_to",
        ["K0,Ada,,decider,5,1,", "K0,,Head of energy,influence,4,,", "M1,Bo,,user,2,-2,", "M2,Ada,,blocker,1,0,"],
    ),
    "decision_steps": (
        "account_id,position,name,due_on",
        ["K0,1,Need,2026-10-01", "M1,1,Test run,", "M2,1,Contract,2026-12-01"],
    ),
    "target_customers": (
        "territory,rank,account_id,name,product_family,potential,status,outcome",
        ["T1,2,K0,,Dryers,1000,open,", "T1,1,,Nowhere Foods,,7.5,,", "T1,,M1,,,,won,", "T1,3,M2,,,,open,"],
    ),
    "plan_lines": (
        "fiscal_year,email,section,line,account_id,text,amount",
        ["2026,ana@x.com,goals,2,,Two,", "2026,ana@x.com,accounts,1,K0,,70", "2026,bob@x.com,business,3,,Three,1000"],
    ),
}
OURS = ("org", "market", "targets", "territories")
NOT_CONTENT = ("AuditEntry", "RollupRun", "GoalBatch", "ReopenedChange")  # what tells how it came about


@pytest.fixture
def ground(year):
    """What the files refer to."""
    for name in ("Ana", "Bob"):
        make_person(name, email=f"{name.lower()}@x.com")
    for code in ("North", "South"):
        make_team(code)
    make_territory("T1")
    make_account("Nought", external_id="K0")
    for number in ("M1", "M2"):
        make_account(number, external_id=number)


def content():
    """Every stored row by what it says: keys of other rows as their own key text, primary keys and versions aside."""
    found = []
    for model in apps.get_models():
        if model._meta.app_label not in OURS or model.__name__ in NOT_CONTENT or hasattr(model, "history_object"):
            continue
        fields = [
            field
            for field in model._meta.concrete_fields
            if not field.primary_key
            and field.name not in ("version", "joined_at", "created_at", "edited_at", "password", "batch")
        ]
        for row in model._default_manager.all():
            found.append((model.__name__, *(str(getattr(row, field.name)) for field in fields)))
    return sorted(found)


def after(kind, *files):
    """What stands after these files, and then taken back, so that the next order meets the same ground."""
    header, _rows = FILES[kind]
    done = [load(kind, "\n".join([header, *rows])) for rows in files]
    assert {batch.state for batch in done} == {"committed"}, [
        (row.column, row.value, row.reason) for batch in done for row in batch.rows.all()
    ]
    stands = content()
    for batch in reversed(done):
        batches.undo(batch)
    return stands


@pytest.mark.parametrize("kind", FILES)
def test_inv_11_order_of_rows_and_cut_of_the_file_do_not_matter_in_any_kind(ground, kind):
    rows = FILES[kind][1]
    before = content()
    as_given = after(kind, rows)
    assert as_given != before
    assert after(kind, rows[::-1]) == as_given
    assert after(kind, rows[1:] + rows[:1]) == as_given
    for cut in (1, len(rows) - 1):
        assert after(kind, *batched(rows, cut, strict=False)) == as_given
