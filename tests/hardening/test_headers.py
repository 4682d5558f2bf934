"""Security headers on every answer: pages, redirects, refusals, files, errors. reliability.md §3: 3.4, 14.3.2."""

import pytest
from django.test import Client

from tests.access.world import rolled_back
from tests.hardening.addresses import addresses

pytestmark = pytest.mark.django_db


def faults(response, *, is_private: bool) -> list[str]:
    """What is missing or too open in the headers of one answer."""
    headers = response.headers
    policy = headers.get("Content-Security-Policy", "")
    caching = headers.get("Cache-Control", "")
    checks = {
        "default-src 'none'": "default-src 'none'" in policy,
        "nothing unsafe in the policy": "unsafe" not in policy and "*" not in policy,
        "frame-ancestors 'none'": "frame-ancestors 'none'" in policy,
        "base-uri 'none'": "base-uri 'none'" in policy,
        "nosniff": headers.get("X-Content-Type-Options") == "nosniff",
        "Referrer-Policy": headers.get("Referrer-Policy") == "same-origin",
        "X-Frame-Options": headers.get("X-Frame-Options") == "DENY",
        "Cross-Origin-Opener-Policy": headers.get("Cross-Origin-Opener-Policy") == "same-origin",
        "no-store, private": not is_private or ("no-store" in caching and "private" in caching),
        "no server named": "Server" not in headers and "X-Powered-By" not in headers,
    }
    return [what for what, holds in checks.items() if not holds]


@pytest.mark.parametrize("actor", ["anonymous", "owner", "admin"])
def test_every_answer_carries_the_security_headers(world, actor):
    wrong = []
    for _, url in addresses(world, ("own", "missing")):
        client = world.client(actor)  # one each: some pages sign out
        for method in ("get", "post"):
            with rolled_back():
                response = getattr(client, method)(url)
            missing = faults(response, is_private=response.wsgi_request.user.is_authenticated)
            wrong += [f"{method.upper()} {url} {response.status_code}: {what}" for what in missing]
    assert wrong == []


@pytest.mark.parametrize("actor", ["anonymous", "owner", "admin"])
def test_an_address_that_does_not_exist_carries_them_too(world, actor):
    for url in ("/no/such/page/", "/static/no-such-file.css", "/targets", "/%00/", "/.git/config", "/.env"):
        response = world.client(actor).get(url)
        assert not faults(response, is_private=False), url


def test_a_crash_carries_them_too(world, monkeypatch):
    def crash(*args, **kwargs):
        raise ZeroDivisionError

    client = world.client("admin")
    client.raise_request_exception = False
    monkeypatch.setattr("spm.dashboards.views_personal.find", crash)
    response = client.get("/search/?q=x")
    assert response.status_code == 500
    assert not faults(response, is_private=True)


def test_a_forged_form_is_refused_under_the_same_headers(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.users["admin"], backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post("/settings/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert not faults(response, is_private=True)
