"""Writing a map field by field: people and the steps of the decision, as the table on the page has them.

Rows are named as the form names them: "s12" is a stakeholder, "d5" a step. What cannot be taken comes back with a
sentence, what somebody else wrote meanwhile with both texts; everything else of the same call is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from spm.market.models import Account, Contact
from spm.org import clock, retries
from spm.org.models import User
from spm.org.tracking import save_tracked
from territories import caps, field_writing, map_team, maps
from territories.choices import StakeholderRole
from territories.field_writing import BadWords, Change, Fields, Outcome, Reader
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
    outcome, touched = FIELDS.write(rows, changes, drawn)
    return field_writing.store(rows, touched, outcome, lambda row: _store(row, by))


def _store(row: Any, by: User) -> None:
    if isinstance(row, Stakeholder) and row.contact is not None:
        row.contact.save()
    save_tracked(row, by=by)


def _holder(row: Any, name: str) -> Any:
    """Name and title are the contact's."""
    return row.contact if name in OF_CONTACT and isinstance(row, Stakeholder) else row


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
    return field_writing.one_of(text, drawn.team | {row.relation_id})


def _reports_to(row: Stakeholder, text: str, drawn: _Map) -> int | None:
    key = field_writing.one_of(text, drawn.people)
    if key is None:
        return None
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
    return field_writing.one_of(text, drawn.people)


def _text(most: int) -> Reader[_Map]:
    return lambda _row, text, _drawn: field_writing.words(text, most)


def _due(_row: DecisionStep, text: str, _drawn: _Map) -> date | None:
    return field_writing.day(text)


def _done(_row: DecisionStep, text: str, drawn: _Map) -> date | None:
    return _past(field_writing.day(text), drawn)


_READERS: dict[type, dict[str, Reader[_Map]]] = {
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
COLUMNS = {"wanted": "placeholder", "relation": "relation_id", "reports_to": "reports_to_id", "owner": "owner_id"}
FIELDS = Fields(_READERS, COLUMNS, _holder)
