"""The demo company from the first-run page: into an empty database alone, all of it or nothing, and away again."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from spm.dashboards import demo, demo_loading
from spm.dashboards.norvik import cast
from spm.errors import RuleViolation
from spm.imports.models import ImportBatch
from spm.jobs import queue, runner
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.org import guards, people, verification
from spm.org.models import AuditEntry, Company, Team, User
from targets.models import RollupRun
from tests.builders import make_company, make_person, make_team, make_territory, make_year

pytestmark = pytest.mark.django_db(transaction=True)
LOAD, WELCOME = reverse("dashboards:demo-load"), reverse("setup:welcome")


@pytest.fixture
def admin(transactional_db, client):
    """The first admin of an empty installation, signed in."""
    person = make_person("Ada Admin", is_admin=True, password="correct horse battery")  # noqa: S106
    client.force_login(person)
    return person


@pytest.fixture
def worker(settings, monkeypatch):
    """Jobs wait for worker(), as they do where a broker runs; it runs the newest."""
    settings.JOBS_IN_PROCESS = False
    monkeypatch.setattr(queue.app, "send_task", lambda *_, **__: None)
    return lambda: runner.run(Job.objects.filter(kind="demo").first().pk)


def page(client):
    return client.get(WELCOME).content.decode()


def break_off(monkeypatch, error):
    """The load ends with ``error`` when its goals are to be loaded: people and teams are there by then."""

    def raise_it():
        raise error

    monkeypatch.setattr(demo.demo_planning, "lock_and_revise", raise_it)
    monkeypatch.setattr(demo.sheets, "goals", list)


@pytest.fixture
def begun(monkeypatch):
    """What the progress of the job was told of."""
    told, tell = [], demo_loading._Steps.__call__
    monkeypatch.setattr(demo_loading._Steps, "__call__", lambda steps, name: told.append(name) or tell(steps, name))
    return told


def test_the_demo_company_is_loaded_beside_its_admin_and_taken_away_again(client, admin, begun):
    """Once through, in process: loading takes its time."""
    assert "Load the demo company" in page(client)
    assert client.post(LOAD, follow=True).redirect_chain == [(WELCOME, 302)]
    assert len(begun) == demo.STEPS, (begun[-3:], Job.objects.get(kind="demo").error)
    job = Job.objects.get(kind="demo")
    assert (job.state, job.progress, job.total) == (JobState.DONE, demo.STEPS, demo.STEPS)
    company = Company.objects.get()
    assert (company.is_demo, str(company.today())) == (True, "2026-09-18")
    assert User.objects.people().count() == len(cast.PEOPLE) + 1
    assert not RollupRun.objects.stale().exists()
    assert [breach for found in verification.run_all() for breach in found.breaches] == []
    admin.refresh_from_db()
    assert admin.check_password("correct horse battery")
    norvik = User.objects.people().exclude(pk=admin.pk)
    assert not any(person.has_usable_password() for person in norvik)
    assert AuditEntry.objects.filter(kind="demo_loaded", actor=admin).exists()
    shown = page(client)
    assert "Rep · Matteo Ferrandin" in shown or "Rep · Baptiste Lavernhe" in shown
    assert "You alone stay" in shown
    assert client.get("/").status_code == 200
    client.post(reverse("dashboards:demo-remove"))
    assert demo.is_empty(but=admin)
    assert "Load the demo company" in page(client)


def test_the_page_shows_the_progress_of_the_job(client, admin, worker):
    client.post(LOAD)
    job = Job.objects.get(kind="demo")
    assert f'id="job-{job.pk}"' in page(client)
    assert "Load the demo company" not in page(client)
    client.post(LOAD)
    assert Job.objects.filter(kind="demo").count() == 1


@pytest.mark.parametrize(
    "stored",
    [
        lambda: make_company(fixed_today=None),
        lambda: make_person("Somebody Else"),
        lambda: make_team("North"),
        lambda: make_territory("Coast"),
        make_year,
    ],
)
def test_where_anything_is_stored_the_demo_is_refused_in_words(client, admin, worker, stored):
    stored()
    assert "Load the demo company" not in page(client)
    assert "this one holds data" in client.post(LOAD, follow=True).content.decode()
    assert not Job.objects.filter(kind="demo").exists()


def test_what_was_stored_between_asking_and_loading_is_left_alone(client, admin, worker):
    client.post(LOAD)
    make_team("Ours")
    assert worker() == JobState.FAILED
    assert Team.objects.get().name == "Ours"
    assert "this one holds data" in Job.objects.get(kind="demo").error


def test_a_load_that_fails_leaves_nothing_but_its_admin_and_the_reason(client, admin, worker, monkeypatch):
    client.post(LOAD)
    break_off(monkeypatch, demo.DemoRefused("norvik-quotas.csv: no."))
    assert worker() == JobState.FAILED
    assert demo.is_empty(but=admin)
    assert guards.missing(demo.connection) == []
    assert not ImportBatch.objects.exists()
    shown = page(client)
    assert "norvik-quotas.csv: no." in shown
    assert "Load the demo company" in shown


class Killed(BaseException):
    """The worker is gone: nothing of it runs any more, no clean-up either."""


def test_a_load_whose_worker_was_killed_begins_anew(client, admin, worker, monkeypatch):
    client.post(LOAD)
    with monkeypatch.context() as patch:
        break_off(patch, Killed())
        patch.setattr(demo_loading, "_clear", lambda *_: None)
        with pytest.raises(Killed):
            worker()
    assert demo.is_half_loaded()
    Job.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    break_off(monkeypatch, demo.DemoRefused("The second attempt came as far."))
    assert worker() == JobState.FAILED
    assert "The second attempt came as far." in Job.objects.get(kind="demo").error
    assert demo.is_empty(but=admin)
    assert client.get(WELCOME).status_code == 200  # still signed in


def test_an_attempt_that_was_overtaken_clears_nothing(client, admin, worker, monkeypatch):
    client.post(LOAD)

    def overtaken():
        Job.objects.filter(kind="demo").update(attempt=2)
        raise RuleViolation("too late")

    break_off(monkeypatch, Killed())
    monkeypatch.setattr(demo.demo_planning, "lock_and_revise", overtaken)
    assert worker() is None
    assert demo.is_half_loaded()


def test_who_is_no_admin_any_more_loads_nothing(client, admin, worker):
    client.post(LOAD)
    User.objects.filter(pk=admin.pk).update(is_active=False)
    assert worker() == JobState.FAILED
    assert not Company.objects.exists()


def test_a_rep_loads_nothing(client, admin):
    client.force_login(people.create_person(email="rep@example.com", name="Rep"))
    assert client.post(LOAD).status_code == 403
