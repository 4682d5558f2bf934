"""One-time links by which a person sets the first password. Nobody registers by themselves.

Only the hash of a token is stored; a link is good for seven days and one use, and the newest one alone.
"""

import hashlib
import secrets
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import batched

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org import audit, people, retries
from spm.org.choices import AuditKind
from spm.org.models import Invitation, User

GOOD_FOR = timedelta(days=7)
RECENTLY = timedelta(days=1)
"""Whoever was sent a link within this time is not sent another one unless somebody asks for just that."""
LINK_COMMAND = "python3 -m uv run manage.py admin_link"
MOST_AT_ONCE = 500  # keys in one IN list


class BadInvitation(RuleViolation):
    """The link is unknown, used, replaced or too old; all look the same."""


def invite(person: User, by: User | None) -> str:
    """The absolute link by which the person sets a first password, to be shown now; links given out before end.

    Raises BadInvitation for somebody who cannot sign in, or has set a password already (they can reset it).
    """
    return _invite(person, by, sent_at=timezone.now())[1]


def invite_by_mail(person: User, by: User | None) -> tuple[int, str]:
    """The key of a new invitation and its link, which counts once ``sent`` is told that the mail has left.

    Until then a link given out before stays good. Raises as ``invite``.
    """
    return _invite(person, by, sent_at=None)


@retries.atomic
def sent(pk: int) -> None:
    """The mail with the link of this invitation has left: links given out before end."""
    row = Invitation.objects.select_for_update().get(pk=pk)
    Invitation.objects.filter(person=row.person_id, used_at=None).exclude(pk=pk).update(expires_at=timezone.now())
    row.sent_at = timezone.now()
    row.save(update_fields=["sent_at"])


@retries.atomic
def invite_many(people: Iterable[User], by: User) -> list[tuple[User, str]]:
    """A link for each person, to be shown now; whoever has a password since they were read gets none."""
    links = []
    for person in people:
        with suppress(BadInvitation):
            links.append((person, invite(person, by)))
    return links


@retries.atomic
def _invite(person: User, by: User | None, *, sent_at: datetime | None) -> tuple[int, str]:
    if person.is_house or not person.is_active:
        raise BadInvitation(_("%(name)s is not active.") % {"name": person.name})
    if person.has_usable_password():
        raise BadInvitation(_("%(name)s has a password already, and can reset it.") % {"name": person.name})
    if sent_at is not None:
        Invitation.objects.filter(person=person, used_at=None).update(expires_at=timezone.now())
    made = _make(person=person, by=by, sent_at=sent_at)
    audit.record(AuditKind.INVITED, actor=by, subject=person.email, by_mail=sent_at is None)
    return made


def of_tokens(tokens: Iterable[str], by: User) -> list[tuple[Invitation, str]]:
    """The invitations made by ``by`` that tokens stand for and that can still be used, each with its link, by name."""
    links = {_hash(token): _link(token) for token in tokens}
    usable = Invitation.objects.filter(created_by=by, used_at=None, expires_at__gt=timezone.now(), person__isnull=False)
    found = [
        row
        for hashes in batched(links, MOST_AT_ONCE, strict=False)
        for row in usable.filter(token_hash__in=hashes).select_related("person")
    ]
    return [(row, links[row.token_hash]) for row in sorted(found, key=lambda row: str(row.person))]


def invited_since(moment: datetime) -> set[int]:
    """Keys of the people to whom a link was sent at ``moment`` or later, used meanwhile or not."""
    sent_then = Invitation.objects.filter(sent_at__gte=moment, person__isnull=False)
    return set(sent_then.values_list("person_id", flat=True))


def last_sent(person: User) -> datetime | None:
    """When the person was sent the link that they can still use; None where they hold none."""
    usable = Invitation.objects.filter(person=person, used_at=None, expires_at__gt=timezone.now())
    return usable.filter(sent_at__isnull=False).order_by("-sent_at").values_list("sent_at", flat=True).first()


@retries.atomic
def first_admin_link() -> str:
    """The absolute link by which the first admin makes their account; links printed before end.

    Raises BadInvitation once there is an admin who can sign in.
    """
    if has_admin():
        raise BadInvitation(_("There is an admin already, who can invite others."))
    Invitation.objects.filter(makes_admin=True, used_at=None).update(expires_at=timezone.now())
    return _make(makes_admin=True, sent_at=timezone.now())[1]


def link_command() -> str:
    """What to type, in the folder of SPM, for a fresh link of the first admin; names the data folder where it must."""
    usual = settings.BASE_DIR / "var" / "main"
    if settings.DATABASE_URL or usual == settings.DATA_DIR:
        return LINK_COMMAND
    inside = settings.DATA_DIR.is_relative_to(settings.BASE_DIR)
    folder = settings.DATA_DIR.relative_to(settings.BASE_DIR) if inside else settings.DATA_DIR
    return f"SPM_DATA_DIR={shlex.quote(str(folder))} {LINK_COMMAND}"


def has_admin() -> bool:
    """Whether somebody can sign in as admin."""
    admins = User.objects.filter(is_admin=True, is_active=True)
    return any(admin.has_usable_password() for admin in admins)


def waiting() -> Iterator[int]:
    """Keys of people who were sent a link that they can still use."""
    usable = Invitation.objects.filter(
        used_at=None, expires_at__gt=timezone.now(), person__isnull=False, sent_at__isnull=False
    )
    yield from usable.values_list("person_id", flat=True)


def open_invitation(token: str) -> Invitation:
    """The invitation of a token that can still be used. Raises BadInvitation."""
    usable = Invitation.objects.select_related("person").filter(used_at=None, expires_at__gt=timezone.now())
    found = usable.filter(token_hash=_hash(token)).first()
    if found is None or (found.person and not found.person.is_active) or (found.makes_admin and has_admin()):
        raise BadInvitation(_("This link is no longer good. Ask your admin for a new one."))
    return found


@retries.atomic
def accept(token: str, password: str, *, email: str = "", name: str = "") -> User:
    """Use the link up and set the password; returns the person, to be signed in.

    ``email`` and ``name`` are asked of the first admin alone. Raises BadInvitation, BadPerson, and ValidationError for
    a password that is too weak.
    """
    invitation = open_invitation(token)
    person = invitation.person or _first_admin(email, name)
    validate_password(password, person)
    # Conditional, so that of two requests with one link a single one wins.
    if not Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=timezone.now()):
        raise BadInvitation(_("This link is no longer good. Ask your admin for a new one."))
    person.set_password(password)
    person.save(update_fields=["password"])  # nothing else, or a role taken away meanwhile would come back
    return person


def _first_admin(email: str, name: str) -> User:
    person = people.create_person(email=email, name=name, is_admin=True)
    audit.record(AuditKind.FIRST_ADMIN, actor=person, subject=person.email)
    return person


def _make(
    *, person: User | None = None, by: User | None = None, makes_admin: bool = False, sent_at: datetime | None
) -> tuple[int, str]:
    token = secrets.token_urlsafe(32)
    row = Invitation.objects.create(
        person=person,
        token_hash=_hash(token),
        makes_admin=makes_admin,
        created_by=by,
        sent_at=sent_at,
        expires_at=timezone.now() + GOOD_FOR,
    )
    return row.pk, _link(token)


def _link(token: str) -> str:
    return settings.BASE_URL + reverse("org:invitation", args=[token])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
