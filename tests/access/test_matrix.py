"""The generated access matrix: every route × ten actors × own, team, other, missing × GET and POST."""

from collections.abc import Iterator
from dis import get_instructions
from inspect import isclass, isfunction, ismodule, unwrap
from types import CodeType
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.access.gating import CHANGING
from tests.access.policy import HIDDEN
from tests.access.routes import ROUTES
from tests.access.sweep import address, deviations, filled_in, relations_of
from tests.access.world import rolled_back

pytestmark = pytest.mark.django_db


def named_views(resolver: URLResolver | None = None, namespace: str = "") -> dict[str, Any]:
    """The full name of every route of the URL configuration, and the view behind it."""
    views: dict[str, Any] = {}
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            views |= named_views(entry, inner)
        elif isinstance(entry, URLPattern):
            views[f"{namespace}{entry.name}"] = entry.callback
    return views


def test_every_route_has_an_entry_and_every_entry_a_route():
    assert set(named_views()) == set(ROUTES)


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_route_answers_each_actor_as_the_policy_says(name, world):
    assert not deviations(name, world)


OURS = ("spm.", "targets.", "territories.")


def code_of(function: Any) -> Iterator[CodeType]:
    """The code of a function and of what is nested in it."""
    waiting = [function.__code__]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def called_by(function: Any) -> Iterator[Any]:
    """Functions and classes of ours that a function names, by themselves or within their module or class."""
    names = {name for code in code_of(function) for name in code.co_names}
    steps = (step for code in code_of(function) for step in get_instructions(code))
    named = {step.argval for step in steps if step.opname == "LOAD_GLOBAL"}
    known = [function.__globals__[name] for name in named if name in function.__globals__]
    known += [
        getattr(one, name) for one in known if ismodule(one) or isclass(one) for name in names if hasattr(one, name)
    ]
    for one in known:
        if str(getattr(one, "__module__", "")).startswith(OURS):
            yield from [one] if isfunction(one) else vars(one).values() if isclass(one) else []


def reads_htmx(view: Any) -> bool:
    """Whether a view, or anything of ours that it calls, answers htmx in another way."""
    seen, waiting = set(), [unwrap(view)]
    while waiting:
        function = unwrap(waiting.pop())
        if isfunction(function) and function not in seen:
            seen.add(function)
            waiting += called_by(function)
    return any("HX-Request" in code.co_consts for function in seen for code in code_of(function))


def test_views_that_read_htmx_are_those_that_the_matrix_asks_as_htmx():
    reading = {name for name, view in named_views().items() if reads_htmx(view)}
    assert reading == {name for name, access in ROUTES.items() if access.htmx}


def hiding(method: str) -> list[str]:
    """Routes that hide the owner's object from the outsider, as they hide what does not exist."""
    rules = {name: access.get if method == "get" else access.filled or access.post for name, access in ROUTES.items()}
    several = {name for name, access in ROUTES.items() if len(relations_of(access)) > 1}
    return sorted(name for name in several if (rule := rules[name]) and rule("outsider", "own") == HIDDEN)


HIDDEN_BY = [(method, name) for method in ("get", "post") for name in hiding(method)]


@pytest.mark.parametrize(("method", "name"), HIDDEN_BY, ids=[" ".join(both) for both in HIDDEN_BY])
def test_not_yours_and_not_there_look_the_same(method, name, world):
    """For a rep, a manager elsewhere and a former one, and in the words of a form as in a page."""
    access, answers = ROUTES[name], {}
    for actor in ("outsider", "elsewhere", "former"):
        if (access.get if method == "get" else access.filled or access.post)(actor, "own") != HIDDEN:
            continue
        for relation in ("own", "missing"):
            url = address(name, access, world, relation)
            data = filled_in(access, world, relation) if method == "post" else {}
            with rolled_back():
                answer = getattr(world.client(actor), method)(url, data)
            body = CHANGING.sub("", answer.content.decode()).replace(url, "")
            answers[actor, relation] = (answer.status_code, body, sorted(answer.headers))
    assert answers
    for (actor, relation), answer in answers.items():
        assert answer == answers[actor, "missing"], (actor, relation)
