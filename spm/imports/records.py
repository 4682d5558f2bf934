"""Kinds that upsert up to a hundred thousand stored rows: a file row says facts, facts are compared and written.

A *fact* is what one stored row should say: "the team North stands under Sales from 2026-01-01". Facts name other rows
by their natural key (a team's code, a person's e-mail), so that a file may refer to rows it creates itself. The
loader reads each table once, compares in memory, writes in bulk with history, and journals every row it touched.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from spm.imports import journal
from spm.imports.bulk import chunks
from spm.imports.kinds import UNCHANGED, ImportKind, Loader, Row, Run, Verdict, changed, new, refused
from spm.imports.models import ImportBatch
from spm.imports.zeros import ZeroForms, reason
from spm.keys import normalise
from spm.org import clock
from spm.org.models import ALWAYS, User
from spm.org.signals import facts_moved, facts_moving

type Natural = tuple[Any, ...]
WRITE_BLOCK = 500  # rows of one INSERT or UPDATE of the ORM


class Refused(Exception):
    """A row cannot be loaded: which column, which value, and why in one sentence."""

    def __init__(self, column: str, value: Any, reason: str | Promise) -> None:
        super().__init__(str(reason))
        self.verdict = refused(column, value, reason)


@dataclass(frozen=True, eq=False)
class Shelf:
    """One table, or a part of it: how its rows are found (natural key) and which of their fields a file may set.

    Both map a field to the path that reads it; a path to another table ends at that row's natural key, which is one
    value. ``where`` narrows the table, and fills those columns of rows that are made. ``moves``: a change alters
    totals from its ``starts_on`` on, or always where it has none; ``recredits``: also where lines are credited.
    """

    model: type[Model]
    key: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)
    where: dict[str, Any] = field(default_factory=dict)
    moves: bool = False
    recredits: bool = False

    @property
    def constants(self) -> dict[str, Any]:
        return {name: value for name, value in self.where.items() if "__" not in name}

    def relation(self, name: str) -> type[Model] | None:
        related = self.model._meta.get_field(name).related_model
        return related if isinstance(related, type) else None


@dataclass(frozen=True)
class Reference:
    """A column that names a row of another table by its natural key, and the sentence for a name nobody has."""

    model: type[Model]
    column: str
    unknown: str | Promise


@dataclass
class Fact:
    """What the row with this natural key should say. ``initial`` counts only if the row is made."""

    shelf: Shelf
    key: Natural
    values: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Stored:
    """A row as it stands, references as natural keys."""

    pk: int
    values: dict[str, Any]


class Table:
    """The rows of one shelf in memory, by natural key."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.rows: dict[Natural, Stored] = {}
        paths = ["pk", *shelf.key.values(), *shelf.values.values()]
        width = len(shelf.key)
        for pk, *rest in shelf.model._default_manager.filter(**shelf.where).order_by("pk").values_list(*paths):
            key = tuple(normalise(part) if isinstance(part, str) else part for part in rest[:width])
            self.rows[key] = Stored(pk, dict(zip(shelf.values, rest[width:], strict=True)))

    @cached_property
    def zeros(self) -> ZeroForms:
        """The natural keys of one text that this load found."""
        return ZeroForms(key[0] for key in self.rows if len(key) == 1 and isinstance(key[0], str))

    def differs(self, fact: Fact) -> bool:
        stored = self.rows.get(fact.key)
        return stored is None or any(stored.values[name] != value for name, value in fact.values.items())


