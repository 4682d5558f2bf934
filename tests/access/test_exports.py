"""Every table of every page as a file: each has a link for each format, and the file holds its header and its rows."""

import csv
import io
import re
from collections import Counter

import pytest
from openpyxl import load_workbook

from tests.access.routes import ROUTES
from tests.access.sweep import looks
from tests.access.tables import FORMATS, Page, Table
from tests.access.world import World, rolled_back

pytestmark = pytest.mark.django_db

ACTORS = ("admin", "manager", "owner")
REP_ON_PAPER = ("Attainment by measure", "Month by month", "Accounts, Bookings, Year 2026")
BOARDS_ON_PAPER = ("dashboards:performance-print", "dashboards:team-print")
BOARD_ON_PAPER = ("Teams and reps", "Rep by month")
MOVE_ON_PAPER = ("Both sides before and after", "Quotas and targets", "Accounts")
# Tables that are no data to take away, each with the reason.
NO_DATA = {
    ("usersessions_list", "Your sessions"): "buttons that end one's own sign-ins",
    ("dashboards:settings", "Notifications"): "a form of check boxes",
    ("targets:cycle-edit", "Stages"): "a form of owners and dates",
    ("imports:kinds", ""): "a legend; the template workbook of each kind is its file",
    ("imports:create", ""): "a legend of headers, which the template workbook holds",
    ("imports:map", ""): "a form: which column becomes what",
    ("dashboards:rep", "Months"): "the numbers of Month by month, whose file holds the whole quota too",
    ("dashboards:home", "Months"): "the same",
    ("targets:quota", "The person’s own number beside the quota"): "a column of the review, whose file holds it",
    ("dashboards:rep", "Potential and share of wallet"): "the numbers of Accounts, whose file holds them",
    **{("dashboards:rep-print", text): "paper; the page has the file" for text in REP_ON_PAPER},
    **{(route, text): "paper; the page has the file" for route in BOARDS_ON_PAPER for text in BOARD_ON_PAPER},
    ("targets:quota-print", "How the number was made"): "paper; the letter has the file",
    ("targets:quota-print", "By quarter and month"): "paper; the letter has the file",
    ("territories:account-print", "Stakeholders"): "paper; the page of the account has the file",
    ("territories:account-print", "How they decide"): "paper; the page of the account has the file",
    ("territories:account-print", "Territory and owner"): "paper; the page of the account has the file",
    ("setup:people-invite", "Who has no access yet"): "some of the list of people, whose file holds them",
    **{("territories:move-print", text): "paper; the page has the file" for text in MOVE_ON_PAPER},
    ("territories:move-new", "Accounts to choose from"): "a form of check boxes",
    ("territories:move-edit", "Accounts to choose from"): "the same",
    ("territories:market-page", "Won and dropped"): "in the file of target customers, which holds their status",
    ("territories:plan-print", ""): "paper; the plan is one page of words",
}


def page_of(world: World, actor: str, url: str) -> Page | None:
    """The tables of a page; None where the actor is not shown one."""
    with rolled_back():
        answer = world.client(actor).get(url)
    is_page = answer.status_code == 200 and "text/html" in answer.headers.get("Content-Type", "")
    return Page(answer.content.decode()) if is_page else None


def data_tables(name: str, page: Page) -> list[Table]:
    """Those to take away. Tables under one header (a table for each year) are one, in one file."""
    shown = [table for table in page.tables if (name, " ".join(table.caption.split())) not in NO_DATA]
    return list({(table.name, tuple(table.heads)): table for table in reversed(shown)}.values())


def file_of(world: World, actor: str, page: str, link: str) -> list[list[object]]:
    """The rows of a file that a link of a page leads to, the header first."""
    address = page.split("?")[0] + link[link.index("?") :] if not link.startswith("/") else link
    with rolled_back():
        answer = world.client(actor).get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        assert "attachment" in answer.headers["Content-Disposition"], address
        body = b"".join(answer.streaming_content)
    if "format=xlsx" in address:
        sheet = load_workbook(io.BytesIO(body), read_only=True).worksheets[0]
        return [list(row) for row in sheet.iter_rows(values_only=True)]
    delimiter = ";" if "format=csv-semicolon" in address else ","
    return [list(row) for row in csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=delimiter)]


def faults_of(world: World, actor: str, name: str, url: str, page: Page) -> list[str]:
    """What is wrong with the files of one page's tables."""
    wrong, tables = [], data_tables(name, page)
    for table, times in Counter(table.name for table in tables).items():
        if times > 1:
            wrong.append(f"{name} {url}: {times} tables share the file {table or 'of the page'}")
    for table in tables:
        missing = [fmt for fmt in FORMATS if (table.name, fmt) not in page.files]
        if missing:
            wrong.append(f"{name} {url}: “{table.caption.strip()}” has no file as {missing}")
            continue
        files = [file_of(world, actor, url, page.files[table.name, fmt]) for fmt in FORMATS]
        heads = [[str(cell) for cell in file[0]] for file in files]
        if not (heads[0] == heads[1] == heads[2] and len(heads[0]) > 1 and all(heads[0])):
            wrong.append(f"{name} {url}: headers of “{table.caption.strip()}” differ or are empty: {heads}")
        if table.rows and (name, table.name) not in ELSEWHERE and min(len(file) for file in files) < 2:
            wrong.append(f"{name} {url}: a file of “{table.caption.strip()}” holds no row")
    return wrong


@pytest.fixture(scope="module")
def shown(world) -> list[tuple[str, str, str, Page]]:
    """(route, actor, address, tables) of every page that three people are shown."""
    found = []
    for actor in ACTORS:
        for name, access in ROUTES.items():
            for url in dict.fromkeys(looks(access, world, name, "own")):
                if "format=" not in url and (page := page_of(world, actor, url)):
                    found.append((name, actor, url, page))
    return found


def test_every_table_of_every_page_has_a_file_in_each_format(world, shown):
    met: set[tuple[str, str, str]] = set()
    wrong: list[str] = []
    for name, actor, url, page in shown:
        key = (name, re.sub(r"^[^?]*", "", url), str(sorted((t.name, t.caption) for t in page.tables)))
        if page.tables and key not in met:
            met.add(key)
            wrong += faults_of(world, actor, name, url, page)
    assert not wrong, "\n".join(wrong)


# Tables of which this world has no row, and where their files are read instead.
ELSEWHERE = {
    ("dashboards:rep", "halves"): "tests/spm/dashboards/test_files.py",
    ("targets:rates", "plan"): "tests/targets/test_plan_rates.py",
    ("targets:rates", "history"): "tests/targets/test_plan_rates.py",
}


def test_the_sweep_meets_every_table_that_the_policy_names(shown):
    met = {(name, table.name) for name, _actor, _url, page in shown for table in page.tables if table.name}
    named = {(name, table) for name, access in ROUTES.items() for table in access.tables}
    assert met - {("targets:rates", "plan")} == named - set(ELSEWHERE), (met - named, named - met)


def test_no_exception_outlives_its_table(shown):
    met = {(name, " ".join(table.caption.split())) for name, _actor, _url, page in shown for table in page.tables}
    assert set(NO_DATA) <= met


def test_control_a_table_without_its_link_is_found(world):
    page = Page("<table data-table='x'><caption>Numbers</caption><thead><tr><th>A</th></tr></thead></table>")
    assert faults_of(world, "admin", "dashboards:home", "/", page) == [
        "dashboards:home /: “Numbers” has no file as ['xlsx', 'csv', 'csv-semicolon']"
    ]
