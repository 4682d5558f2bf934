"""Choices of targets: what is counted, and the versions of a plan."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Measure(models.TextChoices):
    BOOKINGS = "bookings", _("Bookings")
    REVENUE = "revenue", _("Revenue")
    MARGIN = "margin", _("Margin")


class ActualKind(models.TextChoices):
    """An order signed (by booking date), or an invoice (by invoice date)."""

    BOOKING = "booking", _("Booking")
    REVENUE = "revenue", _("Revenue")


class PlanKind(models.TextChoices):
    WORKING = "working", _("Working version")
    BASELINE = "baseline", _("Baseline")
    REVISION = "revision", _("Revision")
    SCENARIO = "scenario", _("Scenario")


class RunState(models.TextChoices):
    STALE = "stale", _("To be rolled up")
    DONE = "done", _("Rolled up")


class VersionReason(models.TextChoices):
    RESTATED = "restated", _("Restated")
    VANISHED = "vanished", _("Vanished from a full snapshot")
    UNDONE = "undone", _("Import undone")


class Scope(models.TextChoices):
    """The kinds of holder of an attainment row."""

    PERSON = "person", _("Person")
    TEAM = "team", _("Team")
    TERRITORY = "territory", _("Territory")
    COMPANY = "company", _("Company")
