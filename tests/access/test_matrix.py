"""The generated access matrix: every route × ten actors × own, team, other, missing × GET and POST."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.access.routes import ROUTES
from tests.access.sweep import address, deviations, relations_of

pytestmark = pytest.mark.django_db


def named_routes(resolver: URLResolver | None = None, namespace: str = "") -> set[str]:
    """The full name of every route of the URL configuration."""
    names: set[str] = set()
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            names |= named_routes(entry, inner)
        elif isinstance(entry, URLPattern):
            names.add(f"{namespace}{entry.name}")
    return names


def test_every_route_has_an_entry_and_every_entry_a_route():
    assert named_routes() == set(ROUTES)


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_route_answers_each_actor_as_the_policy_says(name, world):
    assert not deviations(name, world)


HIDING = sorted(
    name
    for name, access in ROUTES.items()
    if len(relations_of(access)) > 1
    and 404 in access.get("outsider", "own")
    and 200 not in access.get("outsider", "own")
)


@pytest.mark.parametrize("name", HIDING)
def test_not_yours_and_not_there_look_the_same(name, world):
    client, access = world.client("outsider"), ROUTES[name]
    own, missing = (address(name, access, world, relation) for relation in ("own", "missing"))
    answers = [client.get(url) for url in (own, missing)]
    bodies = [answer.content.replace(url.encode(), b"") for answer, url in zip(answers, (own, missing), strict=True)]
    assert bodies[0] == bodies[1]
    assert answers[0].status_code == answers[1].status_code
