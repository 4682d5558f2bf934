"""Totals typed into the allocation grid: shown first, spread over what is not held, stored as one batch."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org import people
from spm.org.models import Period, User
from targets import batches, holds, typed_numbers
from targets.choices import BatchKind
from targets.goals import Goal, HeldNumber, of_person, of_team
from targets.models import GoalBatch, Hold, PlanningCycle, Quota, Target
from targets.plans import set_target, working_plan
from targets.quotas import set_quota
from tests.builders import make_person, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(year):
    plan = working_plan(make_year("2027", date(2027, 1, 1)))
    PlanningCycle.objects.create(fiscal_year=plan.fiscal_year, stage="allocate")
    return plan


@pytest.fixture
def site(client, cast, plan):
    """The admin's browser."""
    client.force_login(cast.admin)
    return client


def period(label="2027"):
    return Period.objects.get(label=label)


def give(plan, person, amount, label="2027", by=None):
    set_quota(plan, person=person, measure="bookings", period=period(label), amount=Decimal(amount), by=by)


def target(plan, team, amount, label="2027"):
    set_target(plan, holder=team, measure="bookings", period=period(label), amount=Decimal(amount))


def hold(plan, holder, label):
    return Hold.objects.create(plan=plan, measure="bookings", period=period(label), **holder)


def number(model, holder, label="2027"):
    leaves = Period.objects.leaves().filter(starts_on__gte=period(label).starts_on, ends_on__lte=period(label).ends_on)
    return sum(row.amount for row in model.objects.filter(measure="bookings", period__in=leaves, **holder))


def quota(person, label="2027"):
    return number(Quota, {"person": person}, label)


def name(holder, label="2027"):
    return f"c:{'team' if hasattr(holder, 'code') else 'person'}:{holder.pk}:{period(label).pk}"


def save(site, cells, **more):
    newest = batches.newest(working_plan(period().fiscal_year))
    address = reverse("targets:allocate", args=["2027"])
    return site.post(address, {"seen": newest, "was": "{}"} | {name(*key): text for key, text in cells.items()} | more)


def page(answer):
    return answer.content.decode()


def moved(answer):
    """Name → (before, after) of each row of the preview."""
    return {change.row.name: (change.before, change.after) for change in answer.context["typed"].preview.rows}


def test_a_year_total_leaves_the_quarter_that_is_held(site, cast, plan):
    for label, amount in (("2027-Q1", 300), ("2027-Q2", 500), ("2027-Q3", 500), ("2027-Q4", 500)):
        give(plan, cast.rep, amount, label)
    hold(plan, {"person": cast.rep}, "2027-Q1")
    answer = save(site, {(cast.rep, "2027"): "2,400"})
    assert (answer.status_code, moved(answer)) == (200, {"Rep One": (1800, 2400)})
    assert quota(cast.rep) == 1800
    assert 'value="2,400"' in page(answer)
    assert save(site, {(cast.rep, "2027"): "2,400"}, spread="below").status_code == 302
    assert [quota(cast.rep, f"2027-Q{n}") for n in (1, 2, 3, 4)] == [300, 700, 700, 700]


def test_a_total_keeps_the_proportions_of_its_months(site, cast, plan):
    give(plan, cast.rep, 900, "2027-01")
    give(plan, cast.rep, 300, "2027-12")
    save(site, {(cast.rep, "2027"): "2400"}, spread="below")
    assert (quota(cast.rep, "2027-01"), quota(cast.rep, "2027-12")) == (1800, 600)


def test_a_total_of_somebody_without_a_number_needs_no_look(site, cast):
    assert save(site, {(cast.rep, "2027"): "1200"}).status_code == 302
    assert quota(cast.rep, "2027-Q1") == 300


def test_a_quarter_leaves_its_month_that_is_held(site, cast, plan):
    give(plan, cast.rep, 300, "2027-Q1")
    hold(plan, {"person": cast.rep}, "2027-01")
    assert save(site, {(cast.rep, "2027-Q1"): "500"}).status_code == 302
    assert [quota(cast.rep, f"2027-0{n}") for n in (1, 2, 3)] == [100, 200, 200]


