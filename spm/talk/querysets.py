"""Who sees which thread, comment and notification."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from spm.talk import anchors

if TYPE_CHECKING:
    from spm.org.models import User


def _anchored(user: "User", prefix: str = "") -> Q:
    """Rows whose anchor the user sees."""
    seen = Q(pk__in=[])
    for anchor in anchors.all_anchors():
        keys = anchor.visible(user).order_by().values("pk")
        seen |= Q(**{f"{prefix}anchor": anchor.name, f"{prefix}key__in": keys})
    return seen


class ThreadQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Whoever sees the object sees what was said about it."""
        return self.filter(_anchored(user)) if user.is_active else self.none()

    def about(self, anchor: str, key: int) -> Self:
        return self.filter(anchor=anchor, key=key)

    def open(self) -> Self:
        return self.filter(resolved_at=None)


class CommentQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(_anchored(user, "thread__")) if user.is_active else self.none()


class NotificationQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """One's own, as long as one sees what they are about."""
        if not user.is_active:
            return self.none()
        return self.filter(Q(anchor="") | _anchored(user), person=user)

    def unread(self) -> Self:
        return self.filter(read_at=None)


class NotificationChoiceQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """One's own."""
        return self.filter(person=user) if user.is_active else self.none()
