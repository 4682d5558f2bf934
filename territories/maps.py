"""Verbs of an account's map: people put on it and taken off, lines of influence, steps of the decision.

Every verb locks the account first, so that two who draw at once see each other's lines. Fields of what stands on the
map are written by ``map_writing``.
"""

from collections.abc import Collection, Mapping

from django.db.models import Max
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.keys import normalise
from spm.market.models import Account, Contact
from spm.org import clock, retries
from spm.org.models import User
from spm.org.tracking import delete_tracked, save_tracked
from territories import caps
from territories.field_writing import still_there, words
from territories.models import DecisionStep, Influence, Stakeholder

NAME, TITLE = 200, 120


class MapFull(RuleViolation):
    """The map, or the process, has all it takes."""


class BadPerson(RuleViolation):
    """Nobody is named, or somebody who is on the map already."""


class BadLine(RuleViolation):
    """A line from somebody to the same, drawn already, or to nobody."""


def lock(account: int) -> Account:
    """The account under lock, inside ``atomic``."""
    found: Account = Account.objects.select_for_update(no_key=True, of=("self",)).get(pk=account)
    return found


def lock_all(accounts: Collection[int]) -> None:
    """So many accounts under lock, in the order of their keys, inside ``atomic``: two that want the same never wait
    for each other in a ring.
    """
    rows = Account.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=accounts).order_by("pk")
    list(rows.values_list("pk", flat=True))


# People


@retries.atomic
def add_person(account: Account, *, name: str, title: str, role: str, by: User) -> Stakeholder:
    """Put a person on the map: a contact of the account by this name, else a new contact.

    Who was taken off the map before comes back with what was known. Raises BadPerson, MapFull, BadWords.
    """
    lock(account.pk)
    contact = _contact(account, words(name, NAME), words(title, TITLE))
    former = Stakeholder.objects.filter(account=account, contact=contact).first()
    if former is not None and former.removed_at is None:
        raise BadPerson(_("%(name)s is on the map already.") % {"name": contact.name})
    _refuse_full(account)
    former = former or Stakeholder(account=account, contact=contact, role=role)
    former.removed_at = None
    save_tracked(former, by=by)
    return former


@retries.atomic
def add_wanted(account: Account, *, wanted: str, role: str, by: User) -> Stakeholder:
    """Put a needed role on the map whose person is not known yet. Raises BadPerson, MapFull, BadWords."""
    lock(account.pk)
    said = words(wanted, TITLE)
    if not said:
        raise BadPerson(_("Say whom you look for, like “Head of purchasing”."))
    _refuse_full(account)
    row = Stakeholder(account=account, placeholder=said, role=role)
    save_tracked(row, by=by)
    return row


@retries.atomic
def name_person(row: Stakeholder, *, name: str, by: User) -> Stakeholder:
    """The person behind a placeholder is known now. Raises BadPerson, BadWords."""
    account = lock(row.account_id)
    row = Stakeholder.objects.get(pk=row.pk)
    if row.contact_id is not None:
        raise BadPerson(_("This person is known already."))
    contact = _contact(account, words(name, NAME), row.placeholder)
    if Stakeholder.objects.filter(account=account, contact=contact).exists():
        raise BadPerson(_("%(name)s is on the map already.") % {"name": contact.name})
    row.contact, row.placeholder = contact, ""
    row.version += 1
    save_tracked(row, by=by)
    return row


def _contact(account: Account, name: str, title: str) -> Contact:
    """The contact of this name, made by hand where there is none."""
    if not name:
        raise BadPerson(_("Write a name first."))
    wanted = normalise(name)
    for contact in Contact.objects.filter(account=account).here_first():
        if normalise(contact.name) == wanted:
            return contact
    return Contact.objects.create(account=account, name=name, title=title)


def _refuse_full(account: Account) -> None:
    if Stakeholder.objects.filter(account=account, removed_at__isnull=True).count() >= caps.PEOPLE:
        raise MapFull(_("A map takes %(most)d people.") % {"most": caps.PEOPLE})


@retries.atomic
def remove_person(row: Stakeholder, by: User) -> None:
    """Take somebody off the map. Lines to them and their steps rest, until ``restore_person``."""
    lock(row.account_id)
    row = Stakeholder.objects.get(pk=row.pk)
    row.removed_at = clock.now()
    row.version += 1
    save_tracked(row, by=by)


