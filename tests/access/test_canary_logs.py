"""The names, amounts and private words of the canary, searched for in whatever is logged meanwhile."""

import io
import logging
import re
from collections.abc import Iterator

import pytest
import structlog

from spm.logs import configuration
from tests.access.asks import OUTSIDE
from tests.access.planning import ADMINS_ALONE
from tests.access.sweep import pages, sent
from tests.access.world import TOKENS, World

pytestmark = pytest.mark.django_db
SECRET = [*(token for tokens in TOKENS.values() for token in tokens), *ADMINS_ALONE]
CHANCE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Moments and identifiers of requests: their digits are those of an amount by chance alone."""


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged from INFO on, also what production leaves out: libraries, requests that went well."""
    stream, root = io.StringIO(), logging.getLogger()
    given = configuration("json", "INFO", others="INFO")["formatters"]["structured"]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(given.pop("()")(**given))
    loggers = [root, *(logging.getLogger(name) for name in ("spm", "targets", "django"))]
    before = [logger.level for logger in loggers]
    root.addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


def told(stream: io.StringIO) -> list[str]:
    lines = CHANCE.sub("", stream.getvalue()).casefold()
    return [token for token in SECRET if token.casefold() in lines]


def test_no_line_of_the_log_holds_a_name_an_amount_or_a_private_word(world: World, written: io.StringIO):
    """Pages, files and forms of an admin, who reads and writes all of it, and jobs."""
    answers = [*pages(world, "admin"), *sent(world, "admin")]
    for job in OUTSIDE:
        job.answer(world)
    assert any(TOKENS["own"][-1] in body for _url, body in answers)
    assert written.getvalue().count("request_finished") >= len(answers) > 500
    assert written.getvalue().count("job_done") >= 2
    assert told(written) == []


def test_control_a_word_that_is_logged_is_found(world: World, written: io.StringIO):
    for logger in ("spm.anything", "django.anything", "anything"):
        structlog.get_logger(logger).info("said", text=f"about {TOKENS['own'][-1]}")
        assert told(written) == [TOKENS["own"][-1]]
        written.truncate(0)
