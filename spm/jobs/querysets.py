"""Reads of jobs."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from spm.jobs.choices import ROUTINE, JobState
from spm.org.scopes import scope_of

if TYPE_CHECKING:
    from spm.org.models import User


class JobQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User") -> Self:
        """Admins: all jobs. Everybody else: the ones they started."""
        return self if scope_of(user).everything else self.filter(created_by=user.pk)

    def told(self, show: str) -> Self:
        """What the page of jobs lists by its choice: "failed", "open" for what is not over yet, "all"; else all but
        the routine, scheduled or by kind, that ended well.
        """
        if show == "failed":
            return self.filter(state=JobState.FAILED)
        if show == "open":
            return self.filter(state__in=[JobState.WAITING, JobState.RUNNING])
        routine = Q(slot__isnull=False) | Q(kind__in=ROUTINE)
        return self if show == "all" else self.exclude(routine, state=JobState.DONE)

    def due(self, now: datetime) -> Self:
        """Jobs to send (again): waiting and due, or running with a lease that ran out."""
        return self.filter(
            Q(state=JobState.WAITING, due_at__lte=now) | Q(state=JobState.RUNNING, lease_until__lt=now)
        ).order_by("pk")
