"""manage.py company: make the company, or change it, and make an admin."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from spm.errors import RuleViolation
from spm.keys import normalise
from spm.org import companies, invitations, people
from spm.org.models import User


class Command(BaseCommand):
    help = "Make the company of this installation, or change it. The same again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--currency", required=True, help="ISO code, such as EUR")
        parser.add_argument("--timezone", default="UTC", help="such as Europe/Paris")
        parser.add_argument("--language", default="en")
        parser.add_argument("--admin", metavar="EMAIL", help="make this person an admin and print an invitation link")

    def handle(self, **options: Any) -> None:
        try:
            with transaction.atomic():
                company = companies.set_company(
                    **{field: options[field] for field in ("name", "currency", "timezone", "language")}
                )
                link = make_admin(options["admin"]) if options["admin"] else ""
        except RuleViolation as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"{company.name}: {company.currency}, {company.timezone}, {company.language}")
        if link:
            self.stdout.write(link)


def make_admin(email: str) -> str:
    """Make the person of this address an admin; an invitation link, or nothing for one who has a password."""
    person = User.objects.people().filter(email_key=normalise(email)).first()
    if person is None:
        person = people.create_person(email=email, name=email.partition("@")[0], is_admin=True)
    people.set_role(person, is_admin=True)
    return "" if person.has_usable_password() else invitations.invite(person, None)