def test_a_teams_total_reaches_its_people_after_a_look(site, cast, plan):
    target(plan, cast.north, 900)
    give(plan, cast.rep, 600)
    give(plan, cast.teammate, 300)
    hold(plan, {"person": cast.rep}, "2027")
    answer = save(site, {(cast.north, "2027"): "1200"})
    assert moved(answer) == {"North": (900, 1200), "Rep Two": (300, 600)}
    assert save(site, {(cast.north, "2027"): "1200"}, spread="below").status_code == 302
    assert (quota(cast.rep), quota(cast.teammate), number(Target, {"team": cast.north})) == (600, 600, 1200)
    batch = GoalBatch.objects.latest("pk")
    assert (batch.kind, batch.reason) == (
        BatchKind.SPREAD,
        "A total typed into the allocation grid, with those below it",
    )
    batches.undo(batch, by=cast.admin)
    assert (quota(cast.teammate), number(Target, {"team": cast.north})) == (300, 900)


def test_the_total_of_the_top_reaches_everybody_and_every_over_assignment_stays(site, cast, plan):
    target(plan, cast.sales, 1000)
    target(plan, cast.north, 600)
    target(plan, cast.south, 400)
    for person, amount in ((cast.rep, 400), (cast.teammate, 236), (cast.outsider, 400)):
        give(plan, person, amount)
    save(site, {(cast.sales, "2027"): "2000"}, spread="below")
    assert [quota(person) for person in (cast.rep, cast.teammate, cast.outsider)] == [800, 472, 800]
    assert [number(Target, {"team": team}) for team in (cast.north, cast.south)] == [1200, 800]


def test_a_quarter_of_a_team_moves_that_quarter_alone(site, cast, plan):
    target(plan, cast.north, 1200)
    give(plan, cast.rep, 1200)
    save(site, {(cast.north, "2027-Q2"): "600"}, spread="below")
    assert [quota(cast.rep, f"2027-Q{n}") for n in (1, 2)] == [300, 600]


def test_what_is_typed_beside_a_total_stays_as_typed(site, cast, plan):
    target(plan, cast.north, 900)
    give(plan, cast.rep, 600)
    give(plan, cast.teammate, 300)
    save(site, {(cast.north, "2027"): "1200", (cast.rep, "2027"): "500"}, spread="below")
    assert (quota(cast.rep), quota(cast.teammate)) == (500, 700)


def test_the_totals_may_be_stored_alone(site, cast, plan):
    target(plan, cast.north, 900)
    give(plan, cast.rep, 900)
    assert "Store the totals alone" in page(save(site, {(cast.north, "2027"): "1200"}))
    save(site, {(cast.north, "2027"): "1200"}, spread="alone")
    assert (quota(cast.rep), number(Target, {"team": cast.north})) == (900, 1200)


def test_held_numbers_above_a_total_are_told_and_what_was_typed_stays(site, cast, plan):
    target(plan, cast.north, 900)
    give(plan, cast.rep, 600)
    give(plan, cast.teammate, 300)
    hold(plan, {"person": cast.rep}, "2027")
    answer = save(site, {(cast.north, "2027"): "500", (cast.outsider, "2027-Q1"): "77"})
    assert answer.status_code == 422
    assert "North: the held numbers are more than there is to spread." in page(answer)
    assert 'value="500"' in page(answer)
    assert 'value="77"' in page(answer)
    assert save(site, {(cast.north, "2027"): "500"}, spread="alone").status_code == 302


def test_a_cell_that_is_held_is_refused_in_words_and_all_that_was_typed_stays(site, cast, plan):
    give(plan, cast.rep, 300, "2027-Q1")
    hold(plan, {"person": cast.rep}, "2027-Q1")
    answer = save(site, {(cast.rep, "2027-Q1"): "400", (cast.teammate, "2027-Q1"): "55"}, reason="Why not")
    assert answer.status_code == 422
    assert "This number is held. Release it to change it." in page(answer)
    for text in ("400", "55", "Why not"):
        assert f'value="{text}"' in page(answer)
    assert (quota(cast.rep), quota(cast.teammate)) == (300, 0)
    assert save(site, {(cast.rep, "2027-Q1"): "300.00", (cast.teammate, "2027-Q1"): "55"}).status_code == 302


