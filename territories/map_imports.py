"""The import kind of stakeholders: who has a part in decisions at an account.

People are named by their name within the account, as the page shows them; so a file may be what the page exported.
A row that is missing takes nobody off a map, and lines of influence are added, never erased.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.imports import journal
from spm.imports.bulk import chunks
from spm.imports.kinds import (
    UNCHANGED,
    Column,
    ColumnType,
    ImportKind,
    Loader,
    Row,
    Run,
    Verdict,
    changed,
    new,
    refused,
    register,
)
from spm.imports.models import ImportBatch
from spm.imports.organisation import UNKNOWN_PERSON
from spm.imports.records import Refused
from spm.imports.zeros import ZeroForms
from spm.keys import normalise
from spm.market.imports import ACCOUNT_ID, UNKNOWN_ACCOUNT
from spm.market.models import Account, Contact
from spm.org import clock
from spm.org.models import User
from spm.org.tracking import save_tracked
from territories import caps, maps
from territories.choices import StakeholderRole
from territories.models import DecisionStep, Influence, Stakeholder

UNKNOWN_STAKEHOLDER = gettext_lazy("Nobody of this name is on the map of this account.")
BETWEEN_NAMES = ";"
COPIED = ("role", "influence", "support", "last_met_on", "next_step")
WRITTEN = ("account", "contact", "placeholder", *COPIED, "relation", "reports_to", "removed_at")
type Write = tuple[Any, journal.Said | None, Sequence[str]]
"""A row to save, how it was (None: it is made), and which of its columns the file writes."""
type Named = tuple[int, str]
"""Account, and the name of somebody on its map in normal form."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row wants of one person. ``values``: columns of the model that the file fills; chiefs and those who are
    listened to by name, since the file may make them.
    """

    place: Named
    name: str
    is_person: bool
    title: str | None
    values: dict[str, Any]
    chief: Named | None = None
    says_chief: bool = False
    heard: tuple[Named, ...] = ()


@dataclass
class _Stored:
    """The maps of the accounts that a file names."""

    accounts: dict[str, int] = field(default_factory=dict)
    people: dict[Named, Stakeholder] = field(default_factory=dict)
    places: dict[int, Named] = field(default_factory=dict)
    contacts: dict[Named, Contact] = field(default_factory=dict)
    team: dict[str, int] = field(default_factory=dict)
    lines: set[tuple[int, int]] = field(default_factory=set)
    steps: dict[tuple[int, int], DecisionStep] = field(default_factory=dict)


class MapLoader(Loader):
    """Reads the maps that the rows name, under lock once the rows are to be written."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.stored = _Stored()
        self._writes = False

    def lock(self) -> None:
        self._writes = True  # what the rows name is locked as soon as they are seen

    def read(self, rows: Sequence[Row]) -> None:
        self.stored = stored = _Stored(accounts=dict(Account.objects.values_list("key", "pk")))
        named = {normalise(row.values["account_id"]) for row in rows}
        keys = sorted(stored.accounts[key] for key in named if key in stored.accounts)
        stored.team = dict(User.objects.people().values_list("email_key", "pk"))
        for block in chunks(keys):
            if self._writes:
                list(Account.objects.select_for_update(no_key=True).filter(pk__in=block).order_by("pk"))
            for contact in Contact.objects.filter(account__in=block).here_first().reverse():
                stored.contacts[contact.account_id, normalise(contact.name)] = contact
            for row in Stakeholder.objects.filter(account__in=block).select_related("contact").order_by("pk"):
                place = stored.places[row.pk] = (row.account_id, _key_of(row))
                if place not in stored.people or stored.people[place].removed_at is not None:
                    stored.people[place] = row  # of two with one name, whoever stands on the map
            stored.lines |= set(Influence.objects.filter(source__account__in=block).values_list("source", "target"))
            stored.steps |= {
                (step.account_id, step.position): step for step in DecisionStep.objects.filter(account__in=block)
            }

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        self.read(rows)
        verdicts: list[Verdict] = []
        for row in rows:
            try:
                verdicts.append(self.verdict(row.values))
            except Refused as refusal:
                verdicts.append(refusal.verdict)
        self.review(rows, verdicts)
        return verdicts

    def verdict(self, values: dict[str, Any]) -> Verdict:
        """Of one row by itself. Raises Refused."""
        raise NotImplementedError

    def review(self, rows: Sequence[Row], verdicts: list[Verdict]) -> None:
        """Rules over the file as a whole: replace verdicts in place."""

    def account(self, values: dict[str, Any]) -> int:
        key = normalise(values["account_id"])
        if key not in self.stored.accounts:
            told = ZeroForms(self.stored.accounts).sentence(key, UNKNOWN_ACCOUNT)
            raise Refused("account_id", values["account_id"], told)
        return self.stored.accounts[key]

    def store(self, rows: Iterable[Write]) -> None:
        """Save rows with their history and remember them."""
        differences, saved = [], []
        for row, before, names in rows:
            row.version += 1 if before is not None else 0
            save_tracked(row, by=self.run.by)
            saved.append(row)
            differences.append((before, journal.said(row, names)))
        journal.record(self.run.batch, differences, saved)


