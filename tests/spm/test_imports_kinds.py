"""Each kind of file: its headers in the template and in docs/imports.md, and a row of it pasted into the browser."""

import io
import re
from calendar import monthrange
from pathlib import Path

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from spm.imports.choices import BatchState
from spm.imports.models import ImportBatch
from tests.builders import make_account, make_person, make_team, make_territory, make_year
from tests.spm.imports_help import load, told

# Jobs start when the transaction of their cause commits.
pytestmark = pytest.mark.django_db(transaction=True)

DOCUMENT = (Path(__file__).parents[2] / "docs" / "imports.md").read_text("utf-8")
HEADERS = {
    "periods": "fiscal_year, quarter, period, starts_on, ends_on",
    "seasonality": "profile, fiscal_year, period_no, weight",
    "teams": "team, parent, lead_email, starts_on",
    "people": "email, name, employee_id, team, starts_on, left_on, is_admin, locale, timezone",
    "memberships": "email, team, starts_on",
    "territories": "territory, parent, name",
    "assignments": "territory, email, role, starts_on",
    "accounts": "account_id, name, parent_id, industry, segment, country, region, postal_code, tier, potential, "
    "owner_email",
    "placements": "account_id, territory, starts_on",
    "company_plan": "fiscal_year, measure, period, segment, amount, currency",
    "targets": "scope, key, measure, period, amount, currency",
    "quotas": "email, measure, period, amount, currency",
    "actuals": "external_id, kind, date, email, account_id, territory, product_family, partner, amount, cost, currency",
    "credits": "external_id, email, territory, share, overlay",
}
ROWS = {
    "periods": [
        f"2027;2027-Q{(n + 2) // 3};2027-{n:02};2027-{n:02}-01;2027-{n:02}-{monthrange(2027, n)[1]}"
        for n in range(1, 13)
    ],
    "seasonality": [f"steel;2026;{number};{number}" for number in range(1, 13)],
    "teams": ["East;North;ana@x.com;2026-01-01"],
    "people": ["bea@x.com;Bea;E-7;North;2026-01-01;;no;fr;Europe/Paris"],
    "memberships": ["ana@x.com;North;2026-02-01"],
    "territories": ["SW;NW;South West"],
    "assignments": ["NW;ana@x.com;owner;2026-01-01"],
    "accounts": ["A-2;Second;A-1;Steel;Mid;DE;Bavaria;80331;B;1,200.50;ana@x.com"],
    "placements": ["A-1;NW;2026-01-01"],
    "company_plan": ["2026;revenue;2026;;1,200,000.00;EUR"],
    "targets": ["team;North;bookings;2026-Q1;30,000.50;EUR"],
    "quotas": ["ana@x.com;bookings;2026;1,200.00;EUR"],
    "actuals": ["b;revenue;2026-02-10;ana@x.com;A-1;NW;Pumps;Delta;1,000.25;600;EUR"],
    "credits": ["a;ana@x.com;NW;0.4;no", "a;bob@x.com;NW;0.6;no"],
}


@pytest.fixture
def admin(client, company):
    """An admin of a company with somebody, something and somewhere for every row to name."""
    make_year()
    make_person("Ana", email="ana@x.com"), make_person("Bob", email="bob@x.com")
    make_team("North"), make_territory("NW"), make_account(external_id="A-1")
    load("actuals", "external_id,kind,date,email,amount\na,revenue,2026-01-05,ana@x.com,100\n")
    client.force_login(make_person("Admin", is_admin=True))
    return client


@pytest.mark.parametrize("kind", HEADERS)
def test_the_template_workbook_of_a_kind_holds_exactly_its_headers(admin, kind):
    book = load_workbook(io.BytesIO(admin.get(reverse("imports:template", args=[kind])).content))
    assert [[cell.value for cell in row] for row in book[kind].iter_rows(max_row=1)] == [HEADERS[kind].split(", ")]


@pytest.mark.parametrize("kind", HEADERS)
def test_the_document_names_the_headers_of_a_kind(kind):
    (line,) = re.findall(rf"^\| {kind} \| (.*) \|$", DOCUMENT, re.MULTILINE)
    assert line.replace("**", "") == HEADERS[kind]


@pytest.mark.parametrize("kind", HEADERS)
def test_rows_of_a_kind_pasted_from_a_spreadsheet_reach_the_preview_as_new(admin, kind):
    cells = [HEADERS[kind].replace(", ", "\t"), *(row.replace(";", "\t") for row in ROWS[kind])]
    page = admin.post(reverse("imports:create", args=[kind]), {"source": "file", "pasted": "\n".join(cells)})
    batch = ImportBatch.objects.first()
    assert page.url == reverse("imports:detail", args=[batch.pk])
    assert (batch.kind, batch.filename) == (kind, "pasted.txt"), batch.reason
    kept = list(batch.rows.values_list("number", "column", "reason"))
    assert (batch.state, told(batch)) == (BatchState.PREVIEWED, {"read": len(ROWS[kind]), "new": len(ROWS[kind])}), kept
    answer = admin.post(reverse("imports:commit", args=[batch.pk]), follow=True)
    batch.refresh_from_db()
    assert (batch.state, told(batch)["new"]) == (BatchState.COMMITTED, len(ROWS[kind])), answer.context["page"].failure
