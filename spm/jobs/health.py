"""Is this installation well? Readiness is end to end: a canary job done lately, not a process that is merely alive."""

import dataclasses
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, Min
from django.utils import timezone
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable
from kombu.exceptions import OperationalError as BrokerError
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from spm.celery import app
from spm.jobs import canary
from spm.jobs.choices import JobState
from spm.jobs.models import Job


@dataclasses.dataclass
class Broker(HealthCheck):  # type: ignore[misc]  # no stubs
    """The broker answers; nothing to check where jobs run in process."""

    def run(self) -> None:
        if settings.JOBS_IN_PROCESS:
            return
        try:
            with app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=3)
        except (BrokerError, OSError) as error:
            raise ServiceUnavailable("the broker does not answer") from error


@dataclasses.dataclass
class Canary(HealthCheck):  # type: ignore[misc]  # no stubs
    """A canary job was done within the last three minutes."""

    def run(self) -> None:
        silence = canary.age(timezone.now())
        if silence is None:
            raise ServiceUnavailable("no job was ever done")
        if silence > canary.STALE_AFTER:
            raise ServiceUnavailable(f"no job was done for {int(silence.total_seconds())} seconds")


class JobMetrics(Collector):
    """What a monitoring system asks for, read from the rows at each scrape: true whichever web process answers."""

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        states = dict(Job.objects.order_by().values_list("state").annotate(number=Count("pk")))
        jobs = GaugeMetricFamily("spm_jobs", "Jobs by state.", labels=["state"])
        for state in JobState.values:
            jobs.add_metric([state], states.get(state, 0))
        yield jobs
        oldest = Job.objects.due(now).aggregate(at=Min("due_at"))["at"]
        waited = (now - oldest).total_seconds() if oldest else 0
        yield GaugeMetricFamily("spm_job_oldest_due_seconds", "How long the oldest due job has waited.", waited)
        silence = canary.age(now)
        if silence is not None:
            yield GaugeMetricFamily("spm_canary_age_seconds", "Since the last canary job.", silence.total_seconds())
        version = GaugeMetricFamily("spm_info", "The version that runs.", labels=["version"])
        version.add_metric([settings.VERSION], 1)
        yield version
