"""Choices of the market."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AssignmentRole(models.TextChoices):
    """An owner's time ends with the next owner or a vacancy; that of somebody who helps, with a row that ends it."""

    OWNER = "owner", _("Owner")
    OVERLAY = "overlay", _("Overlay")
    ENDED = "ended", _("Overlay ends")


HELPING = (AssignmentRole.OVERLAY, AssignmentRole.ENDED)
"""Roles whose rows follow each other per territory and person; the others follow each other per territory."""


KEY_TIERS = ("key", "a")
"""Tiers, in normal form, whose accounts are key accounts."""


class Outcome(models.TextChoices):
    """What became of an opportunity."""

    OPEN = "open", _("Open")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
