"""Daily and hourly work on the organisation."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from spm.jobs.models import Job
from spm.jobs.queue import enqueue, in_process
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
