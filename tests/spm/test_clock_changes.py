"""Daylight saving, leap days, the turn of the year, a clock that is set: no period twice or left out. INV-06, 26, 44.

Four zones: Lord Howe moves by half an hour, in Santiago the clock moves at midnight, so that a day begins at 01:00.
"""

import os
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from spm.dashboards.choosing import Calendar
from spm.jobs import schedule
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.queue import in_process
from spm.org import clock
from spm.org.models import Company, Period
from spm.periods import CalendarKind
from targets import closing, rollup
from targets.models import PeriodTotal, RollupRun
from tests.builders import make_actual, make_company, make_person, make_quota, make_year
from tests.targets.test_rollup_faults import published

pytestmark = pytest.mark.django_db

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Santiago")
HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


def changes(zone, year=2026):
    """The moments in UTC at which the clocks of a zone are moved, by so much."""
    found, at = [], datetime(year, 1, 1, tzinfo=UTC)
    while at.year == year:
        moved = (at + HOUR).astimezone(zone).utcoffset() - at.astimezone(zone).utcoffset()
        found += [(at + HOUR, moved)] if moved else []
        at += HOUR
    return found


@pytest.fixture(params=ZONES)
def zone(request):
    return ZoneInfo(request.param)


@pytest.fixture
def of_server(zone):
    """The computer itself keeps the time of the zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone.key
    time.tzset()
    with timezone.override(zone):
        yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def standing_at(moment):
    """As a number of seconds: with a date, the time machine would change the computer's time zone too."""
    return time_machine.travel(moment.timestamp(), tick=False)


def current(company):
    """The one leaf period that the clock of the company stands in."""
    calendar = Calendar(Period.objects.all(), company.today())
    (leaf,) = [leaf for leaf in calendar.leaves if leaf.begun and not leaf.over]
    return leaf


def test_the_zones_move_their_clocks_both_ways():
    moved = {name: [by for _at, by in changes(ZoneInfo(name))] for name in ZONES}
    half = timedelta(minutes=30)
    assert all(sorted(by) == [-HOUR, HOUR] for name, by in moved.items() if name != "Australia/Lord_Howe")
    assert sorted(moved["Australia/Lord_Howe"]) == [-half, half]
    assert len(moved) == 4


def test_inv_06_every_moment_lies_in_one_day_and_every_day_follows_the_one_before(zone, of_server):
    company, lengths = make_company(timezone=zone.key, fixed_today=None), Counter()
    for number in range(1, 366):
        day = date(2025, 12, 31) + number * DAY
        begins, ends = clock.end_of(day - DAY, company), clock.end_of(day, company)
        lengths[ends.astimezone(UTC) - begins.astimezone(UTC)] += 1
        first, last = begins.astimezone(UTC), ends.astimezone(UTC) - timedelta(microseconds=1)
        assert {clock.day_of(moment, company) for moment in (first, first + 12 * HOUR, last)} == {day}
    by = {moved for _at, moved in changes(zone)}
    assert lengths == {DAY: 363} | {DAY - moved: 1 for moved in by}


def test_inv_06_while_the_clocks_are_moved_the_period_changes_once_at_its_end(zone, of_server):
    """Weeks: in Paris both changes fall on the last day of a period."""
    company = make_company(timezone=zone.key, fixed_today=None)
    make_year("2026", date(2025, 12, 29), CalendarKind.WEEKS_445)
    for at, _moved in changes(zone):
        seen, moment = [], at - 30 * HOUR
        while moment < at + 30 * HOUR:
            with standing_at(moment):
                leaf = current(company)
            assert clock.end_of(leaf.starts_on - DAY, company) <= moment < clock.end_of(leaf.ends_on, company)
            seen += [leaf.label] if leaf.label not in seen[-1:] else []
            moment += timedelta(minutes=15)
        assert len(seen) == len(set(seen)) <= 2
        assert zone.key != "Europe/Paris" or len(seen) == 2


def test_inv_06_the_year_ends_a_second_after_its_last_one(zone, of_server):
    company = make_company(timezone=zone.key, fixed_today=None)
    make_year()
    make_year("2027", date(2027, 1, 1))
    last = datetime(2026, 12, 31, 23, 59, 59, tzinfo=zone)
    for moment, label in ((last, "2026-12"), (last + TICK, "2027-01"), (last - TICK, "2026-12")):
        with standing_at(moment):
            assert current(company).label == label


