"""What lives as long as a process is left out of the search for garbage."""

import gc

import pytest
from celery.signals import worker_process_init

from spm import memory


@pytest.fixture
def usual_collector():
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_a_process_of_the_worker_searches_less_often_and_not_through_the_application(usual_collector):
    gc.unfreeze()
    worker_process_init.send(sender=None)
    assert gc.get_threshold()[0] == memory.MADE
    assert gc.get_freeze_count() > 0
