"""A file of numbers that was overtaken between its preview and its load: shown once more, never loaded unseen."""

from decimal import Decimal

import pytest
from django.urls import reverse

from spm.imports import batches as imports
from spm.imports import queries
from spm.imports.choices import BatchState
from targets.models import Target
from targets.plans import set_plan_line, set_target
from tests.builders import make_person, make_territory
from tests.spm.imports_help import load
from tests.targets.file_help import give, period, previewed, quota, rows

pytestmark = pytest.mark.django_db


def test_of_two_previews_of_one_number_the_second_load_shows_what_the_first_made_of_it(site, cast, plan):
    give(plan, cast.rep, 100, "2027-01")
    first = previewed("quotas", rows(f"{cast.rep.email},bookings,2027-01,120"), cast.north_manager)
    second = previewed("quotas", rows(f"{cast.rep.email},bookings,2027-01,130"), cast.admin)
    assert imports.commit(first, by=cast.north_manager).state == BatchState.COMMITTED
    assert imports.commit(second, by=cast.admin).state == BatchState.PREVIEWED
    assert quota(cast.rep) == 120
    text = site.get(reverse("imports:detail", args=[second.pk])).content.decode()
    assert "1 number has changed since this file was looked at" in text
    assert "Rep One, Bookings, 2027-01: 100 when looked at, 120 now, 130 in the file." in text
    (row,) = queries.batch_page(second, cast.admin).changes.rows
    assert (row.before, row.after) == (120, 130)
    assert imports.commit(second, by=cast.admin).state == BatchState.COMMITTED
    assert quota(cast.rep) == 130
    assert second.reason == ""


def test_a_file_that_changed_nothing_when_it_was_looked_at_overwrites_nothing_unseen(cast, plan):
    give(plan, cast.rep, 100, "2027-01")
    batch = previewed("quotas", rows(f"{cast.rep.email},bookings,2027-01,100"), cast.admin)
    give(plan, cast.rep, 150, "2027-01")
    assert imports.commit(batch, by=cast.admin).state == BatchState.PREVIEWED
    assert "100 when looked at, 150 now, 100 in the file" in batch.reason
    assert quota(cast.rep) == 150


def test_what_says_meanwhile_what_the_file_says_is_no_conflict(cast, plan):
    give(plan, cast.rep, 100, "2027-01")
    lines = [f"{cast.rep.email},bookings,2027-01,120", f"{cast.rep.email},bookings,2027-02,7"]
    batch = previewed("quotas", rows(*lines), cast.admin)
    give(plan, cast.rep, 120, "2027-01")
    assert imports.commit(batch, by=cast.admin).state == BatchState.COMMITTED
    assert quota(cast.rep) == 127


@pytest.fixture
def long(monkeypatch):
    """Files of two numbers are longer than what is kept of them one by one."""
    monkeypatch.setattr("spm.imports.differences.MOST", 1)


def test_of_a_long_file_every_number_that_changed_is_found_beyond_those_that_are_kept(cast, plan, long):
    lines = [f"{cast.rep.email},bookings,2027-01,120", f"{cast.rep.email},bookings,2027-02,7"]
    batch = previewed("quotas", rows(*lines), cast.admin)
    give(plan, cast.rep, 5, "2027-02")
    assert imports.commit(batch, by=cast.admin).state == BatchState.PREVIEWED
    assert "1 number has changed since this file was looked at" in batch.reason
    assert "Rep One, Bookings, 2027-02: another number when looked at, 5 now, 7 in the file." in batch.reason
    assert imports.commit(batch, by=cast.admin).state == BatchState.COMMITTED
    assert quota(cast.rep) == 127


def test_of_a_long_file_numbers_that_changed_and_kept_their_sum_are_found(cast, plan, long):
    give(plan, cast.rep, 60, "2027-01")
    give(plan, cast.rep, 40, "2027-02")
    lines = [f"{cast.rep.email},bookings,2027-01,70", f"{cast.rep.email},bookings,2027-02,50"]
    batch = previewed("quotas", rows(*lines), cast.admin)
    give(plan, cast.rep, 40, "2027-01")
    give(plan, cast.rep, 60, "2027-02")
    assert imports.commit(batch, by=cast.admin).state == BatchState.PREVIEWED
    assert "2 numbers have changed" in batch.reason
    assert "Rep One, Bookings, 2027-01: 60 when looked at, 40 now, 70 in the file." in batch.reason
    assert "Rep One, Bookings, 2027-02: another number when looked at, 60 now, 50 in the file." in batch.reason
    assert quota(cast.rep) == 100


