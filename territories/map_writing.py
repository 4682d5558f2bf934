"""Writing a map field by field: people and the steps of the decision, as the table on the page has them.

Rows are named as the form names them: "s12" is a stakeholder, "d5" a step. What cannot be taken comes back with a
sentence, what somebody else wrote meanwhile with both texts; everything else of the same call is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from spm.keys import as_key
from spm.market.models import Account, Contact
from spm.org import clock, retries
from spm.org.models import User
from spm.org.tracking import save_tracked
from territories import caps, field_writing, map_team, maps
from territories.choices import StakeholderRole
from territories.field_writing import BadWords, Change, Conflict, Outcome
from territories.models import DecisionStep, Stakeholder

PERSON, STEP = "s", "d"
OF_CONTACT = ("name", "title")
"""Columns of a contact; that of a CRM is changed there, one entered by hand here."""


@dataclass(frozen=True)
class _Map:
    """All that a field may name, under lock."""

    people: Mapping[int, Stakeholder]
    team: frozenset[int]
    today: date


@retries.atomic
def save(account: Account, changes: Sequence[Change], by: User) -> Outcome:
    """Write fields of a map. Everything that is not taken is told in the outcome."""
    maps.lock(account.pk)
    people = {row.pk: row for row in Stakeholder.objects.filter(account=account).select_related("contact")}
    steps = DecisionStep.objects.filter(account=account)
    rows: dict[str, Any] = {f"{PERSON}{pk}": row for pk, row in people.items() if row.removed_at is None}
    rows |= {f"{STEP}{step.pk}": step for step in steps}
    drawn = _Map(people, map_team.keys_of(account, by), clock.today())
    outcome, touched = Outcome(), set()
    for change in changes:
        row = rows.get(change.row)
        if row is None or change.name not in _FIELDS[type(row)]:
            outcome.refused[change.key] = _("This row is gone; somebody took it out meanwhile.")
        elif _write(row, change, drawn, outcome):
            touched.add(change.row)
    for name in sorted(touched):
        _store(rows[name], by)
    if touched:
        outcome.saved_at = clock.now()
    outcome.versions = {name: row.version for name, row in rows.items()}
    return outcome


def _write(row: Any, change: Change, drawn: _Map, outcome: Outcome) -> bool:
    """Whether the field took the change, and it says something new."""
    now = shown(row, change.name)
    if field_writing.clashes(change, row.version, now):
        outcome.conflicts.append(Conflict(change, now, row.version, None))
        return False
    try:
        value = _FIELDS[type(row)][change.name](row, change.text, drawn)
    except BadWords as refusal:
        outcome.refused[change.key] = str(refusal)
        return False
    subject = row.contact if change.name in OF_CONTACT and isinstance(row, Stakeholder) else row
    column = _COLUMNS.get(change.name, change.name)
    if getattr(subject, column) == value:
        return False
    setattr(subject, column, value)
    outcome.shown[change.key] = shown(row, change.name)
    return True


def _store(row: Any, by: User) -> None:
    row.version += 1
    if isinstance(row, Stakeholder) and row.contact is not None:
        row.contact.save()
    save_tracked(row, by=by)


def shown(row: Any, name: str) -> str:
    """What is stored, as an input shows it."""
    subject = row.contact if name in OF_CONTACT and isinstance(row, Stakeholder) else row
    value = getattr(subject, _COLUMNS.get(name, name), None)
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


# What each field takes


def _name(row: Stakeholder, text: str, _drawn: _Map) -> str:
    name = field_writing.words(text, maps.NAME)
    if not name:
        raise BadWords(_("Write a name first."))
    _refuse_crm(row.contact)
    return name


def _title(row: Stakeholder, text: str, _drawn: _Map) -> str:
    _refuse_crm(row.contact)
    return field_writing.words(text, maps.TITLE)


def _refuse_crm(contact: Contact | None) -> None:
    if contact is None or contact.external_id:
        raise BadWords(_("This contact comes from the CRM; change it there."))


def _wanted(row: Stakeholder, text: str, _drawn: _Map) -> str:
    said = field_writing.words(text, maps.TITLE)
    if row.contact_id is not None or not said:
        raise BadWords(_("Say whom you look for, like “Head of purchasing”."))
    return said


def _role(_row: Stakeholder, text: str, _drawn: _Map) -> str:
    if text not in StakeholderRole.values:
        raise BadWords(_("Choose one of the list."))
    return text


def _influence(_row: Stakeholder, text: str, _drawn: _Map) -> int:
    return field_writing.whole(text, 1, 5)


def _support(_row: Stakeholder, text: str, _drawn: _Map) -> int | None:
    return field_writing.whole(text, -2, 2) if text.strip() else None


def _relation(row: Stakeholder, text: str, drawn: _Map) -> int | None:
    key = as_key(text.strip()) if text.strip() else None
    if text.strip() and (key is None or key not in drawn.team | {row.relation_id}):
        raise BadWords(_("Choose one of the list."))
    return key


def _reports_to(row: Stakeholder, text: str, drawn: _Map) -> int | None:
    key = as_key(text.strip()) if text.strip() else None
    if not text.strip():
        return None
    if key is None or key not in drawn.people:
        raise BadWords(_("Choose one of the list."))
    chief_of = {pk: other.reports_to_id for pk, other in drawn.people.items()}
    if maps.reports_in_a_ring(chief_of, row.pk, key):
        raise BadWords(_("This would go round in a circle: they report to each other."))
    return key


def _met(row: Stakeholder, text: str, drawn: _Map) -> date | None:
    day = field_writing.day(text)
    if day and row.contact_id is None:
        raise BadWords(_("Nobody is known here yet. Name the person first."))
    return _past(day, drawn)


def _past(day: date | None, drawn: _Map) -> date | None:
    if day and day > drawn.today:
        raise BadWords(_("This day is still to come."))
    return day


def _step_name(_row: DecisionStep, text: str, _drawn: _Map) -> str:
    said = field_writing.words(text, caps.LINE)
    if not said:
        raise BadWords(_("Give the step a name."))
    return said


def _owner(_row: DecisionStep, text: str, drawn: _Map) -> int | None:
    key = as_key(text.strip()) if text.strip() else None
    if text.strip() and (key is None or key not in drawn.people):
        raise BadWords(_("Choose one of the list."))
    return key


def _text(most: int) -> Callable[[Any, str, _Map], str]:
    return lambda _row, text, _drawn: field_writing.words(text, most)


def _due(_row: DecisionStep, text: str, _drawn: _Map) -> date | None:
    return field_writing.day(text)


def _done(_row: DecisionStep, text: str, drawn: _Map) -> date | None:
    return _past(field_writing.day(text), drawn)


_FIELDS: dict[type, dict[str, Callable[[Any, str, _Map], Any]]] = {
    Stakeholder: {
        "name": _name,
        "title": _title,
        "wanted": _wanted,
        "role": _role,
        "influence": _influence,
        "support": _support,
        "relation": _relation,
        "reports_to": _reports_to,
        "last_met_on": _met,
        "next_step": _text(caps.NEXT_STEP),
    },
    DecisionStep: {
        "name": _step_name,
        "owner": _owner,
        "criterion": _text(caps.ENTRY),
        "evidence": _text(caps.EVIDENCE),
        "due_on": _due,
        "done_on": _done,
    },
}
_COLUMNS = {"wanted": "placeholder", "relation": "relation_id", "reports_to": "reports_to_id", "owner": "owner_id"}
