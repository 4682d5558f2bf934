"""Asking for work: in the caller's transaction, sent on commit, run in process where there is no broker."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from spm.errors import RuleViolation
from spm.jobs import queue
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.queue import enqueue, in_process, retry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent(settings, monkeypatch):
    """The messages that would go to the broker."""
    settings.JOBS_IN_PROCESS = False
    messages = []
    monkeypatch.setattr(queue.app, "send_task", lambda name, args: messages.append((name, args)))
    return messages


def test_a_message_carries_the_id_and_nothing_else(sent):
    job = enqueue("greet", subject="you", arguments={"to": "you"})
    assert sent == [("spm.jobs.run", [job.pk])]


def test_the_message_leaves_only_when_the_caller_commits(sent):
    with transaction.atomic():
        enqueue("greet")
        assert sent == []
    assert len(sent) == 1


def test_a_rolled_back_caller_leaves_neither_row_nor_message(sent):
    with transaction.atomic():
        enqueue("greet")
        transaction.set_rollback(True)
    assert (sent, Job.objects.count()) == ([], 0)


def test_work_for_later_is_left_to_the_sweeper(sent):
    job = enqueue("greet", due_at=timezone.now() + timedelta(hours=1))
    assert (sent, job.state) == ([], JobState.WAITING)


def test_a_slot_is_taken_once(sent):
    assert enqueue("greet", slot="greet 10:00") is not None
    assert enqueue("greet", slot="greet 10:00") is None
    assert (len(sent), Job.objects.count()) == (1, 1)


def test_an_unreachable_broker_leaves_the_job_waiting(settings, monkeypatch):
    settings.JOBS_IN_PROCESS = False

    def refuse(name, args):
        raise OperationalError

    monkeypatch.setattr(queue.app, "send_task", refuse)
    assert enqueue("greet").state == JobState.WAITING


def test_without_a_broker_the_job_runs_at_once(settings, handle):
    settings.JOBS_IN_PROCESS = True
    seen = []
    handle("greet", lambda job: seen.append(job.arguments))
    job = enqueue("greet", arguments={"to": "you"})
    job.refresh_from_db()
    assert (seen, job.state) == ([{"to": "you"}], JobState.DONE)


def test_in_process_tells_which_jobs_failed(handle):
    def refuse(job):
        raise RuleViolation("No rate for USD.")

    handle("greet", refuse)
    with in_process() as ran:
        job = enqueue("greet")
    assert (ran.failed, Job.objects.get(pk=job.pk).error) == ([job.pk], "No rate for USD.")


def test_a_job_asked_for_by_a_job_runs_after_it(handle):
    seen = []

    def first(job):
        enqueue("second")
        seen.append("first")

    handle("first", first)
    handle("second", lambda job: seen.append("second"))
    with in_process():
        enqueue("first")
    assert seen == ["first", "second"]


def test_a_failed_job_can_be_tried_again(handle):
    attempts = []

    def fail_once(job):
        attempts.append(job.job.attempt)
        if len(attempts) == 1:
            raise RuleViolation("Not yet.")

    handle("greet", fail_once)
    with in_process():
        job = enqueue("greet")
        assert retry(job)
    job.refresh_from_db()
    assert (job.state, job.error, attempts) == (JobState.DONE, "", [1, 1])


def test_a_job_that_did_not_fail_is_not_tried_again(handle):
    handle("greet", lambda job: None)
    with in_process():
        assert not retry(enqueue("greet"))
