"""``manage.py catalogues``: bring the message catalogues up to date with the code, and compile them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from spm.ui import catalogues


class Command(BaseCommand):
    help = "Update spm/locale/*/LC_MESSAGES/django.po from code and templates, keep translations, compile."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail unless all catalogues are whole")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            self.check_all()
            return
        for language in catalogues.languages():
            catalogue = catalogues.updated(language)
            catalogues.write_catalogue(catalogue, catalogues.po_path(language))
            counts = len(catalogues.messages(catalogue)), len(catalogues.incomplete(catalogue))
            self.stdout.write("{}: {} messages, {} to translate".format(language, *counts))
        catalogues.compile_all()

    def check_all(self) -> None:
        """Name each fault on stderr. Raises CommandError where there is one."""
        faults = [(language, fault) for language in catalogues.languages() for fault in catalogues.faults(language)]
        for language, fault in faults:
            self.stderr.write(f"{language}: {fault}")
        if faults:
            raise CommandError("The catalogues are not complete.")
