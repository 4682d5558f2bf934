"""A real company's files, loaded by the command line alone, give the known answers to the cent."""

import csv
import gzip
import io
import json
import os
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.builders import make_company

DATA = Path(os.environ.get("SPM_ACCEPTANCE_DATA", "/nonexistent"))
TABLES = DATA if (DATA / "DimEmployee.csv").exists() else DATA / "adventureworks"
EXAMPLES = Path(__file__).parent.parent / "docs" / "examples" / "adventureworks"
CENT = Decimal("0.01")
LOADS = [
    ("periods", EXAMPLES / "periods.csv", {}),
    ("people", TABLES / "DimEmployee.csv", {"map": "people.toml"}),
    ("teams", EXAMPLES / "teams.csv", {}),
    ("memberships", EXAMPLES / "memberships.csv", {}),
    ("territories", EXAMPLES / "territory_groups.csv", {}),
    ("territories", TABLES / "DimSalesTerritory.csv", {"map": "territories.toml"}),
    ("accounts", TABLES / "DimReseller.csv", {"map": "accounts.toml"}),
    ("quotas", TABLES / "FactSalesQuota.csv", {"map": "quotas.toml"}),
    ("actuals", TABLES / "FactResellerSales.csv.gz", {"map": "actuals_reseller.toml", "source": "reseller"}),
    ("actuals", TABLES / "FactInternetSales.csv.gz", {"map": "actuals_internet.toml", "source": "internet"}),
]

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not TABLES.exists(), reason="SPM_ACCEPTANCE_DATA names no folder with adventureworks"),
]


def load_all() -> list[dict]:
    reports = []
    for kind, path, options in LOADS:
        mapping = {"map": EXAMPLES / options["map"]} if "map" in options else {}
        out = io.StringIO()
        call_command("load", kind, str(path), json=True, stdout=out, **{**options, **mapping})
        reports.append(json.loads(out.getvalue()))
    return reports


def attainment(by: str, measure: str = "revenue") -> list[dict[str, str]]:
    out = io.StringIO()
    call_command("attainment", year=["all"], period="quarter", measure=measure, by=by, format="csv", stdout=out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def to_cents(text: str) -> Decimal:
    return Decimal(text).quantize(CENT, rounding=ROUND_HALF_UP)


def amounts(row: dict[str, str]) -> list[Decimal]:
    """Quota, actual and attainment to the cent."""
    return [to_cents(row[name]) for name in ("quota", "actual", "attainment_pct")]


def total(by: str, measure: str = "revenue") -> Decimal:
    return sum((Decimal(row["actual"]) for row in attainment(by, measure)), Decimal(0))


def test_a_real_company_adds_up_to_the_cent_and_again_changes_nothing():
    make_company(currency="USD", fixed_today=None)
    assert all(report["committed"] and report["new"] == report["read"] for report in load_all())
    with (TABLES / "expected_attainment_rep_quarter.csv").open(encoding="utf-8") as file:
        expected = {
            (f"{row['employee_key']}@example.com", row["quarter"]): amounts(row) for row in csv.DictReader(file)
        }
    found = {(row["key"], row["period"]): amounts(row) for row in attainment("person") if row["quota"]}
    assert len(found) == 163
    assert found == expected
    with_reps = sum((Decimal(row["actual"]) for row in attainment("person") if row["quota"]), Decimal(0))
    company = total("company")
    assert to_cents(str(company)) == Decimal("109809274.20")
    assert to_cents(str(with_reps)) == Decimal("80450596.98")
    assert to_cents(str(company - with_reps)) == Decimal("29358677.22")
    assert total("company", "margin") == revenue_less_cost()
    again = load_all()
    assert all(report["committed"] and report["unchanged"] == report["read"] for report in again)


def revenue_less_cost() -> Decimal:
    """Amount − cost over the raw files, read without the product."""
    result = Decimal(0)
    for name in ("FactResellerSales.csv.gz", "FactInternetSales.csv.gz"):
        with gzip.open(TABLES / name, "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                result += Decimal(row["SalesAmount"]) - Decimal(row["TotalProductCost"])
    return result
