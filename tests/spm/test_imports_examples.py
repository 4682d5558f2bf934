"""The mapping files of docs/examples/adventureworks read the real tables to the known sums."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from spm.imports.cells import RowParser
from spm.imports.formats import decide_format
from spm.imports.kinds import Column, ColumnType
from spm.imports.mappings import Mapping
from spm.imports.readers import read

EXAMPLES = Path(__file__).parents[2] / "docs/examples/adventureworks"
TYPES = {"date": ColumnType.DATE, "starts_on": ColumnType.DATE, "left_on": ColumnType.DATE, "ends_on": ColumnType.DATE}
TYPES |= {"email": ColumnType.EMAIL, "lead_email": ColumnType.EMAIL, "currency": ColumnType.CURRENCY}
TYPES |= {"amount": ColumnType.AMOUNT, "cost": ColumnType.AMOUNT}


def loaded(path, headers, mapping=None, period_label=None):
    """All parsed rows of a file; fails on any refusal or question."""
    mapping = Mapping.from_toml((EXAMPLES / mapping).read_text()) if mapping else Mapping()
    kind = SimpleNamespace(columns=[Column(name, TYPES.get(name, ColumnType.TEXT)) for name in headers.split()])
    rows = mapping.apply(read(path, path.name, mapping.read_options()), kind, period_label)
    decision = decide_format(rows, kind.columns, mapping.format.choice())
    assert decision.asks == []
    parser = RowParser(kind.columns, decision, "USD")
    values = []
    for row in rows:
        parsed, refusals = parser.parse(row.number, row.cells)
        assert (row.refusal, refusals) == (None, [])
        values.append(parsed)
    return values


def windows():
    return loaded(EXAMPLES / "periods.csv", "fiscal_year quarter period starts_on ends_on")


def window_of(day, _level):
    return next(row["quarter"] for row in windows() if row["starts_on"] <= day <= row["ends_on"])


@pytest.fixture
def data():
    folder = os.environ.get("SPM_ACCEPTANCE_DATA")
    if not folder:
        pytest.skip("SPM_ACCEPTANCE_DATA names no data folder")
    return Path(folder) / "adventureworks" if (Path(folder) / "adventureworks").is_dir() else Path(folder)


def test_the_periods_follow_one_another_without_a_gap():
    rows = windows()
    assert (len(rows), rows[0]["starts_on"], rows[-1]["ends_on"]) == (13, date(2010, 12, 29), date(2014, 1, 31))
    assert all((b["starts_on"] - a["ends_on"]).days == 1 for a, b in zip(rows, rows[1:], strict=False))


def test_every_seller_is_a_member_of_one_team():
    teams = [row["team"] for row in loaded(EXAMPLES / "teams.csv", "team parent lead_email starts_on")]
    members = loaded(EXAMPLES / "memberships.csv", "email team starts_on")
    assert len({row["email"] for row in members}) == len(members) == 18
    assert {row["team"] for row in members} == set(teams)


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("table", "mapping", "amount", "cost"),
    [
        ("FactResellerSales", "actuals_reseller.toml", "80450596.9823", "79980114.3790"),
        ("FactInternetSales", "actuals_internet.toml", "29358677.2207", None),
    ],
)
def test_the_sales_add_up_to_the_published_totals(data, table, mapping, amount, cost):
    headers = "external_id kind date email account_id territory amount cost currency"
    rows = loaded(data / f"{table}.csv.gz", headers, mapping)
    assert sum(row["amount"] for row in rows) == Decimal(amount)
    assert cost is None or sum(row["cost"] for row in rows) == Decimal(cost)
    assert len({row["external_id"] for row in rows}) == len(rows)


@pytest.mark.acceptance
def test_the_quotas_fall_into_their_windows(data):
    rows = loaded(data / "FactSalesQuota.csv", "email measure period amount currency", "quotas.toml", window_of)
    assert (len(rows), sum(row["amount"] for row in rows)) == (163, Decimal(95_714_000))
    assert len({(row["email"], row["period"]) for row in rows}) == 163


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("table", "mapping", "headers", "count"),
    [
        ("DimEmployee", "people.toml", "email name employee_id starts_on left_on", 296),
        ("DimSalesTerritory", "territories.toml", "territory parent name", 11),
        ("DimReseller", "accounts.toml", "account_id name segment", 701),
    ],
)
def test_the_other_tables_are_read_whole(data, table, mapping, headers, count):
    assert len(loaded(data / f"{table}.csv", headers, mapping)) == count
