"""Writing many rows without model instances: long VALUES on SQLite, COPY on PostgreSQL, in blocks of 5,000.

Values are what the database stores: money as whole ten-thousandths, dates as ``date``, JSON as text. Nothing is
validated here and no history is written; only tables that keep versions of their own (actuals, credits) come this way.
Call inside ``atomic``. Plain ``bulk_create`` costs 18–37 times as much as the bare statements, this path about 3 times.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import batched, chain
from typing import Any

from django.db import connection
from django.db.models import Model

BLOCK = 5_000
ROWS = 1_000  # rows of one INSERT on SQLite
MAX_IN = 1_000  # values of one IN list (reliability.md §2)


def _columns(model: type[Model], fields: Sequence[str]) -> list[str]:
    by_name = {field.name: field for field in model._meta.concrete_fields}
    return [connection.ops.quote_name(str(by_name[name].column)) for name in fields]


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def reserve(model: type[Model], count: int) -> list[int]:
    """Primary keys for ``count`` rows to come, so that children can be written in the same block.

    On SQLite the write lock of the transaction keeps them ours; on PostgreSQL they come from the sequence.
    """
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [connection.ops.quote_name(table), count],
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
        first = (found[0] if found else 0) + 1
        # Moving the counter now keeps two reservations of one transaction apart.
        if found:
            cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [first + count - 1, table])
        else:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count])
        return list(range(first, first + count))


def insert(model: type[Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Add ``rows`` (one value per field, in the order of ``fields``); returns how many."""
    columns, table, written = ", ".join(_columns(model, fields)), _table(model), 0
    for block in batched(rows, BLOCK, strict=False):
        if connection.vendor == "postgresql":
            _copy(f"COPY {table} ({columns}) FROM STDIN", block)
        else:
            _values(f"INSERT INTO {table} ({columns}) VALUES", block, len(fields))  # noqa: S608  # names only
        written += len(block)
    return written


def _values(statement: str, rows: Sequence[Sequence[Any]], width: int) -> None:
    """Many rows a statement: SQLite then goes on from one to the next where it stands in each index, and takes half
    the time of ``executemany``, which begins anew with every row.
    """
    marks = f"({', '.join(['%s'] * width)})"
    with connection.cursor() as cursor:
        for some in batched(rows, min(ROWS, (connection.features.max_query_params or ROWS) // width), strict=False):
            cursor.execute(f"{statement} {', '.join([marks] * len(some))}", list(chain.from_iterable(some)))


def _copy(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def update(model: type[Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Set ``fields`` of existing rows; each of ``rows`` is its primary key followed by one value per field."""
    assignments = ", ".join(f"{column} = %s" for column in _columns(model, fields))
    statement = f"UPDATE {_table(model)} SET {assignments} WHERE id = %s"  # noqa: S608  # names only
    written = 0
    for block in batched(rows, BLOCK, strict=False):
        with connection.cursor() as cursor:
            cursor.executemany(statement, [(*row[1:], row[0]) for row in block])
        written += len(block)
    return written


def delete(model: type[Model], field: str, keys: Iterable[int]) -> None:
    """Remove the rows whose ``field`` is among ``keys``; no cascades, no signals."""
    (column,) = _columns(model, [field])
    for block in chunks(keys):
        marks = ", ".join(["%s"] * len(block))
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {_table(model)} WHERE {column} IN ({marks})", block)  # noqa: S608  # names only


def chunks[Item](items: Iterable[Item]) -> Iterator[list[Item]]:
    """Lists of at most a thousand items, for IN lists."""
    for block in batched(items, MAX_IN, strict=False):
        yield list(block)
