"""What happens by the clock.

Plain intervals in UTC, no local times: each job asks which periods are due in the company's zone and catches up with
what was missed, so daylight saving moves nothing. The slot (kind, its start) is unique in the database: ten
schedulers do no harm, and a slow run is not overtaken by the next.
"""

from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.queue import enqueue
from spm.jobs.registry import known_kinds
from spm.jobs.sweeper import sweep

SCHEDULE: dict[str, timedelta] = {
    "canary": timedelta(minutes=1),  # the health page's proof that jobs run
    "rollup": timedelta(minutes=1),  # without arguments: every stale period (lost messages end here)
    "close_due": timedelta(hours=1),  # the monthly and the quarterly close
    "verify": timedelta(days=1),  # recompute and check every invariant that the data can show
    "seal_history": timedelta(days=1),  # the audit log vouches for the history rows of the day
    "end_departed": timedelta(hours=1),  # people whose last day is over lose access
    "cycle_reminders": timedelta(days=1),  # planning stages due, letters unanswered
    "account_reviews": timedelta(days=1),  # reviews of account maps that are due
    "move_packages": timedelta(hours=1),  # packages of accounts whose day has come, and what they held over
    "plan_reminders": timedelta(days=1),  # territory plans due, undecided, or untouched for long
    "plan_files_forget": timedelta(minutes=15),  # files of plans that are over their time
    "weekly_views": timedelta(hours=1),  # saved views by e-mail: each Monday from 07:00 where its owner lives
    "jobs_cleanup": timedelta(days=1),
}
KEEP = timedelta(days=7)
"""How long scheduled jobs that ended well stay on the jobs page."""
KEEP_OTHERS = timedelta(days=90)
KEEP_SEALED = timedelta(days=1)
"""How long a job that failed keeps what was sealed in it, to be tried again."""


def slot_start(now: datetime, every: timedelta) -> datetime:
    """The start of the slot of length ``every`` that holds ``now``, counted from 1970 in UTC."""
    seconds = int(every.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=UTC)


def tick(now: datetime | None = None) -> int:
    """Send again what is due, ask for the work of the current slots; return how many jobs were asked for."""
    moment = now or timezone.now()
    sweep(moment)
    asked = 0
    for kind, every in SCHEDULE.items():
        if kind in known_kinds() and not _is_unfinished(kind):
            slot = f"{kind} {slot_start(moment, every):%Y-%m-%dT%H:%MZ}"
            asked += enqueue(kind, slot=slot) is not None
    return asked


def clean_up(now: datetime | None = None) -> int:
    """Delete the scheduled jobs that were done more than KEEP ago, and others after KEEP_OTHERS; return how many.

    Failures stay; what was sealed in them does not.
    """
    moment = now or timezone.now()
    Job.objects.exclude(sealed="").filter(created_at__lt=moment - KEEP_SEALED).update(sealed="")
    old = Q(slot__isnull=False, finished_at__lt=moment - KEEP) | Q(finished_at__lt=moment - KEEP_OTHERS)
    return Job.objects.filter(old, state=JobState.DONE).delete()[0]


def _is_unfinished(kind: str) -> bool:
    waiting = Job.objects.filter(kind=kind, slot__isnull=False, state__in=[JobState.WAITING, JobState.RUNNING])
    return waiting.exists()
