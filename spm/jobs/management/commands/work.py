"""``manage.py work``: one worker that is restarted when it gets nothing done."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from spm.jobs.serving import work


class Command(BaseCommand):
    help = "Run one watched Celery worker (SPM_WORKERS processes) until it is told to end."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.JOBS_IN_PROCESS:
            raise CommandError("BROKER_URL is not set: there is nothing to take work from.")
        work(self.stdout.write)
