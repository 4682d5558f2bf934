"""The moment that is stored: the real one, or an earlier one that is told."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from spm.org import clock


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
