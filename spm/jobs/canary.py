"""The canary: a job that does nothing, asked for each minute. One done lately proves the whole way of a job."""

from datetime import datetime, timedelta

from django.db.models import Max

from spm.jobs.choices import JobState
from spm.jobs.models import Job

STALE_AFTER = timedelta(minutes=3)


def age(now: datetime) -> timedelta | None:
    """How long ago the newest canary was done; None if there never was one."""
    done = Job.objects.filter(kind="canary", state=JobState.DONE).aggregate(at=Max("finished_at"))["at"]
    return now - done if done else None
