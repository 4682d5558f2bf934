"""One-time links by which a person sets the first password. Nobody registers by themselves.

Only the hash of a token is stored; a link is good for seven days and one use, and the newest one alone.
"""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import timedelta

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


class BadInvitation(RuleViolation):
    """The link is unknown, used, replaced or too old; all look the same."""


@retries.atomic
def invite(person: User, by: User | None) -> str:
    """The absolute link by which the person sets a first password; links given out before end.

    Raises BadInvitation for somebody who cannot sign in, or has set a password already (they can reset it).
    """
    if person.is_house or not person.is_active:
        raise BadInvitation(_("%(name)s is not active.") % {"name": person.name})
    if person.has_usable_password():
        raise BadInvitation(_("%(name)s has a password already, and can reset it.") % {"name": person.name})
    Invitation.objects.filter(person=person, used_at=None).update(expires_at=timezone.now())
    link = _make(person=person, by=by)
    audit.record(AuditKind.INVITED, actor=by, subject=person.email)
    return link


@retries.atomic
def first_admin_link() -> str:
    """The absolute link by which the first admin makes their account; links printed before end.

    Raises BadInvitation once there is an admin who can sign in.
    """
    if has_admin():
        raise BadInvitation(_("There is an admin already, who can invite others."))
    Invitation.objects.filter(makes_admin=True, used_at=None).update(expires_at=timezone.now())
    return _make(makes_admin=True)


def has_admin() -> bool:
    """Whether somebody can sign in as admin."""
    admins = User.objects.filter(is_admin=True, is_active=True)
    return any(admin.has_usable_password() for admin in admins)


def waiting() -> Iterator[int]:
    """Keys of people who were sent a link that they can still use."""
    usable = Invitation.objects.filter(used_at=None, expires_at__gt=timezone.now(), person__isnull=False)
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


def _make(*, person: User | None = None, by: User | None = None, makes_admin: bool = False) -> str:
    token = secrets.token_urlsafe(32)
    Invitation.objects.create(
        person=person,
        token_hash=_hash(token),
        makes_admin=makes_admin,
        created_by=by,
        expires_at=timezone.now() + GOOD_FOR,
    )
    return settings.BASE_URL + reverse("org:invitation", args=[token])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
