"""Choices of the organisation's models."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CalendarKind(models.TextChoices):
    """The same values as :class:`spm.periods.CalendarKind`, with labels."""

    MONTHS = "months", _("Calendar months")
    WEEKS_445 = "445", _("4-4-5 weeks")
    WEEKS_454 = "454", _("4-5-4 weeks")
    WEEKS_544 = "544", _("5-4-4 weeks")
    THIRTEEN = "13", _("13 periods of four weeks")
    FILE = "file", _("Loaded from a file")


class PeriodLevel(models.TextChoices):
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")


class PeriodState(models.TextChoices):
    """open → soft-closed (late rows wait) → closed (frozen) → open again, with a reason."""

    OPEN = "open", pgettext_lazy("state of a period", "Open")
    SOFT_CLOSED = "soft_closed", _("Soft-closed")
    CLOSED = "closed", _("Closed")


class SavedPage(models.TextChoices):
    """Pages whose state can be kept under a name."""

    HOME = "home", _("Home")
    PERFORMANCE = "performance", _("Performance")


class AuditKind(models.TextChoices):
    SIGN_IN = "sign_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    SIGN_OUT = "sign_out", _("Signed out")
    EXPORT = "export", _("Exported")
    ROLE_CHANGE = "role_change", _("Role changed")
    PERIOD_SOFT_CLOSE = "period_soft_close", _("Period soft-closed")
    PERIOD_CLOSE = "period_close", _("Period closed")
    PERIOD_REOPEN = "period_reopen", _("Period reopened")
    INVITED = "invited", _("Invited")
    FIRST_ADMIN = "first_admin", _("First admin created")
    SETTINGS = "settings", _("Settings changed")
    IMPORT = "import", _("Import committed")
    IMPORT_UNDO = "import_undo", _("Import undone")
    PLAN_CYCLE = "plan_cycle", _("Planning cycle created")
    PLAN_POLICY = "plan_policy", _("Planning policy changed")
    PLAN_STAGE = "plan_stage", _("Planning stage changed")
    PLAN_APPROVAL = "plan_approval", _("Company plan submitted or decided")
    PLAN_LOCK = "plan_lock", _("Plan locked")
    PLAN_RATES = "plan_rates", _("Plan rates set")
    PLAN_REVISION = "plan_revision", _("Plan revised")
    PLAN_SCENARIO = "plan_scenario", _("Scenario decided")
    RAMP = "ramp", _("Ramp schedule changed")
    MOVE = "move", _("Move package")
    HISTORY_SEAL = "history_seal", _("History sealed")
    DEMO_LOADED = "demo_loaded", _("Demo company loaded")
    DEMO_REMOVED = "demo_removed", _("Demo company removed")
