"""Inviting people by e-mail: one job for one person or for everybody, which makes each link when its mail leaves.

No link is ever stored. A job that is run again goes on where it stopped: whoever was mailed since it was asked for is
passed over.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext as _

from spm.jobs import mailing
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.jobs.queue import enqueue
from spm.jobs.registry import Running, TryAgain
from spm.org import access, clock, invitations, people, retries
from spm.org.models import User

KIND = "invitations"


@retries.atomic
def ask(wanted: Sequence[User], by: User, *, again: bool) -> Job:
    """The job that invites these people; the one that is under way where it is asked for twice.

    ``again``: also whoever was sent a link within the last day.
    """
    people.lock_admins()  # of two who ask at once, the second finds the job of the first
    told = {"people": [person.pk for person in wanted], "again": again}
    for under_way in Job.objects.filter(kind=KIND, state__in=[JobState.WAITING, JobState.RUNNING]):
        if under_way.arguments == told:
            return under_way
    subject = wanted[0].name if len(wanted) == 1 else ""
    job = enqueue(KIND, subject=subject, arguments=told, by=by)
    if job is None:
        raise RuntimeError("only a job with a slot can be taken already")
    return job


def send(job: Running) -> None:
    """Mail each person once; one address that the server refuses keeps nobody else's mail.

    Rights are looked at anew for each. Raises TryAgain where some are to be sent later.
    """
    keys, later, refused = job.arguments["people"], None, []
    for number, pk in enumerate(keys, start=1):
        person = _still_wanted(job, pk)
        try:
            if person and not _mail(person, job.job.created_by):
                refused.append(person.email)
        except mailing.ServerAway:
            raise
        except TryAgain as error:
            later = error
        job.progress(number, len(keys))
    job.progress(len(keys), len(keys), _told(job, refused))
    if later:
        raise later


def _still_wanted(job: Running, pk: int) -> User | None:
    """The person, unless they have access by now, were sent a link meanwhile, or are not for the asker to invite."""
    by, asked_at = job.job.created_by, job.job.created_at
    person: User | None = User.objects.without_access().filter(pk=pk).first()
    if person is None or by is None or not access.can_invite(by, person):
        return None
    since = asked_at - (timedelta(0) if job.arguments["again"] else invitations.RECENTLY)
    invited_at = person.invited_at  # type: ignore[attr-defined]  # annotated
    return person if invited_at is None or invited_at < since else None


def _mail(person: User, by: User | None) -> bool:
    """False where the server refuses the address for good: then nobody holds a link that counts as sent."""
    key, link = invitations.invite_by_mail(person, by)
    if not mailing.send(message_to(person, by, link)):
        return False
    invitations.sent(key)
    return True


def message_to(person: User, by: User | None, link: str) -> EmailMessage:
    """Plain text in the language of its reader."""
    company = clock.company()
    words = {"admin": by.name if by else _("An admin"), "company": company.name if company else settings.BASE_URL}
    with translation.override(person.locale or (company.language if company else settings.LANGUAGE_CODE)):
        body = _(
            "%(admin)s gives you access to SPM, where the sales numbers of %(company)s are.\n\n"
            "Choose your password here, within seven days:\n\n%(link)s\n\n"
            "The link works once. If you do not know what this is about, there is nothing to do."
        )
        return EmailMessage(subject=_("Your access to SPM"), body=body % (words | {"link": link}), to=[person.email])


def _told(job: Running, refused: list[str]) -> str:
    """How many were mailed since the job was asked for, earlier attempts included, and which addresses are refused."""
    wanted = set(job.arguments["people"])
    mailed = wanted & invitations.invited_since(job.job.created_at)
    if refused:
        return _("Mailed: %(count)d; refused: %(addresses)s") % {"count": len(mailed), "addresses": ", ".join(refused)}
    return _("Mailed: %(count)d") % {"count": len(mailed)}
