"""The quota letter: a person's number of the year, how it was made, and what came back."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from spm.ui.fields import MoneyField
from targets.choices import LetterPart, LetterState, Measure
from targets.models.cycles import PlanningCycle
from targets.querysets import LetterLineQuerySet, QuotaLetterQuerySet


class QuotaLetter(models.Model):
    """One per person and cycle. Sent → question or agreed → approved → (locked) acknowledged. See ``letters``."""

    cycle = models.ForeignKey(PlanningCycle, models.PROTECT, related_name="letters")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="quota_letters")
    state = models.CharField(_("state"), max_length=8, choices=LetterState.choices, default=LetterState.UNSENT)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_before_at = models.DateTimeField(null=True, blank=True)  # when the version before this one was sent
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    nudged_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = QuotaLetterQuerySet.as_manager()

    class Meta:
        ordering = ["cycle", "person"]
        constraints = [models.UniqueConstraint(fields=["cycle", "person"], name="quota_letter_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.cycle_id}"


class LetterLine(models.Model):
    """One line of how the number was made, as it was sent; the lines of a measure add up to the quota of the year."""

    letter = models.ForeignKey(QuotaLetter, models.CASCADE, related_name="lines")
    measure = models.CharField(max_length=8, choices=Measure.choices)
    part = models.CharField(max_length=10, choices=LetterPart.choices)
    amount = MoneyField()
    note = models.CharField(max_length=300, blank=True)

    objects = LetterLineQuerySet.as_manager()

    class Meta:
        ordering = ["letter", "pk"]
        constraints = [models.UniqueConstraint(fields=["letter", "measure", "part"], name="letter_line_once")]

    def __str__(self) -> str:
        return f"{self.part} {self.amount}"
