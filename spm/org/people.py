"""People: who they are, where they belong, what they may administer. Deactivated, never deleted (INV-34)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.keys import normalise, outgrows
from spm.org import audit, clock, retries
from spm.org.choices import AuditKind
from spm.org.models import ALWAYS, Membership, Team, TeamLead, User
from spm.org.signals import facts_moved, facts_moving
from spm.org.tracking import delete_tracked, save_tracked

EMAIL_LENGTH = 254  # of an address and of its normal form
EDITABLE = ("email", "name", "employee_id", "starts_on", "left_on", "locale", "timezone")


class BadPerson(RuleViolation):
    """The person cannot be stored as given."""


class LastAdmin(RuleViolation):
    """Somebody must be able to administer."""


@retries.atomic
def create_person(*, email: str, name: str, is_admin: bool = False, by: User | None = None, **fields: Any) -> User:
    """Make a person who cannot sign in until an invitation is accepted. ``fields``: as ``update_person``.

    Raises BadPerson for an address that is taken or is none.
    """
    _refuse_unknown(fields)
    refuse_days(fields.get("starts_on"), fields.get("left_on"))
    person = User(email=email.strip(), name=name.strip() or email.strip(), **fields)
    person.set_unusable_password()
    _refuse_address(person)
    _save(person, by)
    if is_admin:
        set_role(person, is_admin=True, by=by)
    return person


@retries.atomic
def update_person(person: User, *, by: User | None = None, **fields: Any) -> bool:
    """Change e-mail, name, employee id, start, last day, language or time zone; False when all is as it was.

    Raises BadPerson for an address that is taken or is none, and for a last day before the first.
    """
    _refuse_unknown(fields)
    _lock(person)
    changed = {field: value for field, value in fields.items() if getattr(person, field) != value}
    if not changed:
        return False
    for field, value in changed.items():
        setattr(person, field, value)
    if not changed.keys().isdisjoint(("starts_on", "left_on")):
        refuse_days(person.starts_on, person.left_on)
    _refuse_address(person)
    _save(person, by)
    return True


@retries.atomic
def set_preferences(person: User, *, locale: str, timezone: str, theme: str, shortcuts: bool) -> None:
    """What people set for themselves; these columns alone."""
    update_person(person, locale=locale, timezone=timezone)
    person.theme, person.shortcuts = theme, shortcuts
    person.save(update_fields=["theme", "shortcuts"])


@retries.atomic
def set_role(person: User, *, is_admin: bool, by: User | None = None) -> bool:
    """Make the person an admin, or no admin any more; logged. Raises LastAdmin; False when nothing changes."""
    if not is_admin:
        lock_admins()  # before the person's own row, or two admins who unmake each other would wait for ever
    _lock(person)
    if person.is_admin == is_admin:
        return False
    if not is_admin:
        _refuse_last_admin(person)
    person.is_admin = is_admin
    save_tracked(person, by=by)
    audit.record(AuditKind.ROLE_CHANGE, actor=by, subject=person.email, is_admin=is_admin)
    return True


@retries.atomic
def place_member(person: User, *, team: Team | None, starts_on: date = ALWAYS, by: User | None = None) -> bool:
    """From ``starts_on`` the person belongs to ``team`` (None: to none), until the next such row.

    A row of the same day is replaced. False when that is what is stored already. Totals from that day on follow.
    """
    facts_moving.send(Membership, since=starts_on)
    _lock(person)  # of two at once, the second finds the first's row
    row = Membership.objects.filter(person=person, starts_on=starts_on).first()
    if row and row.team_id == (team.pk if team else None):
        return False
    row = row or Membership(person=person, starts_on=starts_on)
    row.team = team
    save_tracked(row, by=by)
    facts_moved.send(Membership, since=starts_on, recredit=False)
    return True


@retries.atomic
def leave(person: User, *, left_on: date, by: User | None = None) -> None:
    """``left_on`` is the last day: from the next one the person is in no team and leads none.

    What was planned for later falls away, and so does the end that an earlier last day had set. Sign-in ends after the
    last day: at once, or by ``end_departed``; a last day that is corrected to one to come gives it back. Raises
    BadPerson for a day before the first one, LastAdmin.
    """
    following = left_on + timedelta(days=1)
    facts_moving.send(Membership, since=date.min)  # how far an earlier last day reaches back, the locked row will tell
    lock_admins()  # before the person's own row, or two admins who send each other away would wait for ever
    _lock(person)
    may_sign_in = has_access(person.left_on, left_on, clock.today())
    since = min(following, _take_back_end(person, by))
    update_person(person, left_on=left_on, by=by)
    for later in Membership.objects.filter(person=person, starts_on__gt=following):
        delete_tracked(later, by=by)
    facts_moved.send(Membership, since=since, recredit=False)
    place_member(person, team=None, starts_on=following, by=by)
    for team, day in ends_of(_leads_of(person), following):
        lead = TeamLead.objects.filter(team=team, starts_on=day).first() or TeamLead(team_id=team, starts_on=day)
        lead.person = None
        save_tracked(lead, by=by)
    if may_sign_in is False:
        deactivate(person, by=by)
    elif may_sign_in:
        _reactivate(person, by)


def refuse_days(starts_on: date | None, left_on: date | None) -> None:
    """Raise BadPerson where the last day lies before the first."""
    if starts_on and left_on and left_on < starts_on:
        raise BadPerson(_("The person would leave before the first day."))


def has_access(before: date | None, left_on: date | None, today: date) -> bool | None:
    """What a last day makes of somebody's access: False once it is over, True where it stands in for one that was
    over, and so had ended the access; None: that stays as it is.
    """
    if left_on is not None and left_on < today:
        return False
    return True if before is not None and before < today else None


def _take_back_end(person: User, by: User | None) -> date:
    """Take out what an earlier last day had ended; the day from which on that changes totals, date.max for none."""
    if person.left_on is None or person.left_on == date.max:
        return date.max
    ended = person.left_on + timedelta(days=1)
    for row in Membership.objects.filter(person=person, team=None, starts_on=ended):
        delete_tracked(row, by=by)
    for row in TeamLead.objects.filter(person=None, starts_on=ended):
        before = TeamLead.objects.filter(team=row.team_id, starts_on__lt=ended).order_by("-starts_on").first()
        if before and before.person_id == person.pk:
            delete_tracked(row, by=by)
    return ended


def spans_of[Held](rows: Mapping[date, Held]) -> list[tuple[Held, date, date | None]]:
    """Dated facts of one subject as (what holds, first day, first day of what follows or None), in order."""
    days = sorted(rows)
    return [(rows[day], day, until) for day, until in zip(days, [*days[1:], None], strict=False)]


def ends_of[Place](spans: Iterable[tuple[Place, date, date | None]], day: date) -> list[tuple[Place, date]]:
    """Which places (teams one leads or belongs to) must be ended, and when, for none to be held from ``day`` on.

    ``spans``: place, first day, first day of what follows or None. What holds on ``day`` ends then, what would begin
    later when it would begin.
    """
    return [(place, max(since, day)) for place, since, until in spans if until is None or until > day]


def _leads_of(person: User) -> list[tuple[int, date, date | None]]:
    """The teams that the person leads: team, first day, first day of the next lead or None."""
    led = TeamLead.objects.filter(person=person).values("team")
    rows: dict[int, dict[date, int | None]] = defaultdict(dict)
    for team, since, lead in TeamLead.objects.filter(team__in=led).values_list("team_id", "starts_on", "person_id"):
        rows[team][since] = lead
    spans = [(team, *span) for team, dated in sorted(rows.items()) for span in spans_of(dated)]
    return [(team, since, until) for team, lead, since, until in spans if lead == person.pk]


@retries.atomic
def deactivate(person: User, *, by: User | None = None) -> bool:
    """End the person's access at their next request; numbers and history stay. Raises LastAdmin."""
    lock_admins()
    _lock(person)
    if not person.is_active:
        return False
    _refuse_last_admin(person)
    person.is_active = False
    save_tracked(person, by=by)
    audit.record(AuditKind.ROLE_CHANGE, actor=by, subject=person.email, is_active=False)
    return True


