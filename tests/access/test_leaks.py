"""A scope taken out of any single read of the product is noticed by what somebody is answered (reliability 4.4)."""

import logging
from collections.abc import Iterator

import pytest
from django.db import connection

from tests.access.covered import NEVER_TOLD, SECOND_LINE
from tests.access.planted import Read, watched
from tests.access.survey import Survey
from tests.access.test_canary import NO_SECRET
from tests.access.world import World

pytestmark = pytest.mark.django_db
BEHIND, SILENT = ({name for names in reasons.values() for name in names} for reasons in (SECOND_LINE, NEVER_TOLD))
NOTICED, SECOND, NEVER = "noticed", "SECOND_LINE", "NEVER_TOLD"


def planted(survey: Survey) -> list[Read]:
    """Every read of rows that somebody may not see; one of each model on PostgreSQL, where the same code runs again."""
    reads = [read for read in survey.reads() if read.model not in NO_SECRET]
    return reads if connection.vendor == "sqlite" else list({read.model: read for read in reads}.values())


def verdict(survey: Survey, read: Read) -> str:
    if survey.is_noticed(read):
        return NOTICED
    return SECOND if survey.is_second_line(read) else NEVER


def listed(read: Read) -> str:
    return SECOND if str(read) in BEHIND else NEVER if str(read) in SILENT else NOTICED


def advice(read: Read, told: str) -> str:
    """What to change in ``covered.py``: the line to strike or to write, and where."""
    line, was = f'    "{read}",', listed(read)
    struck = [] if was == NOTICED else [f"strike from {was}:\n    {line}"]
    written = [] if told == NOTICED else [f"if no page tells anybody too much, write into {told}:\n    {line}"]
    return "\n".join(struck + written)


@pytest.fixture
def quiet() -> Iterator[None]:
    """Without the lines of every refused request, of which there are tens of thousands here."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def test_inv_36_a_leak_planted_at_any_single_read_is_noticed(world: World, still_clock: None, quiet: None):
    """And every read is reached; what cannot be noticed, since another scope covers it, is listed with its reason."""
    with watched() as watch:
        survey = Survey(world, watch)
        found = {read: verdict(survey, read) for read in planted(survey)}
        unreached = sorted(survey.unreached())
    names = {str(read) for read in found}
    gone = sorted((BEHIND | SILENT) - names) if connection.vendor == "sqlite" else []
    wrong = [advice(read, told) for read, told in found.items() if told != listed(read)]
    wrong += [f'strike, since the code has no such read:\n        "{name}",' for name in gone]
    wrong += [f"write an ask that comes by it into asks.py: {where}" for where in unreached]
    assert not wrong, "\n".join(["tests/access/covered.py is not what the product does", *wrong])


def test_no_read_is_listed_twice():
    names = [name for reasons in (SECOND_LINE, NEVER_TOLD) for names in reasons.values() for name in names]
    assert len(names) == len(set(names))
