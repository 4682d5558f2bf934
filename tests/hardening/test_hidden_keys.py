"""A write that names what its sender may not see is refused, and nothing is written (reliability INV-38)."""

from datetime import date

import pytest
from django.urls import reverse

from spm.org.models import Period
from targets.plans import working_plan
from tests.builders import make_year
from tests.hardening.test_unsafe_methods import digests

pytestmark = pytest.mark.django_db
REFUSED = {302, 400, 403, 404, 405, 409, 422}  # 302: back to a page that says why


@pytest.fixture
def planned(world):
    """The world, with next year's plan open."""
    working_plan(make_year("2027", date(2027, 1, 1)))
    return world


def key(kind, person):
    return f"c:{kind}:{person}:{Period.objects.get(level='year', label='2027').pk}"


def hidden_writes(world, relation):
    """Address and fields of every write that a manager or a rep can send, with keys of that relation in them."""
    o = {kind: rows[relation] for kind, rows in world.objects.items()}
    year = "/targets/2027"
    cell, team_cell = key("person", o["person"]), key("team", o["team"])
    return [
        (f"{year}/allocate/", {cell: "5", "was": "{}", "seen": "0"}),
        (f"{year}/allocate/", {team_cell: "5", "was": "{}", "seen": "0"}),
        (f"{year}/allocate/spread/", {"node": o["team"], "method": "even", "total": "5", "apply": "1", "seen": "0"}),
        (f"{year}/allocate/hold/", {"cell": cell}),
        (f"{year}/allocate/hold/", {"release": team_cell}),
        (f"{year}/allocate/undo/", {"batch": "1"}),
        (f"{year}/company/", {key("person", o["person"]): "5", "was": "{}", "seen": "0"}),
        (f"/targets/2026/quotas/{o['person']}/answer/", {"verb": "agree"}),
        (f"/targets/2026/quotas/{o['person']}/decide/", {"verb": "approve"}),
        (f"{year}/review/send/", {"letter": o["person"], "letters": o["person"]}),
        (f"{year}/propose/", {"team": o["team"], "measure": "bookings", "amount": "5"}),
        (f"/targets/2026/revisions/{o['revision']}/decide/", {"verb": "approve", "decision": "approve"}),
        (reverse("talk:say"), {"anchor": "letter", "key": o["letter"], "text": "Hello"}),
        (f"/setup/people/{o['person']}/place/", {"team": o["team"], "starts_on": "2026-01-01"}),
        (f"/setup/people/{o['person']}/leave/", {"left_on": "2026-01-01"}),
        (f"/setup/teams/{o['team']}/lead/", {"person": o["person"], "starts_on": "2026-01-01"}),
        (f"/setup/territories/{o['territory']}/assign/", {"person": o["person"], "starts_on": "2026-01-01"}),
    ]


@pytest.mark.parametrize("actor", ["owner", "manager", "former"])
@pytest.mark.parametrize("relation", ["other", "missing"])
def test_inv_38_a_write_that_names_what_one_may_not_see_writes_nothing(planned, actor, relation):
    client, before = planned.client(actor), digests()
    for url, fields in hidden_writes(planned, relation):
        answer = client.post(url, {name: value for name, value in fields.items() if value is not None})
        assert answer.status_code in REFUSED, (actor, url, answer.status_code)
    after = digests()
    assert [table for table in before if before[table] != after[table]] == []


def test_inv_38_the_same_write_of_what_one_does_manage_is_stored(planned):
    before = digests()
    cell = key("person", planned.objects["person"]["own"])
    planned.client("manager").post("/targets/2027/allocate/", {cell: "5", "was": "{}", "seen": "0"})
    assert {table for table, digest in digests().items() if digest != before[table]} >= {"targets_quota"}
