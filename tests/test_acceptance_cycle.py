"""The quotas of a real company through a planning cycle: imported, agreed to, locked, and revised within the year."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from spm.org.models import FiscalYear, Period, User
from spm.org.verification import run_all
from targets import cycles, letters, plans, revisions, rollup
from targets.choices import RevisionCause, Stage
from targets.goals import Goal, LockedPlan, of_person
from targets.models import PlanningCycle, Quota, QuotaLetter
from tests.adventureworks import MARKS, ORGANISATION, QUOTAS, RESELLERS, expected, load, of_people
from tests.builders import approve_plan, make_company, make_person

pytestmark = MARKS

YEARS = ("FY2011", "FY2012", "FY2013")
GIVES, GETS = "282@example.com", "283@example.com"
MOVED = 120_000
# Quota, actual and attainment after 120,000 a quarter moved from 282 to 283, worked out by hand.
REVISED = {
    (GIVES, "2013-Q3"): [Decimal("774000.00"), Decimal("851503.58"), Decimal("110.01")],
    (GIVES, "2013-Q4"): [Decimal("1004000.00"), Decimal("1034438.34"), Decimal("103.03")],
    (GETS, "2013-Q3"): [Decimal("834000.00"), Decimal("611129.05"), Decimal("73.28")],
    (GETS, "2013-Q4"): [Decimal("1067000.00"), Decimal("762002.76"), Decimal("71.42")],
}


def begin(admin: User) -> list[PlanningCycle]:
    """A cycle for each year, its company plan set to what the quotas of each window will add up to, and published."""
    windows: dict[str, Decimal] = defaultdict(Decimal)
    for (_person, quarter), (quota, _actual, _share) in expected().items():
        windows[quarter] += quota
    begun = []
    for label in YEARS:
        year = FiscalYear.objects.get(label=label)
        cycle = cycles.create_cycle(year, by=admin)
        for leaf in Period.objects.leaves().filter(fiscal_year=year):
            plan = plans.working_plan(year)
            plans.set_plan_line(plan, measure="revenue", period=leaf, amount=windows[leaf.label], by=admin)
        approve_plan(year, admin)
        begun.append(cycles.advance(cycle, Stage.ALLOCATE, admin))
    return begun


def agree_and_lock(cycle: PlanningCycle, admin: User) -> None:
    """Everybody with a letter agrees to the number sent, an admin approves it, and the year is locked."""
    cycles.advance(cycle, Stage.REVIEW, admin)
    for letter in letters.send(QuotaLetter.objects.filter(cycle=cycle), admin):
        letters.agree(letter, letter.person)
        letters.approve(letter, admin)
    cycles.advance(cycle, Stage.APPROVE, admin)
    cycles.advance(cycle, Stage.LOCK, admin)
    cycles.advance(cycle, Stage.MONITOR, admin)


def revise(year: str, asked_by: User, decided_by: User) -> None:
    """Half of the year has passed: a territory worth 120,000 a quarter moves from one rep to another."""
    leaves = Period.objects.leaves().filter(label__in=("2013-Q3", "2013-Q4")).order_by("starts_on")
    wanted = []
    for email, more in ((GIVES, -MOVED), (GETS, MOVED)):
        for leaf in leaves:
            quota = Quota.objects.in_force().get(person__email=email, period=leaf)
            wanted.append((Quota, Goal(of_person(quota.person_id), "revenue", leaf, quota.amount + more)))
    revision = revisions.request(
        plans.working_plan(FiscalYear.objects.get(label=year)),
        wanted,
        effective=leaves[0],
        cause=RevisionCause.TERRITORY,
        reason="A territory moved on 30 June",
        by=asked_by,
    )
    revisions.approve(revision, by=decided_by)
    rollup.roll_up_stale()


def test_a_real_year_planned_locked_and_revised_keeps_its_past_and_its_baseline_to_the_cent():
    make_company(currency="USD", fixed_today=date(2013, 7, 15))
    load([*ORGANISATION, *RESELLERS])
    admin, other = make_person("Admin", is_admin=True), make_person("Second", is_admin=True)
    begun = begin(admin)
    (report,) = load(QUOTAS)
    assert (report["read"], report["new"], report["committed"]) == (163, 163, True)
    for cycle in begun:
        agree_and_lock(cycle, admin)
    rollup.roll_up_stale()
    before = expected()
    assert len(before) == 163
    assert of_people() == before
    assert before | REVISED != before
    with pytest.raises(LockedPlan):
        plans.set_plan_line(
            plans.working_plan(FiscalYear.objects.get(label="FY2013")),
            measure="revenue",
            period=Period.objects.leaves().get(label="2013-Q4"),
            amount=Decimal(1),
            by=admin,
        )
    revise("FY2013", User.objects.get(email="277@example.com"), other)
    assert of_people() == before | REVISED
    assert of_people(plan="baseline") == before
    assert [breach for finding in run_all() for breach in finding.breaches] == []
