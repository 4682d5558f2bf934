"""Background work of territories."""

from django.utils.translation import gettext as _

from spm.jobs.registry import Running, handler
from territories import account_plans, moves, plan_files, plan_reminders


@handler("account_reviews")
def remind_of_reviews(job: Running) -> None:
    """Whoever has a review of an account due hears of it; once per review, so twice a day is harmless."""
    told = account_plans.remind()
    job.progress(1, 1, _("Reminded: %(count)d") % {"count": told})


@handler("move_packages")
def apply_moves(job: Running) -> None:
    """Packages whose day has come, and held-over accounts that may move; what is done is not done again."""
    applied, released = moves.apply_due()
    words = {"applied": applied, "released": released}
    job.progress(1, 1, _("Packages applied: %(applied)d; accounts held so far and moved: %(released)d") % words)


@handler("plan_reminders")
def remind(job: Running) -> None:
    """Daily: whose plan is due, waits or lies untouched; each is told once per slot, so twice a day is harmless."""
    told = plan_reminders.remind_all()
    job.progress(1, 1, _("Reminded: %(count)d") % {"count": told})


@handler(plan_files.KIND)
def make_file(job: Running) -> None:
    """All plans of a year in one file, for its asker."""
    plan_files.make(job)


@handler("plan_files_forget")
def forget_files(job: Running) -> None:
    """Files that may be opened no more are deleted, not only hidden (reliability INV-40)."""
    plan_files.forget()