def _key_of(row: Stakeholder) -> str:
    return normalise(row.contact.name if row.contact else row.placeholder)


class StakeholderLoader(MapLoader):
    def verdict(self, values: dict[str, Any]) -> Verdict:
        wanted = self._wanted(values)
        row = self.stored.people.get(wanted.place)
        if row is None:
            return new(wanted)
        columns = {_column(name): value for name, value in wanted.values.items()}
        differs = any(getattr(row, name) != value for name, value in columns.items()) or row.removed_at is not None
        differs |= wanted.says_chief and self._pk(wanted.chief) != row.reports_to_id
        differs |= any((self._pk(source), row.pk) not in self.stored.lines for source in wanted.heard)
        differs |= wanted.title is not None and row.contact is not None and row.contact.title != wanted.title
        return changed(wanted) if differs else UNCHANGED

    def _wanted(self, values: dict[str, Any]) -> Wanted:
        account = self.account(values)
        name, sought = " ".join((values.get("name") or "").split()), " ".join((values.get("wanted") or "").split())
        if bool(name) == bool(sought):
            raise Refused("name", name, _("Name either the person, or the role that is wanted."))
        place = (account, normalise(name or sought))
        stored = self.stored.people.get(place)
        if stored is not None and (stored.contact_id is not None) != bool(name):
            raise Refused("wanted", sought, _("On the map this name is not a person, or not a wanted role."))
        found = {key: self._value(key, values) for key in COPIED if key in values}
        if "relation_email" in values:
            found["relation"] = self._relation(values["relation_email"])
        heard = [part for part in (values.get("listens_to") or "").split(BETWEEN_NAMES) if part.strip()]
        chief = values.get("reports_to") or ""
        return Wanted(
            place=place,
            name=name or sought,
            is_person=bool(name),
            title=self._title(place, values) if name and values.get("title") is not None else None,
            values=found,
            chief=(account, normalise(chief)) if chief.strip() else None,
            says_chief="reports_to" in values,
            heard=tuple((account, normalise(part)) for part in heard),
        )

    def _value(self, key: str, values: dict[str, Any]) -> Any:
        value = values[key]
        if key == "influence":
            return within(key, 3 if value is None else value, 1, 5)
        if key == "support":
            return None if value is None else within(key, value, -2, 2)
        if key == "last_met_on" and value is not None:
            if value > clock.today():
                raise Refused(key, value, _("This day is still to come."))
            if not (values.get("name") or "").strip():
                raise Refused(key, value, _("Nobody is known here yet. Name the person first."))
        return " ".join((value or "").split()) if key == "next_step" else value

    def _title(self, place: Named, values: dict[str, Any]) -> str:
        title, contact = " ".join(values["title"].split()), self.stored.contacts.get(place)
        if contact is not None and contact.external_id and contact.title != title:
            raise Refused("title", title, _("This contact comes from the CRM; change it there."))
        return title

    def _relation(self, email: str | None) -> int | None:
        if not email:
            return None
        if normalise(email) not in self.stored.team:
            raise Refused("relation_email", email, UNKNOWN_PERSON)
        return self.stored.team[normalise(email)]

    def _pk(self, place: Named | None) -> int | None:
        row = self.stored.people.get(place) if place else None
        return row.pk if row else None

    def review(self, rows: Sequence[Row], verdicts: list[Verdict]) -> None:
        """Chiefs and those listened to must be on the map, nobody above themselves, and the map must hold them all.

        Again after each refusal: a row may name somebody whom only a refused row would have made.
        """
        standing = -1
        while standing != (standing := sum(bool(verdict.payload) for verdict in verdicts)):
            known = {verdict.payload.place for verdict in verdicts if verdict.payload}
            known |= {place for place, row in self.stored.people.items() if row.removed_at is None}
            for i, verdict in enumerate(verdicts):
                if verdict.payload and (column := _unknown(verdict.payload, known)):
                    verdicts[i] = refused(column, rows[i].values.get(column), UNKNOWN_STAKEHOLDER)
            self._refuse_rings(rows, verdicts)
            self._refuse_full(rows, verdicts, Counter(account for account, _name in known))

    def _refuse_full(self, rows: Sequence[Row], verdicts: list[Verdict], counts: Mapping[int, int]) -> None:
        for i, verdict in enumerate(verdicts):
            if verdict.payload and counts[verdict.payload.place[0]] > caps.PEOPLE:
                told = _("A map takes %(most)d people.") % {"most": caps.PEOPLE}
                verdicts[i] = refused("account_id", rows[i].values["account_id"], told)

    def _refuse_rings(self, rows: Sequence[Row], verdicts: list[Verdict]) -> None:
        names = self.stored.places
        numbers: dict[Named, int] = {place: number for number, place in enumerate(names.values(), start=1)}
        for verdict in verdicts:
            for place in (verdict.payload.place, verdict.payload.chief) if verdict.payload else ():
                if place is not None:
                    numbers.setdefault(place, len(numbers) + 1)
        chief_of = {
            numbers[place]: numbers[names[row.reports_to_id]] if row.reports_to_id else None
            for place, row in self.stored.people.items()
        }
        for verdict in verdicts:
            if verdict.payload and verdict.payload.says_chief:
                chief = verdict.payload.chief
                chief_of[numbers[verdict.payload.place]] = numbers[chief] if chief else None
        for i, verdict in enumerate(verdicts):
            wanted = verdict.payload
            if (
                wanted
                and wanted.chief
                and maps.reports_in_a_ring(chief_of, numbers[wanted.place], numbers[wanted.chief])
            ):
                told = _("This would go round in a circle: they report to each other.")
                verdicts[i] = refused("reports_to", rows[i].values.get("reports_to"), told)

    # Writing ----------------------------------------------------------------------------------------------------------

    def write(self, verdicts: Sequence[Verdict]) -> None:
        wanted: list[Wanted] = [verdict.payload for verdict in verdicts if verdict.payload]
        self._write_contacts(wanted)
        before: dict[Named, journal.Said | None] = {}
        for one in wanted:
            row = self.stored.people.get(one.place)
            before[one.place] = journal.said(row, WRITTEN) if row else None
            if row is None:  # stored bare first: others of the file may report to them
                self.stored.people[one.place] = self._make(one)
        self.store(self._filled(one, before[one.place]) for one in wanted)
        self._write_lines(wanted)

    def _make(self, one: Wanted) -> Stakeholder:
        contact = self.stored.contacts[one.place] if one.is_person else None
        row = Stakeholder(account_id=one.place[0], contact=contact, placeholder="" if contact else one.name)
        for name, value in one.values.items():
            setattr(row, _column(name), value)
        save_tracked(row, by=self.run.by)
        return row

    def _filled(
        self, one: Wanted, before: journal.Said | None
    ) -> tuple[Stakeholder, journal.Said | None, Sequence[str]]:
        row = self.stored.people[one.place]
        for name, value in one.values.items():
            setattr(row, _column(name), value)
        if one.says_chief:
            row.reports_to = self.stored.people[one.chief] if one.chief else None
        row.removed_at = None
        return row, before, WRITTEN

    def _write_contacts(self, wanted: Sequence[Wanted]) -> None:
        """Contacts made by hand, and titles of those that were."""
        made, differences = [], []
        for one in wanted:
            contact = self.stored.contacts.get(one.place)
            if not one.is_person or (contact is not None and one.title in (None, contact.title)):
                continue
            before = journal.said(contact, ["title"]) if contact else None
            contact = contact or Contact(account_id=one.place[0], name=one.name)
            contact.title = one.title if one.title is not None else contact.title
            contact.version += 1 if before is not None else 0
            contact.save()
            self.stored.contacts[one.place] = contact
            made.append(contact)
            differences.append(
                (before, journal.said(contact, ["title"] if before is not None else ["account", "name", "title"]))
            )
        journal.record(self.run.batch, differences, made)

    def _write_lines(self, wanted: Sequence[Wanted]) -> None:
        made = []
        for one in wanted:
            target = self.stored.people[one.place]
            for place in one.heard:
                pair = (self.stored.people[place].pk, target.pk)
                if pair not in self.stored.lines:
                    self.stored.lines.add(pair)
                    made.append(Influence.objects.create(source_id=pair[0], target_id=pair[1]))
        journal.record(self.run.batch, [(None, journal.said(row, ["source", "target"])) for row in made], made)


