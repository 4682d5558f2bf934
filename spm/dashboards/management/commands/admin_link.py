"""``manage.py admin_link``: a fresh link for the first admin, where the one that was printed or shown is lost."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from spm.errors import RuleViolation
from spm.jobs.serving import use_address
from spm.org.invitations import first_admin_link


class Command(BaseCommand):
    help = (
        "Print a fresh one-time link that makes the first admin; links given out before end. Exit 1: there is an admin."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="where `up` or `demo` answers; SPM_BASE_URL goes before"
        )
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        use_address(options["host"], options["port"])
        try:
            link = first_admin_link()
        except RuleViolation as error:
            raise CommandError(str(error)) from error
        self.stdout.write(link)
