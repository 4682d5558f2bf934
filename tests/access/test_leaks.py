"""A scope taken out of any single read of the product is noticed by what somebody is answered (reliability 4.4)."""

import pytest
from django.db import connection

from tests.access.covered import NEVER_TOLD, SECOND_LINE
from tests.access.planted import Read, watched
from tests.access.survey import Survey
from tests.access.test_canary import NO_SECRET
from tests.access.world import World

pytestmark = pytest.mark.django_db
BEHIND, SILENT = ({name for names in reasons.values() for name in names} for reasons in (SECOND_LINE, NEVER_TOLD))
NOTICED, SECOND, NEVER = "noticed", "second line", "never told"


def planted(survey: Survey) -> list[Read]:
    """Every read of rows that somebody may not see; one of each model on PostgreSQL, where the same code runs again."""
    reads = [read for read in survey.reads() if read.model not in NO_SECRET]
    return reads if connection.vendor == "sqlite" else list({read.model: read for read in reads}.values())


def verdict(survey: Survey, read: Read) -> str:
    if survey.is_noticed(read):
        return NOTICED
    return SECOND if survey.is_second_line(read) else NEVER


def expected(read: Read) -> str:
    return SECOND if str(read) in BEHIND else NEVER if str(read) in SILENT else NOTICED


def test_inv_36_a_leak_planted_at_any_single_read_is_noticed(world: World):
    """And every read is reached; what cannot be noticed, since another scope covers it, is listed with its reason."""
    with watched() as watch:
        survey = Survey(world, watch)
        reads = planted(survey)
        found = {str(read): verdict(survey, read) for read in reads}
        unreached = survey.unreached()
    wanted = {str(read): expected(read) for read in reads}
    wrong = [f"{name}: {told}, listed as {wanted[name]}" for name, told in found.items() if told != wanted[name]]
    gone = (BEHIND | SILENT) - found.keys() if connection.vendor == "sqlite" else set()
    assert not [
        *wrong,
        *(f"{name}: listed, and not there" for name in gone),
        *(f"{name}: unreached" for name in unreached),
    ]


def test_no_read_is_listed_twice():
    names = [name for reasons in (SECOND_LINE, NEVER_TOLD) for names in reasons.values() for name in names]
    assert len(names) == len(set(names))
