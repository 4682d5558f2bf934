"""Who may do what with jobs."""

from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.org.access import can_administer
from spm.org.models import User


def can_retry(user: User, job: Job) -> bool:
    """Admins, where it failed or was cancelled."""
    return can_administer(user) and job.state in (JobState.FAILED, JobState.CANCELLED)
