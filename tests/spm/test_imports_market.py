"""Territories, assignments, accounts and placements from files."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from spm.imports import batches
from spm.market import territories
from spm.market.models import Account, AccountPlacement, Assignment, Territory
from tests.builders import make_account, make_person, make_territory
from tests.spm.imports_help import load, told

pytestmark = pytest.mark.django_db


def test_territories_stand_in_a_tree_and_again_change_nothing(company):
    rows = "territory,parent,name\nNW,West,Northwest\nWest,,\n"
    assert told(load("territories", rows)) == {"read": 2, "new": 2}
    assert Territory.objects.get(key="nw").parent == Territory.objects.get(key="west")
    assert told(load("territories", rows)) == {"read": 2, "unchanged": 2}


def test_a_territory_below_itself_and_the_reserved_name_are_refused(company):
    batch = load("territories", "territory,parent\nA,B\nB,A\nUnassigned,\n")
    assert (batch.refused, Territory.objects.real().count()) == (3, 0)


def test_inv_33_a_move_of_a_territory_waits_for_the_lock_of_imports(company):
    east, west = make_territory("East"), make_territory("West")
    with CaptureQueriesContext(connection) as asked:
        territories.save(east, parent=west)
    locked = [query["sql"] for query in asked if "org_company" in query["sql"] or "UPDATE" in query["sql"]]
    assert "org_company" in locked[0]
    assert ("FOR NO KEY UPDATE" in locked[0]) == (connection.vendor == "postgresql")


def test_undo_of_territories_takes_the_new_away_and_restores_names(company):
    make_territory("NW")
    batches.undo(load("territories", "territory,parent,name\nNW,West,Northwest\nWest,,\n"))
    assert list(Territory.objects.real().values_list("code", "name", "parent")) == [("NW", "NW", None)]


def test_one_owner_a_day_and_any_number_of_overlays(company):
    make_territory("NW")
    ana, bob = make_person("Ana", email="ana@x.com"), make_person("Bob", email="bob@x.com")
    load("assignments", "territory,email,role\nNW,ana@x.com,\nNW,bob@x.com,overlay\nNW,ana@x.com,Overlay\n")
    assert told(load("assignments", "territory,email,role\nNW,bob@x.com,owner\n")) == {"read": 1, "changed": 1}
    found = Assignment.objects.order_by("role", "person__name").values_list("role", "person")
    assert list(found) == [("overlay", ana.pk), ("overlay", bob.pk), ("owner", bob.pk)]


def test_unknown_people_and_territories_are_refusals_never_dropped(company):
    make_territory("NW")
    batch = load("assignments", "territory,email\nNW,nobody@x.com\nSE,\n")
    assert list(batch.rows.values_list("number", "column", "value")) == [
        (2, "email", "nobody@x.com"),
        (3, "territory", "SE"),
    ]


def test_accounts_are_upserted_by_id_and_missing_columns_stay(company):
    make_person("Ana", email="ana@x.com")
    rows = "account_id,name,parent_id,potential,owner_email\nA-2,Branch,a-1,1200.50,ana@x.com\nA-1,Head,,,\n"
    assert told(load("accounts", rows)) == {"read": 2, "new": 2}
    branch = Account.objects.get(key="a-2")
    assert (branch.potential, branch.parent.name, branch.owner.name) == (Decimal("1200.5"), "Head", "Ana")
    assert told(load("accounts", "account_id,tier\na-2,A\n")) == {"read": 1, "changed": 1}
    branch.refresh_from_db()
    assert (branch.name, branch.tier) == ("Branch", "A")
    assert told(load("accounts", rows)) == {"read": 2, "unchanged": 2}


def test_undo_of_accounts_restores_what_they_said(company):
    make_account("Old", external_id="A-1")
    batches.undo(load("accounts", "account_id,name\nA-1,New\nA-2,Other\n"))
    assert list(Account.objects.values_list("external_id", "name")) == [("A-1", "Old")]


def test_placements_are_dated_and_an_empty_territory_ends_one(company):
    make_account(external_id="A-1"), make_territory("NW")
    rows = "account_id,territory,starts_on\nA-1,NW,\nA-1,,2026-07-01\n"
    assert told(load("placements", rows)) == {"read": 2, "new": 2}
    assert AccountPlacement.objects.get(starts_on=date(2026, 7, 1)).territory is None
    assert told(load("placements", rows)) == {"read": 2, "unchanged": 2}
