"""Background work. The row is the truth; a message to a worker carries its id and nothing else."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from spm.jobs.choices import KIND_LABELS, JobState
from spm.jobs.querysets import JobQuerySet
from spm.ui import numbers


class Job(models.Model):
    """One piece of background work: claimed by a conditional UPDATE, finished or failed in its row.

    ``slot`` makes scheduled work unique: (kind, start of the slot), so ten schedulers do no harm.
    ``lease_until`` is renewed while it runs; a lease that ran out makes the job due again.
    """

    kind = models.CharField(max_length=48)
    subject = models.CharField(max_length=200, blank=True)
    arguments = models.JSONField(default=dict, blank=True)
    sealed = models.TextField(blank=True)  # what nobody may read in the row (``envelopes``); wiped when the job is done
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

    @property
    def is_over(self) -> bool:
        """Done, failed or cancelled: nothing will change any more by itself."""
        return self.state not in (JobState.WAITING, JobState.RUNNING)

    @property
    def label(self) -> str:
        """The kind, as a person says it."""
        return str(KIND_LABELS.get(self.kind, self.kind))

    @property
    def seconds(self) -> float | None:
        """How long the last attempt took; None while it runs."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def is_measured(self) -> bool:
        """It is known how far it is: there is a bar to fill."""
        return bool(self.total and (self.progress or self.is_over))

    @property
    def said(self) -> str:
        """The note in the language of its reader, with the number of steps where it names it."""
        return _now(self.note).replace("%(total)s", numbers.number(self.total)) if self.note else ""

    @property
    def width(self) -> str:
        """Length of the progress bar: "45%"."""
        return f"{min(100, 100 * self.progress // self.total) if self.total else 0}%"