def _reactivate(person: User, by: User | None) -> None:
    """Let the person, whose row is locked, sign in again."""
    if not person.is_active:
        person.is_active = True
        save_tracked(person, by=by)
        audit.record(AuditKind.ROLE_CHANGE, actor=by, subject=person.email, is_active=True)


def end_departed() -> int:
    """Deactivate everybody whose last day is over; how many there were. The last admin stays, to hand over."""
    ended = 0
    for person in User.objects.people().filter(is_active=True, left_on__lt=clock.today()):
        try:
            ended += deactivate(person)
        except LastAdmin:
            continue
    return ended


def roles() -> dict[int, tuple[str, bool, bool]]:
    """Person → (e-mail, is an admin, can sign in), admins under lock: what ``log_roles`` compares with.

    For writes to many people at once, which pass the verbs by.
    """
    lock_admins()
    rows = User.objects.people().order_by("pk").values_list("pk", "email", "is_admin", "is_active")
    return {pk: (email, is_admin, is_active) for pk, email, is_admin, is_active in rows}


def log_roles(before: dict[int, tuple[str, bool, bool]], *, by: User | None) -> None:
    """Log each role and each access that changed since ``before``. Raises LastAdmin where nobody could administer."""
    after = roles()
    admins = [pk for pk, (_email, is_admin, is_active) in before.items() if is_admin and is_active]
    if admins and not any(is_admin and is_active for _email, is_admin, is_active in after.values()):
        raise _last_admin(User.objects.get(pk=admins[0]))
    for pk, (email, is_admin, is_active) in after.items():
        _was, was_admin, was_active = before.get(pk, (email, False, is_active))
        if is_admin != was_admin:
            audit.record(AuditKind.ROLE_CHANGE, actor=by, subject=email, is_admin=is_admin)
        if is_active != was_active:
            audit.record(AuditKind.ROLE_CHANGE, actor=by, subject=email, is_active=is_active)


