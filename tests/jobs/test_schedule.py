"""Daily and hourly work on the organisation."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.queue import enqueue, in_process
from spm.jobs.schedule import clean_up
from spm.org.models import AuditEntry, User
from tests.builders import make_person

pytestmark = pytest.mark.django_db


def run(kind, callbacks):
    with in_process(), callbacks(execute=True):
        enqueue(kind)


def test_people_whose_last_day_is_over_lose_access(company, django_capture_on_commit_callbacks):
    person = make_person("Leaver", left_on=company.today() - timedelta(days=1))
    run("end_departed", django_capture_on_commit_callbacks)
    assert not User.objects.get(pk=person.pk).is_active


def test_inv_31_settled_history_is_sealed(company, cast, django_capture_on_commit_callbacks):
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        run("seal_history", django_capture_on_commit_callbacks)
    assert Job.objects.get(kind="seal_history").state == "done"
    assert AuditEntry.objects.filter(kind="history_seal").exists()


def test_jobs_that_went_well_are_dropped_scheduled_ones_after_a_week_and_failures_never():
    now = timezone.now()

    def made(days, slot=None, state=JobState.DONE):
        return Job.objects.create(kind="x", slot=slot, state=state, due_at=now, finished_at=now - timedelta(days=days))

    made(8, "a"), made(91)
    kept = {made(6, "b").pk, made(89).pk, made(200, "c", JobState.FAILED).pk}
    assert clean_up(now) == 2
    assert set(Job.objects.values_list("pk", flat=True)) == kept
