"""``demo`` and ``up`` as a newcomer starts them: real processes, a real worker behind a real broker, Ctrl-C."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from spm.dashboards.norvik import cast
from spm.jobs.broker import EmbeddedBroker

ROOT = Path(__file__).parents[1]
PATIENCE = 240  # seconds for what a free machine does in twenty
TESTS_OWN = ("DJANGO_SETTINGS_MODULE", "SPM_TEST_DATA_DIR", "SPM_TODAY", "BROKER_URL", "CELERY_SKIP_CHECKS")

pytestmark = pytest.mark.django_db


@pytest.fixture
def database(tmp_path):
    """The address of an empty database of this test alone; none is the embedded one."""
    if connection.vendor == "sqlite":
        yield ""
        return
    said = connection.settings_dict
    name = f"{said['NAME']}_commands"
    server = {"host": said["HOST"], "port": said["PORT"], "user": said["USER"], "password": said["PASSWORD"] or None}
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as session:
        session.execute(f'CREATE DATABASE "{name}"')
    secret = f":{said['PASSWORD']}" if said["PASSWORD"] else ""
    yield f"postgres://{said['USER']}{secret}@{said['HOST']}:{said['PORT']}/{name}"
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as session:
        session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def environment(tmp_path, database):
    kept = {name: value for name, value in os.environ.items() if name not in TESTS_OWN}
    return kept | {"SPM_DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": database, "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def manage(environment, *arguments):
    """Run one command to its end; what it printed. Fails where it does not end well."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class Serving:
    """A command that runs until Ctrl-C; ``said`` is what it printed by its end."""

    def __init__(self, environment, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = ""

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def wait_for(self, url):
        """The body of the first answer that is well."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self.process.poll() is None, self.process.communicate()[0]
            try:
                with urllib.request.urlopen(url, timeout=10) as answer:
                    return answer.read().decode()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        raise AssertionError(f"{url} did not answer in {PATIENCE} s")

    def interrupt(self):
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        self.said, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


def query(environment, code):
    return manage(environment, "shell", "--no-imports", "--command", code).strip().splitlines()[-1]


DONE_BY = "from spm.jobs.models import Job; print(sorted(set(Job.objects.values_list('kind', 'state'))))"
LINES = "from targets.models import Actual, RollupRun; print(Actual.objects.count(), RollupRun.objects.count())"


def test_the_demo_is_rolled_up_by_the_worker_verifies_and_is_kept(environment, port):
    if not EmbeddedBroker.is_available():
        pytest.skip("There is no embedded broker for this platform.")
    first = manage(environment, "demo", "--no-serve")
    assert re.search(r"Database and static files.*\d", first)
    assert re.search(r"Broker, worker and beat.*\d", first)
    jobs = query(environment, DONE_BY)
    assert "('rollup', 'done')" in jobs, jobs
    assert "failed" not in jobs, jobs
    manage(environment, "verify")
    rows = query(environment, LINES)
    with Serving(environment, "demo", "--port", str(port)) as demo:
        page = demo.wait_for(f"http://127.0.0.1:{port}/accounts/login/")
        assert demo.interrupt() == 0, demo.said
    assert all(email in demo.said for email in cast.ROLES.values())
    assert page.count('class="btn demo-role"') == len(cast.ROLES)
    assert query(environment, LINES) == rows
    assert "Stopped." in demo.said


def test_up_prints_one_link_for_the_first_admin_and_ends_with_ctrl_c(environment, port):
    with Serving(environment, "up", "--port", str(port)) as up:
        up.wait_for(f"http://127.0.0.1:{port}/health/ready/")
        assert up.interrupt() == 0, up.said
    link = re.search(rf"http://127\.0\.0\.1:{port}/\S+", up.said.split("first admin, once:")[1])
    assert link, up.said
    assert "Stopped." in up.said


def test_up_says_that_the_port_is_taken(environment, port):
    with socket.create_server(("127.0.0.1", port)):
        done = subprocess.run(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in done.stderr
    assert "Traceback" not in done.stderr


def refused(environment, *arguments):
    """What a command says that cannot do its work; fails where it ends well, or in a traceback."""
    done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, capture_output=True)
    said = done.stderr.decode(errors="replace")
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert done.stdout == b""
    return said


def test_a_command_on_a_database_without_tables_leads_to_the_one_that_makes_them(environment):
    assert "manage.py migrate" in refused(environment, "attainment", "--year", "all")


def test_a_command_without_a_database_says_so(environment):
    nowhere = environment | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    assert "The database cannot be used" in refused(nowhere, "rollup", "--all")
    folder = Path(environment["SPM_DATA_DIR"])
    folder.mkdir(exist_ok=True)
    (folder / "spm.sqlite3").write_text("no database " * 100)
    assert "The database cannot be used" in refused(environment | {"DATABASE_URL": ""}, "rollup", "--all")


@pytest.mark.parametrize("words", [("load", "people", b"caf\xe9.csv"), ("rollup", "--year", b"\xff")])
def test_a_word_that_is_not_utf_8_is_named(environment, words):
    assert "is not written in UTF-8" in refused(environment, *words)
