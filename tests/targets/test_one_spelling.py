"""Names that people type are the same in every spelling: segments of the company plan, sources of lines."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from spm.imports import sources
from spm.imports.models import ImportBatch
from targets import plans, segments
from targets.goals import Goal, of_segment
from targets.models import Actual, Attainment, PlanLine
from targets.rollup import roll_up_stale
from tests.builders import make_account, make_plan, make_year
from tests.spm.imports_help import load, told

pytestmark = pytest.mark.django_db

PLAN = "fiscal_year,measure,period,segment,amount\n2026,revenue,2026-01,{},{}\n"
LINES = "external_id,kind,date,email,amount\na,revenue,2026-01-05,{},10\n"


def numbers(label="2026-01"):
    return sorted(PlanLine.objects.filter(period__label=label).values_list("segment", "amount"))


def company(label="2026-01"):
    roll_up_stale()
    return Attainment.objects.get(company=1, period__label=label, measure="revenue").target


def test_a_segment_of_another_spelling_in_a_second_file_is_the_same(cast, year):
    load("company_plan", PLAN.format("Pumps", 100))
    assert told(load("company_plan", PLAN.format("pumps", 100))) == {"read": 1, "unchanged": 1}
    assert told(load("company_plan", PLAN.format("PUMPS ", 150))) == {"read": 1, "changed": 1}
    assert (numbers(), company()) == ([("Pumps", 150)], 150)


def test_within_a_file_the_first_spelling_holds_for_every_month(cast, year):
    rows = PLAN.format("Pumps", 100) + "2026,revenue,2026-02,pumps,7\n2026,bookings,2026-01,PUMPS,8\n"
    assert told(load("company_plan", rows)) == {"read": 3, "new": 3}
    assert set(PlanLine.objects.values_list("segment", flat=True)) == {"Pumps"}


def test_a_new_segment_is_spelled_as_in_another_year_or_as_the_accounts_are(cast, year):
    make_account(segment="Valves"), make_account(segment="PUMPS")
    following = make_year("2027", date(2027, 1, 1))
    load("company_plan", PLAN.format("Pumps", 100) + "2026,revenue,2026-01,valves,5\n")
    assert numbers() == [("PUMPS", 100), ("Valves", 5)]
    assert segments.spellings(make_plan(following), ["pumps", "New", "new", ""]) == {
        "pumps": "PUMPS",
        "New": "New",
        "new": "New",
        "": "",
    }


def test_a_verb_and_the_page_speak_of_the_segment_that_is_stored(cast, year, client):
    load("company_plan", PLAN.format("Pumps", 100))
    leaf = PlanLine.objects.get().period
    goals = [Goal(of_segment("pumps"), "revenue", leaf, Decimal(80))]
    plans.set_plan_lines(make_plan(year), goals, by=cast.admin)
    assert numbers() == [("Pumps", 80)]
    client.force_login(cast.admin)
    page = client.get(reverse("targets:company", args=["2026"]), {"segment": "pUMPS"}).content.decode()
    assert "pUMPS, " not in page
    assert "Pumps, " in page


def test_two_spellings_that_are_stored_already_keep_their_own_numbers(cast, year):
    plan = make_plan(year)
    leaf = year.periods.get(label="2026-01")
    for name, amount in (("Pumps", 1), ("pumps", 2)):
        PlanLine.objects.create(plan=plan, measure="revenue", period=leaf, segment=name, amount=amount)
    load("company_plan", PLAN.format("pumps", 3))
    assert numbers() == [("Pumps", 1), ("pumps", 3)]


def test_lines_of_a_source_in_another_spelling_are_the_same_lines(cast, year):
    rows = LINES.format(cast.rep.email)
    load("actuals", rows, source="SAP")
    again = load("actuals", rows, source=" sap ")
    assert (told(again), again.source) == ({"read": 1, "unchanged": 1}, "SAP")
    assert Actual.objects.count() == 1


def test_the_command_knows_a_source_in_any_spelling(cast, year, tmp_path):
    file = tmp_path / "lines.csv"
    file.write_text(LINES.format(cast.rep.email))
    for source in ("Crm  One", "CRM ONE"):
        call_command("load", "actuals", str(file), source=source)
    assert list(Actual.objects.values_list("source", flat=True)) == ["Crm One"]
    with pytest.raises(CommandError, match="at most 60 characters"):
        call_command("load", "actuals", str(file), source="x" * 61)
    assert ImportBatch.objects.count() == 2


def test_the_form_offers_the_sources_there_are_to_whoever_loads_lines(cast, year, client):
    load("actuals", LINES.format(cast.rep.email), source="SAP")
    client.force_login(cast.admin)
    page = client.get(reverse("imports:create", args=["actuals"])).content.decode()
    assert 'list="sources"' in page
    assert '<datalist id="sources"><option value="SAP"></option></datalist>' in page
    assert "datalist" not in client.get(reverse("imports:create", args=["teams"])).content.decode()


def test_the_oldest_spelling_of_a_source_is_the_one(cast, year):
    for name in ("Big CRM", "A", "a", "big crm"):
        ImportBatch.objects.create(kind="actuals", source=name, filename="f.csv", sha256="")
    assert sources.names() == ["Big CRM", "A"]
    assert [sources.known(name) for name in ("BIG CRM", " A ", "c")] == ["Big CRM", "A", "c"]


def test_inv_10_lines_of_a_source_that_is_stored_in_two_spellings_stay_with_theirs(cast, year):
    """Before spellings were one, *SAP* and *sap* were two sources; the same file again must not count twice."""
    older = load("actuals", LINES.format(cast.rep.email), source="sap")
    ImportBatch.objects.create(pk=older.pk - 1, kind="actuals", source="SAP", filename="f.csv", sha256="")
    assert told(load("actuals", LINES.format(cast.rep.email), source="sap")) == {"read": 1, "unchanged": 1}
    assert Actual.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [("a\x00b", "cannot be seen"), ("a\udcffb", "cannot be seen"), (" ", "at most 60"), ("x" * 61, "at most 60")],
)
def test_a_source_has_a_name_that_can_be_stored_and_read(cast, name, told):
    with pytest.raises(sources.BadSource, match=told):
        sources.known(name)
