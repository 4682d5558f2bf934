"""The pages of what-if and of fairness: what they answer, refuse, and hide."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from spm.market.models import AccountPlacement
from spm.org.models import Membership, Period
from targets import fairness, locking, scenario_queries, scenarios
from targets.choices import PlanState, WhatIf
from targets.models import CompanyPlan, PlanningCycle, Quota, ScenarioStep
from targets.plans import set_plan_line, set_target, working_plan
from targets.quotas import set_quota
from targets.ramp_schedules import set_schedule
from targets.rollup import rebuild
from targets.scenario_steps import Adjustment
from tests.builders import make_account, make_actual, make_person, make_territory, make_year

pytestmark = pytest.mark.django_db
PEOPLE = {"Rep One": 120_000, "Rep Two": 60_000, "Rep Three": 120_000}


@pytest.fixture
def plan(cast, year):
    """2027: 240,000 planned. Last year, all of it: Rep One 90,000, Rep Two 60,000, Rep Three 60,000."""
    plan = working_plan(make_year("2027", date(2027, 1, 1)))
    told = {"measure": "bookings", "period": Period.objects.get(label="2027")}
    set_plan_line(plan, amount=Decimal(240_000), **told)
    set_target(plan, holder=cast.south, amount=Decimal(100_000), **told)
    for person in (cast.rep, cast.teammate, cast.outsider):
        set_quota(plan, person=person, amount=Decimal(PEOPLE[person.name]), **told)
    return plan


@pytest.fixture
def sold(cast, monkeypatch):
    """What was sold in 2026, looked at from 2027, so that nothing is scaled."""
    for person, amount in ((cast.rep, 90_000), (cast.teammate, 60_000), (cast.outsider, 60_000)):
        make_actual(person, "2026-03-03", amount, kind="booking")
    rebuild()
    for module in (scenario_queries, scenarios, fairness):
        monkeypatch.setattr(module, "today", lambda: date(2027, 1, 15))


@pytest.fixture
def scenario(plan, cast):
    return scenarios.create(plan, "More in South", cast.admin)


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.admin)
    return client


def leaf(label):
    return Period.objects.leaves().get(label=label)


def at(name, *args, query=""):
    return reverse(f"targets:{name}", args=["2027", *args]) + query


def asked(scenario, cast, kind, **more):
    return scenarios.adjust(scenario, Adjustment(WhatIf(kind), **more), cast.admin)


def compared(cast, *plans):
    steps = scenario_queries.read_steps(cast.admin, plans)
    return scenario_queries.compare(cast.admin, plans[0].fiscal_year, plans, "bookings", steps)


def cells(table, name):
    (line,) = (line for line in table.lines if line.name == name)
    return line.cells


# Comparing


def test_versions_are_compared_by_what_is_reached_as_last_year(plan, scenario, sold, cast):
    """210,000 of 240,000, then of 360,000: half as much again. Rep Two alone reaches the number, then nobody."""
    asked(scenario, cast, "growth", percent=Decimal(50))
    table = compared(cast, scenario, plan)
    working, grown = table.columns
    assert (working.company.expected, working.company.reached) == (210_000, Decimal("0.875"))
    assert round(grown.company.reached, 4) == Decimal("0.5833")
    assert [(one.at_goal, one.people) for one in table.columns] == [(1, 3), (0, 3)]
    assert [cell.reached for cell in cells(table, "South")] == [Decimal("0.6"), Decimal("0.4")]
    assert cells(table, "Rep One")[1].change == 60_000
    assert working.company.over == Decimal("280000") / 240_000 - 1


def test_hires_sell_the_average_of_their_team_less_the_ramp(plan, scenario, sold, cast):
    """Rep Three sold 60,000; a hire from July on sells half of that, less half of July: 27,500."""
    set_schedule("New hires", [Decimal(50)], is_default=True)
    asked(scenario, cast, "hire", team=cast.south.pk, starts=leaf("2027-07"))
    table = compared(cast, plan, scenario)
    (line,) = (line for line in table.lines if line.kind == "position")
    assert [cell.expected for cell in line.cells] == [0, pytest.approx(Decimal(27_500))]
    assert cells(table, "South")[1].expected == pytest.approx(Decimal(87_500))
    assert cells(table, "South")[1].over == Decimal("0.2")
    assert table.columns[1].positions == 1


def test_leavers_sell_to_their_last_month_and_territories_take_their_sales_along(plan, scenario, sold, cast):
    asked(scenario, cast, "leave", person=cast.rep.pk, starts=leaf("2027-10"))
    land = make_territory(owner=cast.teammate)
    asked(scenario, cast, "territory", territory=land.pk, receiver=cast.outsider.pk, starts=leaf("2027-07"))
    table = compared(cast, plan, scenario)
    assert cells(table, "Rep One")[1].expected == pytest.approx(Decimal(67_500))
    assert cells(table, "Rep Two")[1].expected == pytest.approx(Decimal(30_000))
    assert cells(table, "Rep Three")[1].expected == pytest.approx(Decimal(90_000))


def test_an_undone_step_counts_no_more(plan, scenario, sold, cast):
    step = asked(scenario, cast, "leave", person=cast.rep.pk, starts=leaf("2027-10"))
    scenarios.undo(step, cast.admin)
    table = compared(cast, plan, scenario)
    assert cells(table, "Rep One")[1].expected == pytest.approx(Decimal(90_000))


def test_who_came_during_last_year_is_judged_by_the_average_of_the_team(plan, scenario, sold, cast):
    late = make_person("Latecomer", team=cast.north, since=date(2026, 10, 1))
    set_quota(plan, person=late, measure="bookings", period=Period.objects.get(label="2027"), amount=Decimal(50_000))
    table = compared(cast, plan)
    assert cells(table, "Latecomer")[0].expected == pytest.approx(Decimal(75_000))


# The pages


def test_the_list_is_empty_at_first_and_copies_the_working_version(plan, admin):
    assert "There is no scenario yet" in admin.get(at("scenarios")).text
    answer = admin.post(at("scenarios"), {"name": "Cautious", "reason": "If the market shrinks"})
    made = CompanyPlan.objects.get(kind="scenario")
    assert answer.url == at("scenario", made.pk)
    assert "Cautious" in admin.get(at("scenarios")).text


def test_without_a_name_nothing_is_copied_and_the_reason_is_still_there(plan, admin):
    answer = admin.post(at("scenarios"), {"name": "", "reason": "If the market shrinks"})
    assert answer.status_code == 422
    assert "If the market shrinks" in answer.text
    assert not CompanyPlan.objects.filter(kind="scenario").exists()


def test_a_year_without_numbers_has_nothing_to_copy(cast, year, admin):
    answer = admin.post(reverse("targets:scenarios", args=["2026"]), {"name": "Early"})
    assert (answer.status_code, "no numbers yet" in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("kind", "sent", "told"),
    [
        ("growth", {"whom": "company", "percent": "5"}, "Growth +5.0\xa0%: Whole company"),
        ("over", {"whom": "teams", "percent": "10"}, "Over-assignment +10.0\xa0%: Every team"),
        (
            "hire",
            {"team": "south", "count": "2", "starts": "2027-07", "shared": "on"},
            "2 new hires in South from Jul 2027",
        ),
        ("leave", {"person": "rep", "starts": "2027-07", "shared": "on"}, "Rep One leaves, from Jul 2027"),
        (
            "territory",
            {"territory": "land", "receiver": "outsider", "starts": "2027-01", "percent": "10"},
            "Land goes from Rep One to Rep Three",
        ),
    ],
)
def test_each_question_is_asked_on_a_page_of_its_own_and_told_in_words(kind, sent, told, scenario, cast, admin):
    known = {
        "land": make_territory("Land", owner=cast.rep).pk,
        "2027-07": leaf("2027-07").pk,
        "2027-01": leaf("2027-01").pk,
    }
    known |= {"south": cast.south.pk, "rep": cast.rep.pk, "outsider": cast.outsider.pk}
    address = at("scenario-adjust", scenario.pk, query=f"?kind={kind}")
    assert admin.get(address).status_code == 200
    answer = admin.post(address, {name: known.get(value, value) for name, value in sent.items()})
    assert answer.status_code == 302
    assert told in admin.get(answer.url).text
    step = ScenarioStep.objects.get()
    admin.post(at("scenario-undo", scenario.pk), {"step": step.pk})
    assert "undone" in admin.get(at("scenario", scenario.pk)).text


@pytest.mark.parametrize("percent", ["", "lots", "5000", "-101", "1.234"])
def test_a_bad_percent_is_refused_in_words_and_nothing_is_lost(percent, scenario, admin):
    sent = {"whom": "company", "percent": percent, "reason": "Board"}
    answer = admin.post(at("scenario-adjust", scenario.pk, query="?kind=growth"), sent)
    assert (answer.status_code, 'value="Board"' in answer.text) == (422, True)
    assert not ScenarioStep.objects.exists()


def test_adopting_leads_to_the_allocation_and_tells_what_stays(plan, scenario, cast, admin):
    asked(scenario, cast, "hire", team=cast.south.pk, starts=leaf("2027-07"))
    answer = admin.post(at("scenario-adopt", scenario.pk), {"seen": scenarios.copied_at(scenario, plan)}, follow=True)
    assert answer.redirect_chain[0][0] == at("allocate")
    assert "1 open position keeps its number" in answer.text
    assert "adopted" in admin.get(at("scenarios")).text


def test_a_conflict_shows_both_values_and_the_second_time_is_meant(plan, scenario, cast, admin):
    asked(scenario, cast, "growth", percent=Decimal(5))
    told = {"measure": "bookings", "period": leaf("2027-01"), "amount": Decimal(777)}
    set_quota(plan, person=cast.rep, by=cast.director, **told)
    answer = admin.post(at("scenario-adopt", scenario.pk), {"seen": "0"})
    assert (answer.status_code, "777 (Director)" in answer.text, "10,500" in answer.text) == (409, True, True)
    assert Quota.objects.get(plan=plan, person=cast.rep, period=leaf("2027-01")).amount == 777
    answer = admin.post(at("scenario-adopt", scenario.pk), {"seen": answer.context["seen"]})
    assert answer.status_code == 302
    assert Quota.objects.get(plan=plan, person=cast.rep, period=leaf("2027-01")).amount == 10_500


@pytest.mark.parametrize("seen", ["", "x", "999999", "-1"])
def test_a_revision_number_that_was_never_given_out_is_refused(seen, scenario, cast, admin):
    asked(scenario, cast, "growth", percent=Decimal(5))
    assert admin.post(at("scenario-adopt", scenario.pk), {"seen": seen}).status_code == 422


def test_of_a_locked_year_it_is_handed_on_as_a_revision(plan, scenario, cast, admin):
    asked(scenario, cast, "growth", percent=Decimal(5))
    locking.lock(plan, by=cast.admin)
    assert "is locked" in admin.get(at("scenario", scenario.pk)).text
    assert admin.post(at("scenario-adopt", scenario.pk), {"seen": "0"}).status_code == 422
    assert admin.post(at("scenario-revise", scenario.pk), {"cause": "market"}).status_code == 422
    answer = admin.post(at("scenario-revise", scenario.pk), {"cause": "market", "reason": "It grows"})
    made = CompanyPlan.objects.get(kind="revision")
    assert answer.url == at("revision", made.pk)


def test_discarded_it_is_still_there_to_be_read(scenario, admin):
    assert admin.post(at("scenario-discard", scenario.pk)).status_code == 302
    page = admin.get(at("scenario", scenario.pk)).text
    assert "discarded" in page
    assert at("scenario-adopt", scenario.pk) not in page
    scenario.refresh_from_db()
    assert scenario.state == PlanState.DISCARDED


def test_the_comparison_is_a_file_too(scenario, cast, admin):
    asked(scenario, cast, "growth", percent=Decimal(5))
    lines = b"".join(admin.get(at("scenario", scenario.pk, query="?format=csv"))).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Level,Holder,Working version: number")
    assert any(line.startswith("Person,Rep One,120000.00,") and ",126000.00," in line for line in lines)


@pytest.mark.parametrize("who", ["director", "rep", "south_manager"])
def test_for_everybody_else_a_scenario_does_not_exist(who, plan, scenario, cast, client):
    client.force_login(getattr(cast, who))
    assert client.get(at("scenario", scenario.pk)).status_code in (403, 404)
    assert client.get(at("fairness", query=f"?plan={scenario.pk}")).status_code in (403, 404)
    assert "Scenarios" not in client.get(at("year"), follow=True).text


def test_the_pages_take_few_queries(scenario, sold, cast, admin):
    asked(scenario, cast, "hire", team=cast.south.pk, starts=leaf("2027-07"), count=3)
    for address in (at("scenarios"), at("scenario", scenario.pk), at("fairness"), at("scenario-adjust", scenario.pk)):
        admin.get(address)
        cache.clear()
        with CaptureQueriesContext(connection) as caught:
            assert admin.get(address).status_code == 200
        assert sum(query["sql"].startswith(("SELECT", "WITH")) for query in caught.captured_queries) <= 20, address


def test_pages_speak_french(scenario, sold, cast, admin):
    asked(scenario, cast, "growth", percent=Decimal(5))
    cast.admin.locale = "fr"
    cast.admin.save()
    with translation.override("fr"):
        assert "Croissance" in admin.get(at("scenario", scenario.pk)).text
        assert "médiane" in admin.get(at("fairness")).text


# Fairness


@pytest.fixture
def lands(cast):
    """Potential: Rep One 100,000, Rep Two 100,000, Rep Three 400,000."""
    for person, potential in ((cast.rep, 100_000), (cast.teammate, 100_000), (cast.outsider, 400_000)):
        account = make_account(potential=Decimal(potential))
        AccountPlacement.objects.create(account=account, territory=make_territory(owner=person))


def sheet_of(user, plan, sort="-potential"):
    return fairness.sheet(user, plan.fiscal_year, plan, "bookings", sort)


def test_the_sheet_compares_each_number_with_potential_and_last_year(plan, sold, lands, cast):
    """120 %, 60 % and 30 % of the potential; the median is 60 %."""
    found = sheet_of(cast.admin, plan)
    assert [(row.name, row.potential.ratio, row.potential.distance) for row in found.rows] == [
        ("Rep One", Decimal("1.2"), 1),
        ("Rep Two", Decimal("0.6"), 0),
        ("Rep Three", Decimal("0.3"), Decimal("-0.5")),
    ]
    assert [row.potential.words for row in found.rows] == [
        "100\xa0% above the median",
        "at the median",
        "50\xa0% below the median",
    ]
    assert [round(row.last.ratio, 3) for row in found.rows] == [Decimal("1.333"), 1, 2]
    assert found.sentence == (
        "1 of 3 carries more than 20\xa0% above the median per potential."
        " 2 of 3 would miss their number by repeating last year."
    )


def test_history_counts_whole_years_and_ramp_and_tenure_stand_beside(plan, sold, lands, cast):
    make_year("2025", date(2025, 1, 1))
    make_actual(cast.rep, "2025-03-03", 30_000, kind="booking")
    rebuild()
    set_schedule("New hires", [Decimal(0)] * 6, is_default=True)
    late = make_person("Latecomer", team=cast.north, since=date(2027, 1, 1))
    whole = Period.objects.get(label="2027")
    set_quota(plan, person=late, measure="bookings", period=whole, amount=Decimal(60_000))
    found = {row.name: row for row in sheet_of(cast.admin, plan).rows}
    assert (found["Rep One"].history.base, found["Rep One"].years) == (60_000, 2)
    assert (found["Latecomer"].history.ratio, found["Latecomer"].years) == (None, 0)
    assert (found["Latecomer"].ramp, found["Latecomer"].months) == (pytest.approx(Decimal("0.5")), 0)
    assert found["Rep One"].months is None


def test_a_manager_reads_of_the_own_people_alone_and_of_no_other_in_the_median(plan, sold, lands, cast):
    found = sheet_of(cast.north_manager, plan)
    assert [row.name for row in found.rows] == ["Rep One", "Rep Two"]
    assert found.medians[0] == Decimal("0.9")


def test_nobody_reads_the_own_number_of_a_year_in_draft(plan, sold, cast):
    Membership.objects.create(person=cast.south_manager, team=cast.south, starts_on=date(2020, 1, 1))
    whole = Period.objects.get(label="2027")
    set_quota(plan, person=cast.south_manager, measure="bookings", period=whole, amount=Decimal(1_000))
    PlanningCycle.objects.create(fiscal_year=plan.fiscal_year)
    assert [row.name for row in sheet_of(cast.south_manager, plan).rows] == ["Rep Three"]


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("name", "Rep One"),
        ("-name", "Rep Two"),
        ("-last", "Rep Three"),
        ("quota", "Rep Two"),
        ("potential", "Rep Three"),
    ],
)
def test_the_sheet_is_sorted_by_any_column(sort, first, plan, sold, lands, cast, admin):
    answer = admin.get(at("fairness", query=f"?sort={sort}"))
    assert answer.context["sheet"].rows[0].name == first


def test_the_sheet_is_a_file_and_of_a_scenario_too(scenario, sold, lands, cast, admin):
    asked(scenario, cast, "growth", percent=Decimal(100))
    query = f"?plan={scenario.pk}&format=csv&sort=name"
    lines = b"".join(admin.get(at("fairness", query=query))).decode("utf-8-sig").splitlines()
    assert lines[1].startswith("Rep One,North,240000.00,100000.00")


def test_a_year_without_numbers_has_an_empty_sheet(cast, year, admin):
    assert "Nobody has a number yet" in admin.get(reverse("targets:fairness", args=["2026"])).text
