"""The world of the access matrix, built once for all tests of a file: whatever a request writes is rolled back."""

from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone

from targets.rollup import roll_up_stale
from targets.staleness import mark_stale
from tests.access.world import ACTORS, World, build_world, rolled_back


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: pytest.FixtureDef) -> Iterator[World]:
    """Rolled up, as the pages read it. Taken back at the end of the file."""
    with django_db_blocker.unblock(), rolled_back():
        built = build_world()
        mark_stale([built.objects["leaf"]["own"], built.objects["month_before"]["own"]])
        roll_up_stale()
        for actor in ACTORS:
            built.client(actor)  # sessions made within a test would end with it
        yield built


@pytest.fixture
def still_clock() -> Iterator[None]:
    """One second for all requests of a test, so that answers that name an age ("2 seconds ago") compare."""
    with time_machine.travel(timezone.now(), tick=False):
        yield