def test_a_number_that_is_held_while_the_page_is_open_is_not_written(cast, plan):
    give(plan, cast.rep, 300, "2027-Q1")
    hold(plan, {"person": cast.rep}, "2027-Q1")
    goals = [(Quota, Goal(of_person(cast.rep.pk), "bookings", period("2027-02"), Decimal(5)))]
    with pytest.raises(HeldNumber):
        batches.write_batch(plan, goals, by=cast.admin, kind=BatchKind.EDIT)
    with pytest.raises(HeldNumber, match="more than 200"):
        give(plan, cast.rep, 200)
    give(plan, cast.rep, 1200)
    assert [quota(cast.rep, f"2027-Q{n}") for n in (1, 2, 3, 4)] == [300, 300, 300, 300]


def test_an_undo_brings_back_what_was_held_since(cast, plan):
    give(plan, cast.rep, 300, "2027-Q1", by=cast.admin)
    hold(plan, {"person": cast.rep}, "2027-Q1")
    batches.undo(GoalBatch.objects.latest("pk"), by=cast.admin)
    assert quota(cast.rep) == 0


def test_who_joins_next_year_does_not_move_with_a_managers_total(site, cast, plan):
    people.place_member(cast.outsider, team=cast.north, starts_on=date(2027, 1, 1), by=cast.admin)
    target(plan, cast.north, 900)
    give(plan, cast.rep, 600)
    give(plan, cast.outsider, 300)
    director = User.objects.get(pk=cast.director.pk)
    place = typed_numbers.Place(plan, plan.fiscal_year.cycle, "bookings", cast.sales.pk, director)
    goals = [Goal(of_team(cast.north.pk), "bookings", period(), Decimal(1200))]
    rows = {row.row.name for row in typed_numbers.read(place, goals).preview.rows}
    assert rows == {"North", "Rep One", "Rep Three"}
    people.place_member(make_person("Ann", team=None), team=cast.north, starts_on=date(2027, 6, 1), by=cast.admin)
    assert {row.row.name for row in typed_numbers.read(place, goals).preview.rows} == rows


# Holding a cell of any period


def test_any_period_is_held_from_the_grid_and_what_is_typed_stays(site, cast, plan):
    give(plan, cast.rep, 1200)
    address = reverse("targets:allocate-hold", args=["2027"])
    site.post(address, {"cell": name(cast.rep, "2027-Q2")})
    assert Hold.objects.get().period == period("2027-Q2")
    shown = page(site.get(reverse("targets:allocate", args=["2027"])))
    assert "Release Rep One, Q2 2027" in shown
    answer = site.post(address, {"cell": name(cast.rep, "2027-Q3"), "was": "{}", name(cast.teammate): "77"})
    assert (answer.status_code, Hold.objects.count()) == (200, 2)
    assert 'value="77"' in page(answer)


def test_without_scripts_a_number_is_held_by_its_row_and_column(site, cast, plan):
    rows = [row.name for row in site.get(reverse("targets:allocate", args=["2027"])).context["grid"].rows]
    where = {"hold_row": rows.index("Rep One"), "hold_column": "3"}
    address = reverse("targets:allocate-hold", args=["2027"])
    site.post(address, where | {"chosen": "hold"})
    assert (Hold.objects.get().person, Hold.objects.get().period) == (cast.rep, period("2027-Q3"))
    site.post(address, where | {"chosen": "release"})
    assert not Hold.objects.exists()
    assert site.post(address, where | {"hold_row": "999", "chosen": "hold"}).status_code == 404


def test_a_part_of_a_held_year_is_released_and_the_rest_stays_held(cast, plan):
    holder = of_person(cast.rep.pk)
    holds.hold(plan, holder, "bookings", period(), by=cast.admin)
    holds.release(plan, holder, "bookings", period("2027-02"), by=cast.admin)
    held = sorted(Hold.objects.values_list("period__label", flat=True))
    assert held == ["2027-01", "2027-03", "2027-Q2", "2027-Q3", "2027-Q4"]
    holds.release(plan, holder, "bookings", period(), by=cast.admin)
    assert not Hold.objects.exists()
