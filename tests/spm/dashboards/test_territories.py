"""The list of territories: who holds them, and which of them are only the roof of others."""

import pytest

from tests.builders import make_quota, make_territory

pytestmark = pytest.mark.django_db


def test_a_territory_above_others_is_not_vacant(client, year, cast):
    region = make_territory("Nordics")
    make_territory("Finland", parent=region)
    make_quota(cast.rep, "2026-01", 100)
    client.force_login(cast.admin)
    page = client.get("/territories/").context["page"]
    assert page.vacant == 1
    assert {row.name: row.is_region for row in page.rows} == {"Nordics": True, "Finland": False}
