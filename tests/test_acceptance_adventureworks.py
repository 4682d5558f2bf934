"""A real company's files, loaded by the command line alone, give the known answers to the cent."""

import csv
import gzip
from collections import defaultdict
from datetime import date
from decimal import Decimal

from django.apps import apps
from django.core.management import call_command

from spm.market.models import Assignment
from tests.adventureworks import (
    INTERNET,
    MARKS,
    ORGANISATION,
    QUOTAS,
    RESELLERS,
    TABLES,
    attainment,
    expected,
    load,
    of_people,
    to_cents,
)
from tests.builders import make_company

pytestmark = MARKS
YEARS = {"FY2011": "2011-12-28", "FY2012": "2012-12-27", "FY2013": "2013-12-31", "FY2014": "2014-01-31"}
"""Fiscal year → its last day (periods.csv)."""


def load_all() -> list[dict]:
    return load([*ORGANISATION, *QUOTAS, *RESELLERS, *INTERNET])


def total(by: str, measure: str = "revenue") -> Decimal:
    return sum((Decimal(row["actual"]) for row in attainment(by, measure)), Decimal(0))


def kept() -> dict[str, int]:
    """How many rows every table of ours has, histories too; imports and jobs, which tell of each load, left out."""
    ours = [model for model in apps.get_models() if model._meta.app_label in ("org", "market", "targets")]
    return {model.__name__: model._default_manager.count() for model in ours if model.__name__ != "AuditEntry"}


def test_a_real_company_adds_up_to_the_cent_and_again_changes_nothing():
    call_command("company", name="Adventure Works", currency="USD", timezone="UTC")
    assert all(report["committed"] and report["new"] == report["read"] for report in load_all())
    found = of_people()
    assert len(found) == 163
    assert found == expected()
    with_reps = sum((Decimal(row["actual"]) for row in attainment("person") if row["quota"]), Decimal(0))
    company = total("company")
    assert to_cents(str(company)) == Decimal("109809274.20")
    assert to_cents(str(with_reps)) == Decimal("80450596.98")
    assert to_cents(str(company - with_reps)) == Decimal("29358677.22")
    assert total("company", "margin") == revenue_less_cost()
    before = kept()
    assert before["HistoricalQuota"] > 0
    again = load_all()
    assert all(report["committed"] and report["unchanged"] == report["read"] for report in again)
    assert of_people() == found
    assert kept() == before


def test_revenue_per_territory_and_year_is_that_of_the_raw_files():
    make_company(currency="USD", fixed_today=None)
    assert all(report["committed"] and not report["refused"] for report in load_all())
    rows = attainment("territory", period="year")
    found = {(row["key"], row["period"]): Decimal(row["actual"]) for row in rows}
    raw = revenue_by_territory()
    areas = {area for area, _year in raw}
    assert areas == {str(number) for number in range(1, 11)}
    assert {place: amount for place, amount in found.items() if place[0] in areas and amount} == raw
    europe = {year: sum(raw.get((area, year), 0) for area in ("7", "8", "10")) for year in YEARS}
    assert {year: found["Europe", year] for year in YEARS} == europe
    assert to_cents(str(sum(raw.values()))) == Decimal("80450596.98") + Decimal("29358677.22")


def test_whoever_held_a_territory_held_it_on_the_days_of_its_history():
    make_company(currency="USD", fixed_today=None)
    load_all()
    owners = {row.territory.code: row.person.employee_id for row in held_on(date(2012, 6, 29), "owner")}
    assert owners == {"1": "293", "2": "281", "3": "283", "4": "282", "5": "285", "6": "284", "7": "292", "10": "288"}
    owners = {row.territory.code: row.person.employee_id for row in held_on(date(2012, 12, 28), "owner")}
    assert (owners["2"], owners["3"]) == ("283", "281")
    assert {owners["8"], owners["9"]} == {"295", "296"}
    helpers = {(row.territory.code, row.person.employee_id) for row in held_on(date(2011, 12, 28), "overlay")}
    assert helpers == {("4", "287"), ("6", "288"), ("1", "289")}
    helpers = {(row.territory.code, row.person.employee_id) for row in held_on(date(2011, 12, 29), "overlay")}
    assert helpers == {("4", "287"), ("6", "291"), ("1", "289")}


def held_on(day: date, role: str):
    rows = Assignment.objects.as_of(day).filter(role=role, person__isnull=False)
    return rows.select_related("territory", "person")


def revenue_by_territory() -> dict[tuple[str, str], Decimal]:
    """(Territory, fiscal year) → revenue over the raw files, read without the product."""
    result: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for name in ("FactResellerSales.csv.gz", "FactInternetSales.csv.gz"):
        with gzip.open(TABLES / name, "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                year = next(year for year, last in YEARS.items() if row["OrderDate"] <= last)
                result[row["SalesTerritoryKey"], year] += Decimal(row["SalesAmount"])
    return dict(result)


def revenue_less_cost() -> Decimal:
    """Amount − cost over the raw files, read without the product."""
    result = Decimal(0)
    for name in ("FactResellerSales.csv.gz", "FactInternetSales.csv.gz"):
        with gzip.open(TABLES / name, "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                result += Decimal(row["SalesAmount"]) - Decimal(row["TotalProductCost"])
    return result
