"""Saved views: what is kept, who sees it, what opens, and that nobody reads a number through somebody else's view."""

import csv
from datetime import date, timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from spm.dashboards.periods import THIS
from spm.org import saving
from spm.org.models import SavedView, TeamLead
from spm.org.saving import MOST_PINNED, MOST_VIEWS, BadView, Wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_user(client):
    def sign_in(person):
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def make_view(owner, name="North by quarter", page="performance", query=None, **wish):
    return saving.create(owner, page, query or {"period": "2026-Q3"}, Wish(name, **wish))


def address(view):
    return reverse(f"dashboards:{view.page}") + f"?view={view.pk}"


def told(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


# What is kept


def test_only_known_parameters_are_kept(story):
    asked = {"period": "2026", "team": "", "view": "3", "format": "csv", "evil": "x", "columns": "gap", "sort": "-pace"}
    assert make_view(story.director, query=asked).query == {"period": "2026", "columns": "gap", "sort": "-pace"}


def test_a_value_is_cut_to_length(story):
    assert len(make_view(story.director, query={"period": "x" * 999}).query["period"]) == 200


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 81])
def test_a_name_is_one_line_of_at_most_eighty_characters(story, name):
    with pytest.raises(BadView):
        make_view(story.director, name)


def test_a_name_is_given_once_by_owner_and_page(story):
    make_view(story.director, "Mine")
    make_view(story.director, "Mine", page="home")
    make_view(story.rep, "Mine")
    with pytest.raises(BadView, match="already"):
        make_view(story.director, " mine ")


def test_there_is_a_most_of_views_and_of_pins(story):
    for number in range(MOST_VIEWS):
        make_view(story.director, f"View {number}", pinned=number < MOST_PINNED)
    with pytest.raises(BadView, match=str(MOST_VIEWS)):
        make_view(story.director, "One more")
    with pytest.raises(BadView, match=str(MOST_PINNED)):
        saving.update(SavedView.objects.get(name="View 40"), Wish("View 40", pinned=True))


def test_saving_keeps_the_state_of_the_address(story, as_user):
    client = as_user(story.director)
    state = f"?of=performance&period=2026-Q2&measure=revenue&compare=prev&team={story.north.pk}&columns=gap,quota"
    answer = client.post(reverse("dashboards:saved-create") + state, {"name": "Second quarter"})
    view = SavedView.objects.get()
    assert answer["Location"] == f"/performance/?view={view.pk}"
    words = {"period": "2026-Q2", "measure": "revenue", "compare": "prev", "team": str(story.north.pk)}
    assert view.query == {**words, "columns": "gap,quota"}


def test_a_running_period_moves_on_where_that_is_wished(story, as_user):
    client, create = as_user(story.director), reverse("dashboards:saved-create")
    client.post(f"{create}?period=2026-Q3", {"name": "Moves", "moves": "on"})
    client.post(f"{create}?period=2026-Q3", {"name": "Stays"})
    assert "moves" not in client.get(f"{create}?period=2026-Q1").content.decode()  # it is over
    kept = dict(SavedView.objects.values_list("name", "query__period"))
    assert kept == {"Moves": f"{THIS}quarter", "Stays": "2026-Q3"}
    page = client.get(address(SavedView.objects.get(name="Moves"))).context["page"]
    assert page.view.label == "2026-Q3"


def test_a_taken_name_is_refused_and_nothing_typed_is_lost(story, as_user):
    make_view(story.director, "Mine")
    answer = as_user(story.director).post(reverse("dashboards:saved-create"), {"name": "mine", "pinned": "on"})
    assert answer.status_code == 422
    assert 'value="mine"' in answer.content.decode()
    assert "already" in answer.content.decode()


# What opens


def test_a_view_opens_as_it_was_saved(story, as_user):
    query = {"period": "2026-Q2", "measure": "revenue", "sort": "name", "columns": "gap", "team": str(story.north.pk)}
    page = as_user(story.director).get(address(make_view(story.director, query=query))).context["page"]
    shown = page.view
    assert (shown.label, shown.measure, shown.sort, shown.columns, shown.team) == (
        *("2026-Q2", "revenue", "name", ("gap",)),
        str(story.north.pk),
    )
    assert page.name == "North"


def test_what_the_address_says_itself_comes_first(story, as_user):
    view = make_view(story.director, query={"period": "2026-Q2", "team": str(story.north.pk), "columns": "gap"})
    page = as_user(story.director).get(address(view) + "&period=2026-Q1&team=&columns=").context["page"]
    assert (page.view.label, page.view.team, page.view.columns) == ("2026-Q1", "", ())


def test_links_of_the_page_keep_the_view_open_and_what_was_changed_on_top(story, as_user):
    view = make_view(story.director, query={"period": "2026-Q2", "team": str(story.north.pk), "sort": "name"})
    answer = as_user(story.director).get(address(view) + "&team=&sort=gap")
    (margin,) = (choice.url for choice in answer.context["filters"].measures if "margin" in choice.url)
    page = as_user(story.director).get("/performance/" + margin).context["page"]
    assert (page.view.measure, page.view.team, page.view.sort, page.view.saved) == ("margin", "", "gap", view.pk)


