"""A backup taken while an import is writing, restored where nothing is: whole, and ``verify`` finds nothing broken."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import connection, connections

from spm.imports import batches
from spm.jobs import queue
from targets import rollup
from targets.models import Actual
from tests.builders import make_quota
from tests.spm.imports_help import upload
from tests.test_deploy import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
LINES = 40  # of each file, committed at once
COUNT = "from django.db import connection; from targets.models import Actual; print(Actual.objects.count())"


def lines(turn):
    rows = [f"{turn}-{number},revenue,2026-01-20,rep.one@example.com,10" for number in range(LINES)]
    return "\n".join(["external_id,kind,date,email,amount", *rows])


@pytest.fixture
def loading(year, cast, monkeypatch):
    """Files are loaded and rolled up, one after the other, until the test ends."""
    monkeypatch.setattr(queue, "_send_now", lambda pk: None)
    make_quota(cast.rep, "2026-01", 80, "revenue")
    enough, first = threading.Event(), threading.Event()

    def load():
        turn = 0
        try:
            while not enough.is_set():
                batches.commit(upload("actuals", lines(turn)))
                rollup.roll_up_stale()
                first.set()
                turn += 1
        finally:
            connections.close_all()

    thread = threading.Thread(target=load)
    thread.start()
    assert first.wait(60)
    yield
    enough.set()
    thread.join(60)


def restored_sqlite(tmp_path):
    """The way of docs/operations.md."""
    with sqlite3.connect(connection.settings_dict["NAME"]) as live, sqlite3.connect(tmp_path / "spm.sqlite3") as copy:
        live.backup(copy)
    return {"SPM_DATA_DIR": str(tmp_path)}


def restored_postgresql(tmp_path):
    """The way of docs/operations.md, into a database of its own."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))
    if not found:
        pytest.skip("PostgreSQL's programs are not on this machine.")
    said, restored = connection.settings_dict, f"{connection.settings_dict['NAME']}_restored"
    address = ["--host", said["HOST"], "--port", str(said["PORT"]), "--username", said["USER"]]
    values = os.environ | {"PGPASSWORD": said["PASSWORD"]}

    def program(name, *arguments):
        subprocess.run([found[-1].with_name(name), *address, *arguments], env=values, check=True, timeout=120)

    program("pg_dump", "--format", "custom", "--file", str(tmp_path / "spm.dump"), said["NAME"])
    program("dropdb", "--if-exists", restored)
    program("createdb", restored)
    program("pg_restore", "--no-owner", "--dbname", restored, str(tmp_path / "spm.dump"))
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    return {"DATABASE_URL": f"{url}/{restored}", "SPM_DATA_DIR": str(tmp_path)}


def run(environment, *command):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    values = kept | {"DJANGO_SETTINGS_MODULE": "spm.settings"} | environment
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=values, capture_output=True, text=True, timeout=120, check=False
    )


def counted(environment):
    told = f"import django; django.setup(); {COUNT}"
    return int(run(environment, "-c", told).stdout)


@pytest.fixture
def restored(loading, tmp_path):
    """The environment of an installation on the restored backup."""
    backup = restored_sqlite if connection.vendor == "sqlite" else restored_postgresql
    yield backup(tmp_path)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{connection.settings_dict["NAME"]}_restored" WITH (FORCE)')
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_inv_41_a_backup_taken_under_load_is_whole_and_verifies(restored):
    done = run(restored, "manage.py", "verify")
    assert done.returncode == 0, done.stdout + done.stderr
    count = counted(restored)
    assert count >= LINES
    assert count % LINES == 0  # each file whole or absent
    assert count <= Actual.objects.count()


def test_inv_41_a_backup_that_lacks_rows_is_noticed(restored):
    lose = (
        "import django; django.setup(); from spm.org import guards; from django.db import connection; "
        "guards.drop(connection); connection.cursor().execute('DELETE FROM targets_attainment')"
    )
    assert run(restored, "-c", lose).returncode == 0
    assert run(restored, "manage.py", "verify").returncode != 0
