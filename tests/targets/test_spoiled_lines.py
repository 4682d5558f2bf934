"""INV-18 where only the tables can tell: each way of spoiling lines gives the exact total, or a refusal of its row."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum

from spm.imports.choices import RowOutcome
from spm.org import people
from spm.org.choices import PeriodState
from spm.org.models import Period, User
from targets.models import Actual, Attainment, Credit
from targets.rollup import roll_up_stale
from tests.builders import make_account, make_person, make_team
from tests.spm.imports_help import load
from tests.spm.spoiled import as_typed_workbook

pytestmark = pytest.mark.django_db

HEADERS = ["external_id", "kind", "date", "email", "account_id", "amount"]
GOOD = [
    ["0001", "revenue", "2026-01-13", "ann@x.com", "A-1", "1000.50"],
    ["0002", "revenue", "2026-01-14", "bob@x.com", "A-1", "-20.25"],
    ["0003", "revenue", "2026-02-15", "ann@x.com", "", "300.00"],
]
TOTAL = sum(Decimal(row[5]) for row in GOOD)


def with_row(**cells):
    """The good lines and one more, which stands in row 5."""
    last = {"external_id": "0004", "kind": "revenue", "date": "2026-03-16", "email": "", "account_id": "", "amount": ""}
    return [*GOOD, [(last | {"amount": "7.00"} | cells)[name] for name in HEADERS]]


# name → (rows, what they add to the total of the good lines, refused or parked row → its column).
WAYS = {
    "a rep who left, before the last day": (with_row(email="eve@x.com", date="2026-02-20"), 7, {}),
    "a rep who left, after the last day": (with_row(email="eve@x.com", date="2026-03-20"), 7, {}),
    "an unknown rep": (with_row(email="nobody@x.com"), 0, {5: "email"}),
    "an unknown account": (with_row(account_id="A-2"), 0, {5: "account_id"}),
    "the same id twice, equal": ([*GOOD, GOOD[0]], 0, {}),
    "the same id twice, different": (with_row(external_id="0003"), 7 - 300, {}),
    "keys alike but for case": ([*with_row(external_id="inv-É"), *with_row(external_id="INV-é")[3:]], 7, {}),
    "keys alike but for blanks": ([*with_row(external_id="i  1"), *with_row(external_id=" i\u00a01 ")[3:]], 7, {}),
    "keys alike but for Unicode form": ([*with_row(external_id="é"), *with_row(external_id="e\u0301")[3:]], 7, {}),
    "a key that lost its zeros": (with_row(external_id="1"), 0, {5: "external_id"}),
    "a date outside all periods": (with_row(date="2031-01-01"), 0, {5: "date"}),
    "a date in a closed period": (with_row(date="2026-04-01"), 0, {5: "date"}),
    "a date in a period that closes": (with_row(date="2026-05-01"), 0, {5: "date"}),
}


@pytest.fixture
def world(year):
    team = make_team("North")
    make_person("Ann", email="ann@x.com", team=team), make_person("Bob", email="bob@x.com", team=team)
    eve = make_person("Eve", email="eve@x.com", team=team)
    make_account(external_id="A-1")
    people.leave(eve, left_on=date(2026, 2, 28), by=make_person("Admin", is_admin=True))
    assert not User.objects.get(pk=eve.pk).is_active
    Period.objects.filter(label="2026-04").update(state=PeriodState.CLOSED)
    Period.objects.filter(label="2026-05").update(state=PeriodState.SOFT_CLOSED)


def written(way, rows):
    if way == "CSV":
        return "\n".join(",".join(row) for row in [HEADERS, *rows]).encode(), "lines.csv"
    return as_typed_workbook([HEADERS, *rows]), "lines.xlsx"


def published():
    roll_up_stale()
    year = Attainment.objects.get(company__isnull=False, measure="revenue", period__level="year")
    credited = Credit.objects.filter(is_overlay=False).aggregate(Sum("amount"))["amount__sum"]
    assert credited == Actual.objects.in_force().aggregate(Sum("amount"))["amount__sum"]
    return year.actual


@pytest.mark.parametrize("written_as", ["CSV", "workbook"])
@pytest.mark.parametrize("way", WAYS)
def test_inv_18_spoiled_lines_give_the_exact_total_or_a_refusal_with_its_row(world, way, written_as):
    rows, more, places = WAYS[way]
    data, filename = written(written_as, rows)
    batch = load("actuals", data, filename=filename, is_partial=True)
    kept = {row.number: row.column for row in batch.rows.all()}
    assert (kept, all(row.reason for row in batch.rows.all())) == (places, True)
    assert batch.read == batch.new + batch.refused + batch.parked + batch.superseded == len(rows)
    assert published() == TOTAL + more
    again = load("actuals", data, filename=filename, is_partial=True)
    assert (again.new, again.changed, published()) == (0, 0, TOTAL + more)


@pytest.mark.parametrize("written_as", ["CSV", "workbook"])
@pytest.mark.parametrize(
    ("parts", "is_good"), [(("0.5", "0.5"), True), (("0.5", "0.49"), False), (("0.5", "0.51"), False)]
)
def test_inv_18_splits_add_to_one_or_are_refused(world, parts, is_good, written_as):
    load("actuals", written("CSV", GOOD)[0])
    shares = [["0001", "ann@x.com", parts[0]], ["0001", "bob@x.com", parts[1]]]
    headers = ["external_id", "email", "share"]
    text = "\n".join(",".join(row) for row in [headers, *shares]).encode()
    data, filename = (text, "x.csv") if written_as == "CSV" else (as_typed_workbook([headers, *shares]), "x.xlsx")
    batch = load("credits", data, filename=filename)
    refused = [(row.number, row.column, row.outcome) for row in batch.rows.all()]
    assert refused == ([] if is_good else [(place, "external_id", RowOutcome.REFUSED) for place in (2, 3)])
    assert published() == TOTAL
