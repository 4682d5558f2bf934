"""States of an import."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class BatchState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded")
    PREVIEWED = "previewed", _("Previewed")
    COMMITTED = "committed", _("Committed")
    REFUSED = "refused", pgettext_lazy("a file", "Refused")
    UNDONE = "undone", _("Undone")


OPEN_STATES = [BatchState.UPLOADED, BatchState.PREVIEWED, BatchState.REFUSED]
"""Of a file that may still be read, mapped and loaded."""


class RowOutcome(models.TextChoices):
    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    REFUSED = "refused", _("Refused")
    PARKED = "parked", _("Parked: the period is closed")
    SUPERSEDED = "superseded", _("Superseded by a later row of the file")
