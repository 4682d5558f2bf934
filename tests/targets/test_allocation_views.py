"""The page of the allocation grid: typed, pasted, spread, held, undone, taken out as a file."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import ALWAYS, Membership, Period, User
from spm.org.people import place_member
from targets import batches, cycles
from targets.allocation_grid import MAX_ROWS
from targets.models import CompanyPlan, GoalBatch, Hold, PlanningCycle, Quota
from targets.plans import set_plan_line, set_target, working_plan
from targets.quotas import set_quota
from tests.builders import make_person, make_team, make_year

pytestmark = pytest.mark.django_db


def period(label="2027"):
    return Period.objects.get(label=label)


def name(person, label="2027-Q1"):
    return f"c:person:{person.pk}:{period(label).pk}"


def url(verb="", **query):
    address = reverse(f"targets:allocate{verb and '-'}{verb}", args=["2027"])
    return address + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def give(plan, person, amount, label="2027", by=None):
    set_quota(plan, person=person, measure="bookings", period=period(label), amount=Decimal(amount), by=by)


def quota(person, label="2027"):
    rows = Quota.objects.filter(person=person, measure="bookings")
    leaves = period(label).pk
    return sum(
        row.amount for row in rows if leaves in (row.period_id, row.period.parent_id, row.period.parent.parent_id)
    )


def save(site, cells, seen=None, verb="", **more):
    seen = batches.newest(working_plan(period().fiscal_year)) if seen is None else seen
    return site.post(url(verb), {"seen": seen, "was": "{}"} | cells | more)


def page(answer):
    return answer.content.decode()


def test_typed_quarters_are_one_batch(site, cast, plan):
    cells = {name(cast.rep): "1.2M", name(cast.rep, "2027-Q2"): "900k"}
    assert save(site, cells, reason="Opening").status_code == 302
    assert (quota(cast.rep), quota(cast.rep, "2027-Q1")) == (2_100_000, 1_200_000)
    assert (GoalBatch.objects.get().kind, GoalBatch.objects.get().reason) == ("edit", "Opening")


def test_amounts_are_read_as_the_language_writes_them(site, cast):
    save_in_french = site.post(
        url(), {"seen": 0, "was": "{}", name(cast.rep): "1,2M"}, headers={"accept-language": "fr"}
    )
    assert save_in_french.status_code == 302
    assert quota(cast.rep) == 1_200_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("twelve", "is not an amount"),
        ("66O", "Did you mean 660?"),
        ("-5", "is not negative"),
        ("9" * 15, "is too large: it must stay below 100,000,000,000"),
        ("0.001", "not a whole number"),
    ],
)
def test_what_cannot_be_stored_is_kept_and_explained(site, cast, text, said):
    answer = save(site, {name(cast.rep): text, name(cast.teammate): "100"})
    assert answer.status_code == 422
    assert said in page(answer)
    assert f'value="{text}"' in page(answer)
    assert not Quota.objects.exists()


def test_a_year_beside_quarters_must_be_their_sum(site, cast):
    quarters = {name(cast.rep, f"2027-Q{n}"): "25" for n in range(1, 5)}
    assert save(site, quarters | {name(cast.rep, "2027"): "99"}).status_code == 422
    assert save(site, quarters | {name(cast.rep, "2027"): "100"}).status_code == 302
    assert quota(cast.rep) == 100


def test_untouched_cells_are_not_sent_back(site, cast, plan):
    give(plan, cast.rep, 400)
    was = f'{{"{name(cast.rep)}": "100"}}'
    give(plan, cast.rep, 800)
    assert save(site, {name(cast.rep): "100", "was": was}).status_code == 302
    assert quota(cast.rep) == 800


def test_inv_32_of_two_people_who_edit_the_second_sees_both_values(site, cast, plan):
    give(plan, cast.rep, 90, "2027-01", by=cast.director)
    answer = save(site, {name(cast.rep): "150"}, seen=0)
    assert answer.status_code == 409
    conflict = answer.context["view"].conflicts[0]
    assert conflict["label"] == "Rep One, Jan 2027"
    assert conflict["theirs"].startswith("90 (Director, ")
    assert 'value="150"' in page(answer)
    assert quota(cast.rep) == 90
    assert save(site, {name(cast.rep): "150"}, seen=answer.context["view"].seen).status_code == 302
    assert quota(cast.rep) == 150


@pytest.mark.parametrize("seen", ["999999", "-1", "many", ""])
def test_a_revision_number_never_given_out_stores_nothing(site, cast, seen):
    answer = save(site, {name(cast.rep): "150"}, seen=seen)
    assert answer.status_code == 422
    assert 'value="150"' in page(answer)
    assert not Quota.objects.exists()


def test_nobody_changes_the_own_number(site, cast, plan):
    give(plan, cast.admin, 100)
    assert save(site, {name(cast.admin): "900"}).status_code == 422
    assert quota(cast.admin) == 100


def test_a_manager_sets_whoever_stands_below_and_nobody_else(site, cast):
    site.force_login(cast.north_manager)
    assert cast.outsider.name not in page(site.get(url()))
    assert save(site, {name(cast.outsider): "900"}).status_code == 422
    assert save(site, {name(cast.rep): "900"}).status_code == 302
    assert site.get(url(team=cast.south.pk)).status_code == 404


def test_a_rep_may_not_open_the_grid(site, cast):
    site.force_login(cast.rep)
    assert site.get(url()).status_code == 403


def test_a_number_is_not_stored_in_a_stage_that_is_past(site, cast, cycle):
    PlanningCycle.objects.update(stage="monitor")
    answer = save(site, {name(cast.rep): "900"})
    assert (answer.status_code, Quota.objects.exists()) == (422, False)
    assert "this belongs to" in page(answer)


def test_a_locked_year_is_read_and_leads_to_revisions(site, cast, plan):
    give(plan, cast.rep, 100)
    type(plan).objects.filter(pk=plan.pk).update(locked_at="2026-09-18T00:00Z")
    shown = page(site.get(url()))
    assert 'name="c:' not in shown
    assert reverse("targets:revision-new", args=["2027"]) in shown
    for verb in ("", "paste", "spread"):
        answer = save(site, {name(cast.rep): "900", "method": "even", "block": "1"}, verb=verb)
        assert answer.status_code == 422
    assert quota(cast.rep) == 100


# Spreads, holds, undo


def test_a_spread_is_previewed_and_then_applied_as_one_batch(site, cast, plan):
    set_plan_line(plan, measure="bookings", period=period(), amount=Decimal(3000))
    chosen = {"method": "even", "ramp": "1"}
    answer = save(site, chosen, verb="spread")
    assert len(answer.context["preview"].rows) >= 3
    assert not Quota.objects.exists()
    assert save(site, chosen | {"apply": "1"}, verb="spread").status_code == 302
    assert sum(row.amount for row in Quota.objects.all()) == 3000
    assert GoalBatch.objects.filter(kind="method").count() == 1


def test_a_new_total_of_a_team_is_spread_over_those_below(site, cast, plan):
    chosen = {"node": cast.north.pk, "method": "even", "total": "1,000", "apply": "1"}
    save(site, chosen, verb="spread")
    assert (quota(cast.rep), quota(cast.teammate)) == (500, 500)


def test_the_manual_method_asks_for_the_percent_of_each(site, cast, plan):
    set_target(plan, holder=cast.north, measure="bookings", period=period(), amount=Decimal(1000))
    chosen = {"node": cast.north.pk, "method": "manual"}
    parts = save(site, chosen, verb="spread").context["parts"]
    assert [(label, share) for _name, label, share in parts] == [("Rep One", "50"), ("Rep Two", "50")]
    shares = {parts[0][0]: "70", parts[1][0]: "30"}
    save(site, chosen | shares | {"apply": "1"}, verb="spread")
    assert (quota(cast.rep), quota(cast.teammate)) == (700, 300)


@pytest.mark.parametrize(
    "chosen", [{"method": "magic"}, {"method": "even", "total": "x"}, {"method": "even", "over": "x"}]
)
def test_a_spread_that_cannot_be_read_is_explained(site, cast, chosen):
    assert save(site, chosen, verb="spread").status_code == 422


def test_a_number_is_held_and_released(site, cast, plan):
    give(plan, cast.rep, 100)
    site.post(url("hold"), {"cell": name(cast.rep, "2027")})
    assert Hold.objects.get().person == cast.rep
    site.post(url("hold"), {"release": name(cast.rep, "2027")})
    assert not Hold.objects.exists()


def test_a_manager_holds_no_number_of_another_team(site, cast):
    site.force_login(cast.north_manager)
    assert site.post(url("hold"), {"cell": name(cast.outsider, "2027")}).status_code == 403
    assert site.post(url("hold"), {"cell": "c:person:x:1"}).status_code == 404


def test_one_undo_takes_the_whole_batch_back(site, cast):
    save(site, {name(cast.rep): "100", name(cast.teammate): "200"})
    batch = site.get(url()).context["view"].undoable
    assert site.post(url("undo"), {"batch": batch.pk}).status_code == 302
    assert not Quota.objects.exists()
    assert site.get(url()).context["view"].undoable is None


def test_nobody_undoes_what_somebody_else_did(site, cast):
    save(site, {name(cast.rep): "100"})
    batch = GoalBatch.objects.get()
    site.force_login(cast.north_manager)
    assert site.post(url("undo"), {"batch": batch.pk}).status_code == 404
    assert quota(cast.rep) == 100


# Size


def test_a_year_without_a_cycle_is_shown_and_typed_into(client, cast, plan):
    client.force_login(cast.admin)
    assert save(client, {name(cast.rep): "100"}).status_code == 302
    assert save(client, {"method": "even"}, verb="spread").status_code == 422


def test_many_people_of_one_team_stand_on_pages(site, cast):
    for _each in range(70):
        make_person(team=cast.south)
    first = site.get(url(team=cast.south.pk, columns="months")).context["view"]
    assert (len(first.lines), first.next_page) == (60, 2)
    assert len(site.get(url(team=cast.south.pk, page=2)).context["view"].lines) == 11


@pytest.mark.parametrize("columns", ["quarters", "months"])
def test_five_hundred_people_are_never_eighteen_thousand_inputs(site, cast, columns):
    """Teams are opened one by one and their people paged: no page has more rows than 60."""
    teams = [make_team(f"Team {number}", parent=cast.south) for number in range(25)]
    keys = [f"p{number}@x.com" for number in range(500)]
    people = User.objects.bulk_create(User(email=key, email_key=key, name=key) for key in keys)
    members = [(one, teams[n % 5] if n % 2 else teams[n % 25]) for n, one in enumerate(people)]
    Membership.objects.bulk_create(Membership(person=one, team=team, starts_on=ALWAYS) for one, team in members)
    across = 5 if columns == "quarters" else 13
    for more in ({}, {"team": cast.south.pk}, {"team": teams[1].pk}):
        text = page(site.get(url(columns=columns, **more)))
        assert 0 < text.count('name="c:') <= MAX_ROWS * across
        assert len(text) < 1_000_000


@pytest.mark.parametrize("people", [1, 40])
def test_the_page_takes_the_same_queries_for_any_number_of_people(site, cast, plan, people, django_assert_num_queries):
    for _each in range(people):
        give(plan, make_person(team=cast.north), 100)
    site.get(url())
    with django_assert_num_queries(18):
        site.get(url())


@pytest.fixture
def blocked(plan, cycle, cast):
    """North has to give 1,000, of which Rep One has all; at most 8 % more may be given."""
    cycles.set_policy(cycle, by=cast.admin, over_action="block", over_max=Decimal(8))
    set_target(plan, holder=cast.north, measure="bookings", period=period(), amount=Decimal(1000), by=cast.admin)
    give(plan, cast.rep, 1000)
    return plan


def test_a_cell_that_would_lie_above_a_policy_that_blocks_is_refused_and_stays_typed(site, blocked, cast):
    answer = save(site, {name(cast.teammate, "2027"): "81"})
    assert answer.status_code == 422
    assert "North, Bookings: over-assignment would be +8.1" in page(answer)
    assert 'value="81"' in page(answer)
    assert quota(cast.teammate) == 0
    assert save(site, {name(cast.teammate, "2027"): "80"}).status_code == 302
    assert quota(cast.teammate) == 80


def test_a_target_lowered_under_what_is_handed_on_is_refused_alone_and_stored_with_it(site, blocked, cast):
    lower = {f"c:team:{cast.north.pk}:{period().pk}": "500", "spread": "alone"}
    assert save(site, lower).status_code == 422
    assert save(site, lower | {name(cast.rep, "2027"): "500"}).status_code == 302
    assert quota(cast.rep) == 500


def test_what_is_not_yet_handed_on_is_no_fault_nor_is_a_step_down_from_above_the_policy(site, blocked, cast):
    assert save(site, {name(cast.rep, "2027"): "100"}, spread="below").status_code == 302
    give(blocked, cast.rep, 3000)
    assert save(site, {name(cast.rep, "2027"): "2000"}, spread="below").status_code == 302
    assert save(site, {name(cast.rep, "2027"): "2001"}, spread="below").status_code == 422


def test_a_policy_that_warns_refuses_no_cell(site, blocked, cast):
    PlanningCycle.objects.update(over_action="warn")
    assert save(site, {name(cast.rep, "2027"): "9000"}, spread="below").status_code == 302


def test_a_page_that_is_only_read_makes_no_plan(client, cast, year):
    make_year("2030", date(2030, 1, 1))
    for person, page in ((cast.north_manager, "allocate"), (cast.admin, "allocate"), (cast.admin, "company")):
        client.force_login(person)
        assert client.get(f"/targets/2030/{page}/").status_code == 200
    assert not CompanyPlan.objects.filter(fiscal_year__label="2030").exists()


@pytest.mark.parametrize("more", [{}, {"format": "csv"}])
def test_who_joins_next_year_is_not_named_to_the_manager_to_be(client, cast, cycle, plan, more):
    place_member(cast.outsider, team=cast.north, starts_on=date(2027, 1, 1))
    give(plan, cast.rep, 1_200)
    give(plan, cast.outsider, 98_765)
    client.force_login(cast.north_manager)
    answer = client.get(url(team=cast.north.pk, columns="months", **more))
    page = (answer.getvalue() if answer.streaming else answer.content).decode()
    assert cast.rep.name in page
    assert cast.outsider.name not in page
    assert cast.outsider.email not in page


def test_a_year_typed_and_overtaken_is_one_line_of_the_conflict(site, cast, plan):
    give(plan, cast.rep, 1200, by=cast.director)
    answer = save(site, {name(cast.rep, "2027"): "2400"}, seen=0, spread="below")
    (conflict,) = answer.context["view"].conflicts
    assert (conflict["label"], conflict["yours"]) == ("Rep One, Jan 2027 to Dec 2027", "2,400")
    assert conflict["theirs"].startswith("1,200 (Director, ")
