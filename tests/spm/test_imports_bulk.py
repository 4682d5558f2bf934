"""The writing of many rows: keys reserved in advance, blocks, both databases."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction

from spm.imports import bulk
from spm.imports.models import ImportBatch, ImportContent
from spm.imports.staging import Spool

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch():
    return ImportBatch.objects.create(kind="actuals", filename="a.csv", sha256="0" * 64)


def write(batch, count):
    with transaction.atomic():
        keys = bulk.reserve(ImportContent, count)
        rows = [(key, batch.pk, number, b"x") for number, key in enumerate(keys)]
        assert bulk.insert(ImportContent, ["id", "batch", "number", "data"], rows) == count
    return keys


def test_reserved_keys_are_the_ones_written_and_never_come_again(batch):
    keys = write(batch, 3)
    assert list(batch.contents.values_list("pk", flat=True)) == keys
    assert bulk.reserve(ImportContent, 2)[0] > max(keys)
    assert ImportContent.objects.create(batch=batch, number=9, data=b"").pk > max(keys)


def test_reserving_after_rows_made_by_the_orm_gives_free_keys(batch):
    last = ImportContent.objects.create(batch=batch, number=100, data=b"").pk
    assert min(write(batch, 2)) > last


def test_more_rows_than_a_block_are_all_written(batch):
    write(batch, bulk.BLOCK + 1)
    assert batch.contents.count() == bulk.BLOCK + 1


def test_update_and_delete_touch_only_the_rows_named(batch):
    first, second, third = write(batch, 3)
    bulk.update(ImportContent, ["number"], [(second, 77)])
    bulk.delete(ImportContent, "id", [third])
    assert list(batch.contents.values_list("pk", "number")) == [(first, 0), (second, 77)]


def test_what_waits_in_a_spool_comes_back_equal_as_often_as_one_likes():
    things = [(1, {"a": Decimal("1.50"), "b": date(2026, 1, 31), "c": None, "d": True, "e": "\ud800 é"}, {"a": "1,50"})]
    spool = Spool()
    for thing in things * 5_001:
        spool.add(thing)
    for _time in range(2):
        blocks = list(spool.blocks())
        assert [len(block) for block in blocks] == [5_000, 1]
        assert tuple(blocks[1][0]) == things[0]