@pytest.mark.parametrize("text", ["0", "999999", "x", "", "-1", "9" * 40])
def test_a_view_that_is_not_there_is_a_404(story, as_user, text):
    assert as_user(story.director).get(f"/performance/?view={text}").status_code == 404


def test_a_view_of_another_page_is_a_404(story, as_user):
    assert as_user(story.director).get(f"/?view={make_view(story.director).pk}").status_code == 404


def test_a_team_and_a_period_that_are_gone_open_with_sentences(story, as_user):
    view = make_view(story.director, query={"period": "2019-Q1", "team": "987654"})
    answer = as_user(story.director).get(address(view))
    assert answer.status_code == 200
    assert any("The team of the view" in text for text in told(answer))
    assert any("There is no period" in text for text in told(answer))


@pytest.mark.parametrize("junk", [{"period": "\ud800"}, {"measure": "7", "sort": "x", "columns": ",,", "team": "a"}])
def test_whatever_is_stored_a_page_comes(story, as_user, junk):
    view = make_view(story.director)
    SavedView.objects.filter(pk=view.pk).update(
        query={k: v.encode("ascii", "ignore").decode() for k, v in junk.items()}
    )
    assert as_user(story.director).get(address(view)).status_code == 200


def test_home_opens_its_views_and_keeps_to_the_team(story, as_user):
    view = make_view(story.director, page="home", query={"team": str(story.south.pk)})
    assert as_user(story.director).get(address(view)).context["page"].name == "South"


# Who sees it


def seen_by(person):
    return {view.name for view in SavedView.objects.visible_to(person)}


def test_a_private_view_is_its_owners_alone(story, as_user):
    view = make_view(story.director, "Secret plan")
    for person in (story.north_manager, story.rep, story.admin):
        assert seen_by(person) == set()
        assert as_user(person).get(address(view)).status_code == 404
        assert as_user(person).get(reverse("dashboards:saved-edit", args=[view.pk])).status_code == 404


def test_a_shared_view_is_seen_by_the_team_and_everybody_below(story):
    make_view(story.director, "For all", team=story.sales.pk)
    make_view(story.north_manager, "For North", team=story.north.pk)
    assert seen_by(story.rep) == {"For all", "For North"}
    assert seen_by(story.outsider) == {"For all"}
    assert seen_by(story.south_manager) == {"For all"}
    assert seen_by(story.loner) == seen_by(story.deactivated) == set()


def test_who_does_not_lead_there_any_more_shares_no_more(story):
    make_view(story.north_manager, "For North", team=story.north.pk)
    TeamLead.objects.create(team=story.north, person=story.loner, starts_on=date(2026, 9, 1))
    assert "For North" not in seen_by(story.rep)
    assert seen_by(story.north_manager) == {"For North"}


def test_a_manager_cannot_share_with_a_team_of_somebody_else(story, as_user):
    view, client = make_view(story.north_manager), as_user(story.north_manager)
    edit = reverse("dashboards:saved-edit", args=[view.pk])
    assert client.post(edit, {"name": "Mine", "team": story.south.pk}).status_code == 422
    assert client.post(edit, {"name": "Mine", "team": story.north.pk}).status_code == 302
    view.refresh_from_db()
    assert view.team == story.north


def test_a_rep_is_offered_no_team_to_share_with(story, as_user):
    page = as_user(story.rep).get(reverse("dashboards:saved-create") + "?of=home").content.decode()
    assert "Share with a team" not in page
    as_user(story.rep).post(reverse("dashboards:saved-create") + "?of=home", {"name": "Mine", "team": story.north.pk})
    assert SavedView.objects.get().team is None


def test_each_reader_of_a_shared_view_sees_their_own_numbers(story, as_user):
    query = {"period": "2026", "team": str(story.north.pk)}
    view = make_view(story.director, "For all", team=story.sales.pk, query=query)
    north, south = (as_user(person).get(address(view)) for person in (story.north_manager, story.south_manager))
    assert north.context["page"].name == "North"
    assert south.context["page"].name == "South"  # not North: the filter opens nothing
    assert any("not yours to see" in text for text in told(south))
    assert "Rep One" not in south.content.decode()
    rep = as_user(story.rep).get(address(view))
    assert rep["Location"].startswith(reverse("dashboards:rep", args=[story.rep.pk]))


def test_a_reader_may_not_change_what_is_shared(story, as_user):
    view, client = make_view(story.director, "For all", team=story.sales.pk), as_user(story.rep)
    for verb in ("edit", "store", "delete"):
        assert client.post(reverse(f"dashboards:saved-{verb}", args=[view.pk]), {"name": "x"}).status_code == 403
    assert client.post(reverse("dashboards:saved-restore", args=[view.pk])).status_code == 404
    assert "Rename, share" not in as_user(story.north_manager).get(address(view)).content.decode()


