"""The cast: one small company, named by role, so that a denial test reads as a sentence."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from _pytest.runner import runtestprotocol
from django.db import connections
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from spm.jobs import queue
from spm.memory import in_one_piece
from spm.org import guards
from spm.ui.catalogues import compile_all
from tests.builders import make_company, make_person, make_team, make_year

CI = os.environ.get("SPM_CI") == "1"
CHROMIUM = os.environ.get("SPM_CHROMIUM", "/usr/bin/chromium")
# What may be skipped on CI: what the other database has not, and real data where no folder is named.
MAY_SKIP = ("PostgreSQL alone", *([] if "SPM_ACCEPTANCE_DATA" in os.environ else ["SPM_ACCEPTANCE_DATA names no"]))

# Two cores are shared with browsers and databases: how long one example takes says nothing.
hypothesis_settings.register_profile("spm", deadline=None)
hypothesis_settings.load_profile("spm")


@pytest.fixture(scope="session", autouse=True)
def _catalogues_are_compiled():
    """Tests speak French too, and fresh machines have no msgfmt."""
    compile_all()


@pytest.fixture(autouse=True)
def _no_language_stays():
    """A page activates its reader's language, which would be that of the next test."""
    yield
    translation.deactivate()


def pytest_unconfigure(config):
    """Remove the data folder that the settings under test made."""
    if not hasattr(config, "workerinput") and "SPM_TEST_DATA_DIR" in os.environ:
        shutil.rmtree(os.environ["SPM_TEST_DATA_DIR"], ignore_errors=True)


def pytest_runtest_protocol(item, nextitem):
    """As pytest does it, in one piece of memory like an answer of the web process (``spm.memory``).

    A fifth of the time of tests of pages went into asking for memory anew.
    """
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    in_one_piece(runtestprotocol)(item, nextitem=nextitem)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """On CI a test that did not run has failed, but for ``MAY_SKIP``."""
    report = yield
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        _path, _line, reason = report.longrepr
        if not reason.removeprefix("Skipped: ").startswith(MAY_SKIP):
            report.outcome = "failed"
            report.longrepr = f"A skipped test fails CI: {reason}"
    return report


@pytest.fixture(scope="session")
def browser_type_launch_args():
    """The system's Chromium, with what it needs to run as root and without touching the network."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"There is no Chromium at {CHROMIUM}: install it, or name it in SPM_CHROMIUM.")
    return {
        "executable_path": CHROMIUM,
        "chromium_sandbox": False,
        "args": [
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture
def sign_in(live_server, context, client):
    """sign_in(person) gives the browser that person's session, without the sign-in page."""

    def give(person):
        client.force_login(person)
        cookie = client.cookies["sessionid"]
        context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])

    return give


@pytest.fixture(scope="session", autouse=True)
def _guards_make_way_for_the_flush():
    """A transactional test ends with a flush, which the guards would refuse; the flush itself installs them again."""
    flush = TransactionTestCase._fixture_teardown

    def drop_then_flush(self):
        for alias in self._databases_names():
            guards.drop(connections[alias])
        flush(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", drop_then_flush)
        yield


@pytest.fixture
def messages(monkeypatch):
    """Ids of the jobs whose message left; nobody receives one unless the test does."""
    sent = []
    monkeypatch.setattr(queue, "_send_now", sent.append)
    return sent


@pytest.fixture
def company(db):
    """A company in euro whose clock stands at 18 September 2026."""
    return make_company()


@pytest.fixture
def year(company):
    """Fiscal year 2026 of calendar months."""
    return make_year()


@pytest.fixture
def cast(company):
    """admin; director over North and South; each with a manager and two reps; one person without team."""
    admin = make_person("Admin", is_admin=True)
    director = make_person("Director")
    sales = make_team("Sales", lead=director)
    north_manager, south_manager = make_person("North Manager"), make_person("South Manager")
    north = make_team("North", parent=sales, lead=north_manager)
    south = make_team("South", parent=sales, lead=south_manager)
    return SimpleNamespace(
        admin=admin,
        director=director,
        north_manager=north_manager,
        south_manager=south_manager,
        rep=make_person("Rep One", team=north),
        teammate=make_person("Rep Two", team=north),
        outsider=make_person("Rep Three", team=south),
        loner=make_person("Loner"),
        deactivated=make_person("Gone", is_active=False),
        sales=sales,
        north=north,
        south=south,
    )
