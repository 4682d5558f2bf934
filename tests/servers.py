"""Servers of one test alone, to be killed, paused and started again: the web server, PostgreSQL, the broker.

Every process here is started by the test and ended by its own id; the suite's own servers are never touched.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection, connections
from django.test import Client

from spm.jobs.broker import EmbeddedBroker

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60  # seconds for what a free machine does in two
TOKEN = "a" * 32  # in the cookie and in the form, as the token of a page would be


def until(happened, seconds=PATIENCE, every=0.05):
    """Wait for what ``happened()`` returns; AssertionError where it stays false."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := happened():
            return found
        time.sleep(every)
    raise AssertionError(f"It did not happen within {seconds} s.")


class Web:
    """gunicorn with one process that answers, on a database that ``environment`` names; the test's by default.

    ``application``: a WSGI application in place of the product's, that wraps it.
    """

    def __init__(self, application="spm.wsgi:application", **environment):
        self.cookie = f"csrftoken={TOKEN}"
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        kept = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "SPM_DATA_DIR": str(settings.DATA_DIR),
            "SPM_ALLOWED_HOSTS": "127.0.0.1",
        }
        descriptor = self.listening.fileno()
        command = [
            *(sys.executable, "-m", "gunicorn", application, "--preload", "--no-control-socket"),
            *("--bind", f"fd://{descriptor}", "--workers", "1", "--threads", "4", "--log-level", "warning"),
        ]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=kept | environment, pass_fds=[descriptor], start_new_session=True
        )

    def __enter__(self):
        until(lambda: self.ask("/accounts/login/")[0] or None)
        return self

    def __exit__(self, *_error):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.listening.close()

    def sign_in(self, person):
        """From now on requests are theirs."""
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        self.cookie = f"sessionid={client.cookies['sessionid'].value}; csrftoken={TOKEN}"

    def ask(self, path, form=None, seconds=PATIENCE, **headers):
        """GET, or POST where there is a form: (status, page, headers); (0, "", {}) where the connection broke."""
        data = None if form is None else urlencode(form | {"csrfmiddlewaretoken": TOKEN}).encode()
        request = urllib.request.Request(self.address + path, data, {"Cookie": self.cookie} | headers)
        try:
            with _opener.open(request, timeout=seconds) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), dict(error.headers)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0, "", {}


class _Unmoved(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_request):
        return None


_opener = urllib.request.build_opener(_Unmoved)


class Postgres:
    """A server of its own, with a copy of the test's database, made from the programs installed here."""

    def __init__(self):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
        assert found, "PostgreSQL's programs are not installed below /usr/lib/postgresql."
        self.programs = found[-1].parent
        self.user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        self.folder = Path(tempfile.mkdtemp(prefix="spm-pg-", dir="/tmp"))
        if self.user:
            shutil.chown(self.folder, "postgres", "postgres")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        how = ("--auth=trust", "--username=spm", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        self.run("initdb", *how, "-D", str(self.folder / "data"), **self.user)
        self.start()
        self.copy()

    def run(self, program, *arguments, **how):
        done = subprocess.run(
            [self.programs / program, *arguments], cwd="/", capture_output=True, text=True, check=False, **how
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self):
        """Returns when it takes connections."""
        log = (self.folder.parent / f"{self.folder.name}.log").open("a")
        where = ("-D", str(self.folder / "data"), "-p", str(self.port), "-k", "", "-h", "127.0.0.1")
        # What is committed is in the system's hands, and outlives the server, though not a power cut of the machine.
        quick = ("-c", "fsync=off", "-c", "full_page_writes=off")
        with log:
            self.server = subprocess.Popen(
                [self.programs / "postgres", *where, *quick], cwd="/", stdout=log, stderr=log, **self.user
            )
        ready = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        until(lambda: subprocess.run(ready, cwd="/", check=False).returncode == 0)

    def copy(self):
        """The test's database, all of it, as ``spm``."""
        said = connection.settings_dict
        secret = {"PGPASSWORD": said["PASSWORD"]} if said["PASSWORD"] else {}
        source = ("-h", said["HOST"], "-p", str(said["PORT"]), "-U", said["USER"])
        text = self.run("pg_dump", *source, "--no-owner", said["NAME"], env=os.environ | secret)
        here = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "spm")
        self.run("createdb", *here, "spm")
        self.run("psql", *here, "-q", "-v", "ON_ERROR_STOP=1", "spm", input=text)

    def stop_at_once(self):
        """As a power cut does: no connection ends in order, the next start recovers from its log."""
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(PATIENCE)

    @contextmanager
    def paused(self):
        """All its processes stand still inside the block."""
        ours = [self.server.pid, *self.backends()]
        try:
            for pid in ours:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in ours:
                os.kill(pid, signal.SIGCONT)

    def backends(self):
        """The ids of its child processes."""
        return [
            int(pid) for pid in Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text().split()
        ]

    @property
    def url(self):
        """The address for DATABASE_URL."""
        return f"postgres://spm@127.0.0.1:{self.port}/spm"

    @contextmanager
    def in_use(self):
        """Models read and write here inside the block, in whatever thread."""
        said, here = connection.settings_dict, {"HOST": "127.0.0.1", "PORT": self.port, "NAME": "spm", "USER": "spm"}
        before = {name: said[name] for name in here}
        connections.close_all()
        said.update(here)
        try:
            yield
        finally:
            connections.close_all()
            said.update(before)

    def close(self):
        if self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(PATIENCE)
        shutil.rmtree(self.folder)
        (self.folder.parent / f"{self.folder.name}.log").unlink()


class Broker:
    """The broker that SPM brings, on a socket that stays the same."""

    def __init__(self, folder):
        self.place = EmbeddedBroker(folder)
        self.start()

    def start(self):
        self.server = subprocess.Popen(self.place.command)
        until(self.place.socket.exists)

    def kill(self):
        """What it had written to its log of queues stays."""
        self.server.kill()
        self.server.wait()
        self.place.socket.unlink()

    def lose_everything(self):
        self.kill()
        shutil.rmtree(self.place.data)
        self.place.data.mkdir()

    def close(self):
        self.server.terminate()
        self.server.wait()
        self.place.close()
