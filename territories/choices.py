"""Choices of territories: rules and moves, the map of an account, the one-page plan."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RuleSetState(models.TextChoices):
    """Rules are drafted, looked at in a preview, and activated on a day; the next ones take their place."""

    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    DISCARDED = "discard", _("Discarded")


class MoveState(models.TextChoices):
    """A package is drafted, proposed to whom it concerns, and applied on its day; a draft can be put away."""

    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Proposed")
    ACTIVE = "active", _("Applied")
    DISCARDED = "discard", _("Discarded")


class MoveStep(models.TextChoices):
    """What can happen to a package."""

    DRAFTED = "drafted", _("Drafted")
    CHANGED = "changed", _("Draft changed")
    PROPOSED = "proposed", _("Proposed")
    WITHDRAWN = "taken", _("Taken back to a draft")
    FAILED = "failed", _("Could not be applied")
    APPLIED = "applied", _("Applied")
    RELEASED = "released", _("Held accounts moved")
    OVERTAKEN = "overtook", _("Held accounts were placed elsewhere")
    DISCARDED = "discard", _("Put away")
    REVERSED = "reversed", _("Reversal drafted")


class HoldOver(models.TextChoices):
    """What becomes of accounts with open opportunities when their package moves."""

    ALL = "all", _("Move all on the day")
    DAYS = "days", _("Keep accounts with open opportunities for some days")
    CLOSE = "close", _("Keep accounts with open opportunities until the last one closes")


class StakeholderRole(models.TextChoices):
    """The part somebody has in a decision. The first two decide: who of them was never met is a gap."""

    DECIDER = "decider", _("Decision-maker")
    INFLUENCER = "influence", _("Influencer")
    USER = "user", pgettext_lazy("stakeholder", "User")
    BLOCKER = "blocker", _("Blocker")


DECIDING = (StakeholderRole.DECIDER, StakeholderRole.INFLUENCER)


class Need(models.TextChoices):
    """What the list of accounts can be narrowed to: where a map asks for something."""

    SINGLE = "single", _("Single-threaded")
    NEVER = "never", _("Decision role never met")
    NO_MAP = "none", _("No map yet")
    REVIEW = "review", _("Review due")


class TargetStatus(models.TextChoices):
    """What became of a customer we want."""

    OPEN = "open", _("Wanted")
    WON = "won", pgettext_lazy("customer", "Won")
    DROPPED = "dropped", pgettext_lazy("customer", "Dropped")


class TargetMarketKind(models.TextChoices):
    SEGMENT = "segment", _("Segment")
    INDUSTRY = "industry", _("Industry")
    PLACE = "place", _("Place")


class Section(models.TextChoices):
    """The six sections of the one-page plan, in their order."""

    GOALS = "goals", _("Goals and priorities")
    ACCOUNTS = "accounts", _("Key accounts and penetration")
    BUSINESS = "business", _("New business")
    RETENTION = "retention", _("Retention")
    CHANNEL = "channel", _("Channel")
    SUPPORT = "support", _("Support needed and risks")


class PlanState(models.TextChoices):
    """Draft → submitted → returned or approved. An approved plan lives; a proposed change drafts its next version."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    RETURNED = "returned", _("Returned")
    APPROVED = "approved", _("Approved")


class PlanStart(models.TextChoices):
    """What a plan was begun from."""

    BLANK = "blank", _("Blank")
    LAST_YEAR = "last", _("Last year's plan")
    EXAMPLE = "example", _("Example")


class SectionReview(models.TextChoices):
    OPEN = "open", _("Not reviewed")
    APPROVED = "approved", _("Approved")
    COMMENTED = "comment", _("Commented")


class LineStatus(models.TextChoices):
    """How far a line of a living plan has come."""

    PLANNED = "planned", _("Planned")
    UNDER_WAY = "underway", _("Under way")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


class Risk(models.TextChoices):
    """The risk of losing a customer, in a word."""

    HIGH = "high", pgettext_lazy("risk", "High")
    MEDIUM = "medium", pgettext_lazy("risk", "Medium")
    LOW = "low", pgettext_lazy("risk", "Low")


class FileFormat(models.TextChoices):
    """A page per plan for the printer of the browser, or the same as PDF."""

    PAGE = "html", _("Print page")
    PDF = "pdf", _("PDF")
