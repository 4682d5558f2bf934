"""The list of territories, its map, and the page of one: who holds it, what stands in it, what it is to bring."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.market import territories
from spm.market.choices import AssignmentRole
from spm.market.models import Account, AccountPlacement, Assignment, Contact, Territory
from spm.market.territories import DayTaken
from spm.org import clock
from spm.org.models import FiscalYear
from targets import rollup
from targets.models import PlanningCycle, Target
from territories.models import Stakeholder, TerritoryPlan
from tests.builders import make_account, make_actual, make_plan, make_quota, make_territory, make_year
from tests.spm.imports_help import load

pytestmark = pytest.mark.django_db


def place(account, territory):
    AccountPlacement.objects.create(account=account, territory=territory)
    return account


def target(territory, amount, label="2026-01", **fields):
    leaf = territory_year().periods.leaves().get(label=label)
    return Target.objects.create(
        plan=make_plan(leaf.fiscal_year), territory=territory, measure="bookings", period=leaf, amount=amount, **fields
    )


def territory_year():
    return FiscalYear.objects.get(label="2026")


@pytest.fixture
def land(cast):
    """Finland of Rep One: a key account of 300,000 met on 1 September, one of 100,000; Norway, vacant, of 50,000.

    Both below the Nordics. Finland has a target of 1,000 for January and brought 800.
    """
    make_year()
    region = make_territory("Nordics")
    finland = make_territory("Finland", parent=region, owner=cast.rep)
    norway = make_territory("Norway", parent=region)
    key = place(make_account("Halvorsen", tier="Key", potential=Decimal(300_000)), finland)
    place(make_account("Ostsee", tier="B", potential=Decimal(100_000)), finland)
    place(make_account("Fjord", tier="a", potential=Decimal(50_000)), norway)
    contact = Contact.objects.create(account=key, name="Somebody")
    Stakeholder.objects.create(account=key, contact=contact, role="decider", last_met_on=date(2026, 9, 1))
    target(finland, 1000)
    make_quota(cast.rep, "2026-01", 1000)
    make_actual(cast.rep, "2026-01-15", 800, kind="booking", account=key)
    rollup.rebuild()
    return region, finland, norway


def listed(client, cast, query=""):
    client.force_login(cast.admin)
    return client.get(f"/territories/{query}").context["page"]


def test_what_is_kept_as_unassigned_is_no_territory(client, year, cast):
    make_actual(cast.rep, "2026-01-15", 800, kind="booking")
    rollup.rebuild()
    client.force_login(cast.admin)
    page = client.get(reverse("dashboards:territories"))
    assert [row.name for row in page.context["page"].rows] == ["Unassigned"]
    assert "0 territories." in page.content.decode()


def test_a_territory_above_others_is_not_vacant(client, year, cast):
    region = make_territory("Nordics")
    make_territory("Finland", parent=region)
    make_quota(cast.rep, "2026-01", 100)
    page = listed(client, cast)
    assert page.vacant == 1
    assert {row.name: row.is_region for row in page.rows} == {"Nordics": True, "Finland": False}


def test_accounts_key_accounts_potential_and_coverage_add_up_along_the_tree(client, cast, land):
    rows = {row.name: row for row in listed(client, cast).rows}
    finland, nordics, norway = rows["Finland"], rows["Nordics"], rows["Norway"]
    assert (finland.land.accounts, finland.land.key, finland.land.potential) == (2, 1, Decimal(400_000))
    assert (finland.land.coverage, norway.land.coverage) == (Decimal(1), Decimal(0))
    assert (nordics.land.accounts, nordics.land.key, nordics.land.potential) == (3, 2, Decimal(450_000))
    assert nordics.land.coverage == Decimal("0.5")
    assert finland.share == Decimal(800) / Decimal(400_000)


def test_somebody_met_more_than_thirty_days_ago_covers_nothing(client, cast, land):
    Stakeholder.objects.update(last_met_on=date(2026, 8, 19))  # today is 18 September
    assert {row.name: row.land.met for row in listed(client, cast).rows}["Finland"] == 0
    Stakeholder.objects.update(last_met_on=date(2026, 8, 20))
    assert {row.name: row.land.met for row in listed(client, cast).rows}["Finland"] == 1


def test_the_plan_of_the_year_stands_beside_its_territory(client, cast, land):
    _region, finland, _norway = land
    TerritoryPlan.objects.create(fiscal_year=territory_year(), person=cast.rep, territory=finland, started_from="blank")
    (row,) = (row for row in listed(client, cast).rows if row.plan)
    assert (row.name, row.plan.label, row.plan.href) == ("Finland", "Draft", f"/territories/plans/2026/{cast.rep.pk}/")


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["Finland", "Nordics", "Norway"]),
        ("-potential", ["Nordics", "Finland", "Norway"]),
        ("key", ["Finland", "Norway", "Nordics"]),
        ("owner", ["Finland", "Nordics", "Norway"]),
        ("-gap", ["Finland", "Nordics", "Norway"]),
    ],
)
def test_every_column_sorts_and_what_has_nothing_stands_last(client, cast, land, sort, names):
    assert [row.name for row in listed(client, cast, f"?sort={sort}").rows] == names


def test_the_map_has_areas_by_potential_a_band_by_pace_and_hatches_the_vacant(client, cast, land):
    client.force_login(cast.admin)
    response = client.get("/territories/")
    tiles = {one.row.name: one for one in response.context["page"].tree_map.wide}
    areas = {name: float(one.tile.width) * float(one.tile.height) for name, one in tiles.items()}
    assert set(tiles) == {"Finland", "Norway"}
    assert 7 < areas["Finland"] / areas["Norway"] < 9  # 400,000 to 50,000, less the gaps
    assert tiles["Finland"].row.band == "2"  # 80 % of pace
    html = response.content.decode()
    said = "Finland, Rep One: potential €400 k, pace 80 %, Behind"
    assert "".join(said.split()) in "".join(html.split())
    assert html.count('fill="url(#vacant-wide)"') == html.count('fill="url(#vacant-phone)"') == 1


def test_both_trees_add_up_to_one_number_with_house_and_unassigned(client, cast, land):
    make_actual(None, "2026-02-01", "77.25", kind="booking")
    make_actual(cast.teammate, "2026-02-02", "12.5", kind="booking")
    rollup.rebuild()
    trees = listed(client, cast).trees
    assert (trees.territory_actual, trees.unassigned) == (Decimal(800), Decimal("89.75"))
    assert (trees.people_actual, trees.house) == (Decimal("812.5"), Decimal("77.25"))
    assert trees.agree
    assert (trees.territory_target, trees.quotas) == (Decimal(1000), Decimal(1000))


def test_a_team_without_a_target_stands_for_the_teams_below_it(client, cast, land):
    leaf = territory_year().periods.leaves().get(label="2026-01")
    given = {"plan": make_plan(leaf.fiscal_year), "measure": "bookings", "period": leaf}
    for team, amount in ((cast.north, 700), (cast.south, 400)):
        Target.objects.create(team=team, amount=amount, **given)
    rollup.rebuild()
    assert listed(client, cast).trees.team_target == Decimal(1100)
    Target.objects.create(team=cast.sales, amount=1000, **given)
    rollup.rebuild()
    assert listed(client, cast).trees.team_target == Decimal(1000)


def test_a_manager_reads_no_sum_of_the_company_on_the_list(client, cast, land):
    client.force_login(cast.north_manager)
    assert client.get("/territories/").context["page"].trees is None


def test_the_page_tells_who_held_it_and_what_its_owner_holds_besides(client, cast, land):
    _region, finland, norway = land
    territories.assign(finland, person=None, starts_on=date(2026, 3, 1))
    territories.assign(finland, person=cast.teammate, starts_on=date(2026, 4, 1))
    territories.assign(norway, person=cast.teammate, starts_on=date(2026, 4, 1))
    client.force_login(cast.admin)
    page = client.get(reverse("dashboards:territory", args=[finland.pk])).context["page"]
    told = [(spell.name, spell.until, spell.is_now) for spell in page.spells]
    assert told == [
        (cast.teammate.name, None, True),
        ("", date(2026, 3, 31), False),
        (cast.rep.name, date(2026, 2, 28), False),
    ]
    assert page.owner.name == cast.teammate.name
    assert [name for name, _href in page.also] == ["Norway"]


def test_an_account_leads_to_its_page_where_its_map_is_the_readers_to_open(client, cast, land):
    _region, finland, norway = land
    key, moved = Account.objects.get(name="Halvorsen"), Account.objects.get(name="Ostsee")
    make_actual(cast.rep, "2026-02-15", 50, kind="booking", account=moved, territory=finland)
    AccountPlacement.objects.filter(account=moved).update(territory=norway)
    rollup.rebuild()
    address = reverse("dashboards:territory", args=[finland.pk])
    pages = {}
    for person in (cast.rep, cast.admin):
        client.force_login(person)
        pages[person] = client.get(address)
    links = {person: {row.name: row.page for row in page.context["page"].accounts} for person, page in pages.items()}
    assert links[cast.rep]["Halvorsen"] == links[cast.admin]["Halvorsen"] == key.pk
    assert (links[cast.rep].get("Ostsee"), links[cast.admin]["Ostsee"]) == (None, moved.pk)
    assert reverse("territories:account-detail", args=[key.pk]) in pages[cast.rep].content.decode()


def test_the_target_stands_beside_the_quota_of_the_owner_and_what_lies_below(client, cast, land):
    region, finland, _norway = land
    target(region, 900)
    rollup.rebuild()
    client.force_login(cast.admin)
    above = client.get(reverse("dashboards:territory", args=[region.pk])).context["page"].beside
    own = client.get(reverse("dashboards:territory", args=[finland.pk])).context["page"].beside
    assert (above.target, above.below) == (Decimal(900), Decimal(1000))
    assert round(above.over, 4) == Decimal("0.1111")
    assert (own.target, own.owner_quota, own.team) == (Decimal(1000), Decimal(1000), "North")


def test_two_owners_on_one_date_are_refused_in_words_and_nothing_is_lost(client, cast):
    land = make_territory("Finland")
    day = date(2026, 10, 1)
    territories.assign(land, person=cast.rep, starts_on=day)
    with pytest.raises(DayTaken, match="Two people cannot own it on one day"):
        territories.assign(land, person=cast.teammate, starts_on=day)
    client.force_login(cast.admin)
    sent = {"person": cast.teammate.pk, "starts_on": "2026-10-01", "role": "owner"}
    address = reverse("setup:territory-assign", args=[land.pk])
    page = client.post(address, sent, follow=True)
    assert "Two people cannot own it on one day" in page.content.decode()
    assert Assignment.objects.get().person == cast.rep
    client.post(address, sent | {"replace": "on"})
    assert Assignment.objects.get().person == cast.teammate


def test_the_same_owner_on_the_same_date_is_no_fault_and_a_helper_may_start_beside(cast):
    land, day = make_territory("Finland"), date(2026, 10, 1)
    territories.assign(land, person=cast.rep, starts_on=day)
    territories.assign(land, person=cast.rep, starts_on=day)
    territories.assign(land, person=cast.teammate, starts_on=day, role=AssignmentRole.OVERLAY)
    assert Assignment.objects.count() == 2


def test_a_file_with_two_owners_of_one_date_is_refused_row_by_row(company, cast):
    make_territory("NW")
    rows = f"territory,email,starts_on\nNW,{cast.rep.email},2026-10-01\nNW,{cast.teammate.email},2026-10-01\n"
    batch = load("assignments", rows)
    assert (batch.refused, Assignment.objects.count()) == (2, 0)
    assert set(batch.rows.values_list("reason", flat=True)) == {
        "The file names two owners of this territory for the same day."
    }


def test_a_territory_below_itself_is_refused_in_words(client, cast):
    above = make_territory("Nordics")
    below = make_territory("Finland", parent=above)
    client.force_login(cast.admin)
    sent = {"code": "Nordics", "name": "Nordics", "parent": below.pk, "version": above.version}
    response = client.post(reverse("setup:territory", args=[above.pk]), sent)
    assert response.status_code == 422
    assert "A territory cannot stand below itself." in response.content.decode()
    assert Territory.objects.get(pk=above.pk).parent is None


def row_of(client, person, name, period="2026"):
    client.force_login(person)
    return {
        row.name: row for row in client.get(f"/territories/?period={period}&measure=bookings").context["page"].rows
    }[name]


def test_a_rep_reads_the_target_of_the_territory_that_he_owns_as_the_manager_does(client, cast, land):
    _region, finland, _norway = land
    reads = [row_of(client, person, "Finland").figures for person in (cast.rep, cast.north_manager)]
    assert [(read.quota, read.actual, read.gap) for read in reads] == [(Decimal(1000), Decimal(800), Decimal(-200))] * 2
    client.force_login(cast.rep)
    page = client.get(f"/territories/{finland.pk}/?period=2026&measure=bookings").content.decode()
    assert "Your own credits in it are 80 % of target pace" in " ".join(page.split())
    assert "no target" not in page


def test_a_helper_reads_own_credits_alone_and_that_the_target_is_the_owners_to_see(client, cast, land):
    _region, finland, _norway = land
    territories.assign(finland, person=cast.teammate, starts_on=date(2026, 1, 1), role=AssignmentRole.OVERLAY)
    row = row_of(client, cast.teammate, "Finland")
    assert (row.figures.quota, row.without_target, row.is_vacant) == (None, "target of its owner", False)
    page = client.get(f"/territories/{finland.pk}/?period=2026&measure=bookings").content.decode()
    assert "its target is its owner’s to see" in page
    assert "Nobody holds this territory" not in page
    assert not Target.objects.visible_to(cast.teammate).exists()


def test_the_target_of_a_territory_taken_over_counts_from_the_month_on_in_which_it_was(client, cast, land):
    _region, finland, _norway = land
    for label in ("2026-02", "2026-03"):
        target(finland, 500, label)
    territories.assign(finland, person=cast.teammate, starts_on=date(2026, 2, 15), role=AssignmentRole.OWNER)
    assert row_of(client, cast.teammate, "Finland").figures.quota == Decimal(1000)
    assert not Target.objects.visible_to(cast.rep).exists()


def test_a_rep_sees_no_target_of_a_year_to_come_before_its_lock_and_none_of_a_scenario(client, cast, land):
    _region, finland, _norway = land
    coming = make_year("2027", date(2027, 1, 1))
    plan = make_plan(coming)
    leaf = coming.periods.leaves().first()
    PlanningCycle.objects.create(fiscal_year=coming)
    Target.objects.create(plan=plan, territory=finland, measure="bookings", period=leaf, amount=7)
    assert [row.amount for row in Target.objects.visible_to(cast.rep)] == [Decimal(1000)]
    assert row_of(client, cast.rep, "Finland", "2027").figures.quota is None
    plan.locked_at = clock.now()
    plan.save(update_fields=["locked_at"])
    assert Target.objects.visible_to(cast.rep).count() == 2
    assert row_of(client, cast.rep, "Finland", "2027").figures.quota == Decimal(7)
    Target.objects.filter(amount=1000).update(plan=make_plan(territory_year(), kind="scenario"))
    assert [row.amount for row in Target.objects.visible_to(cast.rep)] == [Decimal(7)]


def test_a_rep_reads_in_a_region_all_his_own_below_it(client, cast, land):
    region, finland, _norway = land
    Assignment.objects.create(territory=region, person=cast.rep)
    make_actual(cast.rep, "2026-01-20", 30, kind="booking", territory=region)
    make_actual(cast.teammate, "2026-01-20", 5, kind="booking", territory=finland)
    rollup.rebuild()
    client.force_login(cast.rep)
    page = client.get(f"/territories/{region.pk}/?period=2026&measure=bookings").context["page"]
    lines = client.get(page.lines_href).context["page"]
    assert page.figures.actual == sum(row.actual for row in page.accounts) == lines.total == 830
    assert page.not_listed == 0
    rows = client.get("/territories/?period=2026&measure=bookings").context["page"].rows
    assert {row.name: row.figures.actual for row in rows} == {"Nordics": 830, "Finland": 800}


def test_regions_and_teams_decide_in_each_month_whether_those_below_count(client, cast, land):
    region, finland, _norway = land
    target(region, 70, "2026-02")
    target(finland, 50, "2026-02")
    plan = make_plan(territory_year())
    leaf = territory_year().periods.leaves().get
    for team, label, amount in (
        (cast.sales, "2026-01", 100),
        (cast.north, "2026-01", 60),
        (cast.north, "2026-02", 50),
    ):
        Target.objects.create(plan=plan, team=team, measure="bookings", period=leaf(label=label), amount=amount)
    rollup.rebuild()
    trees = listed(client, cast, "?period=2026-Q1&measure=bookings").trees
    assert (trees.territory_target, trees.team_target, trees.quotas) == (1070, 150, 1000)


def test_what_lies_below_a_territory_is_beyond_its_target_in_the_same_months_alone(client, cast, land):
    region, finland, _norway = land
    target(region, 800)
    rollup.rebuild()
    client.force_login(cast.admin)
    page = f"/territories/{region.pk}/?period=2026-Q1&measure=bookings"
    assert client.get(page).context["page"].beside.over == Decimal("0.25")
    target(finland, 50, "2026-02")
    rollup.rebuild()
    beside = client.get(page).context["page"].beside
    assert (beside.target, beside.below, beside.over) == (800, 1050, None)
