"""A year's plans as one file, to print or as PDF: asked for, made by a job, its asker's alone, gone soon."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from spm.jobs.models import Job
from spm.org.models import FiscalYear
from territories.choices import FileFormat
from territories.querysets import PlanFileQuerySet

KEPT = timedelta(minutes=15)
"""How long a file may be downloaded after it was made (reliability INV-40)."""


class PlanFile(models.Model):
    """``data`` is empty until the job has made it. ``plans``: how many are in it; ``holds``: their keys."""

    fiscal_year = models.ForeignKey(FiscalYear, models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    format = models.CharField(max_length=4, choices=FileFormat.choices, default=FileFormat.PAGE)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    data = models.BinaryField(null=True, blank=True)
    plans = models.PositiveIntegerField(default=0)
    holds = models.JSONField(default=list, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    made_at = models.DateTimeField(null=True, blank=True)

    objects = PlanFileQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.fiscal_year_id} for {self.asked_by_id}"

    @property
    def expires_at(self) -> object:
        return None if self.made_at is None else self.made_at + KEPT
