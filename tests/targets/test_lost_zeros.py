"""Ids that a spreadsheet took for numbers, and so without their leading zeros, never count a second time."""

import io
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from spm.imports import batches, new_teams
from spm.imports.choices import BatchState
from spm.imports.models import ImportBatch
from spm.market.models import Account
from spm.org.models import Team, User
from targets.models import Actual
from tests.builders import make_account, make_person, make_team, make_territory
from tests.spm.imports_help import load, told, upload

pytestmark = pytest.mark.django_db

HEADERS = ["external_id", "kind", "date", "amount"]
IDS = ["0001", "0002", "0010"]
TOTAL = Decimal(30)


def lines(ids):
    return [[one, "revenue", "2026-01-15", 10] for one in ids]


def as_csv(ids):
    return "\n".join(",".join(map(str, row)) for row in [HEADERS, *lines(ids)])


def workbook(headers, rows):
    book = openpyxl.Workbook()
    for row in [headers, *rows]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def as_workbook(ids):
    return workbook(HEADERS, lines(ids))


def load_workbook(kind, headers, rows, **options):
    return load(kind, workbook(headers, rows), filename="saved.xlsx", **options)


def total():
    return Actual.objects.in_force().aggregate(Sum("amount"))["amount__sum"]


def reasons(batch):
    return [(row.column, row.value, row.reason) for row in batch.rows.all()]


SAVED = {
    "workbook": ("saved.xlsx", as_workbook([int(one) for one in IDS])),
    "CSV": ("saved.csv", as_csv([int(one) for one in IDS]).encode()),
}


@pytest.mark.parametrize("way", SAVED)
@pytest.mark.parametrize("is_snapshot", [False, True])
def test_the_same_lines_saved_in_a_spreadsheet_are_refused_and_not_counted_twice(year, way, is_snapshot):
    load("actuals", as_csv(IDS))
    filename, data = SAVED[way]
    batch = load("actuals", data, filename=filename, is_snapshot=is_snapshot)
    assert (batch.state, told(batch)) == (BatchState.REFUSED, {"read": 3, "refused": 3})
    column, value, reason = reasons(batch)[2]
    assert (column, value) == ("external_id", "10")
    assert "lost leading zeros: there is “0010”. Format the column as text" in reason
    assert total() == TOTAL


@pytest.mark.parametrize("way", SAVED)
def test_the_preview_and_the_commit_of_the_good_rows_refuse_the_same(year, way):
    load("actuals", as_csv(IDS[:2]))
    filename, data = SAVED[way]
    batch = batches.preview(upload("actuals", data, filename=filename, is_partial=True))
    assert told(batch) == {"read": 3, "new": 1, "refused": 2}
    assert told(batches.commit(batch)) == {"read": 3, "new": 1, "refused": 2}
    assert total() == TOTAL


def test_ids_that_came_as_numbers_are_told_whether_they_lost_anything_or_not(year):
    batch = batches.preview(upload("actuals", as_workbook([7, 8]), filename="x.xlsx"))
    assert [note for note in batch.notes if "“external_id” holds numbers such as 7: leading zeros" in note]
    batch = batches.preview(upload("actuals", as_workbook(["7", "8"]), filename="x.xlsx"))
    assert batch.notes == []


@pytest.mark.parametrize("ids", [["0001", 1], [1, "0001"], ["01", "1", "0001"]])
def test_within_a_file_the_id_with_fewer_zeros_is_refused(year, ids):
    batch = load("actuals", as_workbook(ids), filename="x.xlsx", is_partial=True)
    assert told(batch) == {"read": len(ids), "new": 1, "refused": len(ids) - 1}
    assert Actual.objects.get().external_key == "0001"
    assert {row.number for row in batch.rows.all()} == {i for i, one in enumerate(ids, start=2) if one != "0001"}


def test_ids_that_were_loaded_without_their_zeros_make_way_by_undo(year):
    first = load("actuals", as_csv([1, 2]))
    batch = load("actuals", as_csv(["0001", "0002"]))
    assert batch.state == BatchState.REFUSED
    assert "“1” is there already" in reasons(batch)[0][2]
    batches.undo(first)
    again = load("actuals", as_csv(["0001", "0002"]))
    assert (again.new, total()) == (2, 20)
    back = load("actuals", as_csv([1, 2]))
    assert (back.state, total()) == (BatchState.REFUSED, 20)


