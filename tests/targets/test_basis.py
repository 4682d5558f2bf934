"""Baseline or current on the pages of planning: the same page against either version of a revised year."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import Period
from targets import cycles, locking, plans, revisions, scenarios
from targets.basis import Basis, basis_of
from targets.choices import RevisionCause
from targets.goals import Goal, of_person, of_segment, of_team, of_territory
from targets.models import PlanLine, PlanningCycle, Quota, Target
from targets.rollup import roll_up_stale
from territories import plans as territory_plans
from tests.builders import make_actual, make_line_of_plan, make_person, make_quota, make_territory, make_year
from tests.targets.test_cycles import set_target

pytestmark = pytest.mark.django_db


def leaf(label):
    return Period.objects.leaves().get(label=label)


@pytest.fixture
def revised(cast, year):
    """2026, locked: 1,000 planned, North 600, Rhine 300, Rep One 500; in October revised to 1,200, 700, 360, 650."""
    make_line_of_plan("2026-10", 1_000)
    set_target(cast.north, 600, label="2026-10")
    make_quota(cast.rep, "2026-10", 500)
    plan, rhine, october = plans.working_plan(year), make_territory("Rhine"), leaf("2026-10")
    plans.set_target(plan, holder=rhine, measure="bookings", period=october, amount=Decimal(300))
    cycles.create_cycle(year, cast.admin)
    PlanningCycle.objects.update(stage="monitor")
    locking.lock(plan, by=cast.admin)
    plan.refresh_from_db()
    numbers = (
        (PlanLine, of_segment(), 1_200),
        (Target, of_team(cast.north.pk), 700),
        (Target, of_territory(rhine.pk), 360),
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


def text_of(file):
    return b"".join(file.streaming_content).decode()


def amounts(file, column):
    """The numbers of one column of a file, without the empty ones."""
    rows = csv.DictReader(io.StringIO(text_of(file).removeprefix("\ufeff")))
    return [Decimal(row[column]) for row in rows if row[column]]


def test_the_allocation_of_a_locked_year_and_its_file(client, cast, revised):
    client.force_login(cast.north_manager)
    pages = both(client, "allocate", "2026", columns="months")
    grids = [page.context["grid"] for page in pages]
    assert [(grid.totals.to_allocate, grid.totals.allocated) for grid in grids] == [(700, 650), (600, 500)]
    assert [next(row.amount for row in grid.rows if row.name == "Rep One") for grid in grids] == [650, 500]
    assert "These are the numbers of the baseline" in pages[1].content.decode()
    files = [get(client, "allocate", "2026", columns="months", plan=plan, format="csv") for plan in ("", "baseline")]
    assert [amounts(file, "amount") for file in files] == [[650], [500]]
    assert "quotas-2026-bookings-baseline" in files[1]["Content-Disposition"]


def test_every_link_and_form_of_the_grid_keeps_to_the_baseline(client, cast, revised):
    client.force_login(cast.admin)
    page = get(client, "allocate", "2026", plan="baseline").content.decode()
    assert f"?plan=baseline&amp;team={cast.north.pk}" in page
    assert '<input type="hidden" name="plan" value="baseline">' in page


def test_nothing_is_offered_before_the_first_revision(client, cast, year):
    make_quota(cast.rep, "2026-10", 500)
    cycles.create_cycle(year, cast.admin)
    client.force_login(cast.admin)
    for name in ("allocate", "territories", "review", "scenarios"):
        page = get(client, name, "2026", plan="baseline")
        assert (page.context["basis"], "Version of the plan" in page.content.decode()) == (Basis(), False)


def test_the_targets_of_territories_and_their_file(client, cast, revised):
    client.force_login(cast.admin)
    pages = both(client, "territories", "2026")
    assert [page.context["grid"].lines[0].total for page in pages] == [360, 300]
    assert [page.context["can_edit"] for page in pages] == [False, False]
    assert "Request revision" in pages[0].content.decode()
    files = [get(client, "territories", "2026", plan=plan, format="csv") for plan in ("current", "baseline")]
    assert [amounts(file, "Year") for file in files] == [[360], [300]]
    assert "territories-2026-bookings-baseline" in files[1]["Content-Disposition"]


def test_the_number_of_a_team_and_its_file(client, cast, revised):
    client.force_login(cast.north_manager)
    pages = both(client, "team", "2026", cast.north.pk)
    assert [page.context["table"].totals[0] for page in pages] == [700, 600]
    file = get(client, "team", "2026", cast.north.pk, plan="baseline", format="csv")
    assert amounts(file, "Bookings") == [600, 600]  # the year and October
    assert "2026-baseline" in file["Content-Disposition"]


def test_the_review_stands_beside_either_number(client, cast, revised):
    client.force_login(cast.north_manager)
    pages = [page.context["page"] for page in both(client, "review", "2026")]
    assert [[row.proposed for row in page.rows] for page in pages] == [[650], [500]]
    assert [[row.standing.target for row in page.teams] for page in pages] == [[700], [600]]
    for table, column, numbers in (("", "Proposed", [500]), ("teams", "Target", [600])):
        file = get(client, "review", "2026", plan="baseline", format="csv", table=table)
        assert amounts(file, column) == numbers
        assert "-2026-baseline" in file["Content-Disposition"]


def test_scenarios_are_compared_with_either_version(client, cast, revised):
    made = scenarios.create(revised, "More", cast.admin)
    client.force_login(cast.admin)
    for address in (("scenarios", "2026"), ("scenario", "2026", made.pk)):
        tables = [page.context["table"] for page in both(client, *address)]
        assert [[one.company.amount for one in table.columns] for table in tables] == [[1200, 1200], [1000, 1200]]
        assert [table.columns[1].company.change for table in tables] == [0, 200]
        assert [str(table.columns[0].title) for table in tables] == ["Working version", "Baseline"]
    file = get(client, "scenario", "2026", made.pk, plan="baseline", format="csv")
    assert amounts(file, "Baseline: number")[0] == 1000
    assert "bookings-baseline" in file["Content-Disposition"]


def test_the_board_of_territory_plans_shows_quotas_of_either_version(client, cast, revised, year):
    territory_plans.roll_out(year, cast.admin)
    client.force_login(cast.north_manager)
    address = reverse("territories:plan-board")
    pages = [client.get(address, {"year": "2026", "plan": plan}).context["page"] for plan in ("current", "baseline")]
    quotas = [[card.quota for card in page.cards if card.person == cast.rep] for page in pages]
    assert quotas == [[650], [500]]
    file = client.get(address, {"year": "2026", "plan": "baseline", "format": "csv"})
    assert amounts(file, "Quota") == [500]
    assert "territory-plans-2026-baseline" in file["Content-Disposition"]
