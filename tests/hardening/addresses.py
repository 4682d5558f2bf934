"""Every address of the product, for the sweeps; and the names of what its pages read from a request."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.access.routes import ROUTES
from tests.access.sweep import address, relations_of
from tests.access.world import RELATIONS, World

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for part in ("spm", "targets", "territories") for path in (ROOT / part).rglob("*.py")]
READS = re.compile(r"(GET|POST|data|params|query)(?:\.get|\.getlist|\.pop)?[\(\[]\s*\"(\w+)\"")


def addresses(world: World, relations: tuple[str, ...] = RELATIONS) -> Iterator[tuple[str, str]]:
    """(name of the route, address) once per route and relation, and its exports."""
    for name, access in ROUTES.items():
        for relation in set(relations_of(access)) & set(relations):
            url = address(name, access, world, relation)
            yield name, url
            if access.exports:
                for fmt in ("csv", "xlsx"):
                    yield name, f"{url}{'&' if '?' in url else '?'}format={fmt}"


def parameters() -> list[str]:
    """The names that the product's own code reads from query strings and sent forms, found in its text."""
    return sorted({name for path in SOURCES for _, name in READS.findall(path.read_text("utf-8"))})
