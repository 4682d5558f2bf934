"""The shipped compose file and image: every variable is one that settings read, every command exists."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "spm"}
SETTINGS = (ROOT / "spm" / "settings.py").read_text("utf-8")
READ = set(re.findall(r'(?:env\.\w+|secret)\(\s*"(\w+)"', SETTINGS))
SECRETS = set(re.findall(r'secret\("(\w+)"', SETTINGS))


def words(command):
    return shlex.split(command) if isinstance(command, str) else command


def test_the_services_of_a_production_installation_are_there():
    assert set(OURS) == {"migrate", "web", "worker", "beat"}
    assert set(SERVICES) - set(OURS) == {"postgres", "valkey"}


@pytest.mark.parametrize("name", OURS)
def test_each_variable_is_one_that_settings_read(name):
    for variable in OURS[name]["environment"]:
        base = variable.removesuffix("_FILE")
        assert base in READ
        assert base == variable or base in SECRETS


@pytest.mark.parametrize("name", OURS)
def test_each_command_exists(name):
    command = words(OURS[name].get("command", "gunicorn spm.wsgi:application"))
    if command[0] == "python":
        assert command[1] == "manage.py"
        assert command[2] in get_commands()
    else:
        assert command[0] in ("gunicorn", "celery")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_each_service_has_a_health_check_that_exists(name):
    test = SERVICES[name]["healthcheck"]["test"]
    assert test[0] == "CMD"
    if name in OURS:
        assert test[1:3] == ["python", "manage.py"]
        assert test[3] in get_commands()


def test_each_secret_is_declared_and_comes_from_a_file():
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())


def test_each_volume_is_named():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_the_image_runs_as_an_ordinary_user_and_its_commands_exist():
    image = (ROOT / "Dockerfile").read_text("utf-8")
    users = re.findall(r"^USER (\w+)$", image, re.MULTILINE)
    assert users
    assert users[-1] != "root"
    assert set(re.findall(r"manage\.py (\w+)", image)) <= set(get_commands())
    assert set(re.findall(r"\b(SPM_\w+)=", image)) <= READ


def test_the_image_starts_as_many_web_processes_as_the_setting_says(tmp_path):
    image = (ROOT / "Dockerfile").read_text("utf-8")
    command = json.loads(re.search(r"^CMD (\[.*\])$", image, re.MULTILINE)[1])
    told = tmp_path / "gunicorn"
    told.write_text('#!/bin/sh\necho "$@"\n')
    told.chmod(0o755)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    for setting, workers in (({}, "2"), ({"SPM_WEB_WORKERS": "5"}, "5")):
        said = subprocess.run(command, env=path | setting, capture_output=True, text=True, check=True).stdout.split()
        assert said[said.index("--workers") + 1] == workers


def test_every_variable_that_settings_read_is_documented():
    described = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert [name for name in sorted(READ) if f"`{name}`" not in described] == []


@pytest.mark.parametrize("ignore", [".dockerignore", ".gitignore"])
def test_no_secret_ends_up_in_an_image_or_a_commit(ignore):
    ignored = {line.rstrip("/") for line in (ROOT / ignore).read_text("utf-8").splitlines()}
    folders = {Path(secret["file"]).parts[0] for secret in COMPOSE["secrets"].values()}
    assert folders | {".env"} <= ignored


def test_what_the_image_copies_is_there_and_not_ignored():
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1] if word[:2] != "--"]
    ignored = {line.rstrip("/") for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()}
    assert copied
    assert [name for name in copied if name != "." and (name in ignored or not (ROOT / name).exists())] == []
    needed = {"spm", "targets", "territories", "templates", "static", "manage.py", "pyproject.toml"}
    assert needed & ignored == set()


def test_the_image_has_the_python_that_the_project_asks_for():
    image = (ROOT / "Dockerfile").read_text("utf-8")
    wanted = (ROOT / ".python-version").read_text("utf-8").strip()
    assert re.search(r"^FROM python:([\d.]+)-slim$", image, re.MULTILINE)[1] == wanted


def test_each_instruction_of_the_image_is_one_and_packages_are_installed_as_the_user_who_runs_it():
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    words = [line.split()[0] for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert set(words) <= {"FROM", "ENV", "RUN", "WORKDIR", "USER", "COPY", "VOLUME", "EXPOSE", "CMD"}
    assert words[0] == "FROM"
    assert words.index("USER") < words.index("COPY")
    assert words[-1] == "CMD"


def test_no_data_of_an_installation_is_committed():
    """Commands run with the data folder in the checkout once left a secret key and a database there."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    left = re.compile(r"(^|/)(secret_key|refused-\d+\.csv|[^/]*\.sqlite3(-wal|-shm)?)$")
    assert [name for name in tracked if left.search(name)] == []
