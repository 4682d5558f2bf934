"""Whoever waits for a file sees how far it is: a bar for each phase, and no measure where nobody has one."""

import re

import pytest
from django.urls import reverse

from spm.imports import batches, progress, staging
from spm.imports.choices import BatchState
from spm.jobs import leases
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from tests.builders import make_person
from tests.spm.imports_help import load, upload

# Jobs start when the transaction of their cause commits.
pytestmark = pytest.mark.django_db(transaction=True)

LINES = "external_id,kind,date,amount\n" + "".join(f"a{n},revenue,2026-01-05,10\n" for n in range(50))
TEAMS = "team\n" + "".join(f"Team {n}\n" for n in range(50))
BAR = re.compile(r'role="progressbar"([^>]*)>')


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch):
    monkeypatch.setattr(progress, "EVERY", 20)
    monkeypatch.setattr(staging, "BLOCK", 20)


@pytest.fixture
def admin(client, cast, year):
    client.force_login(cast.admin)
    return client


@pytest.fixture
def shown(admin, monkeypatch):
    """shown(batch, verb): what the page of the import showed after each report: how far its bar is, and its words."""
    looks = []

    def seen(address):
        page = admin.get(address).content.decode()
        bars = [dict(re.findall(r'aria-(\w+)="([^"]*)"', bar)) for bar in BAR.findall(page)]
        words = re.search(r'<span class="meta">([^<]*)</span>\s*</p>\s*</div>', page)
        looks.append(([(bar.get("valuenow"), bar.get("valuemax")) for bar in bars], words[1]))

    def do(batch, verb):
        address, renew = reverse("imports:detail", args=[batch.pk]), leases.renew

        def look(running, now):
            renewed = renew(running, now)
            seen(address)
            return renewed

        with monkeypatch.context() as patch:
            patch.setattr(leases, "renew", look)
            batches.ask(batch, verb, None)
        batch.refresh_from_db()
        assert Job.objects.get(pk=batch.job_id).state == JobState.DONE
        return looks

    return do


NO_MEASURE = [(None, None)]


def far(*steps):
    return [[(str(step), "50")] for step in steps]


def test_the_page_shows_a_bar_that_moves_while_a_file_is_read_and_checked(shown):
    batch = upload("actuals", LINES)
    looks = shown(batch, "preview")
    assert batch.state == BatchState.PREVIEWED
    reading = [(bar, "Reading rows") for bar in far(20, 40, 50)]
    checking = [(bar, "Checking rows") for bar in far(20, 40, 50)]
    assert looks == [
        (NO_MEASURE, "Opening the file"),
        (NO_MEASURE, "Reading rows"),
        *reading,
        (NO_MEASURE, "Checking rows: 50"),
        *checking,
        ([("50", "50")], "Rows read"),
    ]


def test_that_rows_are_being_written_is_said_before_the_transaction_and_never_as_done(shown):
    looks = shown(upload("actuals", LINES), "commit")
    assert [each for each in looks if each[1].startswith("Writing")] == [(NO_MEASURE, "Writing rows: 50")]
    assert looks[-2:] == [(NO_MEASURE, "Writing rows: 50"), ([("50", "50")], "Rows read")]


def test_that_rows_are_taken_back_is_said_without_a_measure(shown):
    batch = load("actuals", LINES)
    looks = shown(batch, "undo")
    assert batch.state == BatchState.UNDONE
    assert looks[0] == (NO_MEASURE, "Taking rows back: 50")


def test_a_kind_that_is_judged_as_a_whole_has_no_measure_until_it_is(shown):
    looks = shown(upload("teams", TEAMS), "preview")
    assert [bar for bar, words in looks if words.startswith("Checking")] == [NO_MEASURE, [("50", "50")]]


def test_the_phases_are_said_in_the_language_of_their_reader(shown, client):
    client.force_login(make_person("Chef", is_admin=True, locale="fr"))
    words = [words for _bar, words in shown(upload("actuals", LINES), "commit")]
    assert [words[0], words[1], words[-2]] == [
        "Ouverture du fichier",
        "Lecture des lignes",
        "Écriture des lignes\u202f: 50",
    ]


def test_writing_reports_each_block_from_within_its_transaction(year):
    told = []
    batches.commit(upload("actuals", LINES), progress=lambda *report: told.append(report))
    assert [report for report in told if report[2].startswith("Writing")] == [
        (0, 50, progress.WRITING_ALL),
        *((done, 50, progress.WRITING) for done in (20, 40, 50)),
    ]


def test_a_refused_file_is_checked_again_to_list_its_rows(year):
    told = []
    batch = batches.commit(
        upload("actuals", LINES + "b,revenue,2026-02-31,10\n"), progress=lambda *report: told.append(report[2])
    )
    assert batch.state == BatchState.REFUSED
    assert progress.WRITING_ALL not in told
    assert told[-1] == progress.CHECKING
