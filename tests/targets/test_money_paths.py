"""Money is a whole number of ten-thousandths on the whole way from a file to a page and to a file again (INV-01)."""

import ast
import csv
import io
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models
from django.urls import reverse

from spm.money import MAX_UNITS, from_units
from spm.ui.fields import MoneyField
from targets.models import Actual, ActualVersion, Attainment, Credit, PeriodTotal, Quota
from tests.builders import make_plan
from tests.spm.imports_help import load

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
TOPS = ("spm", "targets", "territories")
OURS = [model for model in apps.get_models() if model.__module__.split(".")[0] in TOPS]
SHARES = {"growth", "limit", "margin_goal", "max", "min", "new_business_goal", "over", "percent", "progress", "rate"}
SHARES |= {"share", "weight", "floor", "deal"}
MOST = from_units(MAX_UNITS)  # 15 digits
FOR_THE_SCREEN = {
    "spm/ui/theme.py"
}  # charts are drawn by a script: its numbers are floats, and nothing reads them back


def fields(kind):
    return [(model, field) for model in OURS for field in model._meta.fields if isinstance(field, kind)]


def test_inv_01_no_column_is_a_float_and_decimals_are_shares_alone():
    """SQLite keeps DecimalField as a float: rates and percentages may be one, an amount may not."""
    assert fields(models.FloatField) == []
    odd = [
        f"{model.__name__}.{field.name}"
        for model, field in fields(models.DecimalField)
        if field.name not in SHARES and not set(field.name.split("_")) <= SHARES
    ]
    assert odd == []


def test_inv_01_every_amount_is_a_whole_number_in_the_database():
    found = fields(MoneyField)
    assert len(found) > 40  # with those of the histories
    with connection.cursor() as cursor:
        kinds = {}
        for model in {model for model, _field in found}:
            for column in connection.introspection.get_table_description(cursor, model._meta.db_table):
                kind = connection.introspection.get_field_type(column.type_code, column)
                kinds[model._meta.db_table, column.name] = kind
    wrong = {
        key: kind
        for model, field in found
        if (kind := kinds[key := (model._meta.db_table, field.column)]) != "BigIntegerField"
    }
    assert wrong == {}


def test_inv_01_nothing_is_made_a_float_but_for_the_screen():
    made = {
        path.relative_to(ROOT).as_posix()
        for top in TOPS
        for path in (ROOT / top).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float"
    }
    assert made == FOR_THE_SCREEN


@pytest.fixture
def loaded(year, cast):
    """The largest amounts that a line may hold, up and down, restated once; and a quota as large."""
    make_plan(year)
    lines = """external_id,kind,date,email,amount,cost
        big,revenue,2026-01-15,rep.one@example.com,1,
        """
    load("actuals", lines)
    load(
        "actuals",
        f"""external_id,kind,date,email,amount,cost
        big,revenue,2026-01-15,rep.one@example.com,{MOST},-{MOST}
        other,revenue,2026-01-16,rep.two@example.com,-{MOST},0.0001
        """,
    )
    load("quotas", "email,measure,period,amount\nrep.one@example.com,revenue,2026-01,99999999999.99")
    call_command("rollup", "--all", stdout=io.StringIO())
    return cast


def body_of(client, address):
    response = client.get(address)
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_inv_01_an_amount_of_fifteen_digits_comes_back_unchanged(loaded, client):
    """From a file through lines, credits, totals and attainment into a page's files and the command's."""
    big = Actual.objects.get(external_id="big")
    assert (big.amount, big.cost, ActualVersion.objects.get().delta) == (MOST, -MOST, MOST - 1)
    assert sorted(Credit.objects.values_list("amount", "cost")) == [(-MOST, Decimal("0.0001")), (MOST, -MOST)]
    assert Quota.objects.get().amount == Decimal("99999999999.99")
    margins = PeriodTotal.objects.filter(measure="margin").order_by("amount").values_list("amount", flat=True)
    assert list(margins) == [-MOST - Decimal("0.0001"), 2 * MOST]
    company = Attainment.objects.filter(company__isnull=False, period__level="year")
    assert dict(company.values_list("measure", "actual")) == {"revenue": 0, "margin": MOST - Decimal("0.0001")}
    client.force_login(loaded.admin)
    address = reverse("dashboards:actuals") + f"?person={loaded.rep.pk}&period=2026-01&measure=revenue&format="
    (row,) = csv.DictReader(io.StringIO(body_of(client, address + "csv").decode("utf-8-sig")))
    assert str(MOST) in row.values()
    sheet = openpyxl.load_workbook(io.BytesIO(body_of(client, address + "xlsx"))).worksheets[0]
    cells = [cell.value for line in sheet.iter_rows() for cell in line]
    assert str(MOST) in {str(value) for value in cells}
    out = io.StringIO()
    call_command("attainment", "--year", "2026", "--period", "month", "--format", "csv", stdout=out)
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(out.getvalue()))}
    assert Decimal(rows["rep.one@example.com"]["actual"]) == MOST
    assert Decimal(rows["rep.two@example.com"]["actual"]) == -MOST
