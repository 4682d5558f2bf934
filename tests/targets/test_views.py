"""Pages of targets: the years, the grids, and the number of one holder."""

from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import Period
from spm.org.people import place_member
from targets import grids
from targets.goals import lock_plan
from targets.models import Quota, RollupRun, Target
from targets.plans import set_target, working_plan
from targets.quotas import set_quota
from tests.builders import make_quota, make_territory

pytestmark = pytest.mark.django_db

HOLDER = "c:{}:{}"


def leaf(label="2026-10"):
    return Period.objects.leaves().get(label=label)


@pytest.fixture
def admin_client(client, cast, year):
    client.force_login(cast.admin)
    return client


def post(client, territory, typed, was="", period="2026-10"):
    key = f":{territory.pk}:{leaf(period).pk}"
    address = reverse("targets:territories", args=["2026"]) + "?measure=bookings"
    return client.post(address, {f"c{key}": typed, f"w{key}": was, "reason": "Territory grew"})


@pytest.fixture
def territory(cast):
    return make_territory("Rhine", owner=cast.rep)


def test_typed_amount_is_stored_with_its_reason(admin_client, territory):
    assert post(admin_client, territory, "1.2M").status_code == 302
    target = Target.objects.get(territory=territory)
    assert target.amount == Decimal(1_200_000)
    assert target.history.get().history_change_reason == "Territory grew"


def test_a_changed_target_makes_its_period_stale(admin_client, territory):
    RollupRun.objects.all().delete()
    post(admin_client, territory, "1200")
    assert RollupRun.objects.exists()


def test_unreadable_amount_stores_nothing_and_keeps_what_was_typed(admin_client, territory):
    answer = post(admin_client, territory, "12 apples")
    assert answer.status_code == 422
    assert 'value="12 apples"' in answer.content.decode()
    assert not Target.objects.exists()


def test_inv_32_a_cell_changed_meanwhile_is_not_overwritten(admin_client, territory):
    post(admin_client, territory, "500")
    answer = post(admin_client, territory, "900", was="400")
    assert answer.status_code == 422
    assert "900" in answer.content.decode()
    assert Target.objects.get().amount == 500


def test_inv_32_a_cell_that_somebody_stores_between_reading_and_writing_is_not_overwritten(
    admin_client, territory, cast, monkeypatch
):
    """Whoever waits for the lock compares with what stands there once it is theirs."""
    post(admin_client, territory, "500")

    def after_another(plan):
        monkeypatch.undo()
        period = Period.objects.get(pk=leaf("2026-10").pk)
        set_target(plan, holder=territory, measure="bookings", period=period, amount=Decimal(777), by=cast.admin)
        return lock_plan(plan)

    monkeypatch.setattr(grids, "lock_plan", after_another)
    answer = post(admin_client, territory, "100", was="500")
    assert answer.status_code == 422
    assert "Somebody else changed this meanwhile; you typed 100." in answer.content.decode()
    assert Target.objects.get(territory=territory).amount == 777


def test_emptied_cell_takes_the_target_away(admin_client, territory):
    post(admin_client, territory, "500")
    post(admin_client, territory, "", was="500")
    assert not Target.objects.exists()


def test_manager_sees_changes_in_territories_of_the_own_people_alone(admin_client, cast):
    for owner, amount in ((cast.rep, "4321"), (cast.outsider, "8765")):
        post(admin_client, make_territory(owner=owner), amount)
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


def test_history_of_a_number_is_on_its_page(admin_client, cast, year):
    for amount in (1200, 1500):
        told = {"by": cast.admin, "reason": "Territory grew"}
        set_quota(
            working_plan(year), person=cast.rep, measure="bookings", period=leaf(), amount=Decimal(amount), **told
        )
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


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_grid_takes_the_same_queries_for_any_number_of_lines(admin_client, cast, count, django_assert_num_queries):
    for _ in range(count):
        make_territory(owner=cast.rep)
    address = reverse("targets:territories", args=["2026"])
    admin_client.get(address)
    with django_assert_num_queries(12):
        admin_client.get(address)


def test_grid_is_exported_with_exact_amounts(admin_client, territory):
    post(admin_client, territory, "1234.56")
    answer = admin_client.get(reverse("targets:territories", args=["2026"]), {"measure": "bookings", "format": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "Rhine" in text
    assert "1234.56" in text


def test_a_year_without_targets_of_territories_says_why(admin_client, territory):
    address = reverse("targets:territories", args=["2026"])
    assert "No territory has a target for Bookings 2026 yet" in admin_client.get(address).content.decode()
    post(admin_client, territory, "1200")
    assert "No territory has a target" not in admin_client.get(address).content.decode()
