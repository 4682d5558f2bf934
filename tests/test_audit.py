"""The audit of pinned packages in CI: a finding fails, a service that is away is told and does not."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FINDING = {"id": "CVE-2026-1", "fix_versions": ["6.1.4"], "aliases": ["GHSA-1"], "description": "x"}


@pytest.fixture(scope="module")
def audit():
    loader = SourceFileLoader("audit", str(ROOT / ".ci" / "audit"))
    module = module_from_spec(spec_from_loader("audit", loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def service(tmp_path):
    """service(text, code) puts a pip-audit in place that says just this; what comes back runs the audit."""

    def says(text, code=0):
        (tmp_path / "pip_audit.py").write_text(f"import sys\nprint({text!r})\nsys.exit({code})\n")
        values = os.environ | {"PYTHONPATH": str(tmp_path)}
        return subprocess.run(
            [sys.executable, ROOT / ".ci" / "audit"],
            env=values,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return says


def report(*rows):
    return json.dumps({"dependencies": rows, "fixes": []})


def test_a_finding_fails_and_names_package_number_and_remedy(service):
    done = service(report({"name": "django", "version": "6.1.3", "vulns": [FINDING]}), 1)
    assert done.returncode == 1
    assert "django 6.1.3: CVE-2026-1, mended in 6.1.4" in done.stdout


def test_nothing_found_passes_and_says_how_many_were_looked_up(service):
    done = service(report({"name": "django", "version": "6.1.3", "vulns": []}, {"name": "x", "skip_reason": "?"}))
    assert done.returncode == 0
    assert done.stdout.startswith("1 of ")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", 1),  # no network
        ("<html>blocked</html>", 1),
        (report({"name": "django", "skip_reason": "not found"}), 0),  # an index that knows files and no findings
        ("[]", 0),
    ],
)
def test_a_service_that_does_not_answer_is_told_and_does_not_fail(service, said, code):
    done = service(said, code)
    assert done.returncode == 0
    assert done.stdout.startswith("NOT AUDITED")


def test_a_service_that_hangs_is_given_up(audit, monkeypatch, capsys):
    def hang(*args, **kwargs):
        raise subprocess.TimeoutExpired("pip-audit", 1)

    monkeypatch.setattr(audit.subprocess, "run", hang)
    assert audit.main() == 0
    assert capsys.readouterr().out.startswith("NOT AUDITED")


def test_an_accepted_finding_passes_under_any_of_its_names(audit, monkeypatch):
    rows = [{"name": "django", "version": "6.1.3", "vulns": [FINDING]}]
    assert audit.findings(rows)
    monkeypatch.setitem(audit.ACCEPTED, "GHSA-1", "Until the next release: we do not use the function")
    assert audit.findings(rows) == []


def test_every_package_is_pinned_for_the_audit(audit):
    assert any(pin.startswith(f"{audit.FIRST}==") for pin in audit.pinned())


def test_ci_audits():
    assert "\nuv run .ci/audit\n" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_bill_of_materials_names_every_package_that_runs_with_its_release():
    """The command stands in the image's build and in docs/operations.md alike. One uv that runs the suite makes it."""
    uv = os.environ.get("UV") or shutil.which("uv")
    assert uv
    words = ["export", "--no-dev", "--format", "cyclonedx1.5"]
    for path in ("Dockerfile", "docs/operations.md"):
        assert set(words) <= set((ROOT / path).read_text("utf-8").split())
    done = subprocess.run([uv, *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    bill = {f"{part['name']}=={part['version']}" for part in json.loads(done.stdout)["components"]}
    runs = {"django", "celery", "psycopg", "argon2-cffi", "amqp"}  # direct ones, and one that another needs
    pins = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]["constraint-dependencies"])
    assert runs <= {line.split("==")[0] for line in bill & pins}
    assert not {line for line in bill if line.split("==")[0] in {pin.split("==")[0] for pin in pins}} - pins
    assert not {line.split("==")[0] for line in bill} & {"pytest", "ruff", "mypy"}
