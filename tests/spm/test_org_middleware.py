"""What holds for every request of a signed-in person."""

from datetime import date, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from spm.org.middleware import ZoneMiddleware
from spm.org.models import Company, User
from tests.builders import make_person

pytestmark = pytest.mark.django_db
PAGE = "/settings/"


@pytest.fixture
def client_of(company):
    def sign_in(person):
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def test_a_session_ends_at_its_absolute_age_however_busy_it_is(client_of, cast):
    client, now = client_of(cast.rep), timezone.now()
    for hours in (0, 7, 14, 21, 23.9):
        with time_machine.travel(now + timedelta(hours=hours), tick=False):
            assert client.get(PAGE).status_code == 200
    with time_machine.travel(now + timedelta(hours=24.1), tick=False):
        assert client.get(PAGE).status_code == 302
        assert "_auth_user_id" not in client.session


def test_a_busy_session_is_written_every_few_minutes_only(client_of, cast):
    client = client_of(cast.rep)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as captured:
        client.get(PAGE)
    assert not [query for query in captured if query["sql"].startswith(("UPDATE", "INSERT"))]


def test_a_session_left_alone_ends_after_eight_hours(client_of, cast):
    client, now = client_of(cast.rep), timezone.now()
    with time_machine.travel(now + timedelta(hours=8.1), tick=False):
        assert client.get(PAGE).status_code == 302


def test_who_has_left_is_signed_out_and_deactivated(client_of, cast):
    client = client_of(cast.rep)
    User.objects.filter(pk=cast.rep.pk).update(left_on=date(2026, 9, 18))
    assert client.get(PAGE).status_code == 200
    Company.objects.update(fixed_today=date(2026, 9, 19))
    assert client.get(PAGE).status_code == 302
    assert not User.objects.get(pk=cast.rep.pk).is_active


def test_no_copy_of_a_signed_in_page_is_kept(client_of, cast):
    assert client_of(cast.rep).get(PAGE).headers["Cache-Control"] == "no-store, private"
    assert "no-store" in client_of(cast.rep).get("/accounts/2fa/").headers["Cache-Control"]


def test_an_admin_without_second_factor_is_led_to_set_one_up(client_of, cast):
    Company.objects.update(require_admin_mfa=True)
    client = client_of(cast.admin)
    assert client.get(PAGE).headers["Location"] == "/accounts/2fa/"
    assert client.get(PAGE, headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/accounts/2fa/"
    assert client.post("/settings/theme/", {"theme": "dark"}).headers["Location"] == "/accounts/2fa/"
    assert client.get("/accounts/2fa/").status_code == 200
    assert client_of(cast.rep).get(PAGE).status_code == 200


def test_an_admin_with_second_factor_or_in_the_demo_passes(client_of, cast):
    Company.objects.update(require_admin_mfa=True)
    Authenticator.objects.create(user=cast.admin, type=Authenticator.Type.TOTP, data={})
    assert client_of(cast.admin).get(PAGE).status_code == 200
    Company.objects.update(is_demo=True)
    assert client_of(make_person(is_admin=True)).get(PAGE).status_code == 200


@pytest.mark.parametrize(
    ("own", "companys", "expected"),
    [("Asia/Tokyo", "Europe/Berlin", "Asia/Tokyo"), ("", "Europe/Berlin", "Europe/Berlin"), ("", "", "UTC")],
)
def test_moments_are_shown_in_the_own_zone_else_in_the_companys(cast, rf, own, companys, expected):
    Company.objects.update(timezone=companys)
    cast.rep.timezone = own
    request = rf.get("/")
    request.user = cast.rep
    shown = ZoneMiddleware(lambda _request: HttpResponse(timezone.get_current_timezone_name()))(request)
    assert shown.text == expected
    assert timezone.get_current_timezone_name() == "UTC"
