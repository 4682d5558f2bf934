"""A real company's files, loaded by the command line alone, give the known answers to the cent."""

import csv
import gzip
from decimal import Decimal

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


def load_all() -> list[dict]:
    return load([*ORGANISATION, *QUOTAS, *RESELLERS, *INTERNET])


def total(by: str, measure: str = "revenue") -> Decimal:
    return sum((Decimal(row["actual"]) for row in attainment(by, measure)), Decimal(0))


def test_a_real_company_adds_up_to_the_cent_and_again_changes_nothing():
    make_company(currency="USD", fixed_today=None)
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
