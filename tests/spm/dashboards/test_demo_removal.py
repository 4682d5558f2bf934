"""Taking the demo company away leaves the database as ``migrate`` leaves it, guards included."""

from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from spm.dashboards import demo
from spm.dashboards.norvik import cast
from spm.errors import RuleViolation
from spm.market.models import Territory
from spm.org import audit, guards, invitations, verification
from spm.org.choices import AuditKind
from spm.org.models import AuditEntry, Company, Team, User
from tests.builders import make_account, make_company, make_person, make_quota, make_team, make_territory, make_year


@pytest.fixture
def demo_company(transactional_db):
    """A demo company with a little of everything, history rows and an audit entry among it."""
    company = make_company(is_demo=True)
    rep = make_person("Rep", team=make_team("North"))
    make_account(owner=rep)
    make_territory(owner=rep)
    make_year()
    make_quota(rep, "2026-01", 100)
    audit.record(AuditKind.SETTINGS, actor=rep)
    return company


def test_removal_leaves_nothing_but_the_sentinels(demo_company):
    demo.remove()
    assert demo.is_empty()
    assert not Company.objects.exists()
    assert not Team.objects.exists()
    assert not AuditEntry.objects.exists()
    assert [person.is_house for person in User.objects.all()] == [True]
    assert [territory.is_unassigned for territory in Territory.objects.all()] == [True]


def test_the_guards_are_back_after_a_removal(demo_company):
    demo.remove()
    assert guards.missing(connection) == []
    entry = audit.record(AuditKind.SETTINGS, actor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).delete()


def test_an_admin_of_the_demo_removes_it_and_goes_on_as_first_admin(demo_company, client):
    client.force_login(make_person("Admin", email=cast.ADMIN.email, is_admin=True))
    answer = client.post("/setup/demo/remove/", follow=True)
    assert demo.is_empty()
    assert answer.redirect_chain[0][0].startswith("/accounts/invitation/")
    assert answer.status_code == 200
    assert "manage.py admin_link</code>" in answer.content.decode()


def test_a_lost_link_of_the_first_admin_is_printed_anew_and_the_old_one_ends(demo_company, client, capsys, settings):
    settings.BASE_URL = "http://127.0.0.1:8000"  # put back after the test
    client.force_login(make_person("Admin", email=cast.ADMIN.email, is_admin=True))
    shown = client.post("/setup/demo/remove/").url
    assert "Nobody can sign in yet." in client.get("/accounts/login/").content.decode()
    call_command("admin_link", port=8123)
    printed = capsys.readouterr().out.strip()
    assert printed.startswith("http://127.0.0.1:8123/accounts/invitation/")
    assert client.get(shown).status_code == 404
    told = {"email": "ada@example.com", "name": "Ada", "password": "much-better-2026"}
    page = client.post(urlsplit(printed).path, told)
    assert page.status_code == 302, page.content.decode()
    assert User.objects.get(email="ada@example.com").is_admin
    with pytest.raises(CommandError, match="There is an admin already"):
        call_command("admin_link")
    client.logout()
    assert "Nobody can sign in yet." not in client.get("/accounts/login/").content.decode()


def test_the_way_to_a_fresh_link_names_the_data_folder_where_it_is_not_the_usual_one(settings):
    settings.DATABASE_URL, settings.DATA_DIR = "", settings.BASE_DIR / "var" / "main"
    assert invitations.link_command() == "python3 -m uv run manage.py admin_link"
    settings.DATA_DIR = settings.BASE_DIR / "var" / "demo"
    assert invitations.link_command() == "SPM_DATA_DIR=var/demo python3 -m uv run manage.py admin_link"
    settings.DATABASE_URL = "postgres://spm@127.0.0.1/spm"
    assert invitations.link_command() == "python3 -m uv run manage.py admin_link"


def test_an_admin_of_ones_own_outlives_the_demo_and_stays_signed_in(demo_company, client, other_browser):
    admin = make_person("Ada", is_admin=True)
    TOTP.activate(admin, generate_totp_secret())
    client.force_login(admin)
    answer = client.post("/setup/demo/remove/", follow=True)
    assert answer.redirect_chain == [("/setup/welcome/", 302)]
    assert demo.is_empty(but=admin)
    assert list(User.objects.people()) == [admin]
    assert Authenticator.objects.get().user == admin
    assert "Start empty" in answer.content.decode()
    assert other_browser.get("/").status_code == 302  # the rep's session is gone
    assert list(AuditEntry.objects.values_list("kind", "actor")) == [(AuditKind.DEMO_REMOVED, admin.pk)]
    assert [breach for found in verification.run_all() for breach in found.breaches] == []


@pytest.fixture
def other_browser(demo_company):
    """A browser in which the rep of the demo is signed in."""
    browser = Client()
    browser.force_login(User.objects.get(name="Rep"))
    return browser


def test_a_rep_does_not_remove_the_demo(demo_company, client):
    client.force_login(User.objects.get(name="Rep"))
    assert client.post("/setup/demo/remove/").status_code == 403
    assert demo.is_loaded()


def test_a_company_that_is_no_demo_is_never_removed(transactional_db):
    make_company(name="Real Ltd")
    with pytest.raises(RuleViolation, match="Only the demo company"):
        demo.remove()
    assert Company.objects.get().name == "Real Ltd"


@pytest.mark.parametrize("role", ["rep", "admin"])
def test_the_banner_tells_everybody_how_to_start_with_an_empty_company(demo_company, client, role):
    people = {"rep": User.objects.get(name="Rep"), "admin": make_person("Admin", is_admin=True, email=cast.ADMIN.email)}
    client.force_login(people[role])
    banner = client.get("/settings/").content.decode().split('role="note"')[1].split("</div>")[0]
    assert "Demo company Testing Ltd: its clock stands at" in banner
    wide, narrow = banner.split("<details", 1)  # a phone has it behind one line
    assert "<code>manage.py up</code>" in wide
    assert "<code>manage.py up</code>" in narrow
