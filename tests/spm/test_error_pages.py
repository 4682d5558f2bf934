"""Plain pages where something went wrong, even without a database."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.test import Client
from django.urls import path
from django.views.decorators.csrf import csrf_protect

from spm import urls


def raising(error):
    def view(request):
        raise error

    return view


handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
urlpatterns = [
    path("bad/", raising(SuspiciousOperation("x"))),
    path("forbidden/", raising(PermissionDenied)),
    path("broken/", raising(ValueError("a private note"))),
    path("away/", raising(OperationalError("database is locked"))),
    path("form/", csrf_protect(raising(ValueError))),
]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def client():
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


@pytest.mark.parametrize(
    ("address", "status", "title"),
    [
        ("/bad/", 400, "This request could not be read"),
        ("/forbidden/", 403, "This page is not for your role"),
        ("/nowhere/", 404, "There is nothing here for you"),
        ("/broken/", 500, "Something went wrong on our side"),
        ("/away/", 503, "SPM cannot reach its data at the moment"),
    ],
)
def test_each_error_has_its_plain_page(client, address, status, title):
    response = client.get(address)
    assert response.status_code == status
    assert f'<h1 class="mb-2">{title}</h1>' in response.content.decode()


def test_a_refused_action_says_that_nothing_was_changed():
    told = Client().post("/forbidden/").content.decode()
    assert "You may not do this" in told
    assert "nothing was changed" in told


def test_an_expired_form_is_explained(client):
    assert "This page was open for too long" in client.post("/form/").content.decode()


def test_an_outage_tells_when_to_come_back(client):
    assert client.get("/away/").headers["Retry-After"] == "30"


def test_an_error_page_tells_nothing_of_the_error(client):
    assert "private" not in client.get("/broken/").content.decode()


@pytest.mark.parametrize("address", ["/bad/", "/forbidden/", "/nowhere/", "/broken/", "/away/"])
def test_error_pages_carry_the_security_headers(client, address):
    headers = client.get(address).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
