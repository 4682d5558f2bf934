"""Choices of the market."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AssignmentRole(models.TextChoices):
    OWNER = "owner", _("Owner")
    OVERLAY = "overlay", _("Overlay")


class Outcome(models.TextChoices):
    """What became of an opportunity."""

    OPEN = "open", _("Open")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
