"""Which fields each role is shown at every address, listed in the repository: one more is a decision (ASVS 8.1.2).

``fields.txt`` has a line for every address and roles: headers of columns, terms of lists, controls of forms. Where a
change is meant, ``SPM_WRITE_FIELDS=1 python3 -m uv run pytest tests/access/test_fields.py`` writes it anew.
"""

import os
import re
from collections import defaultdict
from html import unescape
from pathlib import Path

import pytest
from django.http.response import HttpResponseBase
from django.utils.html import strip_tags

from tests.access.routes import ROUTES
from tests.access.sweep import address
from tests.access.world import World, rolled_back

pytestmark = pytest.mark.django_db

FILE = Path(__file__).with_name("fields.txt")
ROLES = {
    "owner": "rep",
    "outsider": "rep elsewhere",
    "manager": "manager",
    "elsewhere": "manager elsewhere",
    "admin": "admin",
}
HEADER = re.compile(r'<(th|dt)\b(?![^>]*scope="row")[^>]*>(.*?)</\1>', re.DOTALL)
CONTROL = re.compile(r'<(?:input|select|textarea)\b[^>]*?\sname="([^"]+)"')
WITHOUT = {"csrfmiddlewaretoken"}


def fields(html: str) -> list[str]:
    """What is told of each row, once each and in alphabetical order; keys and years in names become ``#``."""
    main = html.split("<main", 1)[-1].split("</main>")[0]
    told = [" ".join(unescape(strip_tags(inner)).split()) for _, inner in HEADER.findall(main)]
    told += [f"[{name}]" for name in CONTROL.findall(main) if name not in WITHOUT]
    return sorted({re.sub(r"\d+", "#", one) for one in told if one})


def is_page(response: HttpResponseBase) -> bool:
    return response.status_code == 200 and not response.streaming and "text/html" in response["Content-Type"]


def shown(world: World) -> list[str]:
    """``address · roles: fields``, of the object that is the rep's own; roles with the same fields stand together."""
    lines = []
    for name, access in sorted(ROUTES.items()):
        roles = defaultdict(list)
        for actor, role in ROLES.items():
            with rolled_back():
                response = world.client(actor).get(address(name, access, world, "own"))
                if is_page(response):
                    roles[" | ".join(fields(response.content.decode()))].append(role)
        lines += [f"{name} · {', '.join(who)}: {told}" for told, who in roles.items() if told]
    return lines


def test_every_role_is_shown_the_fields_of_the_list_and_no_other(world: World, still_clock: None):
    lines = shown(world)
    if os.environ.get("SPM_WRITE_FIELDS"):
        FILE.write_text("\n".join([*lines, ""]), "utf-8")
    was = FILE.read_text("utf-8").splitlines()
    assert not [f"+ {line}" for line in lines if line not in was] + [f"- {line}" for line in was if line not in lines]


def test_control_a_column_more_is_a_field_more():
    page = '<th>Kept</th><main><th scope="col">Quota 2026</th><th scope="row">Ada</th><input type="text" name="note-7">'
    assert fields(page) == ["Quota #", "[note-#]"]
    assert fields(page + "<dt>Pay</dt>") == ["Pay", "Quota #", "[note-#]"]
