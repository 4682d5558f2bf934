"""Kinds of notification, and the sentence each says. Apps add theirs with ``register`` when they load."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Kind:
    """``sentence`` holds ``%(name)s`` places for the notification's parameters; it is put in the reader's language.

    ``words`` turns the stored parameters into those of the sentence where they are no words yet: a day, a stage.
    """

    name: str
    label: str | Promise  # in the settings: "Quota published"
    sentence: str | Promise
    words: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict


_kinds: dict[str, Kind] = {}
_subjects: dict[str | Promise, list[Kind]] = {}
MENTION = "mention"


def register(*kinds: Kind, subject: str | Promise) -> None:
    """Make kinds known, under the heading ``subject`` of the settings. Raises ValueError for a name that is taken."""
    for kind in kinds:
        if _kinds.setdefault(kind.name, kind) != kind:
            raise ValueError(f"two kinds of notification are called {kind.name!r}")
        _subjects.setdefault(subject, []).append(kind)


def kind_named(name: str) -> Kind:
    """The registered kind. Raises KeyError: kinds are code, so an unknown one is a mistake in it."""
    return _kinds[name]


def all_kinds() -> list[Kind]:
    """Every registered kind, by name."""
    return sorted(_kinds.values(), key=lambda kind: kind.name)


def by_subject() -> list[tuple[str | Promise, list[Kind]]]:
    """Every heading with its kinds, both in the order in which they were registered: as work goes."""
    return list(_subjects.items())


register(Kind(MENTION, _("You are named in a comment"), _("%(name)s named you in a comment.")), subject=_("Comments"))
