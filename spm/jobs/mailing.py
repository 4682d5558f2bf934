"""E-mail from a job: a refused address is passed over, a server that is away is asked again later."""

from smtplib import SMTPRecipientsRefused, SMTPResponseException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

from spm.jobs.registry import TryAgain

NOWHERE = (".example", ".invalid")  # what no mail server can know (RFC 2606): the people of the demo company
PERMANENT = 500  # SMTP answers from here on say: do not try again (RFC 5321, 4.2.1)

log = structlog.get_logger(__name__)


class ServerAway(TryAgain):
    """Nothing can be sent now: the next message would meet the same."""


def send(message: EmailMessage) -> bool:
    """Send one message; False where the server refuses its address or its content for good, which the log keeps.

    A server is not asked about an address that cannot exist: what comes back would count against its sender.
    Raises TryAgain where the server wants this message later, and ServerAway where it cannot be reached at all.
    """
    if settings.EMAIL_URL and all(address.endswith(NOWHERE) for address in message.to):
        log.info("mail_to_nowhere")
        return False
    try:
        message.send()
    except (SMTPRecipientsRefused, SMTPResponseException) as error:
        if _code(error) < PERMANENT:
            raise TryAgain(str(error)) from error
        log.warning("mail_refused", code=_code(error))
        return False
    except OSError as error:  # the connection, and every other fault that smtplib knows
        raise ServerAway(str(error)) from error
    return True


def _code(error: SMTPRecipientsRefused | SMTPResponseException) -> int:
    """The lowest of the answers: one address that may work later is reason enough to try again."""
    if isinstance(error, SMTPResponseException):
        return error.smtp_code
    return min(code for code, _text in error.recipients.values())
