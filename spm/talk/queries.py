"""Reads for the screens of talk: a thread under its object, the notifications of a person, and what they chose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.text import slugify

from spm.org.models import User
from spm.talk import access
from spm.talk.anchors import anchor_named
from spm.talk.choices import Kind, by_subject
from spm.talk.mentions import pieces
from spm.talk.models import Comment, Notification, NotificationChoice
from spm.talk.notices import sentence

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Said:
    """One comment as a user sees it; ``typed`` is what could not be stored of an edit, ``error`` why."""

    pk: int
    author: str
    initials: str
    text: str
    pieces: tuple[tuple[str, bool], ...]  # the text cut at those it names: (part, whether it is a name)
    at: datetime
    edited: bool
    deleted: bool
    can_edit: bool
    can_delete: bool
    version: int
    typed: str | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class ThreadPanel:
    """What components/thread.html shows; ``pk`` is None before anybody spoke. ``typed``, ``error``: a refusal."""

    anchor: str
    key: int
    field: str
    pk: int | None
    comments: tuple[Said, ...]
    resolved_by: str
    resolved_at: datetime | None
    can_speak: bool
    can_resolve: bool
    path: str
    typed: str = ""
    error: str = ""

    @property
    def html_id(self) -> str:
        return "-".join(filter(None, ("thread", self.anchor, str(self.key), slugify(self.field))))

    @property
    def count(self) -> int:
        return sum(not said.deleted for said in self.comments)


def thread_panel(user: User, anchor: str, key: int, field: str = "") -> ThreadPanel:
    """The thread about an object, or one field of it, as the user sees it; empty where nobody spoke.

    One query, two where nobody spoke. Raises KeyError for a kind of anchor that no app registered. Who does not see
    the object sees no word.
    """
    said = said_about(user, Q(thread__anchor=anchor, thread__key=key, thread__field=field))
    return panel_of(user, (anchor, key, field), said, sees=bool(said) or access.can_speak(user, anchor, key))


def said_about(user: User, about: Q) -> list[Comment]:
    """What was said about some objects, as far as the user sees them, each with its author and thread. One query."""
    rows = Comment.objects.visible_to(user).filter(about)
    return list(rows.select_related("author", "thread__resolved_by"))


def panel_of(user: User, about: tuple[str, int, str], said: Sequence[Comment], *, sees: bool) -> ThreadPanel:
    """The panel of an (anchor, key, field) from what was said there; ``sees``: whether the user sees the object."""
    anchor, key, field = about
    place = anchor_named(anchor).path
    thread = said[0].thread if said else None  # it begins with its first comment, and keeps those that are deleted
    return ThreadPanel(
        anchor=anchor,
        key=key,
        field=field,
        pk=thread.pk if thread else None,
        comments=tuple(_said(user, comment) for comment in said),
        resolved_by=thread.resolved_by.name if thread and thread.resolved_by else "",
        resolved_at=thread.resolved_at if thread else None,
        can_speak=sees,
        can_resolve=sees and thread is not None and thread.resolved_at is None,
        path=place(key) if place else "",
    )


def _said(user: User, comment: Comment) -> Said:
    return Said(
        pk=comment.pk,
        author=comment.author.name,
        initials=comment.author.initials,
        text=comment.text,
        pieces=pieces(comment.text, comment.named),
        at=comment.created_at,
        edited=comment.edited_at is not None,
        deleted=comment.deleted_at is not None,
        can_edit=access.can_edit_comment(user, comment),
        can_delete=access.can_delete_comment(user, comment),
        version=comment.version,
    )


# Notifications


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the notifications: what it says, in the language of the moment."""

    pk: int
    text: str
    at: datetime
    is_read: bool
    by: str


def notices_page(user: User, number: str) -> "tuple[Page[Notification], list[Notice]]":
    """A page of the user's notifications, newest first, as far as they still see what each is about, and its lines."""
    rows = Notification.objects.visible_to(user).select_related("by")
    page = Paginator(rows, PER_PAGE).get_page(number)
    lines = [
        Notice(row.pk, sentence(row), row.created_at, row.read_at is not None, row.by.name if row.by else "")
        for row in page.object_list
    ]
    return page, lines


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of the matrix in the settings."""

    kind: str
    label: str | Promise
    in_app: bool
    by_email: bool


def choices_of(user: User) -> list[tuple[str | Promise, list[Choice]]]:
    """What the user hears of each kind, under the heading of its subject; one query."""
    chosen = {row.kind: row for row in NotificationChoice.objects.visible_to(user)}

    def choice(kind: Kind) -> Choice:
        row = chosen.get(kind.name)
        return Choice(kind.name, kind.label, row is None or row.in_app, row is None or row.by_email)

    return [(subject, [choice(kind) for kind in kinds]) for subject, kinds in by_subject()]
