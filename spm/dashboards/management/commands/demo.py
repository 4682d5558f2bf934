"""``manage.py demo``: the whole application with a demo company, until Ctrl-C."""

from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from spm.dashboards import demo, demo_folder
from spm.dashboards.norvik import cast
from spm.errors import RuleViolation
from spm.jobs.serving import Installation, listen, use_address
from spm.jobs.startup import prepare
from spm.org.invitations import first_admin_link, has_admin


class Command(BaseCommand):
    help = "Load the demo company Norvik Industrial, roll it up, then run everything as `up` does. Ctrl-C ends all."
    requires_system_checks: list[str] = []  # the database may not exist yet; its checks run in the processes

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="start over with a fresh demo company")
        parser.add_argument("--no-serve", action="store_true", help="stop after the roll-up")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with ExitStack() as stack:
                address = (options["host"], options["port"])
                listening = None if options["no_serve"] else stack.enter_context(listen(*address))
                told = use_address(*address)
                spm = self._start(stack, reset=options["reset"])
                if listening:
                    self._greet(told)
                    spm.serve(listening)
        except RuleViolation as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            pass  # before the supervisor took over the signal
        self.stdout.write("Stopped.")

    def _start(self, stack: ExitStack, *, reset: bool) -> Installation:
        phases = demo.Phases(self.stdout.write)
        embedded = not settings.DATABASE_URL
        wanted = demo_folder.begin(settings.DATA_DIR, reset=reset) if embedded else True
        with phases.phase("Database and static files"):
            prepare(self.stdout.write)
        if not embedded:
            wanted = demo.may_load(reset=reset)
        with phases.phase("Broker, worker and beat"):
            spm = stack.enter_context(Installation(self.stdout.write))
        if wanted:
            demo.build(phases)
            demo_folder.finish(settings.DATA_DIR)
        return spm

    def _greet(self, address: str) -> None:
        self.stdout.write(f"\nSPM {settings.VERSION} on {address} – data in {settings.DATA_DIR} – Ctrl-C ends it.")
        if not demo.is_loaded():
            self.stdout.write("The demo company was removed; `manage.py demo --reset` loads it again.")
            if not has_admin():
                self.stdout.write(f"This link makes the first admin of yours, once:\n  {first_admin_link()}")
            return
        self.stdout.write(f"The sign-in page offers three roles with one click; everybody's password: {demo.PASSWORD}")
        for role, email in cast.ROLES.items():
            self.stdout.write(f"  {role:8} {email}")
