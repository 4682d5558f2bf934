"""Talks about an object: say, edit, take back, resolve. Who may speak is for the object's own app to decide."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org import clock, retries
from spm.org.models import User
from spm.talk import mentions
from spm.talk.anchors import anchor_named
from spm.talk.choices import MENTION
from spm.talk.mentions import Mention
from spm.talk.models import COMMENT_LIMIT, Comment, Notification, Thread
from spm.talk.notices import notify

ONCE = timedelta(minutes=1)
"""The same words by the same person within this time are one comment that was sent twice."""


class BadComment(RuleViolation):
    """Empty, or too long."""


class Overtaken(RuleViolation):
    """The comment was changed or taken back meanwhile, in another window."""


def thread_of(anchor: str, key: int, field: str = "") -> Thread:
    """The thread about that object (or field of it), made where there is none."""
    return Thread.objects.get_or_create(anchor=anchor, key=key, field=field)[0]


@retries.atomic
def say(thread: Thread, *, by: User, text: str) -> Comment:
    """Add a comment; a resolved thread is open again, and the object's app hears of it. Raises BadComment.

    A form that is sent twice says it once.
    """
    Thread.objects.select_for_update().get(pk=thread.pk)
    words, now = _readable(text), clock.now()
    twin = Comment.objects.filter(thread=thread, author=by, text=words, created_at__gt=now - ONCE).first()
    if twin is not None:
        return twin
    names = mentions.named_in(words, thread)
    told = [mention.words for mention in names]
    comment = Comment.objects.create(thread=thread, author=by, text=words, created_at=now, named=told)
    Thread.objects.filter(pk=thread.pk, resolved_at__isnull=False).update(resolved_at=None, resolved_by=None)
    heard = anchor_named(thread.anchor).heard
    if heard is not None:
        heard(comment)
    _tell_named(comment, names)
    return comment


def _tell_named(comment: Comment, names: Sequence[Mention]) -> None:
    """Tell whom a comment names, once for each comment; not who heard of it as it was said."""
    thread, opens = comment.thread, anchor_named(comment.thread.anchor).opens
    people = {pk for mention in names for pk in mention.people}
    if not people or opens is None:
        return
    about = thread.anchor, thread.key
    heard = Notification.objects.filter(anchor=about[0], key=about[1], by=comment.author, person__in=people)
    people -= set(heard.filter(created_at__gte=comment.created_at).values_list("person", flat=True))
    to = User.objects.filter(pk__in=people).order_by("pk")
    slot = f"mention {comment.pk}"
    notify(MENTION, to=to, path=opens(thread), about=about, by=comment.author, slot=slot, name=comment.author.name)


@retries.atomic
def edit(comment: Comment, text: str, *, seen: int) -> None:
    """Put other words in place; ``seen`` is the version that the author saw. Raises BadComment and Overtaken."""
    words = _readable(text)
    stored = Comment.objects.select_for_update().get(pk=comment.pk)
    if stored.version != seen or stored.deleted_at is not None:
        raise Overtaken(_("This comment was changed in another window. Your words are still here."))
    names = mentions.named_in(words, stored.thread)
    comment.text, comment.edited_at, comment.version = words, clock.now(), seen + 1
    comment.named = [mention.words for mention in names]
    comment.save(update_fields=["text", "edited_at", "version", "named"])
    _tell_named(comment, names)


def delete(comment: Comment) -> None:
    """Take the words back; who spoke, and when, stays."""
    comment.text, comment.named, comment.deleted_at = "", [], clock.now()
    comment.version += 1
    comment.save(update_fields=["text", "named", "deleted_at", "version"])


def resolve(thread: Thread, *, by: User) -> None:
    """Settled, until somebody speaks again."""
    thread.resolved_at, thread.resolved_by = clock.now(), by
    thread.save(update_fields=["resolved_at", "resolved_by"])


def _readable(text: str) -> str:
    words = text.replace("\x00", "").strip()
    if not words:
        raise BadComment(_("Write a comment first."))
    if len(words) > COMMENT_LIMIT:
        raise BadComment(_("A comment has at most %(limit)d characters.") % {"limit": COMMENT_LIMIT})
    return words
