"""The shipped production settings, in processes of their own: nothing silenced, no door left open."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spm.org.checks import open_doors, refuse_open_doors

ROOT = Path(__file__).resolve().parent.parent
LINES = (ROOT / ".ci" / "production.env").read_text("utf-8").splitlines()
PRODUCTION = dict(line.split("=", 1) for line in LINES if line and not line.startswith("#"))
HEADERS = """
import json, django; django.setup()
from django.test import Client
answer = Client().get("/health/", secure=True, headers={"Host": "spm.example.com"})
plain = Client().get("/accounts/login/", headers={"Host": "spm.example.com"})
from django.conf import settings
print(json.dumps({"headers": dict(answer.headers), "plain": [plain.status_code, plain.headers.get("Location")],
    "cookies": [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME]}))
"""


def run(*command, **environment):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    values = kept | PRODUCTION | {"DJANGO_SETTINGS_MODULE": "spm.settings"} | environment
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=values, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_deployment_check_is_clean():
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, done.stdout.strip()) == (0, "System check identified no issues (0 silenced).")


def test_responses_carry_the_security_headers():
    told = json.loads(run("-c", HEADERS).stdout)
    headers = told["headers"]
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert told["plain"] == [301, "https://spm.example.com/accounts/login/"]
    assert told["cookies"] == ["__Host-sessionid", "__Host-csrftoken"]


def test_the_web_process_does_not_start_with_an_open_door(tmp_path):
    done = run("-c", "import spm.wsgi", SPM_ALLOWED_HOSTS="*")
    assert done.returncode == 1
    assert "SPM_ALLOWED_HOSTS must not be *." in done.stderr


def test_secrets_may_stand_in_files(tmp_path):
    path = tmp_path / "key"
    path.write_text("k" * 10 + "from-a-file\n")
    done = run(
        "-c",
        "from django.conf import settings; print(settings.SECRET_KEY)",
        SPM_SECRET_KEY="",
        SPM_SECRET_KEY_FILE=str(path),
    )
    assert done.stdout.strip() == "k" * 10 + "from-a-file"


@pytest.mark.parametrize(
    ("name", "value"),
    [("SPM_DEBUG", "perhaps"), ("SPM_TRUSTED_PROXIES", "some"), ("SPM_ENV", "staging"), ("EMAIL_URL", "ftp://x")],
)
def test_a_malformed_value_stops_the_start(name, value):
    done = run("-c", "import spm.settings", **{name: value})
    assert done.returncode == 1
    assert name in done.stderr


@pytest.fixture
def production(settings):
    """Settings of a production process without an open door."""
    settings.PRODUCTION, settings.DEBUG, settings.TRUSTED_PROXIES = True, False, 1
    settings.SECRET_KEY = PRODUCTION["SPM_SECRET_KEY"]
    settings.ALLOWED_HOSTS = ["spm.example.com"]
    settings.DATABASE_URL = PRODUCTION["DATABASE_URL"]
    settings.BROKER_URL, settings.CACHE_URL = PRODUCTION["BROKER_URL"], PRODUCTION["CACHE_URL"]
    settings.EMAIL_URL, settings.DEFAULT_FROM_EMAIL = PRODUCTION["EMAIL_URL"], "spm@example.com"
    return settings


def test_closed_doors_are_let_through(production):
    assert open_doors() == []
    refuse_open_doors()


def test_an_embedded_installation_is_not_held_to_production(settings):
    settings.PRODUCTION = False
    assert open_doors() == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DEBUG", True, "SPM_DEBUG"),
        ("SECRET_KEY", "short-Abc123", "SPM_SECRET_KEY"),
        ("SECRET_KEY", "please-change-me-0123456789-0123456789-0123456789-abcdef", "SPM_SECRET_KEY"),
        ("SECRET_KEY", "a" * 80, "SPM_SECRET_KEY"),
        ("ALLOWED_HOSTS", ["*"], "must not be *"),
        ("ALLOWED_HOSTS", [], "SPM_ALLOWED_HOSTS"),
        ("TRUSTED_PROXIES", -1, "SPM_TRUSTED_PROXIES"),
        ("DATABASE_URL", "sqlite:///spm.sqlite3", "PostgreSQL"),
        ("DATABASE_URL", "", "PostgreSQL"),
        ("BROKER_URL", "", "BROKER_URL"),
        ("CACHE_URL", "", "CACHE_URL"),
        ("CACHE_URL", PRODUCTION["BROKER_URL"], "another database"),
        ("EMAIL_URL", "", "EMAIL_URL"),
        ("DEFAULT_FROM_EMAIL", "SPM <spm@localhost>", "SPM_MAIL_FROM"),
    ],
)
def test_an_open_door_is_named(production, name, value, said):
    setattr(production, name, value)
    assert len(open_doors()) == 1
    assert said in open_doors()[0]


def test_an_empty_data_folder_counts_as_none(tmp_path):
    """As a path it would be the folder one happens to stand in: secret key and database would land there."""
    told = run("-c", "from spm import settings; print(settings.DATA_DIR)", SPM_DATA_DIR="").stdout.strip()
    assert Path(told) == ROOT / "var" / "main"
