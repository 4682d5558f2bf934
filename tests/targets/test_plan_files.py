"""Company plan and quotas as files: what is taken out of a page is what its import reads, edited cells and all."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from spm.org.models import Period
from targets.choices import Measure
from targets.models import PlanLine, PlanningCycle, Quota
from targets.plans import set_plan_line, working_plan
from targets.quotas import set_quota
from tests.builders import make_year
from tests.spm.imports_help import load, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(year):
    return working_plan(make_year("2027", date(2027, 1, 1)))


@pytest.fixture
def site(client, cast, plan):
    """The admin's browser, with a year to plan."""
    PlanningCycle.objects.create(fiscal_year=plan.fiscal_year, stage="allocate")
    client.force_login(cast.admin)
    return client


def give_company(plan, amount, measure="bookings", segment=""):
    year = Period.objects.get(label="2027")
    set_plan_line(plan, measure=measure, period=year, amount=Decimal(amount), segment=segment)


def give(plan, person, amount):
    set_quota(plan, person=person, measure="bookings", period=Period.objects.get(label="2027"), amount=Decimal(amount))


def file_of(site, page, **query):
    """The file that a page of 2027 gives for a query string."""
    return b"".join(site.get(reverse(f"targets:{page}", args=["2027"]), query).streaming_content)


def edited(file, changes):
    """({the cells left of the amount: amount}, bytes): a workbook with other amounts in these lines."""
    book = load_workbook(io.BytesIO(file))
    sheet = book.worksheets[0]
    for line, amount in changes.items():
        sheet.cell(line, 5).value = amount
    changed = io.BytesIO()
    book.save(changed)
    return {tuple(cell.value or "" for cell in sheet[line][:4]): amount for line, amount in changes.items()}, changed


def test_an_exported_workbook_comes_back_with_exactly_the_edited_cells(site, plan):
    for measure in Measure:
        give_company(plan, 1200, measure=measure)
    give_company(plan, 600, segment="Direct")
    file = file_of(site, "company", format="xlsx")
    assert told(load("company_plan", file, filename="plan.xlsx")) == {"read": 48, "unchanged": 48}
    cells, book = edited(file, {2: Decimal("150.5"), 7: Decimal(75), 40: Decimal(5)})
    batch = load("company_plan", book.getvalue(), filename="plan.xlsx")
    assert told(batch) == {"read": 48, "changed": 3, "unchanged": 45}
    for (_year, measure, label, segment), amount in cells.items():
        assert PlanLine.objects.get(measure=measure, period__label=label, segment=segment).amount == amount
    assert PlanLine.objects.count() == 48


def test_the_file_of_quotas_is_what_their_import_reads(site, cast, plan):
    give(plan, cast.rep, 400)
    text = file_of(site, "allocate", format="csv").decode("utf-8-sig").splitlines()
    assert text[0] == "name,email,measure,period,amount"
    assert text[1] == f"Rep One,{cast.rep.email},bookings,2027-Q1,100.02"


def test_an_exported_workbook_of_quotas_comes_back_with_exactly_the_edited_cells(site, cast, plan):
    for person in (cast.rep, cast.teammate):
        give(plan, person, 1200)
    file = file_of(site, "allocate", format="xlsx", columns="months")
    assert told(load("quotas", file, filename="quotas.xlsx", by=cast.admin)) == {"read": 36, "unchanged": 36}
    cells, book = edited(file, {3: Decimal("150.5"), 20: Decimal(75)})
    assert told(load("quotas", book.getvalue(), filename="quotas.xlsx", by=cast.admin)) == {
        "read": 36, "changed": 2, "unchanged": 34
    }  # fmt: skip
    amounts = {(row.person.email, row.period.label): row.amount for row in Quota.objects.all()}
    wanted = {(email, label): amount for (_name, email, _measure, label), amount in cells.items()}
    assert {key: amount for key, amount in amounts.items() if amount != 100} == wanted
