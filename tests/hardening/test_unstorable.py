"""Texts that no database holds: NUL characters and halves of surrogate pairs, refused in one place with a sentence."""

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from spm.keys import is_storable
from spm.org.models import SavedView, User
from spm.ui.middleware import PlainTextMiddleware

pytestmark = pytest.mark.django_db
SENTENCE = "It holds characters that cannot be stored."


@pytest.mark.parametrize(
    ("text", "fine"),
    [("plain", True), ("Straße 👩‍👩‍👧‍👦", True), ("a\x00", False), ("é\ud83d", False), ("\udc69", False)],
)
def test_what_a_database_holds(text, fine):
    assert is_storable(text) is fine


@pytest.mark.parametrize("sent", [{"employee_id": "a\x00b"}, {"x\x00": "1"}])
def test_a_nul_in_a_form_is_told_and_nothing_is_stored(world, sent):
    client, typed = world.client("admin"), {"email": "new@example.com", "name": "New"}
    response = client.post("/setup/people/new/", typed | sent)
    assert (response.status_code, SENTENCE in response.content.decode()) == (400, True)
    assert not User.objects.filter(email="new@example.com").exists()
    client.post("/setup/people/new/", typed)
    assert User.objects.filter(email="new@example.com").exists()


def test_the_page_of_the_refusal_speaks_the_readers_language(client):
    response = client.get("/accounts/login/?next=%00", headers={"Accept-Language": "fr"})
    assert response.status_code == 400
    assert "Elle contient des caractères" in response.content.decode()


def test_half_a_surrogate_pair_is_refused_however_it_comes():
    request = RequestFactory().post("/")
    request.POST = QueryDict(mutable=True)
    request.POST["name"] = "half \ud83d"
    assert PlainTextMiddleware(lambda _request: None).process_view(request).status_code == 400


def test_a_state_that_hides_a_nul_is_not_stored(world):
    client = world.client("owner")
    client.post("/views/new/?of=performance&measure=revenue", {"name": "Mine"})
    view = SavedView.objects.get(name="Mine")
    for state in ("?period=2026%00", "measure=%00"):
        response = client.post(f"/views/{view.pk}/store/", {"state": state})
        assert (response.status_code, SENTENCE in response.content.decode()) == (400, True)
    assert SavedView.objects.get(pk=view.pk).query == view.query
