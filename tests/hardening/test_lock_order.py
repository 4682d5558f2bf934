"""One order of locks everywhere: periods before people, teams and territories (``spm.org.signals``). Both databases."""

import threading
from datetime import date
from time import monotonic, sleep

import pytest
from django.db import OperationalError, connection, connections, transaction

from spm.errors import RuleViolation
from spm.imports import batches
from spm.imports.models import ImportBatch
from spm.jobs import queue
from spm.market import territories
from spm.market.models import Territory
from spm.org import people, retries, teams
from spm.org.models import Membership, Period, Team, User
from spm.org.signals import facts_moving
from targets import closing, rollup
from targets.goals import lock_plan
from targets.models import CompanyPlan
from targets.staleness import lock_all_leaves, on_facts_moving
from territories import moves
from tests.builders import make_actual, make_person, make_team, make_territory
from tests.spm.imports_help import upload
from tests.territories import move_help

pytestmark = pytest.mark.django_db(transaction=True)
MAY = date(2026, 5, 1)
WAITERS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


class Beside(threading.Thread):
    """Work in a thread with a connection of its own; ``error`` is what it raised."""

    def __init__(self, work):
        super().__init__()
        self.work, self.error = work, None

    def run(self):
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001  # told to the test
            self.error = error
        finally:
            connections.close_all()


@pytest.fixture
def no_messages(monkeypatch):
    """Roll-ups run when the test says, not after each commit."""
    monkeypatch.setattr(queue, "_send_now", lambda pk: None)


@pytest.fixture
def the_order_is_broken(monkeypatch):
    """Nobody locks periods before the facts change, as it was once, and who loses a deadlock gets no other try."""
    monkeypatch.setattr(retries, "WAITS", ())
    assert facts_moving.disconnect(on_facts_moving, dispatch_uid="targets.staleness.lock")
    yield
    facts_moving.connect(on_facts_moving, dispatch_uid="targets.staleness.lock")


def place(cast):
    return User, cast.rep.pk, lambda: people.place_member(cast.rep, team=cast.south, starts_on=MAY)


def leave(cast):
    return User, cast.rep.pk, lambda: people.leave(cast.rep, left_on=MAY)


def leave_as_admin(cast):
    other = make_person("Second Admin", is_admin=True)
    return User, cast.admin.pk, lambda: people.leave(other, left_on=MAY)


def assign(cast):
    territory = make_territory("Coast")
    return Territory, territory.pk, lambda: territories.assign(territory, person=cast.rep, starts_on=MAY)


def grow(_cast):
    territory, above = make_territory("Coast"), make_territory("Land")
    return Territory, territory.pk, lambda: territories.save(territory, parent=above)


NEWCOMER = "email,name,team,starts_on\n{},New Name,South,2026-05-01"


def load(cast):
    batch = upload("people", NEWCOMER.format(cast.loner.email))
    return User, cast.loner.pk, lambda: batches.commit(batch)


def take_back(cast):
    batch = upload("people", NEWCOMER.format(cast.loner.email))
    batches.commit(batch)
    return User, cast.loner.pk, lambda: batches.undo(batch)


def move(_cast):
    team, above = make_team("Moving"), make_team("Above")
    return Team, team.pk, lambda: teams.place_team(team, parent=above, starts_on=MAY)


def lead(cast):
    return Team, cast.north.pk, lambda: teams.set_lead(cast.north, person=cast.rep, starts_on=MAY)


LOCKING = [place, leave, leave_as_admin, assign, grow, load, take_back]  # rows of people and territories under lock
VERBS = [*LOCKING, move, lead]


def has_come_to_a_halt(thread):
    """The thread waits for us (PostgreSQL), or has had the time to (SQLite), or is through."""
    until = monotonic() + 10
    while connection.vendor == "postgresql" and thread.is_alive() and monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(WAITERS)
            if cursor.fetchone()[0]:
                return
        sleep(0.02)
    sleep(0.3 if connection.vendor == "sqlite" else 0)


def meet(model, pk, work):
    """Hold the periods as an import and a roll-up do, let the work begin, then ask for the row; the errors of both."""
    waiting = Beside(work)
    error = None
    try:
        with transaction.atomic():
            lock_all_leaves()
            waiting.start()
            has_come_to_a_halt(waiting)
            model.objects.select_for_update(no_key=True).get(pk=pk)
    except OperationalError as raised:
        error = raised
    waiting.join(60)
    return [error, waiting.error]


@pytest.mark.parametrize("verb", VERBS)
def test_who_waits_for_the_periods_holds_no_row_that_their_holder_needs(year, cast, no_messages, verb):
    assert meet(*verb(cast)) == [None, None]


def test_who_applies_a_package_locks_the_plan_before_the_periods(cast, no_messages, monkeypatch):
    """As whoever writes numbers does: holding the plan, we are given the periods while the package waits."""
    monkeypatch.setattr(retries, "WAITS", ())  # who loses a deadlock gets no other try
    land = move_help.settle(cast)
    move_help.on(move_help.OCTOBER)
    package = move_help.draft(land)
    waiting = Beside(lambda: moves.apply(package, land.north_manager))
    error = None
    try:
        with transaction.atomic():
            lock_plan(CompanyPlan.objects.working().get(fiscal_year=land.year))
            waiting.start()
            has_come_to_a_halt(waiting)
            lock_all_leaves()
    except OperationalError as raised:
        error = raised
    waiting.join(60)
    assert [error, waiting.error] == [None, None]
    assert move_help.placed() == [("Alpha", "East", move_help.OCTOBER)]


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="PostgreSQL alone: with one writer at a time there is no order of locks"
)
@pytest.mark.parametrize("verb", LOCKING)
def test_in_the_old_order_the_two_wait_for_each_other(year, cast, no_messages, the_order_is_broken, verb):
    errors = [error for error in meet(*verb(cast)) if error]
    assert [error.__cause__.sqlstate for error in errors] == ["40P01"]


def storm(*works):
    """Run the works beside each other to their end; what they raised."""
    threads = [Beside(work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    return [thread.error for thread in threads]


def loading_and_taking_back(rows):
    """A work that loads the people and takes them back, three times."""

    def work():
        for _turn in range(3):
            batch = upload("people", f"email,team,starts_on\n{rows}")
            batches.commit(batch)
            try:
                batches.undo(ImportBatch.objects.get(pk=batch.pk))
            except RuleViolation:
                continue  # somebody was placed meanwhile

    return work


def placing(reps, team):
    """A work that places each of the reps, on three days, twice."""

    def work():
        for day in range(1, 7):
            for rep in reps:
                people.place_member(rep, team=team, starts_on=date(2026, 5, day % 3 + 1))

    return work


def closing_and_opening(january, admin):
    """A work that rolls up what is stale, closes January and opens it again, three times."""

    def work():
        for _turn in range(3):
            rollup.roll_up_stale()
            closing.close(january, by=admin)
            closing.reopen(january, by=admin, reason="An invoice was missing")

    return work


def test_people_are_placed_beside_imports_undo_roll_ups_and_closings(year, cast, no_messages):
    reps = [make_person(f"Storm {number}", team=cast.north) for number in range(4)]
    for rep in reps:
        make_actual(rep)
    rows = "\n".join(f"{rep.email},South,2026-05-01" for rep in reps)
    january = Period.objects.get(level="month", label="2026-01")
    errors = storm(loading_and_taking_back(rows), placing(reps, cast.north), closing_and_opening(january, cast.admin))
    assert errors == [None, None, None]
    assert Membership.objects.filter(person__in=reps, starts_on=MAY).count() == 4
