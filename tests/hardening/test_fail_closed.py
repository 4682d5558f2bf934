"""An error in a rule or in the middle of a change: nothing is shown, and nothing is written. ASVS 16.5.3."""

import sys
from datetime import date

import pytest
from allauth.usersessions.models import UserSession
from django.urls import reverse

from spm.org import scopes
from targets.plans import working_plan
from tests.access.world import rolled_back
from tests.builders import make_year
from tests.hardening.addresses import addresses
from tests.hardening.test_unsafe_methods import digests

pytestmark = pytest.mark.django_db


class Broken(Exception):
    """What nobody has foreseen."""


def breaks(*args, **kwargs):
    raise Broken


def break_everywhere(monkeypatch, function):
    """The function fails wherever it was imported to; in how many modules."""
    found = [module for module in list(sys.modules.values()) if getattr(module, function.__name__, None) is function]
    for module in found:
        monkeypatch.setattr(module, function.__name__, breaks)
    return len(found)


def client_of(world, actor):
    client = world.client(actor)
    client.raise_request_exception = False
    return client


def read(client, url):
    """Whether an address fails, and what is read of it; a file that breaks off fails too."""
    answer, body = client.get(url), b""
    try:
        for part in answer if answer.streaming else [answer.content]:
            body += part
    except Broken:
        return True, body.decode(errors="replace")
    return answer.status_code == 500, body.decode(errors="replace")


@pytest.mark.parametrize("actor", ["admin", "director"])
def test_while_the_rule_of_what_one_sees_is_broken_no_page_shows_anything(world, monkeypatch, actor):
    """Every page and file: an error that says nothing, or what it says to everybody; never the numbers after all."""
    urls = {url for _name, url in addresses(world, ("own", "team"))}
    names = [user.name for key, user in world.users.items() if user and key != actor and len(user.name) > 5]
    shown = {url: read(client_of(world, actor), url)[1] for url in sorted(urls)}
    assert sum(any(name in body for name in names) for body in shown.values()) > 40
    assert break_everywhere(monkeypatch, scopes.scope_of) > 5
    closed, told = [], []
    for url in shown:
        fails, body = read(client_of(world, actor), url)
        closed += [url] if fails else []
        told += [f"{url} names {name}" for name in names if name in body]
    assert told == []
    assert len(closed) > 60


def test_while_the_rule_is_broken_no_form_writes(world, monkeypatch):
    """Every address is sent a form: an error leaves all tables as they were."""
    client_of(world, "director")  # signed in before the rule breaks
    break_everywhere(monkeypatch, scopes.scope_of)
    before, failed, written = digests(), [], []
    for _name, url in addresses(world, ("own", "team")):
        client = client_of(world, "director")
        with rolled_back():
            if client.post(url, {"amount": "1", "name": "Changed"}).status_code == 500:
                failed.append(url)
                written += [url] if digests() != before else []
    assert written == []
    assert len(failed) > 60


def left(world):
    return reverse("setup:person-leave", args=[world.users["owner"].pk]), {"left_on": "2026-09-30"}


def signed_out(world):
    return reverse("setup:person-sign-out", args=[world.users["owner"].pk]), {}


@pytest.mark.parametrize(
    ("form", "late"),
    [(left, "spm.org.people.place_member"), (left, "spm.org.people.ends_of"), (signed_out, "spm.org.audit._append")],
)
def test_a_change_that_fails_in_its_middle_has_not_happened(world, monkeypatch, form, late):
    """``late``: what comes after something is written; without the error the same form does write."""
    url, data = form(world)
    client = client_of(world, "admin")
    UserSession.objects.create(user=world.users["owner"], session_key="a" * 32, ip="127.0.0.1")
    before, sessions = digests(), UserSession.objects.count()
    with rolled_back():
        assert client.post(url, data).status_code == 302
        assert (digests(), UserSession.objects.count()) != (before, sessions)
    monkeypatch.setattr(late, breaks)
    with rolled_back():
        assert client.post(url, data).status_code == 500
        assert (digests(), UserSession.objects.count()) == (before, sessions)


@pytest.mark.parametrize(
    "late", ["targets.goals.note_goals", "targets.goals.mark_stale", "targets.batches.GoalBatch.save"]
)
def test_numbers_of_the_plan_that_fail_in_their_middle_are_not_there(client, cast, year, monkeypatch, late):
    plan = working_plan(make_year("2027", date(2027, 1, 1)))
    client.force_login(cast.admin)
    client.raise_request_exception = False
    url = reverse("targets:company", args=["2027"])
    cells = {f"c:bookings::{plan.fiscal_year.periods.get(label='2027').pk}": "1200", "seen": "0", "was": "{}"}
    before = digests()
    with monkeypatch.context() as broken:
        broken.setattr(late, breaks)
        assert client.post(url, cells).status_code == 500
    assert digests() == before
    assert client.post(url, cells).status_code == 302
    assert digests() != before