@retries.atomic
def restore_person(account: Account, pk: int, by: User) -> None:
    """Undo. Raises BadPerson where nobody of that key was taken off this map, and MapFull."""
    lock(account.pk)
    row = Stakeholder.objects.filter(account=account, pk=pk, removed_at__isnull=False).first()
    if row is None:
        raise BadPerson(_("There is nobody to bring back."))
    _refuse_full(account)
    row.removed_at = None
    row.version += 1
    save_tracked(row, by=by)


def reports_in_a_ring(chief_of: Mapping[int, int | None], person: int, chief: int) -> bool:
    """Whether ``person`` would stand above themselves if they reported to ``chief``."""
    seen: set[int] = set()
    above: int | None = chief
    while above is not None and above not in seen:
        if above == person:
            return True
        seen.add(above)
        above = chief_of.get(above)
    return False


# Lines of influence


@retries.atomic
def draw_line(account: Account, source: int, target: int) -> None:
    """``target`` listens to ``source``, whatever the chart of the organisation says. Raises BadLine."""
    lock(account.pk)
    both = {source, target}
    if len(both) < 2:
        raise BadLine(_("Choose two different people."))
    if Stakeholder.objects.filter(account=account, pk__in=both, removed_at__isnull=True).count() != len(both):
        raise BadLine(_("Choose two people of this map."))
    Influence.objects.get_or_create(source_id=source, target_id=target)


@retries.atomic
def erase_line(line: Influence) -> None:
    lock(line.source.account_id)
    Influence.objects.filter(pk=line.pk).delete()


# Steps of the decision


@retries.atomic
def add_step(account: Account, name: str, by: User) -> DecisionStep:
    """A step at the end of the way. Raises MapFull, BadWords."""
    lock(account.pk)
    stand = DecisionStep.objects.filter(account=account)
    _refuse_seventh(stand.count())
    last = stand.aggregate(last=Max("position"))["last"] or 0
    step = DecisionStep(account=account, position=last + 1, name=words(name, caps.LINE) or _("New step"))
    save_tracked(step, by=by)
    return step


def _refuse_seventh(stand: int) -> None:
    if stand >= caps.STEPS:
        raise MapFull(_("A decision takes %(most)d steps here.") % {"most": caps.STEPS})


@retries.atomic
def remove_step(step: DecisionStep, by: User) -> None:
    """Take a step out; those after it move up. Its history is what ``restore_step`` reads."""
    lock(step.account_id)
    step = still_there(DecisionStep.objects.all(), step.pk)
    account, position = step.account_id, step.position
    delete_tracked(step, by=by)
    for later in DecisionStep.objects.filter(account=account, position__gt=position).order_by("position"):
        later.position -= 1
        save_tracked(later, by=by)


@retries.atomic
def restore_step(account: Account, pk: int, by: User) -> DecisionStep:
    """Bring a step back that was taken out, at the end. Raises MapFull, RuleViolation."""
    lock(account.pk)
    gone = DecisionStep.history.filter(id=pk, account_id=account.pk, history_type="-").order_by("-history_id").first()
    if gone is None or DecisionStep.objects.filter(pk=pk).exists():
        raise RuleViolation(_("There is no such step to bring back."))
    stand = DecisionStep.objects.filter(account=account).count()
    _refuse_seventh(stand)
    step = gone.instance
    step.position = stand + 1
    if step.owner_id and not Stakeholder.objects.filter(pk=step.owner_id).exists():
        step.owner_id = None
    step._state.adding = True  # noqa: SLF001  # the same key again, so that a second undo finds it there
    save_tracked(step, by=by)
    restored: DecisionStep = step
    return restored


@retries.atomic
def move_step(step: DecisionStep, up: bool, by: User) -> None:  # noqa: FBT001  # one of two directions
    """Change places with the neighbour before or after; at the end of the way nothing happens."""
    lock(step.account_id)
    step = still_there(DecisionStep.objects.all(), step.pk)
    place, mine = step.position + (-1 if up else 1), step.position
    other = DecisionStep.objects.filter(account=step.account_id, position=place).first()
    if other is None:
        return
    # The place beyond the last is free for a moment: the constraint looks at every statement.
    for row, position in ((step, caps.STEPS + 1), (other, mine), (step, place)):
        row.position = position
        save_tracked(row, by=by)
