"""History with room for a reason that is a sentence."""

from django.db import models
from simple_history.models import HistoricalRecords

from targets.choices import REASON_LENGTH


def reasoned() -> HistoricalRecords:
    """The history of a model, each change with a reason of up to REASON_LENGTH characters."""
    return HistoricalRecords(history_change_reason_field=models.CharField(max_length=REASON_LENGTH, null=True))
