"""A sheet with a row per holder and a column per period: proposed on the mapping page, told in the preview."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.imports.kinds import kind_named
from spm.imports.mappings import Mapping
from spm.imports.models import ImportBatch
from spm.imports.proposals import period_columns
from targets.models import PlanLine, Quota, Target
from tests.builders import make_year

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(client, cast):
    make_year("2025", date(2025, 1, 1))
    make_year()
    client.force_login(cast.admin)
    return client


def proposed(headers, kind="quotas", mapping=None):
    return period_columns(kind_named(kind), mapping or Mapping(), headers)


def paste(client, kind, text):
    answer = client.post(reverse("imports:create", args=[kind]), {"source": "file", "pasted": text})
    return answer, ImportBatch.objects.first()


def test_labels_of_one_year_are_proposed(admin):
    found = proposed(["email", "2026-01", "2026-02", "Note"])
    assert found.headers == found.labels == ("2026-01", "2026-02")


@pytest.mark.parametrize("first", ["Jan 2026", "2026-01-01", " jan  2026 "])
def test_periods_are_known_by_what_people_say_and_by_their_first_day(admin, first):
    found = proposed(["email", first, "Feb 2026"])
    assert found.labels == ("2026-01", "2026-02")
    assert found.onto(Mapping()).values["period"][first] == "2026-01"


def test_sums_beside_the_months_are_left_out(admin):
    assert proposed(["email", "2026-01", "2026-02", "2026-Q1", "2026"]).labels == ("2026-01", "2026-02")
    assert proposed(["email", "2026-Q1", "2026-Q2", "2026"]).labels == ("2026-Q1", "2026-Q2")


@pytest.mark.parametrize(
    "headers",
    [
        ["email", "2026-01"],  # one alone may be anything
        ["email", "2025-12", "2026-01"],  # of two years
        ["email", "2026-01", "Jan 2026", "2026-02"],  # the same month twice
        ["email", "period", "amount", "2026-01", "2026-02"],  # says it itself
        ["email", "Amount", "2026-01", "2026-02"],
        ["email", "1", "2"],
        [],
    ],
)
def test_nothing_else_is_proposed(admin, headers):
    assert proposed(headers) is None


def test_other_kinds_and_mappings_that_say_it_are_left_alone(admin):
    months = ["email", "2026-01", "2026-02"]
    assert proposed(months, "people") is None
    assert proposed(months, mapping=Mapping(columns={"amount": "2026-01"})) is None


def test_a_sheet_of_quotas_is_pasted_confirmed_previewed_and_loaded(admin, cast):
    text = "E-mail\tJan 2026\tFeb 2026\nrep.one@example.com\t100\t200\nrep.two@example.com\t\t300\n"
    answer, batch = paste(admin, "quotas", text)
    assert answer["Location"] == reverse("imports:map", args=[batch.pk])
    assert (batch.read, Quota.objects.count()) == (0, 0)  # nothing is guessed silently
    page = admin.get(answer["Location"]).content.decode()
    assert "Jan 2026, Feb 2026: the header becomes period, the cell amount" in page
    told = {"column_email": "E-mail", "constant_measure": "bookings", "unpivot": "on", "delimiter": "\t"}
    page = admin.post(answer["Location"], told, follow=True).content.decode()
    assert "Each of these columns makes a row of its own: Jan 2026, Feb 2026." in page
    batch.refresh_from_db()
    assert (batch.read, batch.new, batch.refused) == (3, 3, 0)
    admin.post(reverse("imports:commit", args=[batch.pk]))
    rows = Quota.objects.order_by("person__name", "period__label").values_list("period__label", "amount")
    assert list(rows) == [("2026-01", Decimal(100)), ("2026-02", Decimal(200)), ("2026-02", Decimal(300))]


def test_who_does_not_want_it_unticks_it(admin):
    answer, batch = paste(admin, "quotas", "email\t2026-01\t2026-02\nrep.one@example.com\t1\t2\n")
    admin.post(answer["Location"], {"column_email": "email", "constant_measure": "bookings", "delimiter": "\t"})
    batch.refresh_from_db()
    assert "unpivot" not in batch.mapping
    assert "amount" in batch.reason


def test_targets_and_the_company_plan_are_recognised_too(admin, cast):
    answer, batch = paste(admin, "targets", "key\t2026-Q1\t2026-Q2\nNorth\t300\t600\n")
    told = {"column_key": "key", "constant_scope": "team", "constant_measure": "bookings", "unpivot": "on"}
    admin.post(answer["Location"], told | {"delimiter": "\t"})
    admin.post(reverse("imports:commit", args=[batch.pk]))
    assert sum(row.amount for row in Target.objects.filter(team=cast.north)) == 900
    answer, batch = paste(admin, "company_plan", "measure\t2026-01\t2026-02\nbookings\t10\t20\nrevenue\t5\t6\n")
    told = {"column_measure": "measure", "constant_fiscal_year": "2026", "unpivot": "on", "delimiter": "\t"}
    admin.post(answer["Location"], told)
    admin.post(reverse("imports:commit", args=[batch.pk]))
    assert sum(row.amount for row in PlanLine.objects.all()) == 41
