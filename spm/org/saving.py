"""Keep the state of a page under a name, share it with a team, pin it to Home, have it mailed on Mondays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.keys import normalise
from spm.org import clock
from spm.org.choices import SavedPage
from spm.org.models import SavedView, User

NUMBERS = ("period", "measure", "compare", "team", "sort", "columns", "plan")
PARAMETERS: dict[str, tuple[str, ...]] = {SavedPage.HOME: NUMBERS, SavedPage.PERFORMANCE: NUMBERS}
"""What the address of each page may hold, in the order in which it is written. Anything else is not kept."""
VALUE_LENGTH = 200
MOST_VIEWS, MOST_PINNED = 50, 4
KEPT_AFTER_DELETE = timedelta(days=1)
MAIL_HOUR = 7


class BadView(RuleViolation):
    """The view cannot be stored as asked."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the owner decides about a view beside its filters; ``team`` is the key of the team it is shared with."""

    name: str
    team: int | None = None
    pinned: bool = False
    mailed: bool = False


def known(page: str, query: Mapping[str, str]) -> dict[str, str]:
    """Of a query string what can be kept for this page: known parameters with a value, cut to length."""
    return {name: query[name][:VALUE_LENGTH] for name in PARAMETERS[page] if query.get(name)}


@transaction.atomic
def create(owner: User, page: SavedPage, query: Mapping[str, str], wish: Wish) -> SavedView:
    """Keep a state of a page. Raises BadView for a name that is empty or taken, and beyond the limits."""
    _lock(owner)
    view = SavedView(owner=owner, page=page, query=known(page, query))
    if SavedView.objects.filter(owner=owner, deleted_at=None).count() >= MOST_VIEWS:
        raise BadView(_("You have %(most)s views, as many as there can be. Delete one first.") % {"most": MOST_VIEWS})
    _apply(view, wish)
    view.save()
    return view


@transaction.atomic
def update(view: SavedView, wish: Wish) -> None:
    """Rename, share, pin, mail. Raises BadView as ``create``."""
    _lock(view.owner)
    _apply(view, wish)
    view.save(update_fields=["name", "key", "team", "pinned", "mailed", "mailed_for"])


def store(view: SavedView, query: Mapping[str, str]) -> None:
    """Put the filters of another state in place of the view's."""
    view.query = known(view.page, query)
    view.save(update_fields=["query"])


def delete(view: SavedView) -> None:
    """Take the view away; ``restore`` brings it back within a day."""
    SavedView.objects.filter(pk=view.pk).update(deleted_at=timezone.now())


@transaction.atomic
def restore(view: SavedView) -> None:
    """Bring a deleted view back. Raises BadView where its name was given to another one meanwhile."""
    _lock(view.owner)
    _refuse_name(view, view.name)
    if view.pinned and _pinned_besides(view) >= MOST_PINNED:
        view.pinned = False
    view.deleted_at = None
    view.save(update_fields=["deleted_at", "pinned"])


def purge(now: datetime) -> int:
    """Remove for good what was deleted more than a day ago; how many views."""
    return SavedView.objects.filter(deleted_at__lt=now - KEPT_AFTER_DELETE).delete()[0]


def end_mails(view: SavedView) -> None:
    """No weekly e-mail of this view any more; twice is harmless."""
    SavedView.objects.filter(pk=view.pk).update(mailed=False)


def monday_of(owner: User, now: datetime) -> date:
    """The Monday whose 07:00 is the last that has struck where the owner lives (the company's zone where unsaid)."""
    company = clock.company()
    zone = owner.timezone or (company.timezone if company else "UTC")
    local = now.astimezone(ZoneInfo(zone)) - timedelta(hours=MAIL_HOUR)
    return local.date() - timedelta(days=local.weekday())


def _lock(owner: User) -> None:
    """Of two requests of one person at once the second finds what the first has stored."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)


def _apply(view: SavedView, wish: Wish) -> None:
    _refuse_name(view, wish.name)
    if wish.pinned and _pinned_besides(view) >= MOST_PINNED:
        raise BadView(_("Home holds %(most)s pinned views. Take one off first.") % {"most": MOST_PINNED})
    if wish.mailed and not view.mailed:
        view.mailed_for = monday_of(view.owner, timezone.now())  # the first e-mail is the next Monday's
    view.name, view.team_id = wish.name.strip(), wish.team
    view.pinned, view.mailed = wish.pinned, wish.mailed


def _pinned_besides(view: SavedView) -> int:
    return SavedView.objects.filter(owner=view.owner, pinned=True, deleted_at=None).exclude(pk=view.pk).count()


def _refuse_name(view: SavedView, name: str) -> None:
    key = normalise(name)
    if not key or not name.isprintable():
        raise BadView(_("Give the view a name."))
    if len(name.strip()) > 80 or len(key) > 80:
        raise BadView(_("A name has at most 80 characters."))
    same = SavedView.objects.filter(owner=view.owner, page=view.page, key=key, deleted_at=None).exclude(pk=view.pk)
    if same.exists():
        raise BadView(_("You have a view called “%(name)s” of this page already.") % {"name": name.strip()})
