"""A CRM that knows people by name alone: its won deals, loaded by mapping files, give the known answer to the cent."""

import csv
import io
import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from spm.imports.mapped import dotted
from spm.market.models import ProductFamily
from spm.org.models import User
from targets.models import Actual
from tests.builders import make_company

DATA = Path(os.environ.get("SPM_ACCEPTANCE_DATA", "/nonexistent")) / "maven_crm"
EXAMPLES = Path(__file__).parent.parent / "docs" / "examples" / "maven"
LOADS = [  # kind, file, mapping, rows that name something for the first time
    ("periods", EXAMPLES / "periods.csv", "", 12),
    ("people", DATA / "sales_teams.csv", "managers.toml", 6),
    ("teams", DATA / "sales_teams.csv", "regions.toml", 3),
    ("teams", DATA / "sales_teams.csv", "teams.toml", 6),
    ("people", DATA / "sales_teams.csv", "people.toml", 35),
    ("accounts", DATA / "accounts.csv", "accounts.toml", 85),
    ("actuals", DATA / "sales_pipeline.csv", "actuals.toml", 4238),
]

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not DATA.exists(), reason="SPM_ACCEPTANCE_DATA names no folder with maven_crm"),
]


def load_all() -> list[dict]:
    reports = []
    for kind, path, mapping, _count in LOADS:
        out = io.StringIO()
        options = {"map": EXAMPLES / mapping} if mapping else {}
        call_command("load", kind, str(path), json=True, source="pipeline", stdout=out, **options)
        reports.append(json.loads(out.getvalue()))
    return reports


def attainment(by: str) -> list[dict[str, str]]:
    out = io.StringIO()
    call_command("attainment", year=["2017"], period="quarter", measure="bookings", by=by, format="csv", stdout=out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def expected() -> dict[tuple[str, str], tuple[Decimal, int]]:
    """(address, quarter) → won value and number of won deals."""
    with (DATA / "expected_agent_quarter.csv").open(encoding="utf-8") as file:
        return {
            (f"{dotted(row['agent'])}@example.com", row["quarter"]): (Decimal(row["won_value"]), int(row["won"]))
            for row in csv.DictReader(file)
        }


def by_team() -> dict[tuple[str, str], Decimal]:
    """The same sums for the managers' teams and for the offices they belong to."""
    sums: dict[tuple[str, str], Decimal] = {}
    with (DATA / "expected_agent_quarter.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for team in (row["manager"], row["region"]):
                place = (team, row["quarter"])
                sums[place] = sums.get(place, Decimal(0)) + Decimal(row["won_value"])
    return sums


def test_won_deals_add_up_per_seller_and_quarter_and_again_change_nothing():
    make_company(currency="USD", fixed_today=None)
    reports = load_all()
    assert all(report["committed"] and not report["refused"] and not report["parked"] for report in reports)
    assert [report["new"] for report in reports] == [count for *_, count in LOADS]
    found = {
        (row["key"], row["period"]): (Decimal(row["actual"]), int(row["lines"]))
        for row in attainment("person")
        if int(row["lines"])
    }
    assert found == expected()
    assert len(found) == 120
    assert {(row["key"], row["period"]): Decimal(row["actual"]) for row in attainment("team")} == by_team()
    assert sum(Decimal(row["actual"]) for row in attainment("company")) == 10_005_534
    assert Actual.objects.count() == 4238
    assert User.objects.filter(email="mei-mei.johns@example.com", is_active=True).exists()
    assert sorted(ProductFamily.objects.filter(name__startswith="GTX P").values_list("name", flat=True)) == [
        "GTX Plus Basic",
        "GTX Plus Pro",
        "GTX Pro",
    ]
    assert all(report["committed"] and not report["new"] + report["changed"] for report in load_all())
