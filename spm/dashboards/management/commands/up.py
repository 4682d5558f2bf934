"""``manage.py up``: the whole application on one machine, until Ctrl-C."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from spm.errors import RuleViolation
from spm.jobs.serving import Installation, listen, use_address
from spm.jobs.startup import prepare
from spm.org.invitations import first_admin_link, has_admin


class Command(BaseCommand):
    help = "Migrate, then run web server, worker, beat and the embedded broker. Ctrl-C ends all."
    requires_system_checks: list[str] = []  # the database may not exist yet; its checks run in the processes

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with listen(options["host"], options["port"]) as listening:
                prepare(self.stdout.write)
                address = use_address(options["host"], options["port"])
                with Installation(self.stdout.write) as spm:
                    self._greet(address)
                    spm.serve(listening)
        except RuleViolation as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            pass  # before the supervisor took over the signal
        self.stdout.write("Stopped.")

    def _greet(self, address: str) -> None:
        self.stdout.write(f"SPM {settings.VERSION} on {address} – data in {settings.DATA_DIR} – Ctrl-C ends it.")
        if not has_admin():
            self.stdout.write(f"Nobody can sign in yet. This link makes the first admin, once:\n  {first_admin_link()}")
