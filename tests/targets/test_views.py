"""Pages of targets: the years, the grids, and the number of one holder."""

from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import Period
from spm.org.people import place_member
from targets.models import PlanLine, Quota, RollupRun
from targets.plans import set_target, working_plan
from tests.builders import make_person, make_quota, make_territory

pytestmark = pytest.mark.django_db

HOLDER = "c:{}:{}"


def leaf(label="2026-10"):
    return Period.objects.leaves().get(label=label)


@pytest.fixture
def admin_client(client, cast, year):
    client.force_login(cast.admin)
    return client


def post(client, person, typed, was="", period="2026-10", name="quotas"):
    key = f":{person.pk if person else ''}:{leaf(period).pk}"
    address = reverse(f"targets:{name}", args=["2026"]) + "?measure=bookings"
    return client.post(address, {f"c{key}": typed, f"w{key}": was, "reason": "Territory grew"})


def test_typed_amount_is_stored_with_its_reason(admin_client, cast):
    assert post(admin_client, cast.rep, "1.2M").status_code == 302
    quota = Quota.objects.get(person=cast.rep)
    assert quota.amount == Decimal(1_200_000)
    assert quota.history.get().history_change_reason == "Territory grew"


def test_a_changed_quota_makes_its_period_stale(admin_client, cast):
    RollupRun.objects.all().delete()
    post(admin_client, cast.rep, "1200")
    assert RollupRun.objects.exists()


def test_unreadable_amount_stores_nothing_and_keeps_what_was_typed(admin_client, cast):
    answer = post(admin_client, cast.rep, "12 apples")
    assert answer.status_code == 422
    assert 'value="12 apples"' in answer.content.decode()
    assert not Quota.objects.exists()


def test_inv_32_a_cell_changed_meanwhile_is_not_overwritten(admin_client, cast):
    make_quota(cast.rep, "2026-10", 500)
    answer = post(admin_client, cast.rep, "900", was="400")
    assert answer.status_code == 422
    assert "900" in answer.content.decode()
    assert Quota.objects.get().amount == 500


def test_emptied_cell_takes_the_quota_away(admin_client, cast):
    make_quota(cast.rep, "2026-10", 500)
    post(admin_client, cast.rep, "", was="500")
    assert not Quota.objects.exists()


def test_whole_company_line_is_stored(admin_client):
    post(admin_client, None, "52000", name="company")
    assert PlanLine.objects.get().amount == Decimal(52_000)


def test_admin_cannot_set_the_own_quota(admin_client, cast):
    answer = post(admin_client, cast.admin, "1")
    assert answer.status_code == 422
    assert not Quota.objects.exists()


def test_manager_sees_the_own_people_alone(client, cast, year):
    make_quota(cast.rep, "2026-10", 500)
    make_quota(cast.outsider, "2026-10", 900)
    client.force_login(cast.north_manager)
    page = client.get(reverse("targets:quotas", args=["2026"])).content.decode()
    assert cast.rep.name in page
    assert cast.outsider.name not in page
    assert 'name="c:' not in page


def test_manager_sees_changes_in_territories_of_the_own_people_alone(admin_client, cast):
    for owner, amount in ((cast.rep, "4321"), (cast.outsider, "8765")):
        post(admin_client, make_territory(owner=owner), amount, name="territories")
    admin_client.force_login(cast.north_manager)
    page = admin_client.get(reverse("targets:territories", args=["2026"]))
    assert [row.amount for row in page.context["changes"]] == [Decimal(4321)]


def test_manager_does_not_see_the_targets_of_the_team_he_is_a_member_of(client, cast, year):
    place_member(cast.north_manager, team=cast.sales)
    set_target(working_plan(year), holder=cast.sales, measure="bookings", period=leaf(), amount=Decimal(987_654))
    client.force_login(cast.north_manager)
    assert client.get(reverse("targets:team", args=["2026", cast.sales.pk])).status_code == 403
    assert client.get(reverse("targets:team", args=["2026", cast.north.pk])).status_code == 200
    client.force_login(cast.director)
    assert b"987" in client.get(reverse("targets:team", args=["2026", cast.sales.pk])).content


def test_rep_is_led_to_the_own_numbers(client, cast, year):
    client.force_login(cast.rep)
    answer = client.get(reverse("targets:year", args=["2026"]))
    assert answer.url == reverse("targets:quota", args=["2026", cast.rep.pk])


def test_history_of_a_number_is_on_its_page(admin_client, cast):
    post(admin_client, cast.rep, "1200")
    post(admin_client, cast.rep, "1500", was="1,200")
    page = admin_client.get(reverse("targets:quota", args=["2026", cast.rep.pk])).content.decode()
    assert "1,200" in page
    assert "1,500" in page
    assert page.count("Territory grew") == 2


def test_a_year_is_locked_once(admin_client, cast):
    make_quota(cast.rep, "2026-10", 500)
    address = reverse("targets:lock", args=["2026"])
    admin_client.post(address)
    answer = admin_client.post(address, follow=True)
    assert "locked already" in answer.content.decode()
    assert Quota.objects.filter(plan__kind="baseline").count() == 1


@pytest.mark.parametrize("people", [1, 3, 30])
def test_quota_grid_takes_the_same_queries_for_any_number_of_people(
    admin_client, cast, people, django_assert_num_queries
):
    for _ in range(people):
        make_quota(make_person(team=cast.north), "2026-10", 500)
    address = reverse("targets:quotas", args=["2026"])
    admin_client.get(address)
    with django_assert_num_queries(11):
        admin_client.get(address)


def test_grid_is_exported_with_exact_amounts(admin_client, cast):
    make_quota(cast.rep, "2026-10", Decimal("1234.56"))
    answer = admin_client.get(reverse("targets:quotas", args=["2026"]), {"measure": "bookings", "format": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "Rep One" in text
    assert "1234.56" in text
