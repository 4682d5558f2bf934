"""Pages that name no object, before there is a company: they open, and say what is missing."""

from functools import partial

import pytest
from django.urls import reverse

from tests.access.policy import SHOWN
from tests.access.routes import ROUTES
from tests.builders import make_company, make_person

pytestmark = pytest.mark.django_db


def plain_pages() -> list[str]:
    """Addresses that a GET opens and that take no argument."""
    found = []
    for name, access in ROUTES.items():
        if access.get("admin", "own") == SHOWN and not (access.kinds or access.query):
            found.append(reverse(name))
    return sorted(found)


def asked(client, address: str) -> tuple[int, str]:
    answer = client.get(address)
    body = "" if answer.streaming else answer.content.decode(errors="replace")
    return answer.status_code, body


@pytest.fixture
def admin(client, db):
    client.force_login(make_person("Ada", is_admin=True))
    return client


def test_an_admin_finds_every_page_open_before_there_is_a_company(admin):
    opened = {address: asked(admin, address) for address in plain_pages()}
    assert len(opened) > 30
    assert {address: status for address, (status, _body) in opened.items() if status not in (200, 302)} == {}
    assert [address for address, (_status, body) in opened.items() if "no fiscal calendar yet" in body] == []
    assert "The company is not set up yet" in opened["/territories/accounts/"][1]
    assert "Name the company and its currency first" in opened["/performance/"][1]


def test_with_a_company_it_is_the_fiscal_calendar_that_is_missing(admin):
    make_company()
    page = partial(asked, admin)
    assert "There is no fiscal calendar yet" in page("/performance/")[1]
    assert "The company is not set up yet" not in page("/performance/")[1]
    assert page("/territories/accounts/")[0] == 200


def test_an_import_leads_to_the_form_of_the_company_first(admin):
    answer = admin.get(reverse("imports:create", args=["people"]), follow=True)
    assert answer.redirect_chain == [(reverse("setup:company"), 302)]
    assert "Name the company and its currency first; files are loaded into it." in answer.content.decode()
    make_company()
    assert admin.get(reverse("imports:create", args=["people"])).status_code == 200
