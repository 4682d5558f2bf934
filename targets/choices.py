"""Choices of targets: what is counted, and the versions of a plan."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

REASON_LENGTH = 300
"""Characters of a reason that are kept, with a batch and in the history of each number."""


class Measure(models.TextChoices):
    BOOKINGS = "bookings", _("Bookings")
    REVENUE = "revenue", _("Revenue")
    MARGIN = "margin", _("Margin")


class ActualKind(models.TextChoices):
    """An order signed (by booking date), or an invoice (by invoice date)."""

    BOOKING = "booking", _("Booking")
    REVENUE = "revenue", _("Revenue")


OTHER_MEASURE_WORDS = (("booking", Measure.BOOKINGS.value), ("revenues", Measure.REVENUE.value))
OTHER_KIND_WORDS = (("bookings", ActualKind.BOOKING.value), ("revenues", ActualKind.REVENUE.value))
"""What files also say, and what it means: a measure counts bookings, a line is a booking."""


class Rule(models.TextChoices):
    """What keeps a line out of a number, in the order in which it is asked (domain.md §4)."""

    DATE = "date", _("date")
    MEASURE = "measure", _("measure")
    TERRITORY = "territory", _("territory")
    SHARE = "share", _("share")
    RATE = "rate", _("rate")
    PERIOD = "period", _("period state")


class PlanKind(models.TextChoices):
    WORKING = "working", _("Working version")
    BASELINE = "baseline", _("Baseline")
    REVISION = "revision", _("Revision")
    SCENARIO = "scenario", _("Scenario")
    SAVED = "saved", _("Saved version")


class PlanState(models.TextChoices):
    """How far a version of a plan has come; the working version is a draft until it is published to the managers."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    APPROVED = "approved", _("Approved")
    RETURNED = "returned", _("Returned")
    REJECTED = "rejected", _("Rejected")
    DISCARDED = "discard", _("Discarded")


class RevisionCause(models.TextChoices):
    TERRITORY = "territory", _("Territory move")
    HIRE = "hire", _("New hire")
    LEAVE = "leave", _("Leave")
    MARKET = "market", _("Market")
    CORRECTION = "correct", _("Correction")


class Stage(models.TextChoices):
    """The annual cycle, in order (design §4)."""

    PLAN = "plan", pgettext_lazy("stage", "Plan")
    ALLOCATE = "allocate", pgettext_lazy("stage", "Allocate")
    REVIEW = "review", pgettext_lazy("stage", "Review")
    APPROVE = "approve", pgettext_lazy("stage", "Approve")
    LOCK = "lock", pgettext_lazy("stage", "Lock")
    MONITOR = "monitor", pgettext_lazy("stage", "Monitor")


class LimitAction(models.TextChoices):
    """What happens outside the over-assignment policy."""

    WARN = "warn", _("Warn")
    BLOCK = "block", _("Block")


class Proration(models.TextChoices):
    """How the quota of somebody who was there for a part of a period is counted."""

    DAYS = "days", _("Calendar days")
    WORKING = "working", _("Working days, Monday to Friday")
    SEASON = "season", _("Season weight")


class BatchKind(models.TextChoices):
    """How many numbers came to change at once."""

    EDIT = "edit", _("Edited")
    PASTE = "paste", _("Pasted")
    SPREAD = "spread", _("Spread")
    METHOD = "method", _("By method")
    IMPORT = "import", _("Imported")
    UNDO = "undo", _("Undone")
    RESTORE = "restore", _("Restored")
    REVISION = "revision", _("Revised")
    WHAT_IF = "what_if", _("What if")


class WhatIf(models.TextChoices):
    """How a scenario is adjusted."""

    GROWTH = "growth", _("Growth")
    OVER = "over", _("Over-assignment")
    HIRE = "hire", _("New hires")
    LEAVE = "leave", _("Somebody leaves")
    TERRITORY = "territory", _("Territory moves")


class Reach(models.TextChoices):
    """What an adjustment of a scenario is about: the company, one team, or every team that has a number."""

    COMPANY = "company", _("Whole company")
    TEAM = "team", _("Team")
    TEAMS = "teams", _("Every team")


class Method(models.TextChoices):
    """What a total is spread by."""

    LAST_YEAR = "last_year", _("Last year, adjusted")
    POTENTIAL = "potential", _("Territory potential")
    EVEN = "even", _("Even")
    MANUAL = "manual", _("Manual %")
    CURRENT = "current", _("Present numbers")


class Season(models.TextChoices):
    """What a total of the company plan is spread over the months by; beside these: a stored profile."""

    LAST_YEAR = "last_year", _("As last year")
    EVEN = "even", _("Even")
    CURRENT = "current", _("Present numbers")
    CUSTOM = "custom", _("Weights of your own")


class LetterState(models.TextChoices):
    UNSENT = "unsent", _("Not sent")
    SENT = "sent", _("Sent")
    QUESTION = "question", _("Question")
    AGREED = "agreed", _("Agreed")
    REJECTED = "rejected", _("Rejected")
    APPROVED = "approved", _("Approved")


class LetterPart(models.TextChoices):
    """The lines of a quota letter, which add up to the quota (ux.md, Targets)."""

    LAST_YEAR = "last_year", _("Last year, adjusted")
    MARKET = "market", _("Market growth")
    TERRITORY = "territory", _("Territory change")
    PART_YEAR = "part_year", _("Ramp and part of a year")
    STRETCH = "stretch", _("Stretch")


class RunState(models.TextChoices):
    STALE = "stale", _("To be rolled up")
    DONE = "done", _("Rolled up")


class VersionReason(models.TextChoices):
    RESTATED = "restated", _("Restated")
    VANISHED = "vanished", _("Vanished from a full snapshot")
    UNDONE = "undone", _("Import undone")


class Changed(models.TextChoices):
    """What a change in a reopened period was made to."""

    LINE = "line", _("Line")
    CREDIT = "credit", _("Credit")
    PLAN_LINE = "planline", _("Company plan")
    TARGET = "target", _("Target")
    QUOTA = "quota", _("Quota")


class Scope(models.TextChoices):
    """The kinds of holder of an attainment row."""

    PERSON = "person", _("Person")
    TEAM = "team", _("Team")
    TERRITORY = "territory", _("Territory")
    COMPANY = "company", _("Company")
