"""``manage.py healthy``: for health checks of containers; exit code 0 or 1."""

from argparse import ArgumentParser
from http.client import HTTPConnection
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from spm.jobs.canary import STALE_AFTER, age


class Command(BaseCommand):
    help = "Tell whether jobs get done (a canary within three minutes), or with --web whether the web server answers."
    requires_system_checks: list[str] = []  # asked each minute

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--web", action="store_true")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["web"]:
            self._ask_web(options["port"])
            return
        silence = age(timezone.now())
        if silence is None or silence > STALE_AFTER:
            raise CommandError("No job was done for three minutes.")

    def _ask_web(self, port: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/health/", headers={"Host": settings.ALLOWED_HOSTS[0]})
            status = connection.getresponse().status
        except OSError as error:
            raise CommandError(f"The web server does not answer: {error}") from error
        if status != 200:
            raise CommandError(f"The web server answers {status}.")
