"""Settings, theme, search and the frame of every page."""

import pytest
from django.utils import translation

from spm.dashboards.search import find
from spm.dashboards.shell import entries_at
from tests.builders import make_account, make_person, make_territory

QUERIES = 10  # session, person, scope, company and bell, then one for each of the four kinds
PROFILE = {"locale": "fr", "timezone": "Europe/Paris", "theme": "dark", "shortcuts": "", "version": 0}


@pytest.fixture
def at(client, cast):
    """at(person) is a client signed in as that person."""

    def signed_in(person):
        client.force_login(person)
        return client

    return signed_in


def test_settings_are_kept(at, cast):
    assert at(cast.rep).post("/settings/", PROFILE).status_code == 302
    cast.rep.refresh_from_db()
    assert (cast.rep.locale, cast.rep.timezone, cast.rep.theme) == ("fr", "Europe/Paris", "dark")
    assert cast.rep.shortcuts is False


@pytest.mark.parametrize("wrong", [{"locale": "tlh"}, {"timezone": "Mars/Base"}, {"theme": "pink"}])
def test_what_is_not_offered_is_refused(at, cast, wrong):
    assert at(cast.rep).post("/settings/", PROFILE | wrong).status_code == 422


def test_nobody_renames_themselves(at, cast):
    at(cast.rep).post("/settings/", PROFILE | {"name": "Boss", "email": "boss@example.com", "is_admin": "on"})
    cast.rep.refresh_from_db()
    assert (cast.rep.name, cast.rep.is_admin) == ("Rep One", False)


def test_the_language_of_the_person_wins_over_the_browser(at, cast):
    cast.rep.locale = "fr"
    cast.rep.save()
    page = at(cast.rep).get("/settings/", headers={"accept-language": "en"}).content.decode()
    assert '<html lang="fr"' in page
    translation.activate("en")


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_the_theme_stands_in_the_page_and_in_a_cookie(at, cast, theme):
    client = at(cast.rep)
    client.post("/settings/theme/", {"theme": theme, "next": "/search/"})
    assert f'data-theme="{theme}"' in client.get("/settings/").content.decode()
    client.post("/accounts/logout/")
    assert f'data-theme="{theme}"' in client.get("/accounts/login/").content.decode()


def test_the_theme_form_leads_back_but_not_away(at, cast):
    client = at(cast.rep)
    assert client.post("/settings/theme/", {"theme": "dark", "next": "/search/"}).url == "/search/"
    assert client.post("/settings/theme/", {"theme": "dark", "next": "https://evil.example/"}).url == "/settings/"


@pytest.mark.parametrize(
    ("path", "marked"),
    [("/", {"/": "page"}), ("/performance/reps/3/", {"/performance/": "true"}), ("/settings/", {})],
)
def test_the_current_entry_is_marked(path, marked):
    assert {entry.path: entry.current for entry in entries_at(path) if entry.current} == marked


def test_there_are_six_entries():
    words = [str(entry.label) for entry in entries_at("/")]
    assert words == ["Home", "Performance", "Targets", "Territories", "Coaching", "Meetings"]


def test_only_admins_see_setup(at, cast):
    assert b'href="/setup/"' in at(cast.admin).get("/settings/").content
    assert b'href="/setup/"' not in at(cast.rep).get("/settings/").content


def names(text, user):
    return [hit.name for group in find(text, user) for hit in group.hits]


def test_search_finds_people_by_parts_of_the_name(cast):
    assert names("ep hre", cast.admin) == ["Rep Three"]


def test_search_keeps_to_what_one_may_see(cast):
    make_territory("Repton", owner=cast.outsider)
    make_account("Reply Ltd", owner=cast.outsider)
    assert names("rep", cast.rep) == ["Rep One"]
    assert names("rep", cast.admin) == ["Rep One", "Rep Three", "Rep Two", "Repton", "Reply Ltd"]


def test_search_finds_nothing_for_nothing(cast):
    assert find("   ", cast.admin) == []


def test_search_shows_ten_and_says_that_there_are_more(at, cast):
    for number in range(11):
        make_person(f"Zoe {number}")
    page = at(cast.admin).get("/search/?q=zoe").content.decode()
    assert page.count('<li><a href="/performance/reps/') == 10
    assert "More match" in page


def test_search_escapes_what_was_typed(at, cast):
    assert b"<script>alert" not in at(cast.rep).get("/search/?q=<script>alert(1)</script>").content


def test_search_takes_the_same_queries_for_few_and_many(at, cast, django_assert_num_queries):
    client = at(cast.admin)
    client.get("/search/?q=zoe")
    for extra in (1, 30):
        for number in range(extra):
            make_person(f"Zoe {extra} {number}")
        with django_assert_num_queries(QUERIES):
            client.get("/search/?q=zoe")


def test_each_hit_of_a_search_leads_to_a_page_that_opens(at, cast):
    client = at(cast.rep)
    hits = [hit for group in client.get("/search/?q=o").context["groups"] for hit in group.hits]
    assert cast.north.name in [hit.name for hit in hits]
    assert {client.get(hit.href).status_code for hit in hits if hit.href} == {200}


def test_rows_of_tables_grow_and_shrink_on_this_browser(client, cast):
    client.force_login(cast.rep)
    client.post("/settings/density/", {"density": "loose", "next": "/settings/"})
    assert 'data-density="loose"' in client.get("/settings/").content.decode()
    client.post("/settings/density/", {"density": ""})
    assert "data-density" not in client.get("/settings/").content.decode()
