"""Guards: triggers that refuse below the ORM what no form, import, job or shell may do.

One registry for both databases. A guard is a table, an event and a condition in the SQL that SQLite and PostgreSQL
share, over ``NEW`` and ``OLD``. Each app's ``guards.py`` registers its own; history tables are covered by themselves.
A breach surfaces as ``django.db.IntegrityError`` with the guard's sentence.

``migrate`` drops them before it changes tables and installs them after, since SQLite rebuilds tables on many schema
changes, whose triggers vanish in silence, and refuses to rebuild a table that a trigger elsewhere reads.
Rules: reliability INV-06, INV-27, INV-29, INV-33, INV-34.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from simple_history.models import registered_models


class Event(StrEnum):
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    TRUNCATE = "TRUNCATE"  # exists on PostgreSQL alone


@dataclass(frozen=True, slots=True)
class Guard:
    """Refuses ``event`` on ``table`` where ``when`` holds; an empty condition always holds.

    ``when`` is a boolean SQL expression, which may read other tables; NULL counts as false. An INSERT has no ``OLD``,
    a DELETE no ``NEW``, a TRUNCATE neither. ``after``: judge the table as the row has changed it. ``in_bulk``: on
    PostgreSQL judge all rows of an INSERT or DELETE at once, where one call per row would cost more than the write.
    """

    name: str  # unique, at most 63 characters
    table: str
    event: Event
    message: str
    when: str = ""
    after: bool = False
    in_bulk: bool = False

    def __post_init__(self) -> None:
        if len(self.name) > 63 or "'" in self.message:
            raise ValueError(f"guard {self.name}: name too long, or a quote in its sentence")

    def applies_to(self, connection: BaseDatabaseWrapper) -> bool:
        return connection.vendor == "postgresql" or self.event is not Event.TRUNCATE

    @property
    def _timing(self) -> str:
        return "AFTER" if self.after else "BEFORE"

    def sqlite_trigger(self) -> str:
        condition = f"WHEN ({self.when}) " if self.when else ""
        return (
            f"CREATE TRIGGER {self.name} {self._timing} {self.event} ON {self.table} FOR EACH ROW {condition}"
            f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
        )

    def postgresql_body(self) -> str:
        passed_on = {Event.TRUNCATE: "NULL", Event.DELETE: "OLD"}.get(self.event, "NEW")
        when = self.when or "TRUE"
        if self._by_statement:
            when = (
                f"EXISTS (SELECT 1 FROM written WHERE {when.replace('NEW.', 'written.').replace('OLD.', 'written.')})"
            )
            passed_on = "NULL"
        return (
            f"BEGIN IF ({when}) THEN RAISE EXCEPTION USING MESSAGE = '{self.message}', "
            f"ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {passed_on}; END"
        )

    @property
    def _by_statement(self) -> bool:
        return self.in_bulk and self.event in (Event.INSERT, Event.DELETE)

    def postgresql_statements(self) -> list[str]:
        each = "STATEMENT" if self.event is Event.TRUNCATE or self._by_statement else "ROW"
        timing, rows = self._timing, ""
        if self._by_statement:
            timing = "AFTER"
            rows = f"REFERENCING {'NEW' if self.event is Event.INSERT else 'OLD'} TABLE AS written "
        return [
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$guard${self.postgresql_body()}$guard$",
            f"CREATE TRIGGER {self.name} {timing} {self.event} ON {self.table} {rows}"
            f"FOR EACH {each} EXECUTE FUNCTION {self.name}()",
        ]


_registry: dict[str, Guard] = {}


def register(*guards: Guard) -> None:
    """Add guards to those that ``install`` puts into the database. Raises ValueError for a name given twice."""
    for guard in guards:
        if _registry.setdefault(guard.name, guard) != guard:
            raise ValueError(f"two guards are named {guard.name}")


def refuse(  # noqa: PLR0913  # the columns of a guard, by keyword
    table: str, events: Iterable[Event], *, name: str, message: str, when: str = "", in_bulk: bool = False
) -> list[Guard]:
    """One guard per event on ``table``, named ``guard_<table>_<name>_<event>``.

    In ``when`` write ``ROW`` for the row concerned: it becomes OLD for a delete and NEW for an insert; an update is
    refused where the condition holds for either.
    """
    made = []
    for event in events:
        old, new = when.replace("ROW.", "OLD."), when.replace("ROW.", "NEW.")
        both = f"({old}) OR ({new})" if old != new else when
        condition = {Event.INSERT: new, Event.DELETE: old, Event.UPDATE: both, Event.TRUNCATE: ""}[event]
        made.append(Guard(f"guard_{table}_{name}_{event.lower()}", table, event, message, condition, in_bulk=in_bulk))
    return made


def append_only(table: str) -> list[Guard]:
    """Rows of ``table`` are written once: UPDATE, DELETE and TRUNCATE are refused (INV-27)."""
    return refuse(
        table,
        (Event.UPDATE, Event.DELETE, Event.TRUNCATE),
        name="append_only",
        message=f"{table} is append-only (INV-27)",
    )


def history_tables() -> list[str]:
    """The tables of all history models, by name."""
    history: list[Any] = [getattr(model, model._meta.simple_history_manager_attribute) for model in tracked_models()]
    return sorted({manager.model._meta.db_table for manager in history})


def tracked_models() -> list[Any]:
    """All models whose writes leave a history row."""
    return sorted(registered_models.values(), key=lambda model: model._meta.label)


def all_guards() -> list[Guard]:
    """Every registered guard, and append-only ones for every history table, by name."""
    found = dict(_registry)
    for table in history_tables():
        found.update((guard.name, guard) for guard in append_only(table))
    return [found[name] for name in sorted(found)]


def install(connection: BaseDatabaseWrapper) -> list[str]:
    """Put in place what is missing or altered, and return the names; a guard whose table is not there yet waits."""
    absent = set(missing(connection))
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for guard in all_guards():
            if guard.name in absent:
                for statement in (*_drop_statements(guard, connection), *_create_statements(guard, connection)):
                    cursor.execute(statement)
    return sorted(absent)


def drop(connection: BaseDatabaseWrapper, names: Iterable[str] | None = None) -> None:
    """Take guards out of the database, all of them unless ``names`` says which."""
    chosen = None if names is None else set(names)
    tables = set(connection.introspection.table_names())
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for guard in all_guards():
            if guard.table in tables and guard.applies_to(connection) and (chosen is None or guard.name in chosen):
                for statement in _drop_statements(guard, connection):
                    cursor.execute(statement)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of guards that are absent, switched off, or say something else than the registry. Never written to."""
    tables = set(connection.introspection.table_names())
    expected = {
        guard.name: _text(guard, connection)
        for guard in all_guards()
        if guard.table in tables and guard.applies_to(connection)
    }
    present = _present(connection)
    return sorted(name for name, text in expected.items() if present.get(name) != text)


