"""The demo in a real browser: each role signs in with one click and sees its own numbers."""

import pytest
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from spm.dashboards import demo, demo_people
from spm.dashboards.norvik import cast
from spm.jobs.queue import in_process

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo_site(django_db_setup, django_db_blocker):
    """A live server with the demo company, loaded once for all tests here and taken away after them."""
    with django_db_blocker.unblock(), override_settings(DEMO=True), in_process():
        demo.build(demo.Phases(report=lambda _line: None))
        server = LiveServer("localhost")
        yield server.url
        server.stop()
        demo.remove()


@pytest.mark.django_db
def test_the_sign_in_page_offers_the_three_roles_of_the_story(demo_site):
    offered = demo_people.offered()
    assert [role.person.email for role in offered.roles] == list(cast.ROLES.values())


def sign_in_as(page, address, role):
    page.goto(address)
    page.get_by_role("button", name=role).click()
    page.wait_for_url(f"{address}/")


@pytest.mark.parametrize(
    ("role", "expected"),
    [("Admin", "Norvik Industrial"), ("Manager", "South"), ("Rep", "Baptiste Lavernhe")],
)
def test_each_role_signs_in_with_one_click(demo_site, page, role, expected):
    sign_in_as(page, demo_site, role)
    assert page.get_by_role("navigation").first.is_visible()
    assert expected in page.content()


def test_the_manager_reads_that_the_team_is_behind(demo_site, page):
    sign_in_as(page, demo_site, "Manager")
    page.goto(f"{demo_site}/performance/?period=2026&measure=bookings")
    row = page.get_by_role("row").filter(has_text="Baptiste Lavernhe").filter(has_text="1,699.7").first
    assert "−694.3" in row.inner_text()


def test_the_console_stays_empty(demo_site, page):
    messages = []
    page.on("console", lambda message: messages.append(message.text) if message.type == "error" else None)
    sign_in_as(page, demo_site, "Rep")
    assert [text for text in messages if "inline style" not in text] == []  # Plotly's own, blocked and harmless
