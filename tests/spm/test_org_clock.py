"""The moment that is stored: the real one, or an earlier one that is told."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from spm.org import clock
from tests.builders import make_company


def test_what_happens_within_a_told_moment_is_stored_as_of_it():
    story = datetime(2025, 8, 25, 10, tzinfo=UTC)
    with clock.at(story):
        assert clock.now() == story
        with clock.at(story + timedelta(days=1)):
            assert clock.now() == story + timedelta(days=1)
        assert clock.now() == story
    assert timezone.now() - clock.now() < timedelta(seconds=5)


def test_a_moment_to_come_counts_as_now():
    with clock.at(timezone.now() + timedelta(days=400)):
        assert clock.now() <= timezone.now()


@pytest.mark.django_db
def test_a_moment_lies_in_the_day_of_the_company():
    """23:30 in UTC is tomorrow in Tokyo, whatever the zone of the request."""
    late, tokyo = datetime(2026, 10, 5, 23, 30, tzinfo=UTC), make_company(timezone="Asia/Tokyo")
    with timezone.override("America/New_York"):
        assert clock.day_of(late) == clock.day_of(late, tokyo) == date(2026, 10, 6)
        assert clock.end_of(date(2026, 10, 5)) == datetime(2026, 10, 5, 15, tzinfo=UTC) <= late
    assert clock.day_of(clock.end_of(date(2026, 10, 5)) - timedelta(microseconds=1)) == date(2026, 10, 5)


@pytest.mark.django_db
def test_before_there_is_a_company_a_day_is_that_of_utc():
    assert clock.day_of(datetime(2026, 10, 5, 23, 30, tzinfo=UTC)) == date(2026, 10, 5)