def _column(name: str) -> str:
    return "relation_id" if name == "relation" else name


def within(key: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise Refused(key, value, _("Write a whole number from %(low)s to %(high)s.") % {"low": low, "high": high})
    return value


def _unknown(wanted: Wanted, known: set[Named]) -> str:
    """The column that names somebody who is not on the map, or the person themselves; empty where none does."""
    if wanted.chief is not None and wanted.chief not in known:
        return "reports_to"
    return "listens_to" if any(place not in known or place == wanted.place for place in wanted.heard) else ""


@register
class Stakeholders(ImportKind):
    name = "stakeholders"
    label = gettext_lazy("Stakeholders")
    help = gettext_lazy(
        "Who has a part in decisions at an account: a person, or a wanted role whose person is unknown."
    )
    columns = (
        ACCOUNT_ID,
        Column("name", max_length=maps.NAME, help=gettext_lazy("or wanted"), example="Hélène Courtaud"),
        Column("wanted", max_length=maps.TITLE, help=gettext_lazy("a role whose person is not known yet"), example=""),
        Column("title", max_length=maps.TITLE, example="Plant director"),
        Column(
            "role",
            ColumnType.CHOICE,
            required=True,
            filled=True,
            choices=tuple(StakeholderRole.values),
            example="decider",
        ),
        Column("influence", ColumnType.INTEGER, help=gettext_lazy("1 to 5, empty = 3"), example="5"),
        Column("support", ColumnType.INTEGER, help=gettext_lazy("-2 to 2, empty = unknown"), example="1"),
        Column("relation_email", ColumnType.EMAIL, max_length=254, example="ana@example.com"),
        Column("reports_to", max_length=maps.NAME, help=gettext_lazy("a name on the same map"), example=""),
        Column(
            "listens_to", max_length=1_000, help=gettext_lazy("names on the same map, parted by semicolons"), example=""
        ),
        Column("last_met_on", ColumnType.DATE, example="2026-03-31"),
        Column("next_step", max_length=caps.NEXT_STEP, example="Invite to the plant visit"),
    )
    key = ("account_id", "name", "wanted")
    loader = StakeholderLoader
    order = 152

    def undo(self, batch: ImportBatch, by: User | None) -> None:
        """Raises ChangedSince where a later row names somebody whom this import put on the map."""
        changes = batch.changes
        made = list(
            changes.filter(model=Stakeholder._meta.label, before__isnull=True).values_list("object_pk", flat=True)
        )
        touched = list(changes.filter(model=Stakeholder._meta.label).values_list("object_pk", flat=True))
        drawn = list(changes.filter(model=Influence._meta.label).values_list("object_pk", flat=True))
        for block in chunks(made):
            lines = Influence.objects.filter(source__in=block) | Influence.objects.filter(target__in=block)
            later = (
                DecisionStep.objects.filter(owner__in=block),
                Stakeholder.objects.filter(reports_to__in=block).exclude(pk__in=touched),
                lines.exclude(pk__in=drawn),
            )
            if any(rows.exists() for rows in later):
                raise journal.ChangedSince(_("Somebody whom this import put on a map is named there by now."))
        journal.restore(batch, by)