# Verbs


def test_storing_puts_the_state_shown_in_place_of_the_one_kept(story, as_user):
    view, client = make_view(story.director), as_user(story.director)
    state = client.get(address(view) + "&measure=margin&columns=gap").context["saved"].state
    client.post(reverse("dashboards:saved-store", args=[view.pk]), {"state": state})
    view.refresh_from_db()
    assert (view.query["measure"], view.query["columns"], view.query["period"]) == ("margin", "gap", "2026-Q3")


def test_a_deleted_view_comes_back_by_undo(story, as_user):
    view, client = make_view(story.director), as_user(story.director)
    page = client.post(reverse("dashboards:saved-delete", args=[view.pk]), follow=True).content.decode()
    undo = reverse("dashboards:saved-restore", args=[view.pk])
    assert f'action="{undo}"' in page
    assert seen_by(story.director) == set()
    client.post(undo)
    assert seen_by(story.director) == {view.name}


def test_a_name_given_away_meanwhile_stops_the_undo_with_a_sentence(story, as_user):
    view, client = make_view(story.director, "Mine"), as_user(story.director)
    saving.delete(view)
    make_view(story.director, "mine")
    answer = client.post(reverse("dashboards:saved-restore", args=[view.pk]))
    assert any("already" in text for text in told(answer))


def test_what_was_deleted_goes_for_good_after_a_day(story):
    kept, gone = make_view(story.director, "Kept"), make_view(story.director, "Gone")
    saving.delete(kept)
    saving.delete(gone)
    SavedView.objects.filter(pk=gone.pk).update(deleted_at=timezone.now() - timedelta(days=2))
    assert saving.purge(timezone.now()) == 1
    assert list(SavedView.objects.all()) == [kept]


def test_the_list_names_every_view_and_exports(story, as_user):
    make_view(story.director, "Mine", pinned=True)
    make_view(story.north_manager, "For North", team=story.north.pk, query={"period": "this-year", "measure": "margin"})
    page = as_user(story.rep).get(reverse("dashboards:saved-list")).content.decode()
    assert "0 views are yours; 1 is shared with you." in page.replace("\n", "")
    assert "Performance: this year, Margin" in page
    answer = as_user(story.director).get(reverse("dashboards:saved-list") + "?format=csv")
    rows = list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))
    assert [row[0] for row in rows] == ["View", "Mine"]


# Pinned to Home


def cards(answer):
    return {card.name: card for card in answer.context["pins"]}


def test_a_pinned_view_shows_its_sentence_and_its_number_on_home(story, as_user):
    make_view(story.director, "Whole", query={"period": "2026"}, pinned=True)
    make_view(story.director, "North", query={"period": "2026", "team": str(story.north.pk)}, pinned=True)
    make_view(story.director, "Not pinned")
    client = as_user(story.director)
    shown = cards(client.get("/"))
    assert list(shown) == ["North", "Whole"]
    for name, query in (("Whole", "?period=2026"), ("North", f"?period=2026&team={story.north.pk}")):
        page = client.get("/performance/" + query).context["page"]
        assert (shown[name].sentence, shown[name].value) == (page.sentence, page.tiles[1].value)


def test_cards_of_different_measures_and_periods_do_not_mix(story, as_user):
    queries = [
        {"period": "2026-Q2", "measure": "bookings"},
        {"period": "2026-02"},
        {"period": "2026", "measure": "revenue"},
    ]
    for number, query in enumerate(queries):
        make_view(story.director, f"Pin {number}", query=query, pinned=True)
    client = as_user(story.director)
    shown = cards(client.get("/"))
    for number, view in enumerate(SavedView.objects.order_by("name")):
        assert shown[f"Pin {number}"].sentence == client.get(address(view)).context["page"].sentence


def test_a_pin_of_a_rep_speaks_of_the_rep(story, as_user):
    make_view(story.rep, "Mine", page="home", query={"period": "2026"}, pinned=True)
    answer = as_user(story.rep).get("/")
    assert cards(answer)["Mine"].sentence == answer.context["page"].sentence


def test_what_others_pin_is_not_on_my_home(story, as_user):
    make_view(story.director, "For all", team=story.sales.pk, pinned=True)
    assert cards(as_user(story.north_manager).get("/")) == {}


def test_four_pins_take_no_more_queries_than_one(story, as_user):
    seen = []

    def queries(person):
        client = as_user(person)
        client.get("/")
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/").status_code == 200
        seen[:] = caught.captured_queries
        return sum(query["sql"].startswith("SELECT") for query in caught.captured_queries)

    for person in (story.director, story.rep, story.admin):
        make_view(person, "First", page="home", pinned=True)
        one = queries(person)
        for number, period in enumerate(("2026", "2025", "2026-02")):
            query = {"period": period, "measure": "margin" if number else "revenue"}
            make_view(person, f"Pin {number}", page="home", query=query, pinned=True)
        assert queries(person) == one
        assert one <= 20, [q["sql"][:200] for q in seen]
