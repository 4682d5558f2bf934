"""``verify`` names what is wrong with rules, the tree and its dated facts; guards keep activated rules as they were."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from spm.market.models import AccountPlacement, Assignment, Territory
from spm.org import guards
from spm.org.verification import run_all
from territories import rule_sets
from territories.models import RuleSet, TerritoryRule
from tests.builders import make_account, make_territory

DAY = date(2026, 10, 1)


@pytest.fixture
def active(cast, year):
    """A set with one rule, in force from 1 October; Halvorsen stands in Nord by it."""
    drafted = rule_sets.draft("Rules 2026", cast.admin)
    nord = make_territory("Nord", owner=cast.rep)
    rule_sets.save_rule(drafted, {"territory": nord, "priority": 10, "country": "Norway"})
    make_account("Halvorsen", country="Norway")
    rule_sets.activate(drafted, DAY, cast.admin)
    return RuleSet.objects.get()


@pytest.fixture
def unguarded(active):
    """The database without what keeps such rows out, as after a restore of a forged dump; rolled back with the test."""
    guards.drop(connection)
    with connection.cursor() as cursor:
        for index in ("rule_set_one_a_day", "assignment_one_owner_a_day"):
            cursor.execute(f"DROP INDEX {index}")
    return active


def found():
    return [breach.text for finding in run_all(["INV-73", "INV-74"]) for breach in finding.breaches]


def test_honest_rules_pass(active):
    assert found() == []


@pytest.mark.parametrize(
    "write",
    [
        lambda active: RuleSet.objects.filter(pk=active.pk).update(name="Other"),
        lambda active: RuleSet.objects.filter(pk=active.pk).update(state="draft", starts_on=None),
        lambda _active: TerritoryRule.objects.update(priority=1),
        lambda _active: TerritoryRule.objects.all().delete(),
        lambda active: TerritoryRule.objects.create(rule_set=active, territory=Territory.objects.get(name="Nord")),
    ],
)
def test_inv_73_rules_that_were_activated_never_change(active, write):
    with pytest.raises(IntegrityError, match="INV-73"), transaction.atomic():
        write(active)
    rule = TerritoryRule.objects.get()
    assert (rule.rule_set, rule.priority, RuleSet.objects.get().name) == (active, 10, "Rules 2026")


def test_inv_73_a_draft_takes_every_change_and_goes_away_whole(active, cast):
    drafted = rule_sets.draft("Rules 2027", cast.admin, like=active)
    TerritoryRule.objects.filter(rule_set=drafted).update(priority=1)
    drafted.delete()
    assert TerritoryRule.objects.count() == 1


def test_inv_73_two_sets_on_a_day_and_a_set_without_rules_are_found(unguarded, cast):
    rest = {"created_by": cast.admin, "activated_by": cast.admin, "activated_at": "2026-09-01T00:00:00Z"}
    RuleSet.objects.create(name="Twin", state="active", starts_on=DAY, **rest)
    assert found() == [
        "2 sets of rules begin on 2026-10-01",
        "a set of rules in force lacks its rules, its day, or who activated it",
    ]


def test_inv_74_two_owners_on_a_day_are_found(unguarded, cast):
    Assignment.objects.create(territory=Territory.objects.get(name="Nord"), person=cast.teammate)
    (text,) = found()
    assert text.startswith("two owners begin on")


def test_inv_74_an_account_in_two_places_is_found(unguarded):
    """On SQLite the constraint is part of the table and cannot be dropped: there the plant itself is refused."""
    placed = AccountPlacement.objects.get()
    twin = {"account": placed.account, "territory": make_territory(), "starts_on": placed.starts_on}
    if connection.vendor == "sqlite":
        with pytest.raises(IntegrityError), transaction.atomic():
            AccountPlacement.objects.create(**twin)
        return
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE market_accountplacement DROP CONSTRAINT account_placement_once_a_day")
    AccountPlacement.objects.create(**twin)
    assert found() == ["an account stands in two places from 2026-10-01"]


def test_inv_74_a_ring_of_territories_is_found(active):
    nord = Territory.objects.get(name="Nord")
    below = make_territory("Below", parent=nord)
    Territory.objects.filter(pk=nord.pk).update(parent=below)
    assert found() == ["a territory stands below itself"] * 2


def test_inv_73_a_rule_that_contradicts_itself_is_found(active, cast):
    drafted = rule_sets.draft("Rules 2027", cast.admin, like=active)
    assert found() == []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "ALTER TABLE territories_territoryrule DROP CONSTRAINT territory_rule_named_alone"
            if connection.vendor == "postgresql"
            else "PRAGMA ignore_check_constraints = ON"
        )
    TerritoryRule.objects.filter(rule_set=drafted).update(account=make_account("Named"))
    assert found() == ["a rule contradicts itself"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
