"""``manage.py verify`` names what is wrong with a map, and is silent where nothing is."""

import pytest
from django.db import connection

from spm.org import guards
from spm.org.verification import run_all
from territories.models import Influence
from tests.builders import make_account
from tests.territories.map_help import put, take

NUMBERS = ("INV-70", "INV-71", "INV-72")


def breaches():
    return {finding.invariant.number: len(finding.breaches) for finding in run_all(NUMBERS) if finding.breaches}


@pytest.fixture
def spoiled(mapped):
    """The account with a second one beside it, and without the guards that keep them apart."""
    other = put(make_account("Elsewhere"), "Zed Stranger", "decider")
    names = [guard.name for guard in guards.all_guards() if "one_account" in guard.name]
    guards.drop(connection, names)
    yield mapped, other
    guards.install(connection)


def test_a_sound_map_has_no_breach(mapped):
    take(mapped.account, "Need", "Test")
    assert breaches() == {}


def test_inv_70_lines_chiefs_and_owners_of_another_account_are_named(spoiled):
    mapped, other = spoiled
    Influence.objects.create(source=mapped.buyer, target=other)
    mapped.buyer.reports_to = other
    mapped.buyer.save()
    step = take(mapped.account, "Need")[0]
    step.owner = other
    step.save()
    assert breaches() == {"INV-70": 3}


def test_inv_71_a_ring_of_chiefs_is_named(mapped):
    for person, chief in ((mapped.chief, mapped.buyer), (mapped.buyer, mapped.user), (mapped.user, mapped.chief)):
        person.reports_to = chief
        person.save()
    assert breaches() == {"INV-71": 3}


def test_inv_72_a_gap_between_steps_is_named(mapped):
    _first, second = take(mapped.account, "Need", "Test")
    second.position = 3
    second.save()
    assert breaches() == {"INV-72": 1}
