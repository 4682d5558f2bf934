"""A year to allocate: 2027 with its working plan; tests of other stages have a cycle of their own."""

from datetime import date

import pytest

from targets.models import PlanningCycle
from targets.plans import working_plan
from tests.builders import make_year


@pytest.fixture
def plan(year):
    return working_plan(make_year("2027", date(2027, 1, 1)))


@pytest.fixture
def cycle(plan):
    return PlanningCycle.objects.create(fiscal_year=plan.fiscal_year, stage="allocate")


@pytest.fixture
def site(client, cast, cycle):
    """The admin's browser, with a year to plan."""
    client.force_login(cast.admin)
    return client
