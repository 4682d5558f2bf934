"""Rings in a tree: rows that are their own ancestors. Pure Python."""

from collections.abc import Mapping


def in_cycles[Key](parents: Mapping[Key, Key | None]) -> set[Key]:
    """The members of every ring of ``parents`` (child → parent); what merely hangs below a ring is not in it."""
    done: set[Key] = set()
    ringed: set[Key] = set()
    for start in parents:
        path: list[Key] = []
        at: Key | None = start
        while at is not None and at not in done and at not in path:
            path.append(at)
            at = parents.get(at)
        if at is not None and at in path:
            ringed.update(path[path.index(at) :])
        done.update(path)
    return ringed
