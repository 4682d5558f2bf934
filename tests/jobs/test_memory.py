"""What lives as long as a process is left out of the search for garbage."""

import gc
import resource

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


def faults_by_depth():
    """Pages of memory asked of the system by a hundred calls of one function, made from each of two hundred depths."""

    def leaf():
        return None

    leaf.__code__ = leaf.__code__.replace(co_stacksize=100)  # wider than one step down, so that no edge is stepped over

    def deeper(left):
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        for _round in range(100):
            leaf()
        found.append(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before)
        if left:
            deeper(left - 1)

    found = []
    deeper(200)
    return found


def test_no_depth_of_calls_costs_memory_with_every_call():
    memory.in_one_piece(faults_by_depth)()  # what the first run touches stays
    assert max(memory.in_one_piece(faults_by_depth)()) < 50


def test_what_is_called_in_one_piece_gets_its_arguments_and_gives_its_answer():
    assert memory.in_one_piece(sorted)([2, 1], reverse=True) == [2, 1]
    with pytest.raises(ZeroDivisionError):
        memory.in_one_piece(divmod)(1, 0)
