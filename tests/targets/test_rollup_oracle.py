"""Any sequence of imports, moves and roll-ups gives what plain Python adds up, and what a full rebuild gives."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spm.org.models import Membership
from targets import rollup
from targets.actuals import recording
from targets.models import Attainment
from targets.staleness import mark_stale_since
from tests.builders import make_line, make_person, make_quota, make_team

pytestmark = pytest.mark.django_db
MONTHS = [f"2026-{month:02}" for month in (1, 2, 3, 4)]
DAYS = st.tuples(st.sampled_from(MONTHS), st.sampled_from(["01", "15", "28"])).map("-".join)
CENTS = st.decimals(-1000, 1000, places=4)
lines = st.tuples(
    st.just("line"),
    st.integers(0, 4),  # few ids, so that lines are restated
    st.sampled_from(["Ann", "Bob", "Cyd", None]),
    DAYS,
    st.sampled_from(["booking", "revenue"]),
    CENTS,
    st.none() | CENTS,
)
steps = st.one_of(
    lines,
    st.tuples(st.just("vanish"), st.integers(0, 4)),
    st.tuples(st.just("move"), st.sampled_from(["Ann", "Bob"]), st.sampled_from(["North", "South", None]), DAYS),
    st.just(("roll",)),
)


class Oracle:
    """The same company as dictionaries."""

    def __init__(self):
        self.lines, self.moves = {}, defaultdict(dict)

    def team_on(self, person, day):
        started = {start: team for start, team in self.moves[person].items() if start <= day}
        return started[max(started)] if started else None

    def expected(self, quotas):
        """{(period, measure, holder): actual} of leaves and of the year, for persons, teams and the company."""
        sums = defaultdict(Decimal)
        for person, month in quotas:
            for key in self.holders(person, month):
                sums[(month, "revenue", key)] += 0
                sums[("2026", "revenue", key)] += 0
        for person, day, kind, amount, cost in self.lines.values():
            figures = {"bookings": amount} if kind == "booking" else {"revenue": amount}
            if kind == "revenue":
                figures["margin"] = amount - cost if cost is not None else Decimal(0)
            for measure, value in figures.items():
                for key in self.holders(person, day[:7]):
                    sums[(day[:7], measure, key)] += value
                    sums[("2026", measure, key)] += value
        return dict(sums)

    def holders(self, person, month):
        if person is None:
            return ["COMPANY"]
        team = self.team_on(person, f"{month}-31")
        return [person, "COMPANY", *([team, "Sales"] if team else [])]


def stored():
    rows = Attainment.objects.filter(territory=None).exclude(period__level="quarter")
    return {
        (row.period.label, row.measure, str(row.person or row.team or "COMPANY")): row.actual
        for row in rows.select_related("period", "person", "team")
    }


def play(step, oracle, people, teams):
    match step:
        case ("line", number, person, day, kind, amount, cost):
            oracle.lines[number] = (person, day, kind, amount, cost)
            line = make_line(people.get(person), day, amount, kind=kind, cost=cost, external_id=str(number))
            with recording("test") as recorder:
                recorder.record([line])
        case ("vanish", number):
            oracle.lines.pop(number, None)
            with recording("test") as recorder:
                recorder.vanish({str(key) for key in oracle.lines})
        case ("move", person, team, day):
            oracle.moves[person][day] = team
            Membership.objects.update_or_create(
                person=people[person], starts_on=date.fromisoformat(day), defaults={"team": teams.get(team)}
            )
            mark_stale_since(date.fromisoformat(day))
        case _:
            rollup.roll_up_stale()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=1, max_size=7))
def test_inv_22_incremental_equals_full_rebuild_equals_the_oracle(year, script):
    with transaction.atomic():
        sales = make_team("Sales")
        teams = {name: make_team(name, parent=sales) for name in ("North", "South")}
        people = {name: make_person(name) for name in ("Ann", "Bob", "Cyd")}
        make_quota(people["Ann"], "2026-02", 5, "revenue")
        oracle = Oracle()
        mark_stale_since(date(2026, 1, 1))
        for step in script:
            play(step, oracle, people, teams)
        rollup.roll_up_stale()
        incremental = stored()
        assert incremental == oracle.expected([("Ann", "2026-02")])
        rollup.rebuild()
        assert stored() == incremental
        transaction.set_rollback(True)
