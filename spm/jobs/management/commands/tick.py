"""``manage.py tick``: what beat does each minute, for installations whose jobs run in process."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from spm.jobs.queue import in_process
from spm.jobs.schedule import tick

MINUTE = 60.0


class Command(BaseCommand):
    help = "Run what is due by the clock: once (from cron), or each minute with --forever."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--forever", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            started = time.monotonic()
            try:
                with in_process():
                    tick()
            except OperationalError as error:
                if not options["forever"]:
                    raise
                self.stderr.write(f"The database is away: {error}")
            if not options["forever"]:
                return
            close_old_connections()
            time.sleep(max(0.0, MINUTE - (time.monotonic() - started)))
