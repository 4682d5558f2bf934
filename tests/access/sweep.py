"""Requests over every address, and what is wrong with the answers: statuses against policy, tokens that leaked."""

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from django.db import connection
from django.urls import reverse

from tests.access.planning import ADMINS_ALONE
from tests.access.policy import LOGIN, Access, Rule, no_method
from tests.access.routes import ROUTES
from tests.access.world import ACTORS, RELATIONS, SEES, TOKENS, World, rolled_back

type Asked = Callable[[World, str, Iterable[str]], Iterator[tuple[str, str]]]
"""Requests of one actor at some routes: (address, body and headers) of each answer."""


def address(name: str, access: Access, world: World, relation: str) -> str:
    """The address of a route for the object of one relation."""
    arguments = {
        argument: kind.removeprefix("=") if kind.startswith("=") else world.objects[kind][relation]
        for argument, kind in access.kinds
    }
    query = access.query.format(**{kind: rows[relation] for kind, rows in world.objects.items()})
    return reverse(name, kwargs=arguments) + query


def relations_of(access: Access) -> tuple[str, ...]:
    """All four relations where an object is named, else one."""
    named = [kind for _, kind in access.kinds if not kind.startswith("=")]
    return RELATIONS if named or access.query else ("own",)


def outcome(response: Any) -> int | str:
    """The status, with a redirect to sign-in told apart."""
    if response.status_code == 302 and response["Location"].startswith("/accounts/login/"):
        return LOGIN
    return response.status_code


def methods(access: Access, world: World, relation: str) -> list[tuple[str, Rule, dict[str, str]]]:
    """GET and POST, empty and filled in; on PostgreSQL, where the same code runs again, GET alone (reliability 4.4)."""
    post = access.post or no_method(access.get)
    both = [("get", access.get, {}), ("post", post, {})]
    if access.form:
        both.append(("post", access.filled or post, filled_in(access, world, relation)))
    return both if connection.vendor == "sqlite" else both[:1]


def filled_in(access: Access, world: World, relation: str) -> dict[str, str]:
    """The form of a verb, naming objects of one relation."""
    kinds = {kind: rows[relation] for kind, rows in world.objects.items()}
    return {name: value.format(**kinds) for name, value in access.form}


def deviations(name: str, world: World, actors: tuple[str, ...] = ACTORS) -> list[str]:
    """Where a route answers otherwise than the policy says; nothing that the requests write is kept."""
    access, wrong = ROUTES[name], []
    for actor in actors:
        client = world.client(actor)
        for relation in relations_of(access):
            url = address(name, access, world, relation)
            for method, rule, data in methods(access, world, relation):
                expected = rule(actor, relation)
                for headers in ({}, {"HX-Request": "true"}) if access.htmx else ({},):
                    with rolled_back():
                        found = outcome(getattr(client, method)(url, data, headers=headers))
                    if found not in expected:
                        told = f"{actor} {method.upper()} {relation} {url} {data or ''}"
                        wrong.append(f"{told}: {found}, policy {set(expected)}")
    return wrong


def looks(access: Access, world: World, name: str, relation: str) -> list[str]:
    """The address of a route for the object of one relation, with other query strings too, and as exports."""
    kinds = {kind: rows[relation] for kind, rows in world.objects.items()}
    url = address(name, access, world, relation)
    shown = [url, *(url.split("?")[0] + query.format(**kinds) for query in access.also)]
    exported = [look + ("&" if "?" in look else "?") + "format=csv" for look in shown] if access.exports else []
    named = [
        look + ("&" if "?" in look else "?") + f"format=csv&table={table}" for look in shown for table in access.tables
    ]
    return shown + exported + named


def pages(world: World, actor: str, names: Iterable[str] = tuple(ROUTES)) -> Iterator[tuple[str, str]]:
    """(address, body and headers) of every GET that the actor can make at these routes."""
    client = world.client(actor)
    for name in names:
        access = ROUTES[name]
        urls = dict.fromkeys(url for relation in relations_of(access) for url in looks(access, world, name, relation))
        for url in urls:
            with rolled_back():
                response = client.get(url)
                body = b"".join(response.streaming_content) if response.streaming else response.content
                yield url, body.decode("utf-8", "replace") + str(response.headers)


def workbooks(world: World, actor: str, names: Iterable[str] = tuple(ROUTES)) -> Iterator[tuple[str, str]]:
    """The same of every export as a workbook, unpacked: what its parts say."""
    client = world.client(actor)
    for name in names:
        access = ROUTES[name]
        looked = (url for relation in relations_of(access) for url in looks(access, world, name, relation))
        for url in dict.fromkeys(url.replace("format=csv", "format=xlsx") for url in looked if "format=csv" in url):
            with rolled_back():
                response = client.get(url)
                body = b"".join(response.streaming_content) if response.streaming else response.content
                if body.startswith(b"PK"):
                    with ZipFile(BytesIO(body)) as book:
                        body = b"\n".join(book.read(part) for part in book.namelist())
                yield url, body.decode("utf-8", "replace") + str(response.headers)


def sent(world: World, actor: str, names: Iterable[str] = tuple(ROUTES)) -> Iterator[tuple[str, str]]:
    """The same of every form, empty and filled in, and of every address that answers htmx in another way."""
    client = world.client(actor)
    for name in names:
        access = ROUTES[name]
        for relation in relations_of(access):
            url = address(name, access, world, relation)
            for method, _rule, data in methods(access, world, relation):
                if method == "get" and not access.htmx:
                    continue
                with rolled_back():
                    headers = {"HX-Request": "true"} if access.htmx else {}
                    response = getattr(client, method)(url, data, headers=headers)
                    body = b"".join(response.streaming_content) if response.streaming else response.content
                    yield f"{method.upper()} {url}", body.decode("utf-8", "replace") + str(response.headers)


def leaks(
    world: World, actors: tuple[str, ...], names: Iterable[str] = tuple(ROUTES), asked: Asked = pages
) -> list[str]:
    """Tokens of reps that an actor does not see, and of what is for admins alone, in any answer to that actor.

    However they are written: an address in small letters tells as much.
    """
    found = []
    for actor in actors:
        hidden = [token for relation, tokens in TOKENS.items() if relation not in SEES[actor] for token in tokens]
        hidden += ADMINS_ALONE if actor != "admin" else ()
        small = {token: token.casefold() for token in hidden}
        for url, body in asked(world, actor, names):
            told = body.casefold()
            found += [f"{actor} reads {token} at {url}" for token, written in small.items() if written in told]
    return found
