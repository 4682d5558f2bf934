"""The two commands that roll up and print: what machines read of them is fixed."""

import csv
import io
import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from spm.org.models import Period
from spm.org.people import place_member
from targets import closing, locking
from targets.choices import Scope
from targets.models import PlanLine, Target
from tests.builders import make_actual, make_plan, make_quota, make_territory

pytestmark = pytest.mark.django_db
HEADER = "period,starts_on,ends_on,scope,key,name,measure,quota,quota_sum,actual,variance,attainment_pct,lines"


def run(name, *args):
    out, err = StringIO(), StringIO()
    call_command(name, *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def attainment(**options):
    defaults = {"year": "2026", "period": "quarter", "measure": "revenue", "by": "person", "format": "csv"}
    args = [text for name, value in (defaults | options).items() for text in (f"--{name}", *str(value).split())]
    return run("attainment", *args)[0]


@pytest.fixture
def figures(year, cast):
    make_quota(cast.rep, "2026-01", 80, "revenue")
    make_quota(cast.teammate, "2026-01", 0, "revenue")
    make_actual(cast.rep, "2026-01-31", "60.5001")
    make_actual(cast.rep, "2026-03-31", 10)
    make_actual(cast.teammate, "2026-03-31", -5)
    call_command("rollup", "--all", stdout=StringIO())
    return cast


def test_csv_has_the_fixed_columns_and_plain_decimals(figures):
    lines = attainment().splitlines()
    assert lines[0] == HEADER
    assert lines[1:] == [
        "2026-Q1,2026-01-01,2026-03-31,person,rep.one@example.com,Rep One,revenue,80.00,,70.5001,-9.4999,88.13,2",
        "2026-Q1,2026-01-01,2026-03-31,person,rep.two@example.com,Rep Two,revenue,0.00,,-5.00,,,1",
    ]


def test_team_is_judged_by_its_target_or_else_by_the_quotas_below(figures):
    leaf = Period.objects.get(label="2026-01")
    Target.objects.create(
        plan=make_plan(leaf.fiscal_year), team=figures.sales, measure="revenue", period=leaf, amount=100
    )
    run("rollup", "--year", "2026")
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(attainment(by="team", period="year")))}
    assert (rows["Sales"]["quota"], rows["Sales"]["quota_sum"]) == ("100.00", "80.00")
    assert (rows["North"]["quota"], rows["North"]["actual"]) == ("80.00", "65.5001")


@pytest.mark.parametrize("plan", ["current", "baseline"])
def test_a_target_for_one_month_takes_the_place_of_the_quotas_of_that_month_alone(year, cast, plan):
    leaf = Period.objects.get(label="2026-01")
    Target.objects.create(plan=make_plan(year), team=cast.north, measure="revenue", period=leaf, amount=90)
    area = make_territory("Area")
    for place, label, amount in ((area, "2026-01", 7), (make_territory("Part", parent=area), "2026-02", 5)):
        period = Period.objects.get(label=label)
        Target.objects.create(plan=make_plan(year), territory=place, measure="revenue", period=period, amount=amount)
    for label in ("2026-01", "2026-02", "2026-03", "2026-04"):
        make_quota(cast.rep, label, 100, "revenue")
    run("rollup", "--year", "2026")
    if plan == "baseline":
        locking.lock(make_plan(year), by=cast.admin)

    def told(by, key, period):
        rows = csv.DictReader(io.StringIO(attainment(by=by, period=period, plan=plan)))
        return {row["period"]: (row["quota"], row["quota_sum"]) for row in rows if row["key"] == key}

    assert told("team", "North", "quarter")["2026-Q1"] == ("290.00", "300.00")
    assert told("team", "North", "year")["2026"] == ("390.00", "400.00")
    assert told("team", "North", "month")["2026-01"] == ("90.00", "100.00")
    assert told("team", "Sales", "quarter")["2026-Q1"] == ("300.00", "300.00")
    assert told("territory", "Area", "quarter")["2026-Q1"] == ("12.00", "5.00")


def test_inv_29_the_baseline_of_a_closed_month_adds_up_by_the_teams_of_its_closing(year, cast):
    make_quota(cast.rep, "2026-01", 100, "revenue")
    make_quota(cast.rep, "2026-02", 100, "revenue")
    run("rollup", "--year", "2026")
    locking.lock(make_plan(year), by=cast.admin)
    closing.close(Period.objects.get(label="2026-01"), by=cast.admin)
    place_member(cast.rep, team=cast.south, starts_on=date(2026, 1, 5), by=cast.admin)
    run("rollup", "--stale")

    def told(plan, period="month"):
        rows = csv.DictReader(io.StringIO(attainment(by="team", period=period, plan=plan)))
        return {(row["key"], row["period"]): row["quota_sum"] for row in rows if row["quota_sum"]}

    assert told("current")["North", "2026-01"] == "100.00"
    assert told("baseline") == told("current")
    assert told("baseline", "quarter") == told("current", "quarter")


def test_nothing_is_told_of_the_baseline_of_a_company_that_is_not_there_yet(db):
    assert [attainment(by=by, year="all", plan="baseline") for by in Scope.values] == [f"{HEADER}\n"] * 4


def test_a_year_without_a_name_is_none(figures):
    with pytest.raises(CommandError, match="no fiscal year"):
        run("rollup", "--year", "")


def test_company_is_judged_by_the_plan_alone(figures):
    assert attainment(by="company", period="year").splitlines()[1].split(",")[6:9] == ["revenue", "", "80.00"]
    leaf = Period.objects.get(label="2026-01")
    PlanLine.objects.create(plan=make_plan(leaf.fiscal_year), measure="revenue", period=leaf, amount=90)
    run("rollup", "--year", "2026")
    assert attainment(by="company", period="year").splitlines()[1].split(",")[7] == "90.00"


def test_json_keeps_amounts_as_text_and_empty_as_null(figures):
    first, second = json.loads(attainment(format="json"))
    assert (first["actual"], first["attainment_pct"], first["lines"]) == ("70.5001", "88.13", 2)
    assert (second["attainment_pct"], second["variance"]) == (None, None)


def test_several_years_or_all_and_an_unknown_one(figures):
    assert attainment(year="all") == attainment(year="2026")
    with pytest.raises(CommandError, match="1999"):
        attainment(year="2026 1999")


def test_table_is_for_people_and_says_what_waits(figures):
    make_actual(figures.rep)
    out, err = run("attainment", "--year", "all")
    assert "rep.one@example.com" in out
    assert "1 period waits" in err


def test_rollup_takes_what_is_stale_and_tells_it_in_json(figures):
    make_actual(figures.rep, "2026-02-01")
    told = json.loads(run("rollup", "--json")[0])
    assert (told["periods"], told["credits"], told["stale_left"]) == (1, 1, 0)
    again = json.loads(run("rollup", "--stale", "--json")[0])
    assert (again["periods"], again["run"]) == (0, told["run"])
    assert json.loads(run("rollup", "--all", "--json")[0])["periods"] == 12


def test_rollup_of_an_unknown_year_is_refused(figures):
    with pytest.raises(CommandError, match="1999"):
        run("rollup", "--year", "1999")