def test_what_stands_already_is_told_as_ever(year):
    """Whoever has both ids from of old may load them again."""
    load("actuals", as_csv(["0001"]))
    Actual.objects.create(**Actual.objects.values().get() | {"id": 99, "external_id": "1", "external_key": "1"})
    assert told(load("actuals", as_csv(["0001", "1"]))) == {"read": 2, "unchanged": 2}


def test_ids_of_another_source_and_ids_with_letters_are_other_ids(year):
    load("actuals", as_csv(["0001", "0A1"]))
    assert told(load("actuals", as_csv(["1"]), source="shop")) == {"read": 1, "new": 1}
    assert told(load("actuals", as_csv(["A1", "²", "00²"]))) == {"read": 3, "new": 3}


def test_many_new_ids_take_few_queries(year):
    def queries(ids):
        batch = upload("actuals", as_csv(ids))
        with CaptureQueriesContext(connection) as found:
            batches.commit(batch)
        return len([one for one in found if "external_key" in one["sql"] and one["sql"].startswith("SELECT")])

    few = queries(range(1, 4))
    many = queries(range(10, 910))
    padded = queries([f"{one:06}" for one in range(1000, 1900)])
    assert (many - few, padded - few) == (0, 1)


def test_credits_of_a_line_whose_id_lost_its_zeros_say_so(year):
    make_person("Ana", email="ana@x.com")
    load("actuals", as_csv(IDS))
    batch = load_workbook("credits", ["external_id", "email", "share"], [[1, "ana@x.com", 1], [9, "ana@x.com", 1]])
    assert ["lost leading zeros" in reason for _column, _value, reason in reasons(batch)] == [True, False]


def test_accounts_and_who_names_them(year):
    load("accounts", "account_id,name,parent_id\n0007,Seven,\n0008,Eight,0007\n")
    batch = load_workbook("accounts", ["account_id", "name", "parent_id"], [[7, "Seven", None], [9, "Nine", 8]])
    assert [found[:2] for found in reasons(batch)] == [("account_id", "7"), ("parent_id", "8")]
    assert all("lost leading zeros" in reason for _column, _value, reason in reasons(batch))
    assert Account.objects.count() == 2
    batch = load_workbook("actuals", [*HEADERS, "account_id"], [["x", "revenue", "2026-01-15", 1, 7]])
    assert "there is “0007”" in reasons(batch)[0][2]


def test_two_accounts_of_one_file_that_differ_in_zeros_alone(year):
    batch = load_workbook("accounts", ["account_id", "name"], [["007", "Seven"], [7, "Seven"]], is_partial=True)
    assert told(batch) == {"read": 2, "new": 1, "refused": 1}
    assert Account.objects.get().external_id == "007"


@pytest.mark.parametrize(
    ("kind", "headers", "row", "column"),
    [
        ("teams", ["team", "parent"], [12, None], "team"),
        ("teams", ["team", "parent"], ["West", 12], "parent"),
        ("people", ["email", "team"], ["new@x.com", 12], "team"),
        ("territories", ["territory", "parent"], [34, None], "territory"),
        ("territories", ["territory", "parent"], ["West", 34], "parent"),
        ("targets", ["scope", "key", "measure", "period", "amount"], ["team", 12, "revenue", "2026-01", 1], "key"),
        ("targets", ["scope", "key", "measure", "period", "amount"], ["territory", 34, "revenue", "2026-01", 1], "key"),
    ],
)
def test_codes_of_teams_and_territories(year, kind, headers, row, column):
    make_team("0012"), make_territory("0034")
    batch = load_workbook(kind, headers, [row])
    assert batch.state == BatchState.REFUSED
    (found,) = reasons(batch)
    assert found[0] == column
    assert "lost leading zeros" in found[2]
    assert new_teams.missing(batch) == []
    assert Team.objects.count() == 1


def test_an_employee_id_keeps_its_zeros_and_gets_them_back(year):
    ana, _bob = make_person("Ana", employee_id="0042"), make_person("Bob", employee_id="7")
    batch = load_workbook("people", ["email", "employee_id"], [[ana.email, 42], ["new@example.com", 42]])
    assert [found[:2] for found in reasons(batch)] == [("employee_id", "42")] * 2
    batch = load("people", "email,employee_id\nbob@example.com,007\n")
    assert (batch.state, told(batch)) == (BatchState.COMMITTED, {"read": 1, "changed": 1})
    assert User.objects.get(email_key="bob@example.com").employee_id == "007"


def test_new_teams_are_still_offered(year):
    make_team("0012"), make_account("x")
    batch = load("people", "email,team\na@x.com,12\nb@x.com,13\n")
    assert (new_teams.missing(batch), ImportBatch.objects.count()) == (["13"], 1)
