"""manage.py verify: clean data is clean, and each breach is named with its rows."""

import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from spm.org import guards
from spm.org.models import Period, Team, TeamPlacement, User
from spm.org.verification import run_all
from tests.builders import make_team

pytestmark = pytest.mark.django_db


def broken():
    return {finding.invariant.number for finding in run_all() if finding.breaches}


@pytest.fixture
def unguarded(db):
    """The guards are off while data is spoiled; they come back before it is verified."""
    guards.drop(connection)
    return lambda: guards.install(connection)


def test_a_check_that_is_not_there_is_no_clean_bill(cast):
    with pytest.raises(CommandError, match="No check is called INV-99. There are: INV-02, "):
        call_command("verify", "--only", "inv-12", "INV-99")
    out = StringIO()
    call_command("verify", "--only", "inv-12", stdout=out)
    assert out.getvalue().startswith("INV-12")


def test_a_sound_company_breaks_nothing(cast, year):
    assert broken() == set()


def test_inv_06_an_overlap_is_found(year, unguarded):
    Period.objects.filter(label="2026-06").update(ends_on=date(2026, 7, 2))
    unguarded()
    assert broken() == {"INV-04", "INV-06"}  # the quarter then ends before its last month


def test_inv_06_a_gap_is_found(year):
    Period.objects.filter(label="2026-06").update(ends_on=date(2026, 6, 29))
    assert "INV-06" in broken()


def test_inv_04_a_quarter_that_its_months_do_not_fill_is_found(year):
    Period.objects.filter(label="2026-Q4").update(ends_on=date(2026, 12, 30))
    assert "INV-04" in broken()


def test_inv_12_a_key_that_is_not_normal_is_found(cast):
    Team.objects.filter(pk=cast.north.pk).update(key="NORTH ")
    assert broken() == {"INV-12"}


def test_inv_27_a_missing_guard_is_found(unguarded):
    assert broken() == {"INV-27"}
    unguarded()
    assert broken() == set()


def test_inv_31_a_row_without_history_is_found(db):
    team = Team.objects.bulk_create([Team(code="x", key="x", name="X")])[0]
    found = [breach for finding in run_all(["INV-31"]) for breach in finding.breaches]
    assert [breach.ids for breach in found] == [(team.pk,)]


def test_inv_33_a_circle_of_teams_is_found(unguarded):
    above = make_team("Above")
    below = make_team("Below", parent=above)
    TeamPlacement.objects.create(team=above, parent=below, starts_on=date(2026, 1, 1))
    unguarded()
    found = [breach for finding in run_all(["INV-33"]) for breach in finding.breaches]
    assert [set(breach.ids) for breach in found] == [{above.pk, below.pk}]


def test_inv_34_a_house_that_can_sign_in_is_found(db):
    house = User.objects.house()
    house.set_password("let me in please")
    house.save()
    assert broken() == {"INV-34"}


def test_the_command_exits_with_one_and_names_the_rows(cast):
    Team.objects.filter(pk=cast.north.pk).update(key="NORTH ")
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify", stdout=out)
    assert ended.value.code == 1
    assert f"(rows {cast.north.pk})" in out.getvalue()


def test_the_command_prints_json_alone(cast):
    out = StringIO()
    call_command("verify", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert report["ok"]
    assert {"INV-06", "INV-27", "INV-31", "INV-33"} <= {one["number"] for one in report["invariants"]}


@pytest.mark.django_db(transaction=True)
def test_all_checks_read_one_state_of_the_database():
    assert broken() <= {"INV-34"}
    assert not connection.in_atomic_block
