"""Killed at any statement of applying or releasing, a package is applied as a whole or not at all."""

from datetime import date
from types import SimpleNamespace

import pytest

from spm.market.models import Opportunity
from spm.org.models import User
from spm.org.verification import run_all
from territories import moves
from territories.models import MovePackage
from tests.builders import make_company, make_person, make_team
from tests.targets import test_planning_crash
from tests.territories.move_help import OCTOBER, deal, draft, settle

pytestmark = pytest.mark.django_db(transaction=True)
OURS = ("market", "territories", "targets", "talk", "jobs", "org")


@pytest.fixture
def land(db):
    make_company()
    boss = make_person("Lead")
    north = make_team("North", lead=boss)
    admin = make_person("Admin", is_admin=True)
    reps = {"rep": make_person("Rep One", team=north), "teammate": make_person("Rep Two", team=north)}
    found = settle(SimpleNamespace(admin=admin, north_manager=boss, **reps))
    deal(found.alpha)
    draft(found, found.alpha, found.beta, hold_over="close")
    make_company(fixed_today=OCTOBER)
    return found


def apply():
    moves.apply(MovePackage.objects.get(), User.objects.get(name="Lead"))


def release():
    moves.release(MovePackage.objects.get())


@pytest.mark.parametrize("verb", [apply, release])
def test_inv_23_killed_at_every_statement_a_package_is_whole_or_untouched(land, monkeypatch, verb):
    monkeypatch.setattr(test_planning_crash, "OURS", OURS)
    if verb is release:
        apply()
        Opportunity.objects.update(outcome="won", closed_on=date(2026, 10, 1))
    assert test_planning_crash.kill_before_every_statement(verb) > 5
    assert [finding for finding in run_all(("INV-80", "INV-81")) if finding.breaches] == []
