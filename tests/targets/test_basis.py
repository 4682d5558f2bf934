"""Baseline or current on the pages of planning: the same page against either version of a revised year."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import Period
from targets import cycles, locking, plans, revisions
from targets.basis import Basis, basis_of
from targets.choices import RevisionCause
from targets.goals import Goal, of_person, of_segment, of_team
from targets.models import PlanLine, PlanningCycle, Quota, Target
from targets.rollup import roll_up_stale
from tests.builders import make_actual, make_line_of_plan, make_person, make_quota, make_year
from tests.targets.test_cycles import set_target

pytestmark = pytest.mark.django_db


@pytest.fixture
def revised(cast, year):
    """2026, locked: 1,000 planned, North 600, Rep One 500; from October revised to 1,200, 700 and 650."""
    make_line_of_plan("2026-10", 1_000)
    set_target(cast.north, 600, label="2026-10")
    make_quota(cast.rep, "2026-10", 500)
    plan = plans.working_plan(year)
    cycles.create_cycle(year, cast.admin)
    PlanningCycle.objects.update(stage="monitor")
    locking.lock(plan, by=cast.admin)
    plan.refresh_from_db()
    october = Period.objects.leaves().get(label="2026-10")
    numbers = (
        (PlanLine, of_segment(), 1_200),
        (Target, of_team(cast.north.pk), 700),
        (Quota, of_person(cast.rep.pk), 650),
    )
    wanted = [(model, Goal(holder, "bookings", october, Decimal(n))) for model, holder, n in numbers]
    told = {"effective": october, "cause": RevisionCause.MARKET, "reason": "It grew", "by": cast.admin}
    revisions.approve(revisions.request(plan, wanted, **told), by=make_person("Second", is_admin=True))
    return plan


def get(client, name, *args, **query):
    return client.get(reverse(f"targets:{name}", args=args), query)


def both(client, name, *args, **query):
    return [get(client, name, *args, **query, plan=plan) for plan in ("current", "baseline")]


def test_the_version_is_offered_where_the_year_was_revised_and_nowhere_else(year, revised):
    assert basis_of({}, year) == Basis(is_offered=True)
    assert basis_of({"plan": "baseline"}, year) == Basis(is_baseline=True, is_offered=True)
    assert basis_of({"plan": "luck"}, year) == Basis(is_offered=True)
    assert basis_of({"plan": "baseline"}).is_baseline
    assert basis_of({"plan": "baseline"}, make_year("2027", date(2027, 1, 1))) == Basis()


def test_the_list_of_years_and_the_years_home(client, cast, revised):
    client.force_login(cast.admin)
    lines = [page.context["years"][0] for page in both(client, "year-list")]
    assert [(line.plan, line.targets, line.quotas) for line in lines] == [(1200, 700, 650), (1000, 600, 500)]
    homes = [page.context["page"] for page in both(client, "year", "2026")]
    assert [[meter.amount for meter in home.meters.rows] for home in homes] == [[1200, 700, 650], [1000, 600, 500]]
    levels = [page.context["levels"][0][1] for page in both(client, "year", "2026")]
    assert [(level.plan, level.quotas) for level in levels] == [(1200, 650), (1000, 500)]


def test_the_waterfall_ends_in_the_quotas_of_either_version(client, cast, revised):
    make_year("2025", date(2025, 1, 1))
    make_actual(cast.rep, "2025-03-03", 800, kind="booking")
    roll_up_stale()
    client.force_login(cast.admin)
    bridges = [page.context["page"].waterfall for page in both(client, "year", "2026")]
    assert [bridge.steps[-1].ends for bridge in bridges] == [650, 500]


def test_the_company_plan_is_read_only_as_it_was_locked(client, cast, revised):
    client.force_login(cast.admin)
    pages = both(client, "company", "2026")
    totals = [page.context["view"].totals[0].amount for page in pages]
    assert totals == [1200, 1000]
    assert "These are the numbers of the baseline" in pages[1].content.decode()
    assert not pages[1].context["grid"].can_edit
    files = [
        b"".join(get(client, "company", "2026", plan=plan, format="csv").streaming_content) for plan in ("", "baseline")
    ]
    assert [b"1200" in one or b"1,200" in one for one in files] == [True, False]


def test_the_letter_shows_the_number_as_it_was_locked_to_the_rep_too(client, cast, revised):
    client.force_login(cast.rep)
    pages = both(client, "quota", "2026", cast.rep.pk)
    assert [page.context["page"].numbers[0].amounts[0] for page in pages] == [650, 500]


def test_the_fairness_sheet_and_its_file(client, cast, revised):
    client.force_login(cast.north_manager)
    sheets = [page.context["sheet"] for page in both(client, "fairness", "2026")]
    assert [sheet.rows[0].quota for sheet in sheets] == [650, 500]
    file = get(client, "fairness", "2026", plan="baseline", format="csv")
    assert "fairness-2026-bookings-baseline" in file["Content-Disposition"]
