"""Who changes something shows a token; who only reads changes nothing. reliability.md §3: 3.5.1, 3.5.3."""

import hashlib

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from tests.access.routes import ROUTES
from tests.access.sweep import address
from tests.access.world import rolled_back
from tests.hardening.addresses import addresses

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
OURS = ("spm.", "targets", "territories")
NOT_BUSINESS = {"org_auditentry"}  # reading an export is an entry there, on purpose


@pytest.mark.parametrize("actor", ["anonymous", "owner", "admin"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_unsafe_request_passes_without_its_token(world, actor, method):
    client, wrong = Client(enforce_csrf_checks=True), []
    if world.users[actor]:
        client.force_login(world.users[actor], backend=BACKEND)
    for name, access in ROUTES.items():
        with rolled_back():
            response = getattr(client, method)(address(name, access, world, "own"))
        if response.status_code not in (403, 404, 405):
            wrong.append(f"{name}: {response.status_code}")
        if method == "post" and access.post and response.status_code not in (403, 404):
            wrong.append(f"{name} takes a POST without a token: {response.status_code}")
    assert wrong == []


def test_a_token_of_another_session_does_not_help(world):
    stranger, client = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    stranger.get("/accounts/login/")
    foreign = stranger.cookies["csrftoken"].value
    client.force_login(world.users["owner"], backend=BACKEND)
    client.get("/settings/")
    assert client.cookies["csrftoken"].value != foreign
    assert client.post("/settings/theme/", {"theme": "dark", "csrfmiddlewaretoken": foreign}).status_code == 403


def business_tables() -> list[str]:
    models = [
        model for config in apps.get_app_configs() if config.name.startswith(OURS) for model in config.get_models()
    ]
    return sorted({model._meta.db_table for model in models} - NOT_BUSINESS)


def digests() -> dict[str, str]:
    """One hash per business table over all its rows."""
    found = {}
    with connection.cursor() as cursor:
        for table in business_tables():
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = sorted(repr(row) for row in cursor.fetchall())
            found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


@pytest.mark.parametrize("actor", ["admin", "owner"])
def test_reading_every_page_and_file_changes_no_business_table(world, actor):
    client = world.client(actor)
    before = digests()
    for name, url in addresses(world, ("own", "team")):
        client.get(url, headers={"HX-Request": "true"} if ROUTES[name].htmx else {})
    assert digests() == before


def test_the_digests_notice_a_changed_row(world):
    client = world.client("owner")
    before = digests()
    client.post("/settings/theme/", {"theme": "dark"})
    assert [table for table, digest in digests().items() if digest != before[table]] == ["org_user"]