def test_inv_06_the_last_days_of_february_and_december_are_in_their_months(zone, of_server):
    make_company(timezone=zone.key, fixed_today=None)
    make_year("2028", date(2028, 1, 1))
    make_year("2029", date(2029, 1, 1))
    rep, amounts = make_person("Rep"), {}
    days = {"2028-02-28": "2028-02", "2028-02-29": "2028-02", "2028-03-01": "2028-03"}
    days |= {"2028-12-31": "2028-12", "2029-01-01": "2029-01"}
    for number, (day, label) in enumerate(days.items()):
        make_actual(rep, day, amount=10**number)
        amounts[label] = amounts.get(label, 0) + 10**number
    rollup.roll_up_stale()
    stored = PeriodTotal.objects.filter(person=rep, measure="revenue").values_list("period__label", "amount")
    assert {label: amount for label, amount in stored if len(label) == 7} == amounts
    with standing_at(datetime(2028, 2, 29, 23, 59, 59, tzinfo=zone)):
        assert current(Company.objects.get()).label == "2028-02"


def beats(moment, until, every=timedelta(minutes=15)):
    """The scheduler ticks and a worker does everything at once; the slots that were asked for, by kind."""
    while moment < until:
        with standing_at(moment):
            schedule.tick()
            Job.objects.update(state=JobState.DONE, finished_at=timezone.now())
        moment += every
    return Job.objects.filter(slot__isnull=False)


def test_inv_44_every_slot_comes_once_while_the_clocks_are_moved(zone, of_server, messages):
    """Hours of the local clock that come twice, or never, are hours of the schedule like any other."""
    make_company(timezone=zone.key, fixed_today=None)
    hours = 6
    for at, _moved in changes(zone):
        Job.objects.all().delete()
        slots = list(beats(at - 3 * HOUR, at + 3 * HOUR).values_list("kind", "slot"))
        assert len(slots) == len(set(slots))
        asked = Counter(kind for kind, _slot in slots)
        for kind, every in schedule.SCHEDULE.items():
            days = {(at - 3 * HOUR).date(), (at + 3 * HOUR - TICK).date()}
            times = {HOUR: hours, DAY: len(days)}.get(every, 4 * hours)
            assert asked[kind] == times, kind


@pytest.mark.parametrize("by", [HOUR, -HOUR, DAY, -DAY])
def test_inv_44_a_clock_that_is_set_asks_for_no_slot_twice_and_catches_up(company, messages, by):
    noon = datetime(2026, 5, 13, 12, tzinfo=UTC)
    before = set(beats(noon - 2 * HOUR, noon).values_list("slot", flat=True))
    beats(noon + by, noon + by + HOUR)
    beats(noon + HOUR, noon + 2 * HOUR)  # set right again
    slots = list(Job.objects.filter(slot__isnull=False).values_list("slot", flat=True))
    assert len(slots) == len(set(slots)) > len(before)
    assert {f"rollup 2026-05-13T13:{minute}Z" for minute in ("00", "15", "30", "45")} <= set(slots)


@pytest.mark.parametrize("back", [HOUR, DAY])
def test_inv_26_a_line_that_comes_after_the_clock_went_back_is_counted_at_once(
    company, year, django_capture_on_commit_callbacks, back
):
    rep, noon = make_person("Rep"), datetime(2026, 5, 13, 12, tzinfo=UTC)
    for moment, total in ((noon, 100), (noon - back, 200), (noon + HOUR, 300)):
        with standing_at(moment):
            with in_process(), django_capture_on_commit_callbacks(execute=True):
                make_actual(rep, "2026-05-12", 100)
            may = PeriodTotal.objects.get(person=rep, measure="revenue", period__label="2026-05")
            assert may.amount == total
            assert not RollupRun.objects.stale().exists()


def test_inv_29_a_clock_back_over_the_end_of_a_period_closes_nothing_twice_and_opens_nothing(company, year, messages):
    Company.objects.update(fixed_today=None)
    rep = make_person("Rep")
    with standing_at(datetime(2026, 4, 1, tzinfo=UTC)):
        make_quota(rep, "2026-04", 80, "revenue")
        make_actual(rep, "2026-04-30", 100)
        rollup.roll_up_stale()
    closings = []
    for day in (date(2026, 5, 20), date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 20), date(2026, 5, 21)):
        with standing_at(datetime.combine(day, datetime.min.time(), tzinfo=UTC)):
            before = published()
            closings.append(closing.close_due())
            rollup.rebuild()
            assert published() == before
    assert closings == [(1, 0), (0, 0), (0, 0), (0, 0), (0, 0)]
    states = dict(Period.objects.leaves().filter(label__in=["2026-04", "2026-05"]).values_list("label", "state"))
    assert states == {"2026-04": "soft_closed", "2026-05": "open"}
