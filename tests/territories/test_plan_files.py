"""All plans of a year on paper: a page each from the browser, or one PDF made by a job for its asker alone."""

import re
import zlib
from datetime import timedelta
from typing import ClassVar

import pytest
from django.urls import reverse
from django.utils import timezone

from spm.errors import NothingToDo
from spm.jobs import queue
from spm.jobs.models import Job
from spm.jobs.registry import Running
from spm.org.models import TeamLead
from territories import plan_files, plan_flow, plan_pdf
from territories.choices import FileFormat
from territories.models import PlanFile, TerritoryPlan
from territories.plan_pdf import NoPdf
from tests.territories.test_plan_writing import complete


@pytest.fixture
def written(planned):
    complete(planned)
    plan_flow.submit(planned.plan, planned.rep)
    return planned


def pages_in(pdf):
    """Pages are objects, packed into streams."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    opened = [zlib.decompressobj().decompress(stream) for stream in streams if stream[:1] == b"x"]
    return sum(len(re.findall(rb"/Type\s*/Page\b(?!s)", part)) for part in [pdf, *opened])


def test_a_rep_does_not_print_all(written, client):
    client.force_login(written.rep)
    assert client.post(reverse("territories:plan-file-ask", args=["2027"])).status_code == 403


def test_without_the_extra_a_sentence_says_what_to_install(written, monkeypatch, client):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(plan_pdf, "find_spec", lambda name: None)
    monkeypatch.setattr(plan_pdf, "import_module", absent)
    with pytest.raises(NoPdf, match=r"spm\[pdf\]"):
        plan_files.ask(written.year, written.north_manager, "en")
    client.force_login(written.north_manager)
    answer = client.post(reverse("territories:plan-file-ask", args=["2027"]), {"format": "pdf"}, follow=True)
    assert "optional extra" in answer.content.decode()
    assert not PlanFile.objects.exists()


def test_a_missing_library_of_the_system_is_told_too(monkeypatch):
    def broken(name):
        raise OSError("cannot load library 'libpango'")

    monkeypatch.setattr(plan_pdf, "import_module", broken)
    with pytest.raises(NoPdf, match="Pango"):
        plan_pdf.Booklet()


class Engine:
    """Stands in for the extra where it is not installed: keeps the documents it was given, and binds them."""

    html: ClassVar[list[str]] = []

    @staticmethod
    def CSS(filename):  # noqa: N802  # as the library names it
        return filename

    @classmethod
    def HTML(cls, string, url_fetcher):  # noqa: N802
        cls.html.append(string)
        return cls

    @classmethod
    def write_pdf(cls, stylesheets):
        return f"%PDF-{len(stylesheets)}-{len(cls.html)} ".encode()

    class PdfWriter:
        def __init__(self, clone_from):
            self.parts = [clone_from.read()]

        def append(self, made, *, import_outline):
            self.parts.append(made.read())

        def write(self, file):
            file.write(b"".join(self.parts))


@pytest.fixture
def engine(monkeypatch):
    monkeypatch.setattr(plan_pdf, "find_spec", lambda name: True)
    monkeypatch.setattr(plan_pdf, "import_module", lambda name: Engine)
    monkeypatch.setattr(Engine, "html", [])
    return Engine


def made(planned, wanted=FileFormat.PDF):
    with queue.in_process() as here:
        file = plan_files.ask(planned.year, planned.north_manager, "en", wanted)
    assert here.failed == [], Job.objects.get(pk=here.failed[0]).error
    return PlanFile.objects.get(pk=file.pk)


@pytest.mark.django_db(transaction=True)
def test_a_job_makes_the_file_and_its_asker_alone_downloads_it(written, engine, client):
    file = made(written)
    assert (file.plans, bytes(file.data)) == (1, b"%PDF-2-1 ")
    assert "By the dock" in engine.html[0]
    address = reverse("territories:plan-file", args=[file.pk])
    for person, status in ((written.north_manager, 200), (written.admin, 404), (written.rep, 404)):
        client.force_login(person)
        assert client.get(address).status_code == status
    job = Job.objects.get(kind="plan_file")
    assert (job.progress, job.total) == (2, 2)
    assert "By the dock" not in str(job.arguments)


@pytest.fixture
def two_written(written):
    """A teammate's plan is begun too."""
    TerritoryPlan.objects.create(fiscal_year=written.year, person=written.teammate, started_from="blank")
    return written


