"""Passwords, sessions and second factors: what ends them, what they survive, and what is never skipped."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from cryptography.fernet import InvalidToken
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from spm.org import clock, people
from spm.org.choices import AuditKind
from spm.org.models import AuditEntry, User
from tests.builders import make_company, make_person

PASSWORD = "correct horse battery"
OURS = "/settings/"


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False):
        yield


@pytest.fixture
def person(company):
    make_company(name="Norvik Industrial", require_admin_mfa=False)
    make_person("Other Admin", is_admin=True)
    return make_person("Rep One", password=PASSWORD)


def signed_in(password=PASSWORD):
    """A browser of its own, signed in."""
    client = Client()
    client.post("/accounts/login/", {"login": "rep.one@example.com", "password": password})
    return client


def code_of(secret):
    return f"{hotp_value(secret, next(yield_hotp_counters_from_time())):06d}"


def is_in(client):
    return client.get(OURS).status_code == 200


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("elevenchars", False),
        ("twelve chars", True),
        ("x9 " * 42 + "ab", True),  # 128
        ("x9 " * 43, False),  # 129
        ("only lower case letters", True),
        ("日本語の長いパスワードです", True),
        ("  blanks at both ends  ", True),
        ("1q2w3e4r5t6y", False),  # common
        ("qwertyuiopasdfghjkl", True),
        ("qwerty123456", False),  # common
        ("rep.one@example.com", False),  # the address
        ("rep.one.example.com", False),
        ("my norvik password", False),  # the company
        ("NORVIK-2026-winter", False),
        ("industrial strength", False),
    ],
)
def test_passwords_are_judged_by_length_and_by_what_others_would_guess(person, password, is_good):
    assert accepts(password, person) is is_good


def accepts(password, person):
    try:
        validate_password(password, person)
    except ValidationError:
        return False
    return True


def test_a_password_of_129_characters_is_refused_in_words(person):
    client, long = signed_in(), "x9 " * 43
    told = client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": long, "password2": long}
    )
    assert b"at most 128 characters" in told.content


def test_a_new_session_gets_a_new_id(person):
    client = Client()
    client.get("/accounts/login/")
    client.session["kept"] = True
    client.session.save()
    before = client.session.session_key
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert client.session.session_key != before


def test_one_session_is_ended_by_another(person):
    here, there, third = signed_in(), signed_in(), signed_in()
    session = person.usersession_set.get(session_key=there.session.session_key)
    assert f"/accounts/sessions/{session.pk}/end/" in here.get(reverse("usersessions_list")).content.decode()
    here.post(reverse("org:session-end", args=[session.pk]))
    assert [is_in(client) for client in (here, there, third)] == [True, False, True]


def test_nobody_ends_the_session_of_somebody_else(person, client):
    there = signed_in()
    session = person.usersession_set.get(session_key=there.session.session_key)
    client.force_login(make_person("Somebody Else"))
    assert client.post(reverse("org:session-end", args=[session.pk])).status_code == 404
    assert is_in(there)


def test_all_other_sessions_are_ended_at_once(person):
    here, there, third = signed_in(), signed_in(), signed_in()
    here.post(reverse("usersessions_list"))
    assert [is_in(client) for client in (here, there, third)] == [True, False, False]


def test_an_admin_ends_all_sessions_of_a_person(person):
    """And of that person alone; they sign in again, and the log says who did it."""
    here, there, admin = signed_in(), signed_in(), Client()
    admin.force_login(User.objects.get(name="Other Admin"))
    assert "2 browsers are signed in" in admin.get(reverse("setup:person", args=[person.pk])).content.decode()

    answer = admin.post(reverse("setup:person-sign-out", args=[person.pk]), follow=True)

    assert "Rep One is signed out everywhere." in answer.content.decode()
    assert [is_in(client) for client in (here, there, admin)] == [False, False, True]
    assert is_in(signed_in())
    entry = AuditEntry.objects.filter(kind=AuditKind.SIGN_OUT, subject=person.email).get()
    assert (entry.actor.name, entry.detail) == ("Other Admin", {"sessions": 2})


def test_nobody_but_an_admin_ends_the_sessions_of_others_and_no_admin_the_own_that_way(person):
    here, admin = signed_in(), Client()
    other = User.objects.get(name="Other Admin")
    admin.force_login(other)
    assert here.post(reverse("setup:person-sign-out", args=[other.pk])).status_code == 403
    assert admin.post(reverse("setup:person-sign-out", args=[other.pk])).status_code == 403
    assert [is_in(client) for client in (here, admin)] == [True, True]


def test_a_new_password_ends_the_other_sessions(person):
    here, there = signed_in(), signed_in()
    new = "another horse battery"
    here.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert [is_in(client) for client in (here, there)] == [True, False]


def test_sessions_of_a_deactivated_person_end_with_the_next_request(person):
    here, there = signed_in(), signed_in()
    people.leave(person, left_on=clock.today() - timedelta(days=1))
    assert [is_in(client) for client in (here, there)] == [False, False]
    people.leave(person, left_on=clock.today())
    assert is_in(signed_in())


def test_a_reset_does_not_skip_the_second_factor(client, person, django_capture_on_commit_callbacks):
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/password/reset/", {"email": person.email})
    link = re.search(r"https?://\S+?(/accounts/password/reset/key/\S+)", mail.outbox[0].body)[1]
    form, new = client.get(link, follow=True), "another horse battery"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert not is_in(client)
    answer = client.post("/accounts/login/", {"login": person.email, "password": new})
    assert (answer.url, is_in(client)) == (reverse("mfa_authenticate"), False)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert is_in(client)


def test_a_change_of_the_second_factor_asks_for_the_password_first(person):
    client = signed_in()
    with time_machine.travel("2026-11-23T10:06:00Z", tick=False):
        assert client.get(reverse("mfa_activate_totp")).url.startswith(reverse("account_reauthenticate"))


def test_secrets_outlive_a_change_of_the_key_and_are_written_under_the_new_one(person, settings):
    old, new = settings.SECRET_KEY, "n" * 10 + "ew key of this installation, as long as the one before it"
    kept = get_adapter().encrypt("totp secret")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = new, [old]
    assert get_adapter().decrypt(kept) == "totp secret"
    again = get_adapter().encrypt(get_adapter().decrypt(kept))
    settings.SECRET_KEY_FALLBACKS = []
    assert get_adapter().decrypt(again) == "totp secret"
    with pytest.raises(InvalidToken):
        get_adapter().decrypt(kept)


def test_a_second_factor_made_under_the_old_key_signs_in_once_more_and_is_written_under_the_new_one(person, settings):
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    assert secret not in str(Authenticator.objects.get(user=person).data)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "k" * 60, [settings.SECRET_KEY]
    for fallbacks in (settings.SECRET_KEY_FALLBACKS, []):  # after that sign-in the old key may go
        settings.SECRET_KEY_FALLBACKS = fallbacks
        cache.clear()
        client = signed_in()
        client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
        assert is_in(client)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/128.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/128.0 Safari/537.36 Edg/128.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) CriOS/128.0 Safari/604.1", "Chrome on iPhone"),
        (
            "Mozilla/5.0 (Linux; Android 14) SamsungBrowser/25.0 Chrome/121.0 Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("curl/8.9", "Another browser"),
        ("", "Another browser"),
    ],
)
def test_a_session_shows_its_browser_by_name(person, said, name):
    client = signed_in()
    person.usersession_set.update(user_agent=said)
    page = client.get(reverse("usersessions_list")).content.decode()
    assert f">{name}</th>" in page
    assert "This device" in page
