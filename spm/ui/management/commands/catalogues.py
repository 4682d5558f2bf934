"""``manage.py catalogues``: bring the message catalogues up to date with the code, and compile them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from spm.ui import catalogues


class Command(BaseCommand):
    help = "Update spm/locale/*/LC_MESSAGES/django.po from code and templates, keep translations, compile."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail on a message without translation")

    def handle(self, *args: Any, **options: Any) -> None:
        missing: dict[str, list[str]] = {}
        for language in catalogues.languages():
            catalogue = catalogues.updated(language)
            missing[language] = catalogues.incomplete(catalogue)
            if not options["check"]:
                catalogues.write_catalogue(catalogue, catalogues.po_path(language))
            count = len(catalogues.messages(catalogue))
            self.stdout.write(f"{language}: {count} messages, {len(missing[language])} to translate")
        if not options["check"]:
            catalogues.compile_all()
            return
        for language, texts in missing.items():
            for text in texts:
                self.stderr.write(f"{language}: {text}")
        if any(missing.values()):
            raise CommandError("The catalogues are not complete.")
