"""E-mails of notifications."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from spm.jobs.registry import Running, handler
from spm.org import clock
from spm.talk import notices
from spm.talk.models import Notification


@handler("notify")
def mail_notifications(job: Running) -> None:
    """Mail each of the job's notifications once, to whoever still sees what it is about."""
    rows = list(Notification.objects.filter(pk__in=job.arguments["notifications"]).select_related("person"))
    for number, row in enumerate(rows, start=1):
        if row.mailed_at is None and Notification.objects.visible_to(row.person).filter(pk=row.pk).exists():
            _mail(row)
            # After each mail: a job that is run again goes on where it stopped.
            Notification.objects.filter(pk=row.pk).update(mailed_at=timezone.now())
        job.progress(number, len(rows))


def _mail(row: Notification) -> None:
    company = clock.company()
    language = row.person.locale or (company.language if company else settings.LANGUAGE_CODE)
    with translation.override(language):
        said = notices.sentence(row)
        ending = _("You get this e-mail because of your notification settings: %(link)s")
        body = f"{said}\n\n{settings.BASE_URL}{row.path}\n\n-- \n" + ending % {"link": f"{settings.BASE_URL}/settings/"}
        EmailMessage(subject=" ".join(said.split())[:150], body=body, to=[row.person.email]).send()
