"""What a revision does to the totals of the year: company plan, quotas, team targets, over-assignment."""

from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import Period
from targets import cycles, locking, revisions
from targets.choices import RevisionCause
from targets.goals import Goal, of_person, of_segment, of_team
from targets.models import PlanLine, PlanningCycle, Quota, Target
from targets.plans import set_plan_lines, set_target, working_plan
from targets.revision_effects import effects
from tests.builders import make_person, make_quota

pytestmark = pytest.mark.django_db


def month(label):
    return Period.objects.leaves().get(label=label)


@pytest.fixture
def locked(cast, year):
    """2026, bookings: 1,000 planned (400 of it in Water), North 600, South 440, three reps with 330, 290 and 440."""
    plan, october = working_plan(year), month("2026-10")
    lines = {"": 1_000, "Water": 400}
    set_plan_lines(plan, [Goal(of_segment(name), "bookings", october, Decimal(n)) for name, n in lines.items()])
    for team, amount in {cast.north: 600, cast.south: 440}.items():
        set_target(plan, holder=team, measure="bookings", period=october, amount=Decimal(amount))
    for rep, amount in {cast.rep: 330, cast.teammate: 290, cast.outsider: 440}.items():
        make_quota(rep, october, amount)
    cycles.create_cycle(year, cast.admin)
    PlanningCycle.objects.update(stage="monitor", over_min=0, over_max=8)
    locking.lock(plan, by=cast.admin)
    return working_plan(year)


def ask(plan, by, *wanted):
    goals = [(model, Goal(holder, "bookings", month("2026-10"), Decimal(n))) for model, holder, n in wanted]
    told = {"effective": month("2026-10"), "cause": RevisionCause.TERRITORY, "reason": "It moved", "by": by}
    return revisions.request(plan, goals, **told)


def told(user, revision):
    """(node, number) → (before, after), and the numbers outside of the policy."""
    revision.refresh_from_db()
    found = effects(user, revision, revisions.moves(revision))
    rounded = {(one.node, one.what): (_plain(one.before), _plain(one.after)) for one in found}
    return rounded, [(one.node, one.what) for one in found if one.is_outside]


def _plain(amount):
    return None if amount is None else round(float(amount), 4)


def test_a_move_between_two_reps_leaves_the_sums_and_moves_both_teams(locked, cast):
    revision = ask(locked, cast.admin, (Quota, of_person(cast.rep.pk), 230), (Quota, of_person(cast.outsider.pk), 540))
    found, outside = told(cast.admin, revision)
    assert found == {
        ("Company", "Plan"): (1000, 1000),
        ("Company", "All quotas"): (1060, 1060),
        ("Company", "Over-assignment"): (0.04, 0.04),
        ("Sales", "Target"): (None, None),
        ("Sales", "One level down"): (1040, 1040),
        ("Sales", "Over-assignment"): (None, None),
        ("North", "Target"): (600, 600),
        ("North", "One level down"): (620, 520),
        ("North", "Over-assignment"): (0.0333, -0.1333),
        ("South", "Target"): (440, 440),
        ("South", "One level down"): (440, 540),
        ("South", "Over-assignment"): (0, 0.2273),
    }
    assert outside == [("North", "Over-assignment"), ("South", "Over-assignment")]


def test_a_revision_of_a_target_and_of_the_plan_shows_both(locked, cast):
    revision = ask(locked, cast.admin, (Target, of_team(cast.north.pk), 500), (PlanLine, of_segment(), 900))
    found, _outside = told(cast.admin, revision)
    assert found["Company", "Plan"] == (1000, 900)
    assert found["Company", "Over-assignment"] == (0.04, round(940 / 900 - 1, 4))
    assert found["North", "Target"] == (600, 500)
    assert found["North", "Over-assignment"] == (0.0333, 0.24)
    assert ("South", "Target") not in found


def test_a_segment_is_a_part_of_the_plan_and_changes_no_total(locked, cast):
    revision = ask(locked, cast.admin, (PlanLine, of_segment("Water"), 700))
    assert told(cast.admin, revision)[0]["Company", "Plan"] == (1000, 1000)


def test_a_manager_reads_of_the_own_team_and_not_the_sum_of_all(locked, cast):
    revision = ask(locked, cast.admin, (Quota, of_person(cast.rep.pk), 230), (Quota, of_person(cast.outsider.pk), 540))
    found, _outside = told(cast.north_manager, revision)
    assert {node for node, _what in found} == {"Company", "North"}
    assert ("Company", "All quotas") not in found


def test_an_approved_revision_tells_what_it_did_whatever_came_after(locked, cast):
    other = make_person("Second", is_admin=True)
    first = ask(locked, cast.admin, (Quota, of_person(cast.rep.pk), 300), (PlanLine, of_segment(), 1_100))
    second = ask(locked, cast.admin, (Quota, of_person(cast.rep.pk), 200), (PlanLine, of_segment(), 1_200))
    revisions.approve(first, by=other)
    revisions.approve(second, by=other)
    found = [told(cast.admin, revision)[0] for revision in (first, second)]
    assert [one["Company", "All quotas"] for one in found] == [(1060, 1030), (1030, 930)]
    assert [one["Company", "Plan"] for one in found] == [(1000, 1100), (1100, 1200)]


def test_the_page_shows_them_with_what_lies_outside_of_the_policy(client, locked, cast):
    revision = ask(locked, cast.north_manager, (Quota, of_person(cast.rep.pk), 500))
    client.force_login(cast.admin)
    page = client.get(reverse("targets:revision", args=["2026", revision.pk])).content.decode()
    assert "Effect on the totals of the year" in page
    assert "+31.7" in page  # 790 of 600
    assert "outside of the policy" in page
