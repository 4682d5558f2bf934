"""The jobs pages: admins watch background work and try again what failed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from spm.jobs.choices import KIND_LABELS, JobState
from spm.jobs.models import Job
from spm.jobs.registry import _handlers

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20  # of any page: design §5


def make_job(**fields):
    now = timezone.now()
    return Job.objects.create(**{"kind": "rollup", "due_at": now, "started_at": now, "finished_at": now} | fields)


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.admin)
    return client


def test_the_list_takes_as_many_queries_for_one_job_as_for_three(admin, cast):
    admin.get("/setup/jobs/")  # the first page of a session writes down where it came from
    counts = []
    for number in (1, 2):
        for _ in range(number):
            make_job(created_by=cast.admin, subject="2026-09")
        with CaptureQueriesContext(connection) as queries:
            admin.get("/setup/jobs/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= MOST_QUERIES


def test_the_list_is_exported_as_it_is_shown(admin, cast):
    make_job(created_by=cast.admin, subject="2026-09", state=JobState.DONE, note="12 totals")
    make_job(kind="canary", slot="canary 10:00", state=JobState.DONE, subject="chirp")
    text = admin.get("/setup/jobs/?format=csv").getvalue().decode()
    assert f"2026-09,Done,{cast.admin.name}," in text
    assert "chirp" not in text


def test_scheduled_jobs_that_went_well_are_listed_on_demand(admin):
    make_job(kind="canary", slot="canary 10:00", state=JobState.DONE, subject="chirp")
    assert "chirp" not in admin.get("/setup/jobs/").content.decode()
    assert "chirp" in admin.get("/setup/jobs/?show=all").content.decode()


def test_notifications_and_mails_that_went_well_do_not_drown_the_rest(admin, cast):
    for kind, state, subject in (
        ("notify", JobState.DONE, "tidings"),
        ("mail", JobState.DONE, "letter"),
        ("mail", JobState.FAILED, "bounced"),
        ("rollup", JobState.DONE, "totals"),
        ("rollup", JobState.WAITING, "upcoming"),
    ):
        make_job(kind=kind, state=state, subject=subject, created_by=cast.admin)
    shown = {
        show: [word for word in ("tidings", "letter", "bounced", "totals", "upcoming") if word in text]
        for show in ("", "open", "failed", "all")
        for text in [admin.get(f"/setup/jobs/?show={show}").content.decode()]
    }
    assert shown == {
        "": ["bounced", "totals", "upcoming"],
        "open": ["upcoming"],
        "failed": ["bounced"],
        "all": ["tidings", "letter", "bounced", "totals", "upcoming"],
    }


def test_every_kind_of_job_has_a_name():
    assert set(_handlers) - set(KIND_LABELS) == set()


def test_the_fragment_asks_again_while_the_job_runs(admin):
    job = make_job(state=JobState.RUNNING, progress=3, total=12, finished_at=None)
    response = admin.get(f"/setup/jobs/{job.pk}/?fragment")
    assert f'hx-get="/setup/jobs/{job.pk}/?fragment"' in response.content.decode()
    assert 'width="25%"' in response.content.decode()
    assert "HX-Refresh" not in response.headers


def test_the_fragment_reloads_the_page_when_the_job_is_over(admin):
    job = make_job(state=JobState.DONE)
    response = admin.get(f"/setup/jobs/{job.pk}/?fragment")
    assert "hx-get" not in response.content.decode()
    assert response.headers["HX-Refresh"] == "true"


def test_a_failed_job_is_tried_again_on_request(admin):
    job = make_job(state=JobState.FAILED, error="No rate for USD.")
    assert "No rate for USD." in admin.get(f"/setup/jobs/{job.pk}/").content.decode()
    assert admin.post(f"/setup/jobs/{job.pk}/retry/").status_code == 302
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.WAITING, "")


def test_a_job_that_went_well_is_not_tried_again(admin):
    job = make_job(state=JobState.DONE)
    page = admin.post(f"/setup/jobs/{job.pk}/retry/", follow=True).content.decode()
    assert "Only a job that failed can be tried again." in page
