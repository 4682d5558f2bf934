"""``manage.py assemble``: what is made from files alone, for the image."""

from typing import Any

from django.core.management.base import BaseCommand

from spm.jobs.startup import assemble


class Command(BaseCommand):
    help = "Compile the translation catalogues and collect the static files."
    requires_system_checks: list[str] = []  # there is neither a database nor a secret while an image is built

    def handle(self, *args: Any, **options: Any) -> None:
        assemble(self.stdout.write)
