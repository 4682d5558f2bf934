"""What never reaches a log."""

import io
import logging
import sys
from types import SimpleNamespace

import pytest
import structlog
from django.db import IntegrityError, transaction

from spm.logs import OneLineRefusals, configuration, mask_tokens
from spm.market.models import ProductFamily


@pytest.mark.parametrize(
    ("written", "logged"),
    [
        ("GET /invitations/MzQ:1tXy-a9_Qz0abcdefgh12/", "GET /invitations/…/"),
        (
            "Not Found: /accounts/password/reset/key/4-cx9a2b-0123456789abcdef/",
            "Not Found: /accounts/password/reset/key/…/",
        ),
        ("GET /x?key=0123456789abcdefABCDEF", "GET /x?key=…"),
        ("GET /performance/teams/12/?period=2026-Q3", "GET /performance/teams/12/?period=2026-Q3"),
        ("GET /search/?q=Ana%20M%C3%BCller&page=2", "GET /search/?q=…&page=2"),
        ("GET /static/bootstrap.bundle.min.js", "GET /static/bootstrap.bundle.min.js"),
    ],
)
def test_one_time_keys_in_addresses_are_masked(written, logged):
    assert mask_tokens(None, "info", {"request": written})["request"] == logged


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_logged_failure_shows_lines_of_code_but_no_values(form):
    settings = configuration(form, "INFO", others="WARNING")["formatters"]["structured"]
    formatter = settings.pop("()")(**settings)
    try:
        _fail(f"quota {713519 * 2}")
    except ValueError:
        record = logging.LogRecord("spm", logging.ERROR, __file__, 1, "Failed", None, sys.exc_info())
    told = formatter.format(record)
    assert "_fail" in told
    assert "1427038" not in told


@pytest.mark.parametrize("form", ["console", "json"])
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_logged_failure_shows_no_row_that_the_database_refused(form, is_wrapped):
    """PostgreSQL adds the whole row; the rest of what it says stays."""
    settings = configuration(form, "INFO", others="WARNING")["formatters"]["structured"]
    formatter = settings.pop("()")(**settings)
    refused = _Refused("duplicate key\nDETAIL:  Failing row contains (7, whisper,\n713519).")
    refused.diag = SimpleNamespace(message_detail="Failing row contains (7, whisper,\n713519).")
    try:
        if not is_wrapped:
            raise refused
        raise IntegrityError(*refused.args) from refused
    except (IntegrityError, _Refused):
        record = logging.LogRecord("spm", logging.ERROR, __file__, 1, "Failed", None, sys.exc_info())
    told = formatter.format(record)
    assert "duplicate key" in told
    assert "whisper" not in told
    assert "713519" not in told


@pytest.mark.django_db
def test_a_job_that_broke_a_constraint_logs_the_constraint_and_no_value(monkeypatch, year):
    """Through the database itself."""
    stream = io.StringIO()
    (console,) = [one for one in logging.getLogger().handlers if one.get_name() == "console"]
    monkeypatch.setattr(console, "stream", stream)
    for _each in range(2):
        try:
            with transaction.atomic():
                ProductFamily.objects.create(name="Whisperfamily", key="whisperkey")
        except IntegrityError as error:
            structlog.get_logger("spm.jobs.runner").error("job_failed", exc_info=error)
    assert "IntegrityError" in stream.getvalue()
    assert "hisper" not in stream.getvalue().replace('name="Whisperfamily", key="whisperkey"', "")


class _Refused(Exception):
    """As a driver's error."""


def _fail(_private):
    raise ValueError


@pytest.mark.django_db
def test_a_refusal_is_one_line_on_the_console_without_a_traceback(client, cast, settings, monkeypatch):
    (console,) = [one for one in logging.getLogger().handlers if one.get_name() == "console"]
    monkeypatch.setattr(console, "stream", io.StringIO())
    client.force_login(cast.rep)
    for address, status in (("/setup/people/", 403), ("/no/such/page/", 404)):
        assert client.get(address).status_code == status
    told = console.stream.getvalue().splitlines()
    assert [line.count("request_finished") for line in told] == [1, 1]
    assert str(cast.rep.pk) in told[0]


def test_a_crash_keeps_its_traceback():
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, "Internal Server Error", None, None)
    record.status_code = 500
    assert OneLineRefusals().filter(record)
