"""Tell people: a row each at once, in the transaction of the cause; the e-mail follows by a Job.

Rights are looked at when the notification is read and again when the mail is sent (reliability INV-39).
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.utils import translation

from spm.jobs.queue import enqueue
from spm.org import clock
from spm.org.models import User
from spm.talk.choices import kind_named
from spm.talk.models import Notification, NotificationChoice


class Told(NamedTuple):
    """One person and what is theirs of a notification: the way, and the object (anchor, key) it is about."""

    person: User
    path: str
    about: tuple[str, int] | None = None


def notify(  # noqa: PLR0913  # the columns of a notification, by keyword
    kind: str,
    *,
    to: Iterable[User],
    path: str,
    about: tuple[str, int] | None = None,
    by: User | None = None,
    slot: str | None = None,
    **parameters: Any,
) -> list[Notification]:
    """Tell each of ``to``, except who caused it, in the caller's transaction; the mails leave after it commits.

    ``about`` is (anchor, key): who cannot see that object is shown and mailed nothing of it. ``slot`` makes a reminder
    unique per person ("due 2026-Q4"). ``parameters`` fill the kind's sentence: JSON values, no private text. Raises
    KeyError for an unknown kind.
    """
    each = [Told(person, path, about) for person in to]
    return notify_each(kind, each, by=by, slot=slot, **parameters)


def notify_each(
    kind: str, tell: Iterable[Told], *, by: User | None = None, slot: str | None = None, **parameters: Any
) -> list[Notification]:
    """The same where each is led to a place of their own; once per person, with one job for all mails."""
    kind_named(kind)
    people = {one.person.pk: one for one in tell if one.person.is_active and (by is None or one.person.pk != by.pk)}
    told = set()
    if slot is not None:
        told = set(Notification.objects.filter(person__in=people, slot=slot).values_list("person", flat=True))
    silent = {choice.person_id: choice for choice in NotificationChoice.objects.filter(person__in=people, kind=kind)}
    now = clock.now()
    rows = [
        Notification(
            person=one.person,
            kind=kind,
            parameters=parameters,
            anchor=one.about[0] if one.about else "",
            key=one.about[1] if one.about else None,
            path=one.path,
            by=by,
            slot=slot,
            created_at=now,
            read_at=None if pk not in silent or silent[pk].in_app else now,
        )
        for pk, one in sorted(people.items())
        if pk not in told
    ]
    made = Notification.objects.bulk_create(rows)
    mailed = [row.pk for row in made if row.person_id not in silent or silent[row.person_id].by_email]
    if mailed:
        enqueue("notify", subject=_title(kind), arguments={"notifications": mailed}, by=by)
    return made


def _title(kind: str) -> str:
    """What the list of jobs calls it, in its own language; the list translates it."""
    with translation.override("en"):
        return str(kind_named(kind).label)


def sentence(notification: Notification, language: str | None = None) -> str:
    """What it says, in the given language or the current one."""
    with translation.override(language or translation.get_language()):
        kind = kind_named(notification.kind)
        said: str = str(kind.sentence) % kind.words(notification.parameters)
        return said


def unread_count(user: User) -> int:
    """For the bell: one query. What the user may no longer see counts until all are marked as read."""
    return Notification.objects.filter(person=user).unread().count()


def choose(user: User, wanted: Mapping[str, tuple[bool, bool]]) -> None:
    """Keep what the user wants to hear: kind → (in the app, by e-mail). What nobody chose is both.

    Raises KeyError for an unknown kind.
    """
    for kind, (in_app, by_email) in wanted.items():
        kind_named(kind)
        values = {"in_app": in_app, "by_email": by_email}
        NotificationChoice.objects.update_or_create(person=user, kind=kind, defaults=values)


def settle(path: str, *kinds: str, of: User | None = None) -> int:
    """What ``kinds`` asked for on the page at ``path`` is done: it is no news any more, to nobody or to ``of``.

    In the transaction in which it was done, before its own news are told; how many were unread.
    """
    rows = Notification.objects.filter(path=path, kind__in=kinds).unread()
    if of is not None:
        rows = rows.filter(person=of)
    return rows.update(read_at=clock.now())


def mark_read(user: User, pks: Iterable[int] | None = None) -> int:
    """Mark the user's notifications (all, or these) as read; how many were not."""
    rows = Notification.objects.filter(person=user).unread()
    if pks is not None:
        rows = rows.filter(pk__in=list(pks))
    return rows.update(read_at=clock.now())
