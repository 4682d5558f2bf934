"""What threads and notifications may hang on. Talk knows no business table: each app registers its own.

Whoever sees the object sees its threads; whoever may no longer see it no longer hears of it (reliability INV-39).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

if TYPE_CHECKING:
    from spm.org.models import User
    from spm.talk.models import Comment, Thread


@dataclass(frozen=True)
class Anchor:
    """``visible`` gives the objects of this kind that a user sees, as their queryset's ``visible_to`` does."""

    name: str  # at most 24 characters: "letter"
    visible: "Callable[[User], QuerySet[Any]]"
    path: Callable[[int], str] | None = None  # the page of the object of that key; None: no page of its own
    heard: "Callable[[Comment], None] | None" = None  # called in the transaction of every new comment
    opens: "Callable[[Thread], str] | None" = (
        None  # the address where the thread is read; None: who is named is not told
    )
    audience: "Callable[[int], Collection[int]] | None" = None  # keys of the people who may see the object of that key


_anchors: dict[str, Anchor] = {}


def register(anchor: Anchor) -> None:
    """Make a kind of anchor known. Raises ValueError for a name that is taken."""
    if anchor.name in _anchors:
        raise ValueError(f"two anchors are called {anchor.name!r}")
    _anchors[anchor.name] = anchor


def all_anchors() -> list[Anchor]:
    return list(_anchors.values())


def anchor_named(name: str) -> Anchor:
    """The registered anchor. Raises KeyError for a kind that no app registered."""
    return _anchors[name]


def sees(user: "User", anchor: str, key: int) -> bool:
    """Whether the user sees that object today. Raises KeyError for a kind that no app registered."""
    return _anchors[anchor].visible(user).filter(pk=key).exists()
