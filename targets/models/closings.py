"""How leaf periods were closed and opened again. Append-only."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from spm.org.models import Period
from targets.choices import Changed
from targets.querysets import PeriodReopeningQuerySet


class PeriodClosing(models.Model):
    """A closing of one leaf period: the snapshot of its totals, and how it came to be open again. Append-only."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="closings")
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="closings")
    digest = models.CharField(max_length=64)
    rows = models.JSONField()  # the attainment rows of the period as closed, amounts as plain decimal strings
    difference = models.JSONField(default=list)  # against the closing before it: rows that changed meanwhile
    reopening = models.OneToOneField(
        "PeriodReopening", models.PROTECT, null=True, blank=True, related_name="closed_again"
    )  # the reopening that this closing ends

    class Meta:
        ordering = ["period", "pk"]

    def __str__(self) -> str:
        return f"{self.period_id} closed {self.closed_at:%Y-%m-%d}"


class PeriodReopening(models.Model):
    """An admin opened a closed period again, with a reason. Append-only."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="reopenings")
    reopened_at = models.DateTimeField()
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reopenings")
    reason = models.CharField(_("reason"), max_length=500)

    objects = PeriodReopeningQuerySet.as_manager()

    class Meta:
        ordering = ["period", "pk"]

    def __str__(self) -> str:
        return f"{self.period_id} reopened {self.reopened_at:%Y-%m-%d}"


class ReopenedChange(models.Model):
    """One change made while a period was open again, under the reopening that allowed it (INV-30). Append-only.

    ``row`` is the key of the line, credit or goal. ``state`` tells which of its states was written: the version of a
    line, the key of a goal's history row; a credit, which the roll-up places anew, has none.
    """

    reopening = models.ForeignKey(PeriodReopening, models.PROTECT, related_name="changes")
    what = models.CharField(max_length=8, choices=Changed.choices)
    row = models.BigIntegerField()
    state = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["reopening", "pk"]
        indexes = [models.Index(fields=["what", "row"], name="reopened_change_by_row")]

    def __str__(self) -> str:
        return f"{self.reopening_id}: {self.what} {self.row}"
