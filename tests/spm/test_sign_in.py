"""Signing in: by e-mail and password, with a second factor, and by nobody who was not let in."""

import re

import pytest
import time_machine
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from tests.builders import make_company, make_person

PASSWORD = "correct horse battery"
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _fresh_limits():
    """Limits and used codes forgotten; the clock stands, so that no code ends between making and typing it."""
    cache.clear()
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False):
        yield


@pytest.fixture
def person(company):
    return make_person("Rep One", password=PASSWORD)


def sign_in(client, email="rep.one@example.com", password=PASSWORD):
    return client.post(LOGIN, {"login": email, "password": password})


def code_of(secret):
    return f"{hotp_value(secret, next(yield_hotp_counters_from_time())):06d}"


@pytest.fixture
def secret(person):
    """The TOTP secret of the person's active authenticator."""
    made = generate_totp_secret()
    TOTP.activate(person, made)
    return made


def body(response):
    """The page without its tokens, which differ each time."""
    return re.sub(r'(name="csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"', "", response.content.decode())


def is_signed_in(client):
    return "_auth_user_id" in client.session


def test_people_sign_in_by_e_mail_whatever_its_case(client, person):
    assert sign_in(client, "REP.One@Example.com").status_code == 302
    assert is_signed_in(client)


def test_a_wrong_password_is_refused(client, person):
    assert sign_in(client, password="wrong horse battery").status_code == 200
    assert not is_signed_in(client)


def test_an_unknown_address_gets_the_same_answer_as_a_wrong_password(client, person):
    wrong = body(sign_in(client, password="wrong horse battery"))
    unknown = body(sign_in(client, email="rep.two@example.com"))
    assert wrong.replace("rep.one", "rep.two") == unknown


def test_a_deactivated_person_does_not_get_in(client, company):
    make_person("Gone", is_active=False, password=PASSWORD)
    sign_in(client, "gone@example.com")
    assert not is_signed_in(client)


def test_nobody_registers_by_themselves(client, company):
    assert b"By invitation" in client.get("/accounts/signup/").content
    answer = client.post("/accounts/signup/", {"email": "new@example.com", "password1": PASSWORD})
    assert b"By invitation" in answer.content
    assert not is_signed_in(client)


def test_the_sixth_attempt_within_five_minutes_is_stopped(client, person):
    for _attempt in range(5):
        sign_in(client, password="wrong horse battery")
    sign_in(client)
    assert not is_signed_in(client)


def test_too_many_requests_get_a_page_in_words(client, company):
    answers = [client.post("/accounts/password/reset/", {"email": "a@example.com"}) for _ in range(6)]
    assert answers[-1].status_code == 429
    assert b"Too many attempts" in answers[-1].content


def test_the_second_factor_is_asked_for(client, person, secret):
    assert sign_in(client).url == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert is_signed_in(client)


def test_a_code_works_once(client, person, secret):
    code = code_of(secret)
    for expected in (True, False):
        client.logout()
        sign_in(client)
        client.post(reverse("mfa_authenticate"), {"code": code})
        assert is_signed_in(client) is expected


def test_the_secret_is_not_stored_in_clear(person, secret):
    stored = Authenticator.objects.get(user=person).data["secret"]
    assert secret not in stored
    assert get_adapter().decrypt(stored) == secret


def test_a_reset_mails_a_link_that_leads_to_a_new_password(client, person, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/password/reset/", {"email": person.email})
    link = re.search(r"https?://\S+?(/accounts/password/reset/key/\S+)", mail.outbox[0].body)[1]
    form = client.get(link, follow=True)
    assert b"Choose a new password" in form.content
    client.post(form.request["PATH_INFO"], {"password1": "another horse battery", "password2": "another horse battery"})
    sign_in(client, password="another horse battery")
    assert is_signed_in(client)


def test_a_reset_for_an_unknown_address_says_the_same(client, person):
    known = client.post("/accounts/password/reset/", {"email": person.email}, follow=True)
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.com"}, follow=True)
    assert body(known) == body(unknown)


def test_a_used_link_is_explained(client, company):
    assert b"no longer works" in client.get("/accounts/password/reset/key/1-abc-def/").content


@pytest.mark.parametrize(
    "name",
    [
        "account_change_password",
        "mfa_index",
        "mfa_activate_totp",
        "usersessions_list",
        "account_logout",
        "account_reauthenticate",
    ],
)
def test_the_pages_about_signing_in_are_ours(client, person, name):
    sign_in(client)
    answer = client.get(reverse(name), follow=True)
    assert answer.status_code == 200
    assert b"css/app.css" in answer.content


def test_recovery_codes_are_shown_after_the_password_is_given_again(client, person, secret):
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert client.post(reverse("mfa_generate_recovery_codes")).url.startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("mfa_generate_recovery_codes"))
    page = client.get(reverse("mfa_view_recovery_codes"), follow=True).content.decode()
    codes = Authenticator.objects.get(user=person, type="recovery_codes").wrap().get_unused_codes()
    assert len(codes) == 10
    assert all(code in page for code in codes)


def test_nobody_changes_their_own_address(client, person):
    sign_in(client)
    assert client.get("/accounts/email/").status_code == 404


class TestDemo:
    @pytest.fixture
    def demo(self, settings, cast):
        settings.DEMO = True
        make_company(is_demo=True)
        return cast

    def test_the_sign_in_page_offers_each_role_and_everybody(self, client, demo):
        people = client.get(LOGIN).context["shell"].demo_people
        assert [str(role.label) for role in people.roles] == ["Admin", "Manager", "Rep"]
        assert demo.deactivated not in people.everybody

    def test_one_click_signs_in(self, client, demo):
        client.post("/accounts/demo/", {"person": demo.rep.pk})
        assert client.session["_auth_user_id"] == str(demo.rep.pk)

    @pytest.mark.parametrize("key", ["", "x", "²", "999999", "9" * 5_000])
    def test_a_wrong_key_signs_nobody_in(self, client, demo, key):
        assert client.post("/accounts/demo/", {"person": key}).status_code in (302, 404)
        assert not is_signed_in(client)

    def test_a_deactivated_person_is_not_offered(self, client, demo):
        assert client.post("/accounts/demo/", {"person": demo.deactivated.pk}).status_code == 404

    @pytest.mark.parametrize(("started_as_demo", "demo_company"), [(True, False), (False, True), (False, False)])
    def test_elsewhere_the_address_does_not_exist(self, client, settings, cast, started_as_demo, demo_company):
        settings.DEMO = started_as_demo
        make_company(is_demo=demo_company)
        assert client.post("/accounts/demo/", {"person": cast.admin.pk}).status_code == 404
        assert client.get(LOGIN).context["shell"].demo_people is None

    def test_without_the_setting_an_admin_of_the_demo_company_alone_looks_at_it_as_somebody_else(self, client, cast):
        make_company(is_demo=True)
        client.force_login(cast.rep)
        assert client.post("/accounts/demo/", {"person": cast.admin.pk}).status_code == 404
        client.force_login(cast.admin)
        client.post("/accounts/demo/", {"person": cast.north_manager.pk})
        assert client.session["_auth_user_id"] == str(cast.north_manager.pk)
