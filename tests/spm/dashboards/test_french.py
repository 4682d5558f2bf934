"""French: what a person whose language it is reads on the pages, and what an anonymous French browser reads."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from spm.jobs.models import Job

pytestmark = pytest.mark.django_db

ENGLISH = re.compile(
    r"\b(Home|Targets|Territories|Meetings|Settings|Setup|Bookings|Revenue|Attainment|Pace|Gap|To go|Actual|"
    r"Ahead|On track|At risk|Behind|Quarter|Year|Sign in|Password|Company|Calendar|People|Teams|Jobs|Search|Unassigned|"
    r"House)\b"
)


@pytest.fixture
def read(client):
    """read(route, person, *arguments) is the visible text of a page in French, scripts and styles left out."""

    def text(route, person=None, *arguments):
        if person is not None:
            person.locale = "fr"
            person.save()
            client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = client.get(reverse(route, args=arguments), headers={"accept-language": "fr-FR,fr;q=0.9"})
        assert page.headers["Content-Language"] == "fr"
        body = re.sub(r"<(script|style)\b.*?</\1>", "", page.content.decode(), flags=re.DOTALL)
        return " ".join(strip_tags(body).split(" "))

    return text


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ("dashboards:performance", ["Commandes", "Chiffre d’affaires", "Atteinte", "Reste à faire", "En retard"]),
        ("dashboards:home", ["Accueil", "À surveiller", "Rythme"]),
        ("dashboards:territories", ["Territoires", "Aucun territoire"]),
        ("targets:year-list", ["Objectifs", "Plan de l’entreprise"]),
    ],
)
def test_a_french_director_reads_french(story, read, route, words):
    text = read(route, story.director)
    assert [word for word in words if word not in text] == []
    assert ENGLISH.findall(text) == []


@pytest.mark.parametrize("route", ["setup:overview", "imports:list", "jobs:list", "setup:calendar", "setup:people"])
def test_a_french_admin_reads_french(story, read, route):
    text = read(route, story.admin)
    assert "Configuration" in text
    assert ENGLISH.findall(text) == []


def test_a_french_browser_signs_in_in_french(cast, read):
    text = read("account_login")
    assert "Se connecter" in text
    assert ENGLISH.findall(text) == []


def test_numbers_have_a_comma_and_the_currency_behind(story, read):
    text = read("dashboards:actuals", story.admin)
    assert re.search(r"\d,\d\d\u202f€", text)
    assert re.search(r"€\d", text) is None
    assert "Maison" in text
    assert "Non affecté" in text
    assert ENGLISH.findall(text) == []


def test_a_rep_reads_the_own_page_in_french(story, read):
    text = read("dashboards:rep", story.rep, story.rep.pk)
    assert "du rythme" in text
    assert ENGLISH.findall(text) == []


def test_a_note_written_by_the_worker_is_read_in_french(story, read):
    Job.objects.create(kind="rollup", state="done", note="periods rolled up", due_at=timezone.now())
    assert "périodes consolidées" in read("jobs:list", story.admin)
