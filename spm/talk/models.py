"""What people say to each other about the numbers, and what they are told: threads, comments, notifications."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from spm.talk.querysets import (
    CommentQuerySet,
    NotificationChoiceQuerySet,
    NotificationQuerySet,
    ThreadQuerySet,
)

COMMENT_LIMIT = 4_000


class Thread(models.Model):
    """A talk about one object, or one field of it; ``anchor`` and ``key`` name it (see ``anchors``)."""

    anchor = models.CharField(max_length=24)
    key = models.PositiveBigIntegerField()
    field = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ThreadQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["anchor", "key", "field"], name="thread_once")]

    def __str__(self) -> str:
        return f"{self.anchor} {self.key} {self.field}".strip()


class Comment(models.Model):
    """One contribution. A deleted one leaves a stub with author and time, its text is gone."""

    thread = models.ForeignKey(Thread, models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="comments")
    text = models.TextField(_("comment"), max_length=COMMENT_LIMIT, blank=True)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    named = models.JSONField(default=list)  # the words of the text that name somebody: "@Rep One"

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.author_id} on {self.thread_id}"


class Notification(models.Model):
    """One person is told one thing. Holds no text: ``kind`` and ``parameters`` make the sentence when it is read."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    anchor = models.CharField(max_length=24, blank=True)  # "" = about nothing that could be hidden
    key = models.PositiveBigIntegerField(null=True, blank=True)
    path = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    slot = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001  # NULL = no slot; else told once
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["person", "slot"], name="notification_told_once")]
        indexes = [models.Index(fields=["person", "read_at"], name="notification_unread")]

    def __str__(self) -> str:
        return f"{self.kind} for {self.person_id}"


class NotificationChoice(models.Model):
    """What a person wants to hear of one kind, where it differs from the default: in the app and by e-mail."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notification_choices")
    kind = models.CharField(max_length=40)
    in_app = models.BooleanField(default=True)
    by_email = models.BooleanField(default=True)

    objects = NotificationChoiceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="notification_choice_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind}"
