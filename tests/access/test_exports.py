"""Every table of every page as a file: each has a link for each format, and the file holds its header and its rows."""

import csv
import io
import re
from collections import Counter
from datetime import datetime, time
from decimal import Decimal
from itertools import zip_longest
from typing import Any

import pytest
from openpyxl import load_workbook

from spm.org.models import AuditEntry
from spm.ui.exports import unguarded
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
    """The rows of a file that a link of a page leads to, the header first; that it leaves an audit entry is checked."""
    address = page.split("?")[0] + link[link.index("?") :] if not link.startswith("/") else link
    with rolled_back():
        answer = world.client(actor).get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        assert "attachment" in answer.headers["Content-Disposition"], address
        body = b"".join(answer.streaming_content)
        entry = AuditEntry.objects.latest("pk")
        told = (entry.kind, entry.actor_id, entry.detail.get("format"))
        assert told == ("export", world.users[actor].pk, re.search(r"format=([\w-]+)", address)[1]), (address, told)
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
        wrong += [
            f"{name} {url}: “{table.caption.strip()}”: {fault}"
            for fault in cell_faults(*files)
            if (name, table.name) not in SELF
        ]
        if (name, table.name) not in TO_LOAD_AGAIN and (fault := row_fault(table, files[1])):
            wrong.append(f"{name} {url}: “{table.caption.strip()}”: {fault}")
        if table.rows and (name, table.name) not in ELSEWHERE and min(len(file) for file in files) < 2:
            wrong.append(f"{name} {url}: a file of “{table.caption.strip()}” holds no row")
    return wrong


def plain(cell: object, comma: bool = False) -> object:
    """A cell of a file in a form that is the same in each format: a number as Decimal, else text."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime):
        return cell.isoformat()[: 10 if cell.time() == time() else 16]
    text = "" if cell is None else str(cell)
    if isinstance(cell, int | float) or re.fullmatch(r"-?\d+(,\d+)?" if comma else r"-?\d+(\.\d+)?", text):
        return Decimal(text.replace(",", ".")).normalize()
    return text[:16] if re.match(r"\d{4}-\d\d-\d\dT", text) else text


WRITTEN = re.compile(
    r"[-+−]?\d{1,3}([,.\u00a0\u202f ]\d{3})+([.,]\d+)?|[-+−]?[\d.,]+[\u00a0\u202f ]?([kM]?[€$£]|%)|-?\d+[.,]\d+"
)
"""A number as a page writes it, or with decimals: in a workbook it is none, and cannot be added up."""


def cell_faults(book: list[Any], comma: list[Any], semicolon: list[Any]) -> list[str]:
    """Where the three files of one table do not hold the same, or the workbook has numbers as text."""
    if not len(book) == len(comma) == len(semicolon):
        return [f"{len(book)}, {len(comma)} and {len(semicolon)} rows"]
    wrong = []
    for number, lines in enumerate(zip(book, comma, semicolon, strict=True), start=1):
        for one, two, three in zip_longest(*lines):
            if not plain(one) == plain(two) == plain(three, comma=True):
                wrong.append(f"row {number} holds {one!r}, {two!r}, {three!r}")
            if isinstance(one, str) and WRITTEN.fullmatch(one):
                wrong.append(f"row {number} of the workbook holds {one!r} as text")
    return wrong[:3]


# First cells of rows that a page shows and its file has in other words or not at all, each with the reason.
OF_THE_PAGE = {
    "Over-assignment": "the bridge says the ratio in its label; the file has it by the amounts",
    "Sum of all lines": "a total, which the file leaves to its reader",
    "Total": "a total, which the file leaves to its reader",
    "All quotas": "a total, which the file leaves to its reader",
    "Another currency": "the form for a new one",
    "Before": "the two lines of a drawing; columns of the file",
    "After": "the same",
    "Difference": "the same",
    "Accounts that you do not see": "what is left to the number above, a total",
    "from the start": "an empty day in the file, as an import writes it",
    "not known yet": "an empty name in the file, as an import writes it",
}
# Files in the form of an import, to be changed and loaded again: the people or segments of a grid, without its sums.
TO_LOAD_AGAIN = {
    ("targets:company", ""),
    ("targets:allocate", ""),
    *((("targets:numbers", name)) for name in ("", "targets")),
}
DAY = re.compile(r"(\d{1,2} [A-Z][a-z]{2} \d{4})")
TOTAL = re.compile(r"\d+ accounts?")  # of white space: a total, which the file leaves to its reader
SELF = {("setup:audit", "")}  # the log of exports tells of each as another one


def row_fault(table: Table, file: list[Any]) -> str:
    """The first row of a page that its file lacks; a cell of the page may say more than the file (a badge, a hint)."""
    cells = {unguarded(str(cell)) for row in file[1:] for cell in row if cell}
    days = {cell[:10] for cell in cells}
    for key in map(" ".join, map(str.split, table.keys)):
        if day := DAY.match(key):
            has = datetime.strptime(day[1], "%d %b %Y").strftime("%Y-%m-%d") in days  # noqa: DTZ007  # a day
        else:
            has = any(cell in key or cell.startswith(key) for cell in cells)
        if not has and not key.startswith(tuple(OF_THE_PAGE)) and not TOTAL.fullmatch(key):
            return f"the row “{key}” is not in the file"
    return ""


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


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (([["A"], [1.5]], [["A"], ["1.5"]], [["A"], ["1,5"]]), []),
        (([["A"], [1.5]], [["A"], ["1.6"]], [["A"], ["1,5"]]), ["row 2 holds 1.5, '1.6', '1,5'"]),
        (([["A"], [1.5]], [["A"]], [["A"]]), ["2, 1 and 1 rows"]),
        (([["A"], ["1,200"]], [["A"], ["1,200"]], [["A"], ["1,200"]]), ["row 2 of the workbook holds '1,200' as text"]),
    ],
)
def test_control_files_that_differ_and_numbers_as_text_are_found(files, fault):
    assert [told for told in cell_faults(*files) if "as text" in told or "1,200" not in told] == fault


def test_control_a_row_that_the_file_lacks_is_found():
    table = Page("<table><tbody><tr><th>North</th><td>1</td></tr><tr><th>South</th></tr></tbody></table>").tables[0]
    assert row_fault(table, [["Team"], ["North"], ["South"]]) == ""
    assert row_fault(table, [["Team"], ["North"]]) == "the row “South” is not in the file"


def test_no_exception_outlives_its_table(shown):
    met = {(name, " ".join(table.caption.split())) for name, _actor, _url, page in shown for table in page.tables}
    assert set(NO_DATA) <= met


def test_control_a_table_without_its_link_is_found(world):
    page = Page("<table data-table='x'><caption>Numbers</caption><thead><tr><th>A</th></tr></thead></table>")
    assert faults_of(world, "admin", "dashboards:home", "/", page) == [
        "dashboards:home /: “Numbers” has no file as ['xlsx', 'csv', 'csv-semicolon']"
    ]