class RecordLoader(Loader):
    """Compares and writes facts. A kind says in ``facts`` what one row means."""

    shelves: ClassVar[tuple[Shelf, ...]]  # in the order of writing: what others refer to comes first

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.tables: dict[Shelf, Table] = {}
        self.coming: set[str] = set()  # natural keys that the file itself makes
        self.zeros = ZeroForms()  # those among them that are made of digits
        self.since: date | None = None
        self.recredits = False

    def lock(self) -> None:
        if any(shelf.moves for shelf in self.shelves):
            facts_moving.send(ImportBatch, since=date.min)

    def facts(self, values: dict[str, Any]) -> list[Fact]:
        """What one row says, the row's own subject first. Raises Refused."""
        raise NotImplementedError

    def prepare(self, rows: Sequence[Row]) -> None:
        """See the whole file before its first row is judged."""

    def review(self, rows: Sequence[Row], verdicts: list[Verdict]) -> None:
        """Rules over the file as a whole: replace verdicts in place."""

    # Judging ----------------------------------------------------------------------------------------------------------

    def table(self, shelf: Shelf) -> Table:
        if shelf not in self.tables:
            self.tables[shelf] = Table(shelf)
        return self.tables[shelf]

    def named(self, model: type[Model]) -> Table:
        """The rows that other rows may refer to by one natural key."""
        return self.table(next(shelf for shelf in self.shelves if shelf.model is model))

    def known(self, reference: Reference, values: dict[str, Any]) -> str | None:
        """The natural key of a row the file refers to; None for an empty cell. Raises Refused for an unknown one."""
        name = values.get(reference.column)
        if not name:
            return None
        key, table = normalise(name), self.named(reference.model)
        if (key,) not in table.rows and key not in self.coming:
            raise Refused(reference.column, name, table.zeros.sentence(key, reference.unknown))
        return key

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        self.prepare(rows)
        self.zeros.update(self.coming)
        verdicts = [self._verdict(row) for row in rows]
        self.review(rows, verdicts)
        self._refuse_orphans(rows, verdicts)
        return verdicts

    def _verdict(self, row: Row) -> Verdict:
        try:
            facts = self.facts(row.values)
            self._check_zeros(row, facts[0])
        except Refused as refusal:
            return refusal.verdict
        return self.compare(facts)

    def _check_zeros(self, row: Row, subject: Fact) -> None:
        """Refuse to make what is there already under the same number with more or fewer zeros before it."""
        table, key = self.table(subject.shelf), subject.key[0]
        if len(subject.key) > 1 or subject.key in table.rows or not isinstance(key, str):
            return
        other = table.zeros.other(key) or self.zeros.fuller(key)
        if other:
            raise Refused(*_blame(row, key), reason(key, other))

    def compare(self, facts: list[Fact]) -> Verdict:
        """New if the row's own subject is not stored yet, unchanged if everything it says already stands."""
        wanted = [fact for fact in facts if self.table(fact.shelf).differs(fact)]
        if not wanted:
            return UNCHANGED
        subject = facts[0]
        return changed(wanted) if subject.key in self.table(subject.shelf).rows else new(wanted)

    def _refuse_orphans(self, rows: Sequence[Row], verdicts: list[Verdict]) -> None:
        """Refuse rows that refer to something which only a refused row of the file would have made."""
        again = bool(self.coming)
        while again:
            again = False
            made = {fact.key[0] for verdict in verdicts for fact in verdict.payload or () if len(fact.key) == 1}
            for i, verdict in enumerate(verdicts):
                missing = next((name for name in self._references(verdict) if name not in made), None)
                if missing is not None:
                    column, value = _blame(rows[i], missing)
                    verdicts[i] = refused(column, value, _("The row that would make it is refused."))
                    again = True

    def _references(self, verdict: Verdict) -> Iterator[str]:
        """Natural keys in a verdict's facts that are not stored yet."""
        for fact in verdict.payload or ():
            for name, value in (*zip(fact.shelf.key, fact.key, strict=True), *fact.values.items()):
                related = fact.shelf.relation(name)
                if related and value is not None and (value,) not in self.named(related).rows:
                    yield value

    # Writing ----------------------------------------------------------------------------------------------------------

    def write(self, verdicts: Sequence[Verdict]) -> None:
        wanted: dict[Shelf, dict[Natural, Fact]] = {}
        for verdict in verdicts:
            for fact in verdict.payload or ():
                known = wanted.setdefault(fact.shelf, {}).setdefault(fact.key, fact)
                known.values.update(fact.values)
        for shelf in self.shelves:
            facts = list(wanted.get(shelf, {}).values())
            if facts:
                self._write_shelf(shelf, facts)
                self._note_effects(shelf, facts)

    def _write_shelf(self, shelf: Shelf, facts: list[Fact]) -> None:
        table = self.table(shelf)
        fresh = [fact for fact in facts if fact.key not in table.rows]
        stored = [fact for fact in facts if fact.key in table.rows]
        while fresh:
            ready = [fact for fact in fresh if self._resolves(shelf, fact)]
            self._create(shelf, ready)
            fresh = [fact for fact in fresh if fact.key not in table.rows]
        self._change(shelf, stored)

    def _resolves(self, shelf: Shelf, fact: Fact) -> bool:
        """Whether the row may be made now: a parent that this file creates must stand first."""
        for name, value in {**fact.initial, **fact.values}.items():
            if value is not None and shelf.relation(name) is shelf.model and (value,) not in self.table(shelf).rows:
                return False
        return True

    def _columns(self, shelf: Shelf, values: dict[str, Any]) -> dict[str, Any]:
        """Field values for the ORM: natural keys of other rows become primary keys."""
        columns = {}
        for name, value in values.items():
            related = shelf.relation(name)
            if related is None:
                columns[name] = value
            else:
                columns[f"{name}_id"] = None if value is None else self.named(related).rows[(value,)].pk
        return columns

    def _create(self, shelf: Shelf, facts: list[Fact]) -> None:
        made = []
        for fact in facts:
            key = dict(zip(shelf.key, fact.key, strict=True))
            values = {**shelf.constants, **key, **fact.initial, **fact.values}
            made.append(shelf.model(**self._columns(shelf, values)))
        made = _insert(shelf.model, made, self.run.by)
        table = self.table(shelf)
        for fact, instance in zip(facts, made, strict=True):
            empty = dict.fromkeys(shelf.values)
            table.rows[fact.key] = Stored(instance.pk, {**empty, **fact.initial, **fact.values})
        names = [*shelf.key, *shelf.values]
        journal.record(self.run.batch, [(None, journal.said(instance, names)) for instance in made], made)

    def _change(self, shelf: Shelf, facts: list[Fact]) -> None:
        table = self.table(shelf)
        by_pk = {table.rows[fact.key].pk: fact for fact in facts}
        instances = list(_by_keys(shelf.model, by_pk))
        differences = []
        for instance in instances:
            fact = by_pk[instance.pk]
            before = journal.said(instance, fact.values)
            for name, value in self._columns(shelf, fact.values).items():
                setattr(instance, name, value)
            if hasattr(instance, "version"):
                instance.version += 1
            differences.append((before, journal.said(instance, fact.values)))
            table.rows[fact.key].values.update(fact.values)
        _update(shelf.model, instances, {name for fact in facts for name in fact.values}, self.run.by)
        journal.record(self.run.batch, differences, instances)

    # Effects ----------------------------------------------------------------------------------------------------------

    def _note_effects(self, shelf: Shelf, facts: list[Fact]) -> None:
        if not shelf.moves:
            return
        at = list(shelf.key).index("starts_on") if "starts_on" in shelf.key else None
        first = date.min if at is None else min(fact.key[at] for fact in facts)
        self.since = min(self.since or first, first)
        self.recredits = self.recredits or shelf.recredits

    def finish(self) -> None:
        effects = {"since": self.since and self.since.isoformat(), "recredit": self.recredits}
        self.run.batch.effects = effects
        settle(effects)


