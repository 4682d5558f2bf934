"""Talks about an object: say, edit, take back, resolve. Who may speak is for the object's own app to decide."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org.models import User
from spm.talk.models import COMMENT_LIMIT, Comment, Thread


class BadComment(RuleViolation):
    """Empty, or too long."""


def thread_of(anchor: str, key: int, field: str = "") -> Thread:
    """The thread about that object (or field of it), made where there is none."""
    return Thread.objects.get_or_create(anchor=anchor, key=key, field=field)[0]


@transaction.atomic
def say(thread: Thread, *, by: User, text: str) -> Comment:
    """Add a comment; a resolved thread is open again. Raises BadComment."""
    comment = Comment.objects.create(thread=thread, author=by, text=_readable(text), created_at=timezone.now())
    Thread.objects.filter(pk=thread.pk, resolved_at__isnull=False).update(resolved_at=None, resolved_by=None)
    return comment


def edit(comment: Comment, text: str) -> None:
    """Put other words in place. Raises BadComment."""
    comment.text, comment.edited_at = _readable(text), timezone.now()
    comment.version += 1
    comment.save(update_fields=["text", "edited_at", "version"])


def delete(comment: Comment) -> None:
    """Take the words back; who spoke, and when, stays."""
    comment.text, comment.deleted_at = "", timezone.now()
    comment.version += 1
    comment.save(update_fields=["text", "deleted_at", "version"])


def resolve(thread: Thread, *, by: User) -> None:
    """Settled, until somebody speaks again."""
    thread.resolved_at, thread.resolved_by = timezone.now(), by
    thread.save(update_fields=["resolved_at", "resolved_by"])


def _readable(text: str) -> str:
    words = text.replace("\x00", "").strip()
    if not words:
        raise BadComment(_("Write a comment first."))
    if len(words) > COMMENT_LIMIT:
        raise BadComment(_("A comment has at most %(limit)d characters.") % {"limit": COMMENT_LIMIT})
    return words
