"""The cast: one small company, named by role, so that a denial test reads as a sentence."""

from types import SimpleNamespace

import pytest
from django.db import connections
from django.test import TransactionTestCase

from spm.org import guards
from tests.builders import make_company, make_person, make_team, make_year


@pytest.fixture(scope="session", autouse=True)
def _guards_make_way_for_the_flush():
    """A transactional test ends with a flush, which the guards would refuse; the flush itself installs them again."""
    flush = TransactionTestCase._fixture_teardown

    def drop_then_flush(self):
        for alias in self._databases_names():
            guards.drop(connections[alias])
        flush(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", drop_then_flush)
        yield


@pytest.fixture
def company(db):
    """A company in euro whose clock stands at 18 September 2026."""
    return make_company()


@pytest.fixture
def year(company):
    """Fiscal year 2026 of calendar months."""
    return make_year()


@pytest.fixture
def cast(company):
    """admin; director over North and South; each with a manager and two reps; one person without team."""
    admin = make_person("Admin", is_admin=True)
    director = make_person("Director")
    sales = make_team("Sales", lead=director)
    north_manager, south_manager = make_person("North Manager"), make_person("South Manager")
    north = make_team("North", parent=sales, lead=north_manager)
    south = make_team("South", parent=sales, lead=south_manager)
    return SimpleNamespace(
        admin=admin,
        director=director,
        north_manager=north_manager,
        south_manager=south_manager,
        rep=make_person("Rep One", team=north),
        teammate=make_person("Rep Two", team=north),
        outsider=make_person("Rep Three", team=south),
        loner=make_person("Loner"),
        deactivated=make_person("Gone", is_active=False),
        sales=sales,
        north=north,
        south=south,
    )