class DatedLoader(RecordLoader):
    """A row is one dated fact of the last shelf: its subject stands in a place from a day on; no place ends that."""

    subject: ClassVar[Reference]
    place: ClassVar[Reference]

    def facts(self, values: dict[str, Any]) -> list[Fact]:
        shelf = self.shelves[-1]
        key = (self.known(self.subject, values), values.get("starts_on") or ALWAYS)
        return [Fact(shelf, key, {name: self.known(self.place, values) for name in shelf.values})]


class RecordKind(ImportKind):
    """A kind whose loader writes facts: undone from the journal."""

    def undo(self, batch: ImportBatch, by: User | None) -> None:
        if since := batch.effects.get("since"):
            facts_moving.send(ImportBatch, since=date.fromisoformat(since))
        self.restore(batch, by)

    def restore(self, batch: ImportBatch, by: User | None) -> None:
        """Put the rows back; their periods are locked."""
        journal.restore(batch, by)
        settle(batch.effects)


def _blame(row: Row, natural: str) -> tuple[str, str]:
    """The column and cell of a row in which a natural key stands."""
    for column, value in row.values.items():
        if isinstance(value, str) and normalise(value) == natural:
            return column, value
    return "", natural


def settle(effects: dict[str, Any]) -> None:
    """Tell whoever keeps totals that dated facts moved; inside the transaction of the change."""
    if effects.get("since"):
        facts_moved.send(ImportBatch, since=date.fromisoformat(effects["since"]), recredit=effects["recredit"])


def _insert(model: type[Model], rows: list[Model], by: User | None) -> list[Model]:
    if hasattr(model._meta, "simple_history_manager_attribute"):
        told: dict[str, Any] = {"default_user": by, "default_date": clock.now()}
        made: list[Model] = bulk_create_with_history(rows, model, batch_size=WRITE_BLOCK, **told)
        return made
    return list(model._default_manager.bulk_create(rows, batch_size=WRITE_BLOCK))


def _update(model: type[Model], rows: list[Model], fields: Iterable[str], by: User | None) -> None:
    names = sorted({*fields, *(["version"] if rows and hasattr(rows[0], "version") else [])})
    if not rows or not names:
        return
    if hasattr(model._meta, "simple_history_manager_attribute"):
        bulk_update_with_history(rows, model, names, batch_size=WRITE_BLOCK, default_user=by, default_date=clock.now())
    else:
        model._default_manager.bulk_update(rows, names, batch_size=WRITE_BLOCK)


def _by_keys(model: type[Model], keys: Iterable[int]) -> Iterator[Any]:
    for block in chunks(sorted(keys)):
        yield from model._default_manager.filter(pk__in=block).order_by("pk")
