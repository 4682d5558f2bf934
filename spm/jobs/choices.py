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
    "close_due": _("Close of periods that are due"),
    "demo": _("Demo company"),
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
    "verify": _("Check of all totals"),
}
"""How kinds of jobs are called on screen."""
