"""The tables of a year's numbers as files: history, levels, the way from last year, a letter."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest

from spm.org.models import Period
from targets import cycles
from targets.plans import set_target, working_plan
from targets.rollup import roll_up_stale
from tests.builders import make_actual, make_line_of_plan, make_quota, make_territory, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(client, cast):
    """rows(address, table) is a file as lists of text, the header first, for an admin or whom it is asked for."""

    def read(address, table="", person=None):
        client.force_login(person or cast.admin)
        answer = client.get(address, {"table": table, "format": "csv"})
        return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

    return read


@pytest.fixture
def planned(year, cast):
    """2027 with a plan of 1000 over two months and quotas of 450 and 480 in them; 730 booked in 2026."""
    cycles.create_cycle(make_year("2027", date(2027, 1, 1)), cast.admin)
    make_line_of_plan("2027-01", 500)
    make_line_of_plan("2027-02", 500)
    make_quota(cast.rep, "2027-01", 450)
    make_quota(cast.outsider, "2027-02", 480)
    make_actual(cast.rep, "2026-01-10", 730, kind="booking")
    roll_up_stale()


def test_fiscal_years_are_a_file_with_the_amounts_of_each(planned, rows):
    found = rows("/targets/")
    assert found[0][:6] == ["Fiscal year", "Stage", "Company plan", "Team targets", "Quotas", "Allocated"]
    assert found[1][:3] == ["2027", "Plan", "1000.00"]
    assert [Decimal(text) for text in found[1][4:6]] == [930, Decimal("0.93")]


def test_a_rep_takes_the_own_years_along_and_no_plan(planned, rows, cast):
    assert "1000.00" not in str(rows("/targets/", person=cast.rep))


def test_levels_are_a_file_and_so_is_the_way_from_last_year(planned, rows):
    levels = {row[0]: row[1:] for row in rows("/targets/2027/")}
    assert levels["Bookings"] == ["1000.00", "", "930.00"]
    steps = {row[0]: row[1] for row in rows("/targets/2027/", "bridge")[1:]}
    assert "1000.00" in steps.values()
    assert "-70.00" in steps.values()


def test_the_history_of_territories_is_a_file(year, cast, rows):
    territory = make_territory("Rhine", owner=cast.rep)
    leaf = Period.objects.leaves().get(label="2026-10")
    plan = working_plan(year, by=cast.admin)
    for amount in (100, 120):
        told = {"by": cast.admin, "reason": "It grew"}
        set_target(plan, holder=territory, measure="bookings", period=leaf, amount=Decimal(amount), **told)
    found = rows("/targets/2026/territories/", "history")
    assert found[0] == ["When", "Who", "Number", "Period", "Before", "After", "Reason"]
    assert [row[-1] for row in found[1:]] == ["It grew"] * len(found[1:])
    assert found[1][5] == "120.00"


def test_one_s_own_number_before_its_letter_is_no_secret_and_holds_no_history(planned, rows, cast):
    found = rows(f"/targets/2027/quotas/{cast.rep.pk}/", person=cast.rep)
    assert found[0] == ["Period", "Bookings", "Revenue", "Margin"]
    assert "450" not in str(found)
    assert len(rows(f"/targets/2027/quotas/{cast.rep.pk}/", "history", cast.rep)) == 1
