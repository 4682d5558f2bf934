"""The generated access matrix: every route × ten actors × own, team, other, missing × GET and POST."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access.policy import LOGIN, NO_METHOD, Access, no_method
from tests.access.routes import ROUTES
from tests.access.world import ACTORS, RELATIONS, World, build_world, rolled_back

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


@pytest.fixture
def world(db) -> World:
    return build_world()


def test_every_route_has_an_entry_and_every_entry_a_route():
    assert named_routes() == set(ROUTES)


def address(name: str, access: Access, world: World, relation: str) -> str:
    arguments = {argument: world.objects[kind][relation] for argument, kind in access.kinds if kind in world.objects}
    fixed = {argument: kind.removeprefix("=") for argument, kind in access.kinds if kind.startswith("=")}
    url = reverse(name, kwargs=arguments | fixed)
    return url + access.query.format(**{kind: rows[relation] for kind, rows in world.objects.items()})


def outcome(response) -> int | str:
    if response.status_code == 302 and response["Location"].startswith("/accounts/login/"):
        return LOGIN
    return response.status_code


def relations_of(access: Access) -> tuple[str, ...]:
    named = [kind for _, kind in access.kinds if not kind.startswith("=")]
    return RELATIONS if named or access.query else ("own",)


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_route_answers_each_actor_as_the_policy_says(name, world):
    access, wrong = ROUTES[name], []
    for actor in ACTORS:
        client = world.client(actor)
        for relation in relations_of(access):
            url = address(name, access, world, relation)
            for method, rule in (("get", access.get), ("post", access.post or no_method(access.get))):
                expected = rule(actor, relation)
                for headers in ({}, {"HX-Request": "true"}) if access.htmx else ({},):
                    with rolled_back():
                        found = outcome(getattr(client, method)(url, headers=headers))
                    if found not in expected and not (method == "post" and found == 405 and expected == NO_METHOD):
                        wrong.append(f"{actor} {method.upper()} {relation} {url}: {found}, policy {set(expected)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(name for name, access in ROUTES.items() if access.kinds or access.query))
def test_not_yours_and_not_there_look_the_same(name, world):
    access = ROUTES[name]
    if relations_of(access) == ("own",) or 404 not in access.get("outsider", "own"):
        return
    client = world.client("outsider")
    bodies = {
        relation: client.get(address(name, access, world, relation)).content for relation in ("own", "missing")
    }
    own, missing = (address(name, access, world, relation) for relation in ("own", "missing"))
    assert bodies["own"].replace(own.encode(), b"") == bodies["missing"].replace(missing.encode(), b"")