def test_a_year_that_kept_its_sum_and_moved_its_months_is_not_overwritten_unseen(cast, plan):
    give(plan, cast.rep, 60, "2027-01")
    give(plan, cast.rep, 40, "2027-02")
    batch = previewed("quotas", rows(f"{cast.rep.email},bookings,2027,120"), cast.admin)
    give(plan, cast.rep, 40, "2027-01")
    give(plan, cast.rep, 60, "2027-02")
    assert imports.commit(batch, by=cast.admin).state == BatchState.PREVIEWED
    assert (
        "Rep One, Bookings, 2027: 100 then and now, spread otherwise over its months; 120 in the file." in batch.reason
    )
    assert quota(cast.rep) == 100
    assert imports.commit(batch, by=cast.admin).state == BatchState.COMMITTED
    assert quota(cast.rep) == 120


@pytest.mark.parametrize(
    ("kind", "line"), [("company_plan", "2027,bookings,2027,,120"), ("targets", "team,North,bookings,2027,120")]
)
def test_so_it_is_with_the_plan_of_the_company_and_the_target_of_a_team(cast, plan, kind, line):
    def give_first_months(january, february):
        for label, amount in (("2027-01", january), ("2027-02", february)):
            told = {"measure": "bookings", "period": period(label), "amount": Decimal(amount)}
            set_plan_line(plan, **told)
            set_target(plan, holder=cast.north, **told)

    heads = {"company_plan": "fiscal_year,measure,period,segment,amount", "targets": "scope,key,measure,period,amount"}
    give_first_months(60, 40)
    batch = previewed(kind, f"{heads[kind]}\n{line}\n", cast.admin)
    give_first_months(40, 60)
    assert imports.commit(batch, by=cast.admin).state == BatchState.PREVIEWED
    assert "100 then and now, spread otherwise over its months; 120 in the file." in batch.reason


def test_two_people_of_one_name_are_told_apart(cast, plan):
    cast.teammate.name = cast.rep.name
    cast.teammate.save(update_fields=["name"])
    give(plan, cast.rep, 60, "2027-01")
    lines = [f"{cast.rep.email},bookings,2027-01,70", f"{cast.teammate.email},bookings,2027-01,50"]
    batch = previewed("quotas", rows(*lines), cast.admin)
    assert imports.commit(batch, by=cast.admin).state == BatchState.COMMITTED
    assert (quota(cast.rep), quota(cast.teammate)) == (70, 50)


def test_what_is_kept_to_find_a_changed_number_goes_with_the_load(cast, plan):
    batch = previewed("quotas", rows(f"{cast.rep.email},bookings,2027-01,70"), cast.admin)
    assert len(batch.differences["marks"]) == 8
    imports.commit(batch, by=cast.admin)
    batch.refresh_from_db()
    assert batch.differences.keys() == {"count", "rows", "sums"}


def test_people_of_one_name_are_not_taken_for_each_other(cast, plan):
    namesake = make_person(cast.rep.name, email="namesake@example.com", team=cast.south)
    give(plan, cast.rep, 100, "2027-01")
    give(plan, namesake, 200, "2027-01")
    lines = [f"{person.email},bookings,2027-01,150" for person in (cast.rep, namesake)]
    batch = previewed("quotas", rows(*lines), cast.admin)
    assert imports.commit(batch, by=cast.admin).state == BatchState.COMMITTED
    assert (quota(cast.rep), quota(namesake)) == (150, 150)


def test_a_team_and_a_territory_of_one_name_are_not_taken_for_each_other(cast, plan):
    area, said = make_territory("North"), "scope,key,measure,period,amount\n"
    set_target(plan, holder=area, measure="bookings", period=period("2027-01"), amount=Decimal(70), by=cast.admin)
    lines = "team,North,bookings,2027-01,80\nterritory,North,bookings,2027-01,90\n"
    batch = previewed("targets", said + lines, cast.admin)
    assert imports.commit(batch, by=cast.admin).state == BatchState.COMMITTED
    assert Target.objects.filter(plan=plan, amount__in=(80, 90)).count() == 2


def test_a_preview_of_before_there_were_holders_is_compared_by_name(cast, plan):
    batch = previewed("quotas", rows(f"{cast.rep.email},bookings,2027-01,120"), cast.admin)
    batch.differences["rows"] = [row[:5] for row in batch.differences["rows"]]
    batch.save()
    (row,) = queries.batch_page(batch, cast.admin).changes.rows
    assert (row.name, row.after) == ("Rep One", 120)


def test_a_file_loaded_without_a_look_is_loaded(cast, plan):
    give(plan, cast.rep, 100, "2027-01")
    assert load("quotas", rows(f"{cast.rep.email},bookings,2027-01,130"), by=cast.admin).state == BatchState.COMMITTED
