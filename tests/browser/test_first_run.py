"""A newcomer, from the link that ``up`` prints to true numbers on the dashboard: nothing but clicks and pastes."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from spm.org.invitations import first_admin_link

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PEOPLE = "Name\tE-mail\tTeam\n" + "\n".join(
    f"{name}\t{name.split()[0].lower()}@acme.example\tSales"
    for name in ("Mia Moore", "Bob Ray", "Cleo Sand", "Dan Tull", "Eva Ude", "Fred Vox")
)
QUOTAS = (
    "Email\tMeasure\tPeriod\tAmount\nbob@acme.example\tbookings\t2026\t1.2M\ncleo@acme.example\tbookings\t2026\t900k"
)
ACTUALS = (
    "External ID\tKind\tDate\tE-mail\tAmount\n"
    "A1\tbooking\t2026-01-20\tbob@acme.example\t300k\n"
    "A2\tbooking\t2026-02-10\tcleo@acme.example\t€150,500.50"
)
MOST_CLICKS = 20


class Newcomer:
    """Clicks, and counts them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, name: str, role: str = "button") -> None:
        self.clicks += 1
        self.page.locator("main").get_by_role(role, name=name, exact=False).first.click()

    def paste(self, cells: str) -> None:
        """Into the page that is open, then as far as the preview."""
        self.page.get_by_label("Or paste from a spreadsheet").fill(cells)
        self.click("Upload and preview")
        self.page.wait_for_url("**/setup/imports/*/")


@pytest.fixture
def newcomer(live_server, settings, page):
    settings.JOBS_IN_PROCESS = True
    page.goto(live_server.url + urlsplit(first_admin_link()).path)
    return Newcomer(page)


def become_admin(newcomer):
    page = newcomer.page
    page.get_by_label("Name").fill("Ada Admin")
    page.get_by_label("E-mail").fill("ada@acme.example")
    page.get_by_label("Password").fill("correct horse 77 staple")
    newcomer.click("Save and sign in")
    expect(page.get_by_role("heading", name="Welcome to SPM")).to_be_visible()


def found_company(newcomer):
    newcomer.click("Next: Company and currency", "link")
    newcomer.page.get_by_label("Name").fill("Acme Ltd")
    newcomer.page.get_by_label("Currency").select_option("EUR")
    newcomer.page.get_by_label("Time zone").select_option("Europe/Berlin")
    newcomer.click("Save")
    newcomer.click("Next: Fiscal year", "link")
    newcomer.page.get_by_label("Fiscal year").fill("2026")
    newcomer.page.get_by_label("First day").fill("2026-01-01")
    newcomer.click("Create")


def paste_people(newcomer):
    newcomer.click("Next: People", "link")
    newcomer.paste(PEOPLE)
    newcomer.click("Make 1 team")
    newcomer.click("Load")
    newcomer.click("Next: Who leads each team", "link")
    newcomer.click("Sales", "link")
    newcomer.page.get_by_label("Person").select_option("Mia Moore")
    newcomer.click("Set lead")


def skip_what_is_not_there(newcomer):
    newcomer.click("Skip: Territories")
    newcomer.click("Skip: The company plan")


def paste_numbers(newcomer):
    newcomer.click("Next: Quotas of this year", "link")
    newcomer.paste(QUOTAS)
    expect(newcomer.page.get_by_text("1.2M is read as 1,200,000")).to_be_visible()
    newcomer.click("Load")
    newcomer.click("Next: Actuals", "link")
    newcomer.paste(ACTUALS)
    newcomer.click("Load")


def test_a_newcomer_comes_from_the_link_to_true_numbers(newcomer, live_server):
    become_admin(newcomer)
    found_company(newcomer)
    paste_people(newcomer)
    skip_what_is_not_there(newcomer)
    paste_numbers(newcomer)
    page = newcomer.page
    expect(page.get_by_text("Loaded: 2 new")).to_be_visible()
    assert newcomer.clicks <= MOST_CLICKS
    page.goto(f"{live_server.url}/performance/?period=2026&measure=bookings")
    for name, actual in (("Bob Ray", "300.0"), ("Cleo Sand", "150.5")):
        row = page.get_by_role("row").filter(has_text=name).filter(has_text=actual)
        expect(row.first).to_be_visible()
    page.goto(live_server.url)
    expect(page.get_by_text("From nothing to a first dashboard")).to_have_count(0)