def _text(guard: Guard, connection: BaseDatabaseWrapper) -> tuple[str, str]:
    text = guard.sqlite_trigger() if connection.vendor == "sqlite" else guard.postgresql_body()
    return guard.table, text


def _present(connection: BaseDatabaseWrapper) -> dict[str, tuple[str, str]]:
    query = {
        "sqlite": "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": (
            "SELECT t.tgname, c.relname, p.prosrc FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') "
            "AND c.relnamespace = current_schema()::regnamespace"
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {name: (table, text) for name, table, text in cursor.fetchall()}


def _create_statements(guard: Guard, connection: BaseDatabaseWrapper) -> list[str]:
    return [guard.sqlite_trigger()] if connection.vendor == "sqlite" else guard.postgresql_statements()


def _drop_statements(guard: Guard, connection: BaseDatabaseWrapper) -> list[str]:
    if connection.vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {guard.name}"]
    return [f"DROP TRIGGER IF EXISTS {guard.name} ON {guard.table}", f"DROP FUNCTION IF EXISTS {guard.name}()"]


def install_after_migrate(*, using: str, **_: object) -> None:
    """After each migrate and each flush."""
    install(connections[using])


def drop_before_migrate(*, using: str, plan: list[Any] | None = None, **_: object) -> None:
    """Before a migrate that has something to do."""
    if plan:
        drop(connections[using])
