"""What Celery calls: one task that runs a job by its id, and one that keeps the clock."""

from typing import Any

from celery import shared_task
from celery.signals import beat_init, worker_init, worker_process_init, worker_ready

from spm import memory
from spm.celery import RUN_TASK, TICK_TASK
from spm.errors import RuleViolation
from spm.jobs import account_mails, runner, schedule
from spm.jobs.registry import Running, handler
from spm.org import people, seals
from spm.org.checks import refuse_open_doors
from spm.org.verification import run_all


class InvariantBroken(RuleViolation):
    """The nightly check found data that breaks an invariant."""


@shared_task(name=RUN_TASK)
def run_job(pk: int) -> None:
    """Run one job. The message carries the id alone; a doubled or late one finds nothing to claim."""
    runner.run(pk, heartbeat=True)


@shared_task(name=TICK_TASK)
def tick() -> None:
    """Every minute: send again what was lost, ask for what the schedule says."""
    schedule.tick()


@worker_init.connect
@beat_init.connect
def refuse_open_settings(**kwargs: Any) -> None:
    """Neither a worker nor beat starts with production settings that leave a door open."""
    refuse_open_doors()


@worker_process_init.connect
def settle_memory(**kwargs: Any) -> None:
    """Jobs make rows by the hundred thousand; walks through the application meanwhile would find nothing."""
    memory.settle()


@worker_ready.connect
def tick_at_start(sender: Any, **kwargs: Any) -> None:
    """A worker that starts finds at once what its predecessor left; beat's first message comes after a minute."""
    sender.app.send_task(TICK_TASK)


@handler("canary")
def canary(job: Running) -> None:
    """Does nothing, end to end: that it is done proves beat, broker, worker and database (health page)."""


@handler("verify")
def verify(job: Running) -> None:
    """Nightly: recompute and check every invariant that the data can show; a breach fails the job.

    Rule: reliability INV-22.
    """
    broken = [finding.invariant.number for finding in run_all() if finding.breaches]
    if broken:
        raise InvariantBroken(f"Broken: {', '.join(broken)}. Run manage.py verify for the rows.")


@handler("jobs_cleanup")
def clean_up(job: Running) -> None:
    """Drop the scheduled jobs nobody needs to read any more."""
    schedule.clean_up()


@handler("seal_history")
def seal_history(job: Running) -> None:
    """Nightly: one audit entry over the history rows written since the last seal (reliability INV-31)."""
    seals.seal_history()


@handler("end_departed")
def end_departed(job: Running) -> None:
    """Hourly: who has had the last day, by the company's clock, can sign in no more."""
    people.end_departed()


@handler(account_mails.RESET)
def mail_reset(job: Running) -> None:
    """The answer to a forgotten password. Run twice, it mails two links, which both work until one is used."""
    account_mails.send_reset(**job.sealed)


@handler(account_mails.MAIL)
def mail_account(job: Running) -> None:
    """A mail of allauth, rendered when it was asked for."""
    account_mails.send(job.sealed)
