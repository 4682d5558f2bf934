"""Setup: ramp schedules, and by which one a person begins, as an admin uses them."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from spm.org.models import AuditEntry, Membership
from targets import ramp_schedules
from targets.models import RampAssignment, RampSchedule
from targets.ramps import read_ramps
from tests.builders import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.admin)
    return client


@pytest.fixture
def default(cast):
    return ramp_schedules.set_schedule("New hires", [Decimal(25), Decimal("62.5")], is_default=True)


def page(client, name, *args):
    return client.get(reverse(f"setup:{name}", args=args)).content.decode().replace("\xa0", " ")


def post(client, route, *args, **data):
    return client.post(reverse(f"setup:{route}", args=args), data)


def test_a_schedule_is_made_listed_and_becomes_the_default(admin, default):
    answer = post(admin, "ramp-create", name="Slow", is_default="on", month_1="10", month_3="50")
    assert answer.status_code == 302
    slow = RampSchedule.objects.get(name="Slow")
    assert [step.percent for step in slow.steps.all()] == [10, 10, 50]  # the empty month goes on with the one before
    default.refresh_from_db()
    assert (slow.is_default, default.is_default) == (True, False)
    text = page(admin, "ramps")
    assert "10 % · 10 % · 50 %, then all of it" in text
    assert AuditEntry.objects.filter(kind="ramp").count() == 2


def test_a_schedule_is_edited_in_the_language_of_the_page(admin, default, cast):
    cast.admin.locale = "fr"
    cast.admin.save()
    text = page(admin, "ramp", default.pk)
    assert 'value="62,5"' in text
    data = {"name": "Nouveaux", "is_default": "on", "version": 0, "month_1": "33,3"}
    assert post(admin, "ramp", default.pk, **data).status_code == 302
    assert [step.percent for step in default.steps.all()] == [Decimal("33.3")]


def test_what_is_no_schedule_is_refused_and_kept(admin, default):
    for wrong in ({"name": "New hires", "month_1": "5"}, {"name": "Empty"}, {"name": "Much", "month_1": "101"}):
        answer = post(admin, "ramp-create", **wrong)
        assert answer.status_code == 422
        assert f'value="{wrong["name"]}"' in answer.content.decode()
    assert RampSchedule.objects.count() == 1


def test_of_two_admins_the_second_sees_both_values(admin, default):
    data = {"is_default": "on", "version": 0, "month_1": "30"}
    assert post(admin, "ramp", default.pk, name="First", **data).status_code == 302
    answer = post(admin, "ramp", default.pk, name="Second", **data)
    assert answer.status_code == 422
    assert "First" in answer.content.decode()


def test_only_a_schedule_that_nobody_uses_is_deleted(admin, default, cast):
    slow = ramp_schedules.set_schedule("Slow", [Decimal(10)])
    RampAssignment.objects.create(person=cast.rep, schedule=slow, starts_on=date(2026, 3, 1))
    for schedule, why in ((default, "make another one the default first"), (slow, "1 person begins by")):
        answer = admin.post(reverse("setup:ramp-delete", args=[schedule.pk]), follow=True)
        assert why in answer.content.decode()
    RampAssignment.objects.all().delete()
    assert "Slow is deleted" in admin.post(reverse("setup:ramp-delete", args=[slow.pk]), follow=True).content.decode()
    assert RampSchedule.objects.get() == default


def test_a_person_begins_by_the_default_from_the_first_day_in_a_team(admin, default, cast):
    person = make_person("Hired", team=cast.north, since=date(2026, 4, 1))
    text = page(admin, "person", person.pk)
    assert "New hires, from" in text
    assert "25 % · 62.5 %, then all of it" in text
    assert "A full quota: no ramp" in page(admin, "person", cast.rep.pk)  # since ever


def test_a_schedule_of_ones_own_has_a_history_and_gives_way_to_the_default_again(admin, default, cast):
    slow = ramp_schedules.set_schedule("Slow", [Decimal(10)])
    for choice in (slow.pk, "none", ""):
        assert post(admin, "person-ramp", cast.rep.pk, ramp=choice, starts_on="2026-05-01").status_code == 302
    assert not RampAssignment.objects.exists()
    assert [row.schedule_id for row in RampAssignment.history.filter(person=cast.rep)] == [None, None, slow.pk]
    text = page(admin, "person", cast.rep.pk)
    assert text.index("Back to the default one") < text.index("No ramp <") < text.index("Slow <")
    assert (
        "is how it is already"
        in admin.post(
            reverse("setup:person-ramp", args=[cast.rep.pk]), {"ramp": "", "starts_on": "2026-05-01"}, follow=True
        ).content.decode()
    )


def test_nobody_sets_the_own_ramp_and_an_odd_choice_is_refused_in_words(admin, default, cast):
    assert post(admin, "person-ramp", cast.admin.pk, ramp="none", starts_on="2026-05-01").status_code == 403
    assert "another admin does" in page(admin, "person", cast.admin.pk)
    for wrong in ({"ramp": "999", "starts_on": "2026-05-01"}, {"ramp": "none", "starts_on": "soon"}):
        answer = admin.post(reverse("setup:person-ramp", args=[cast.rep.pk]), wrong, follow=True)
        assert "Choose a schedule and a day" in answer.content.decode()
    assert not RampAssignment.objects.exists()


def test_a_move_from_team_to_team_is_no_new_start(admin, default, cast):
    person = make_person("Moved", team=cast.north, since=date(2025, 2, 1))
    Membership.objects.create(person=person, team=cast.south, starts_on=date(2026, 4, 1))
    assert "Feb 2025" in page(admin, "person", person.pk)
    assert read_ramps().default == default.pk
