"""Killed at any statement, or run twice at once, an import is there whole or not at all."""

import threading
from functools import partial

import pytest
from django.db import connection

from spm.imports import batches
from spm.imports.choices import BatchState
from spm.imports.models import ImportBatch
from spm.org.models import Membership, User
from targets.models import Actual, Attainment, Credit, Quota
from tests import leftovers
from tests.builders import make_person, make_team
from tests.spm.imports_help import run_in_small_blocks, upload

pytestmark = pytest.mark.django_db(transaction=True)

LINES = "external_id,kind,date,email,amount\na,revenue,2026-01-05,ana@x.com,10\nb,booking,2026-02-05,,20\n"
MOST = 500  # statements that no import of two rows needs


def visible():
    return Actual.objects.in_force().count(), Credit.objects.count()


def published():
    """The company's revenue of the year, as pages show it."""
    rows = Attainment.objects.filter(company__isnull=False, measure="revenue", period__level="year")
    return sum(rows.values_list("actual", flat=True))


@pytest.fixture
def batch(year):
    make_person("Ana", email="ana@x.com")
    return upload("actuals", LINES)


def asked(batch, verb):
    """The job of a verb on a batch."""
    batches.ask(batch, verb, None)
    return batch.job


def test_inv_15_killed_at_every_statement_of_a_commit_nothing_or_all_is_visible(year, messages):
    """And INV-23: whatever the killed worker left, the sweeper brings to its end, once."""
    make_person("Ana", email="ana@x.com")
    was_killed, number, seen = True, 0, set()
    while was_killed:
        before = 2 * number
        number += 1
        assert number < MOST
        batch = upload("actuals", LINES.replace("a,rev", f"a{number},rev").replace("b,boo", f"b{number},boo"))
        job = asked(batch, "commit")
        was_killed = leftovers.killed_at(number, job)
        batch.refresh_from_db()
        loaded = batch.state == BatchState.COMMITTED
        assert visible() == ((before + 2,) * 2 if loaded else (before,) * 2)
        assert loaded or was_killed
        assert published() in (10 * (number - 1), 10 * number)
        seen.add((loaded, was_killed))
        leftovers.finish(messages)
        batch.refresh_from_db()
        assert (batch.state, visible(), published()) == (BatchState.COMMITTED, (before + 2,) * 2, 10 * number)
    assert number > 30
    assert seen == {(False, True), (True, True), (True, False)}


HEAD = "external_id,kind,date,email,amount\n"
STANDING = HEAD + "a,revenue,2026-01-05,ana@x.com,10\nb,booking,2026-02-05,,20\nc,revenue,2026-03-05,ana@x.com,30\n"
OTHERS = {
    "a restatement": ("actuals", HEAD + "a,revenue,2026-04-05,ana@x.com,11\nc,revenue,2026-03-05,ana@x.com,-3\n", {}),
    "a snapshot": (
        "actuals",
        HEAD + "c,revenue,2026-03-05,ana@x.com,30\nd,revenue,2026-03-06,,4\n",
        {"is_snapshot": True},
    ),
    "credits": ("credits", "external_id,email,share\na,ana@x.com,0.4\na,bob@x.com,0.6\nc,bob@x.com,1\n", {}),
    "quotas": (
        "quotas",
        "email,measure,period,amount\nana@x.com,bookings,2026,1200\nbob@x.com,revenue,2026-Q1,30\n",
        {},
    ),
    "people": ("people", "email,name,team\ncy@x.com,Cy,North\nana@x.com,Anna,North\ndi@x.com,Di,\n", {}),
    "a second block": ("actuals", HEAD + "".join(f"n{n},revenue,2026-05-05,bob@x.com,{n}\n" for n in range(1, 6)), {}),
}
"""What is loaded over STANDING: the kind, its file, its options."""
STORED = {
    Actual: (Actual.objects.in_force, ("external_id", "date", "amount")),
    Credit: (Credit.objects.all, ("actual__external_id", "person__email", "date", "amount")),
    Quota: (Quota.objects.all, ("person__email", "measure", "period__label", "amount")),
    User: (partial(User.objects.filter, is_active=True), ("email", "name")),
    Membership: (partial(Membership.objects.filter, person__is_active=True), ("person__email", "team__name")),
}
STEP = 7  # every seventh statement of these: of two plain lines it is each


def stored():
    """Everything that these files write, whatever its keys."""
    return {model.__name__: sorted(map(str, rows().values_list(*columns))) for model, (rows, columns) in STORED.items()}


@pytest.mark.parametrize("file", OTHERS)
def test_inv_15_killed_in_the_middle_of_any_other_file_nothing_or_all_of_it_stands(year, messages, file):
    """A worker is killed before the first, eighth, fifteenth, … statement, of files in blocks of two rows.

    Whatever it left, the sweeper brings to its end; then the import is undone, for the next to begin as the first.
    """
    make_person("Ana", email="ana@x.com"), make_person("Bob", email="bob@x.com"), make_team("North")
    batches.commit(upload("actuals", STANDING))
    kind, text, options = OTHERS[file]
    before, after, number, was_killed, seen = stored(), None, 1, True, set()
    while was_killed:
        assert number < MOST
        batch = upload(kind, text, **options)
        job = asked(batch, "commit")
        was_killed = leftovers.killed_at(number, job, run_in_small_blocks)
        batch.refresh_from_db()
        loaded = batch.state == BatchState.COMMITTED
        now = stored()
        after = after or (now if loaded else None)
        assert now == (after if loaded else before)
        seen.add((loaded, was_killed))
        leftovers.finish(messages)
        batch.refresh_from_db()
        after = after or stored()
        assert (batch.state, stored()) == (BatchState.COMMITTED, after)
        assert after != before
        batches.undo(batch)
        assert stored() == before
        number += STEP
    assert number > 30
    assert {(False, True), (True, False)} <= seen


def test_inv_16_killed_at_every_statement_of_an_undo_nothing_or_all_is_taken_back(batch, messages):
    """And INV-23: the sweeper brings it to its end. Then the same lines come again, to be taken back once more."""
    was_killed, number, seen = True, 0, set()
    while was_killed:
        number += 1
        assert number < MOST
        batches.commit(batch)
        job = asked(batch, "undo")
        was_killed = leftovers.killed_at(number, job)
        batch.refresh_from_db()
        stands = batch.state == BatchState.COMMITTED
        assert visible() == ((2, 2) if stands else (0, 0))
        seen.add((stands, was_killed))
        leftovers.finish(messages)
        batch.refresh_from_db()
        assert (batch.state, visible(), published()) == (BatchState.UNDONE, (0, 0), 0)
        batch = upload("actuals", LINES)
    assert number > 20
    assert seen == {(True, True), (False, True), (False, False)}


def test_two_imports_of_the_same_lines_at_once_are_one(batch):
    other = upload("actuals", LINES)
    start = threading.Barrier(2)
    outcomes = []

    def commit_at_once(pk):
        start.wait()
        try:
            done = batches.commit(ImportBatch.objects.get(pk=pk))
            outcomes.append((done.state, done.new, done.unchanged))
        finally:
            connection.close()

    threads = [threading.Thread(target=commit_at_once, args=[one.pk]) for one in (batch, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [("committed", 0, 2), ("committed", 2, 0)]
    assert visible() == (2, 2)


def test_a_batch_is_committed_once_however_often_it_is_asked(batch):
    first, second = (ImportBatch.objects.get(pk=batch.pk) for _each in range(2))
    batches.commit(first)
    with pytest.raises(batches.AlreadyDone):
        batches.commit(second)
    assert visible() == (2, 2)
