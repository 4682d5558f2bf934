"""Killed at any statement, or run twice at once, an import is there whole or not at all."""

import threading

import pytest
from django.db import connection

from spm.imports import batches
from spm.imports.choices import BatchState
from spm.imports.models import ImportBatch
from targets.models import Actual, Credit
from tests import children
from tests.builders import make_person
from tests.spm.imports_help import upload

pytestmark = pytest.mark.django_db(transaction=True)

LINES = "external_id,kind,date,email,amount\na,revenue,2026-01-05,ana@x.com,10\nb,booking,2026-02-05,,20\n"
MOST = 500  # statements that no import of two rows needs


def commit(pk):
    batches.commit(ImportBatch.objects.get(pk=pk))


def undo(pk):
    batches.undo(ImportBatch.objects.get(pk=pk))


def visible():
    return Actual.objects.in_force().count(), Credit.objects.count()


@pytest.fixture
def batch(year):
    make_person("Ana", email="ana@x.com")
    return upload("actuals", LINES)


def test_inv_15_killed_at_every_statement_of_a_commit_nothing_or_all_is_visible(batch):
    number, seen = 0, set()
    while True:
        number += 1
        assert number < MOST
        ended = children.got_through(children.start(commit, batch.pk, kill_before=number))
        seen.add(visible())
        batch.refresh_from_db()
        assert visible() == ((2, 2) if batch.state == BatchState.COMMITTED else (0, 0))
        if batch.state == BatchState.COMMITTED:
            break
        assert not ended
    assert number > 10
    assert seen == {(0, 0), (2, 2)}


def test_inv_16_killed_at_every_statement_of_an_undo_nothing_or_all_is_taken_back(batch):
    batches.commit(batch)
    number = 0
    while batch.state == BatchState.COMMITTED:
        number += 1
        assert number < MOST
        children.got_through(children.start(undo, batch.pk, kill_before=number))
        batch.refresh_from_db()
        assert visible() == ((2, 2) if batch.state == BatchState.COMMITTED else (0, 0))
    assert (batch.state, number > 10) == (BatchState.UNDONE, True)


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
