"""Background work. The row is the truth; a message to a worker carries its id and nothing else."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spm.jobs.choices import JobState
from spm.jobs.querysets import JobQuerySet


class Job(models.Model):
    """One piece of background work: claimed by a conditional UPDATE, finished or failed in its row.

    ``slot`` makes scheduled work unique: (kind, start of the slot), so ten schedulers do no harm.
    ``lease_until`` is renewed while it runs; a lease that ran out makes the job due again.
    """

    kind = models.CharField(max_length=48)
    subject = models.CharField(max_length=200, blank=True)
    arguments = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=12, choices=JobState.choices, default=JobState.WAITING)
    progress = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)  # what it is doing, or what it has done, for the progress bar
    error = models.TextField(blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    slot = models.CharField(max_length=80, null=True, blank=True, unique=True)  # noqa: DJ001  # NULL = no slot, and unique
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="jobs")
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("job")
        indexes = [
            models.Index(fields=["state", "due_at"], name="job_due", condition=Q(state__in=["waiting", "running"])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}".strip()
