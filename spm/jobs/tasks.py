"""What Celery calls: one task that runs a job by its id, and one that keeps the clock."""

from celery import shared_task

from spm.celery import RUN_TASK, TICK_TASK
from spm.jobs import runner, schedule
from spm.jobs.registry import Running, handler


@shared_task(name=RUN_TASK)
def run_job(pk: int) -> None:
    """Run one job. The message carries the id alone; a doubled or late one finds nothing to claim."""
    runner.run(pk, heartbeat=True)


@shared_task(name=TICK_TASK)
def tick() -> None:
    """Every minute: send again what was lost, ask for what the schedule says."""
    schedule.tick()


@handler("canary")
def canary(job: Running) -> None:
    """Does nothing, end to end: that it is done proves beat, broker, worker and database (health page)."""


@handler("jobs_cleanup")
def clean_up(job: Running) -> None:
    """Drop the scheduled jobs nobody needs to read any more."""
    schedule.clean_up()