def _lock(person: User) -> None:
    """Read the row again under lock: a save writes every column, and must not bring back what somebody else changed."""
    person.refresh_from_db(from_queryset=User.objects.select_for_update(no_key=True))


def _refuse_unknown(fields: dict[str, Any]) -> None:
    if unknown := set(fields) - set(EDITABLE):
        raise TypeError(f"not set here: {sorted(unknown)}")


def _refuse_address(person: User) -> None:
    not_one = BadPerson(_("“%(email)s” is not an e-mail address.") % {"email": person.email})
    try:
        User._meta.get_field("email").clean(person.email, person)
    except ValidationError as error:
        raise not_one from error
    if outgrows(person.email, EMAIL_LENGTH):
        raise not_one
    others = User.objects.exclude(pk=person.pk) if person.pk else User.objects.all()
    if others.filter(email_key=normalise(person.email)).exists():
        raise _taken(person)


def _taken(person: User) -> BadPerson:
    return BadPerson(_("Somebody else has the e-mail address %(email)s.") % {"email": person.email})


def _save(person: User, by: User | None) -> None:
    """Save; an address that somebody else has taken since it was looked up is refused like any other."""
    try:
        with transaction.atomic():
            save_tracked(person, by=by)
    except IntegrityError as error:
        raise _taken(person) from error


def _refuse_last_admin(person: User) -> None:
    if [admin.pk for admin in lock_admins()] == [person.pk]:
        raise _last_admin(person)


def _last_admin(person: User) -> LastAdmin:
    return LastAdmin(_("%(name)s is the last admin. Make somebody else one first.") % {"name": person.name})


def lock_admins() -> list[User]:
    """Admins who can sign in, under lock, so that two of them cannot take the role from each other at once."""
    return list(User.objects.filter(is_admin=True, is_active=True).order_by("pk").select_for_update(no_key=True))
