"""How much of each number is handed on, over a year."""

from datetime import date
from decimal import Decimal

import pytest

from spm.org.models import Period
from spm.org.trees import read_history
from targets import assigned, plans
from targets.goals import Goal, of_segment
from tests.builders import make_quota

pytestmark = pytest.mark.django_db


def test_segments_are_parts_of_the_company_plan_and_not_added_to_it(cast, year):
    plan, whole = plans.working_plan(year), Period.objects.get(label="2026")
    amounts = {"": 1_200, "Water": 480}
    goals = [Goal(of_segment(name), "bookings", whole, Decimal(amount)) for name, amount in amounts.items()]
    plans.set_plan_lines(plan, goals)
    make_quota(cast.rep, "2026-10", 1_260)
    numbers = assigned.read(plan, read_history().as_of(date(2026, 9, 18)))
    assert numbers.plan == {"bookings": Decimal(1_200)}
    assert numbers.company_ratio("bookings") == Decimal("0.05")
