"""Background work on the numbers. What stale rows say is the truth: a job without arguments rolls up all of it."""

from django.utils.translation import gettext as _

from spm.jobs.registry import Running, handler
from targets import closing, reminders, rollup


@handler("rollup")
def roll_up(job: Running) -> None:
    """Roll up every stale period, one fiscal year at a time; twice is harmless."""
    rollup.roll_up_stale(lambda done, of: job.progress(done, of, _("periods rolled up")))


@handler("close_due")
def close_due(job: Running) -> None:
    """The monthly and the quarterly close, whatever slots were missed."""
    soft, closed = closing.close_due()
    job.progress(1, 1, _("%(soft)d soft-closed, %(closed)d closed") % {"soft": soft, "closed": closed})


@handler("cycle_reminders")
def remind(job: Running) -> None:
    """Whoever has a stage due or a letter waiting hears of it; once per slot, so twice a day is harmless."""
    told = reminders.remind_all()
    job.progress(1, 1, _("Reminded: %(count)d") % {"count": told})
