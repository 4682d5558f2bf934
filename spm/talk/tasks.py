"""E-mails of notifications."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from spm.jobs.mailing import ServerAway, send
from spm.jobs.registry import Running, TryAgain, handler
from spm.org import clock
from spm.talk import notices
from spm.talk.models import Notification


@handler("notify")
def mail_notifications(job: Running) -> None:
    """Mail each of the job's notifications once, to whoever still sees what it is about.

    One address that the server refuses keeps nobody else's mail. Raises TryAgain where some are to be sent later.
    """
    later: TryAgain | None = None
    rows = list(Notification.objects.filter(pk__in=job.arguments["notifications"]).select_related("person"))
    for number, row in enumerate(rows, start=1):
        if row.mailed_at is None and Notification.objects.visible_to(row.person).filter(pk=row.pk).exists():
            try:
                if _mail(row):  # after each mail: a job that is run again goes on where it stopped
                    Notification.objects.filter(pk=row.pk).update(mailed_at=timezone.now())
            except ServerAway:
                raise
            except TryAgain as error:
                later = error
        job.progress(number, len(rows))
    if later:
        raise later


def _mail(row: Notification) -> bool:
    company = clock.company()
    language = row.person.locale or (company.language if company else settings.LANGUAGE_CODE)
    with translation.override(language):
        said = notices.sentence(row)
        ending = _("You get this e-mail because of your notification settings: %(link)s")
        body = f"{said}\n\n{settings.BASE_URL}{row.path}\n\n-- \n" + ending % {"link": f"{settings.BASE_URL}/settings/"}
        subject = " ".join(said.split())[:150]
        return send(EmailMessage(subject=subject, body=body, to=[row.person.email]))
