"""Mails about signing in: asked for in the request, made and sent by a job.

A request for a new password looks nothing up. It stores the address that was typed and answers: what it does, what it
says and how long it takes are the same whether anybody has that address or not. The job looks for the person and makes
the link, so no row, backup or message ever holds one. The address itself, perhaps a stranger's, is sealed in the
job's row (``envelopes``) and wiped when the mail has left.

Other mails of allauth are rendered in the request, which their templates quote, and sealed whole, since one of them may
hold a link or a code; they too are wiped when they have left, and after a day in any case.
Rule: reliability.md §2, Settings and accounts.
"""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from spm.jobs import mailing
from spm.jobs.queue import enqueue
from spm.keys import normalise
from spm.org import clock
from spm.org.models import User

RESET, MAIL = "password_reset", "mail"


def ask_reset(address: str, language: str) -> None:
    """Ask for the mail that a typed address gets; ``language``: that of the page, for whoever has none of their own."""
    enqueue(RESET, sealed={"address": address, "language": language})


def send_reset(address: str, language: str) -> None:
    """Mail a link for a new password to whoever has this address; to anybody else, that there is no account.

    It goes to the address as stored, never to the one typed, which may only look alike (CVE-2019-19844).
    Raises TryAgain.
    """
    person = User.objects.people().filter(email_key=normalise(address), is_active=True).first()
    with translation.override((person.locale if person else "") or language):
        mailing.send(_reset_message(person) if person else _unknown_message(address))


def _reset_message(person: User) -> EmailMessage:
    key = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    link = settings.BASE_URL + reverse("account_reset_password_from_key", kwargs=key)
    body = _(
        "Somebody, perhaps you, asked for a new password for your account at %(site)s. Choose it here:\n\n%(link)s\n\n"
        "If it was not you, there is nothing to do: your password stays as it is."
    )
    words = {"site": _site(), "link": link}
    return EmailMessage(subject=_("A new password for SPM"), body=body % words, to=[person.email])


def _unknown_message(address: str) -> EmailMessage:
    body = _(
        "Somebody, perhaps you, asked for a new password for %(address)s at %(site)s. There is no account with this "
        "address. If it was you, try the address your admin knows you by, or ask for an invitation.\n\n"
        "If it was not you, there is nothing to do."
    )
    words = {"site": _site(), "address": address}
    return EmailMessage(subject=_("No account with this address"), body=body % words, to=[address])


def _site() -> str:
    """ "Norvik Industrial (https://spm.example.com)"; before a company exists the address alone."""
    company = clock.company()
    return f"{company.name} ({settings.BASE_URL})" if company else str(settings.BASE_URL)


def ask(message: EmailMessage) -> None:
    """Ask for a rendered message to be sent."""
    pages = [part.content for part in getattr(message, "alternatives", [])]
    told = {"subject": message.subject, "body": message.body, "to": message.to, "headers": message.extra_headers}
    enqueue(MAIL, sealed=told | {"sender": message.from_email, "subtype": message.content_subtype, "pages": pages})


def send(told: dict[str, Any]) -> None:
    """Send what ``ask`` was given. Raises TryAgain."""
    parts = {"subject": told["subject"], "body": told["body"], "to": told["to"], "headers": told["headers"]}
    message = EmailMultiAlternatives(from_email=told["sender"], **parts)
    message.content_subtype = told["subtype"]
    for page in told["pages"]:
        message.attach_alternative(page, "text/html")
    mailing.send(message)
