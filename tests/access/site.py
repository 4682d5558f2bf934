"""The pages of the world in a browser without a server: the test client renders them, the browser is handed the text.

What a page asks for (style sheets, scripts) comes from the finders of static files, as under ``runserver``.
"""

import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders

from tests.access.routes import ROUTES
from tests.access.sweep import looks
from tests.access.world import World, rolled_back

ORIGIN = "http://localhost"  # to a browser a safe place, as with HTTPS
# Who is asked to look at a page, in this order; "anonymous" for the pages before sign-in.
ACTORS = ("admin", "manager", "owner", "anonymous")


def static_file(path: str) -> dict[str, Any]:
    found = finders.find(path.removeprefix("/static/"))
    if not found:
        return {"status": 404, "body": ""}
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return {"status": 200, "body": Path(found).read_bytes(), "content_type": kind}


class Site:
    """Shows pages in ``page``: rendered before it asks, since an answer to it has no database of its own."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.said: list[str] = []
        self._now: tuple[str, Any] = ("", None)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.route("**/*", self._answer)

    def open(self, world: World, actor: str, url: str) -> None:
        """Nothing that the request writes is kept."""
        with rolled_back():
            self._now = (url, world.client(actor).get(url))
        self.said.clear()
        self.page.goto(ORIGIN + url)

    def _answer(self, route: Any) -> None:
        asked = route.request.url.removeprefix(ORIGIN)
        url, answer = self._now
        if asked.startswith("/static/"):
            route.fulfill(**static_file(urlsplit(asked).path))
        elif asked.split("#")[0] == url:
            headers = {name: value for name, value in answer.headers.items() if name != "Set-Cookie"}
            route.fulfill(status=answer.status_code, headers=headers, body=answer.content)
        else:
            route.fulfill(status=204)


def html_of(world: World, actor: str, url: str, language: str = "en") -> str | None:
    """The page at an address; None where the actor is shown none there. ``language``: of a browser without sign-in."""
    with rolled_back():
        answer = world.client(actor).get(url, headers={"accept-language": language})
    is_page = answer.status_code == 200 and "text/html" in answer.headers.get("Content-Type", "")
    return answer.content.decode() if is_page else None


def pages(world: World, actors: tuple[str, ...] = ACTORS, language: str = "en") -> Iterator[tuple[str, str, str, str]]:
    """(route, actor, address, HTML) of every page that a GET shows to somebody."""
    for name, access in ROUTES.items():
        for actor in actors:
            for url in dict.fromkeys(looks(access, world, name, "own")):
                if "format=" not in url and (html := html_of(world, actor, url, language)):
                    yield name, actor, url, html
