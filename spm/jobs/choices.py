"""States of background work."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


KIND_LABELS = {
    "canary": _("Health check"),
    "account_reviews": _("Reminders of account reviews"),
    "close_due": _("Close of periods that are due"),
    "cycle_reminders": _("Reminders of planning stages"),
    "demo": _("Demo company"),
    "end_departed": _("End of access after the last day"),
    "import": _("Import"),
    "import_commit": _("Import"),
    "import_preview": _("Import preview"),
    "import_undo": _("Undo of an import"),
    "invitations": _("Invitations"),
    "jobs_cleanup": _("Clean-up of old jobs"),
    "mail": _("E-mail"),
    "notify": _("Notifications"),
    "password_reset": _("Password reset"),
    "plan_file": _("Territory plans as a file"),
    "plan_files_forget": _("Deletion of files that expired"),
    "move_packages": _("Move packages"),
    "plan_reminders": _("Reminders of territory plans"),
    "rollup": _("Roll-up"),
    "seal_history": _("Seal of the history"),
    "verify": _("Check of all totals"),
    "weekly_view": _("Weekly e-mail of a saved view"),
    "weekly_views": _("Weekly e-mails of saved views"),
}
"""How kinds of jobs are called on screen."""
ROUTINE = ("mail", "notify")
"""Kinds that come with what people do, many a day: of interest where they fail, or on demand."""
