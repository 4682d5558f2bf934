"""AdventureWorks, a real company's files: how they are loaded by the command line, and the answers known for them."""

import csv
import io
import json
import os
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

DATA = Path(os.environ.get("SPM_ACCEPTANCE_DATA", "/nonexistent"))
TABLES = DATA if (DATA / "DimEmployee.csv").exists() else DATA / "adventureworks"
EXAMPLES = Path(__file__).parent.parent / "docs" / "examples" / "adventureworks"
CENT = Decimal("0.01")
ORGANISATION = [
    ("periods", EXAMPLES / "periods.csv", {}),
    ("people", TABLES / "DimEmployee.csv", {"map": "people.toml"}),
    ("teams", EXAMPLES / "teams.csv", {}),
    ("memberships", EXAMPLES / "memberships.csv", {}),
    ("territories", EXAMPLES / "territory_groups.csv", {}),
    ("territories", TABLES / "DimSalesTerritory.csv", {"map": "territories.toml"}),
    ("assignments", EXAMPLES / "assignments.csv", {"map": "assignments.toml"}),
    ("accounts", TABLES / "DimReseller.csv", {"map": "accounts.toml"}),
]
QUOTAS = [("quotas", TABLES / "FactSalesQuota.csv", {"map": "quotas.toml"})]
RESELLERS = [("actuals", TABLES / "FactResellerSales.csv.gz", {"map": "actuals_reseller.toml", "source": "reseller"})]
INTERNET = [("actuals", TABLES / "FactInternetSales.csv.gz", {"map": "actuals_internet.toml", "source": "internet"})]

type Amounts = dict[tuple[str, str], list[Decimal]]
"""(e-mail, quarter) → quota, actual and attainment in percent, each to the cent."""

MARKS = [
    pytest.mark.acceptance,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not TABLES.exists(), reason="SPM_ACCEPTANCE_DATA names no folder with adventureworks"),
]


def load(files) -> list[dict]:
    """Each file as the command line loads it; the reports."""
    reports = []
    for kind, path, options in files:
        mapping = {"map": EXAMPLES / options["map"]} if "map" in options else {}
        out = io.StringIO()
        call_command("load", kind, str(path), json=True, stdout=out, **{**options, **mapping})
        reports.append(json.loads(out.getvalue()))
    return reports


def attainment(by: str, measure: str = "revenue", **options) -> list[dict[str, str]]:
    told = {"year": ["all"], "period": "quarter", "measure": measure, "by": by, "format": "csv"} | options
    out = io.StringIO()
    call_command("attainment", stdout=out, **told)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def to_cents(text: str) -> Decimal:
    return Decimal(text).quantize(CENT, rounding=ROUND_HALF_UP)


def of_people(**options) -> Amounts:
    """What the product says of everybody with a quota."""
    return {
        (row["key"], row["period"]): [to_cents(row[name]) for name in ("quota", "actual", "attainment_pct")]
        for row in attainment("person", **options)
        if row["quota"]
    }


def expected() -> Amounts:
    """What is known of the 163 quotas, from the file that comes with the data."""
    with (TABLES / "expected_attainment_rep_quarter.csv").open(encoding="utf-8") as file:
        return {
            (f"{row['employee_key']}@example.com", row["quarter"]): [
                to_cents(row[name]) for name in ("quota", "actual", "attainment_pct")
            ]
            for row in csv.DictReader(file)
        }
