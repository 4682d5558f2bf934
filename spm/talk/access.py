"""Who may change what was said."""

from datetime import timedelta

from django.utils import timezone

from spm.org.models import User
from spm.talk import anchors
from spm.talk.models import Comment, Thread

EDIT_TIME = timedelta(minutes=15)


def can_speak(user: User, anchor: str, key: int) -> bool:
    """Whoever sees the object. Raises KeyError for a kind of object that no app registered."""
    return anchors.sees(user, anchor, key)


def can_resolve(user: User, thread: Thread) -> bool:
    """Whoever may speak, as long as it is open."""
    return thread.resolved_at is None and can_speak(user, thread.anchor, thread.key)


def can_edit_comment(user: User, comment: Comment) -> bool:
    """The author, for a quarter of an hour."""
    fresh = timezone.now() - comment.created_at <= EDIT_TIME
    return comment.author_id == user.pk and comment.deleted_at is None and fresh


def can_delete_comment(user: User, comment: Comment) -> bool:
    """The author, at any time; a stub stays."""
    return comment.author_id == user.pk and comment.deleted_at is None