@pytest.mark.django_db(transaction=True)
def test_each_plan_is_drawn_in_turn_and_the_progress_is_that_of_the_drawing(two_written, engine, monkeypatch):
    seen, progress = [], Running.progress

    def told(job, done, total, step=""):
        seen.append((done, total, step, len(engine.html)))
        progress(job, done, total, step)

    monkeypatch.setattr(Running, "progress", told)
    file = made(two_written)
    assert [html.count('class="page') for html in engine.html] == [1, 1]
    assert (file.plans, bytes(file.data)) == (2, b"%PDF-2-1 %PDF-2-2 ")
    assert seen == [(1, 3, "Rep One", 1), (2, 3, "Rep Two", 2), (3, 3, "Ready", 2)]


@pytest.mark.django_db(transaction=True)
def test_to_print_it_is_a_page_per_plan_that_is_begun_without_scripts(written, client):
    TerritoryPlan.objects.create(fiscal_year=written.year, person=written.teammate)
    file = made(written, FileFormat.PAGE)
    client.force_login(written.north_manager)
    answer = client.get(reverse("territories:plan-file", args=[file.pk]))
    body = answer.content.decode()
    assert answer["Content-Type"].startswith("text/html")
    assert body.count('class="page') == 1
    assert "By the dock" in body
    assert "plan_print.css" in body
    assert "<script" not in body


def test_a_manager_prints_the_plans_of_the_own_people_alone(written):
    assert plan_files.plans_of(written.year, written.south_manager) == []
    assert plan_files.plans_of(written.year, written.director) == [written.plan]


@pytest.mark.django_db(transaction=True)
def test_inv_40_a_file_is_gone_a_quarter_of_an_hour_after_it_was_made(written, engine, client):
    file = made(written)
    PlanFile.objects.update(made_at=timezone.now() - timedelta(minutes=15))
    client.force_login(written.north_manager)
    assert client.get(reverse("territories:plan-file", args=[file.pk])).status_code == 404
    assert plan_files.newest(written.year, written.north_manager) is None
    assert plan_files.forget() == 1
    assert not PlanFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_inv_39_who_leads_nobody_any_more_cannot_fetch_what_was_made_before(written, engine, client):
    file = made(written)
    TeamLead.objects.create(team=written.north, person=None, starts_on="2026-01-02")
    client.force_login(written.north_manager)
    assert client.get(reverse("territories:plan-file", args=[file.pk])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_inv_39_who_leads_another_team_by_now_cannot_fetch_the_plans_of_the_former(written, engine, client):
    file = made(written)
    TeamLead.objects.create(team=written.north, person=None, starts_on="2026-01-02")
    TeamLead.objects.create(team=written.south, person=written.north_manager, starts_on="2026-01-02")
    client.force_login(written.north_manager)
    assert client.get(reverse("territories:plan-file", args=[file.pk])).status_code == 404


def test_asked_for_twice_it_is_made_once(written, engine):
    first = plan_files.ask(written.year, written.north_manager, "en")
    assert plan_files.ask(written.year, written.north_manager, "en") == first


def test_nothing_is_made_where_nobody_has_begun(planned, engine):
    with pytest.raises(NothingToDo):
        plan_files.ask(planned.year, planned.north_manager, "en")


@pytest.mark.pdf
@pytest.mark.skipif(not plan_pdf.is_installed(), reason="the optional extra pdf is not installed; .ci/run installs it")
@pytest.mark.django_db(transaction=True)
def test_the_extra_draws_a_page_for_each_plan(two_written):
    data = bytes(made(two_written).data)
    assert data.startswith(b"%PDF-")
    assert pages_in(data) == 2
    assert b"/Lang (en" in data


@pytest.mark.pdf
@pytest.mark.skipif(not plan_pdf.is_installed(), reason="the optional extra pdf is not installed; .ci/run installs it")
@pytest.mark.django_db(transaction=True)
def test_the_fullest_legal_plan_is_one_page_of_the_file_too(fullest):
    assert pages_in(bytes(made(fullest).data)) == 1


def test_a_document_fetches_nothing():
    with pytest.raises(ValueError, match="nothing is fetched"):
        plan_pdf._refuse("https://example.com/x.css")


def test_a_file_that_still_waits_for_its_turn_is_not_forgotten(written, engine):
    file = plan_files.ask(written.year, written.north_manager, "en")
    PlanFile.objects.update(asked_at=timezone.now() - timedelta(hours=2))
    assert plan_files.forget() == 0
    assert plan_files.newest(written.year, written.north_manager) == file
    Job.objects.update(state="failed")
    assert plan_files.newest(written.year, written.north_manager) is None
    assert plan_files.forget() == 1
