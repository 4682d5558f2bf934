"""Conditions on very many keys: ``…__in`` with a long list hands it to the database as one value.

A list of parameters has an end on both databases (SQLite's own limit, 65,535 of PostgreSQL's protocol), and takes
longer to plan with every one. Rule: reliability.md §2, ``in`` lists. Registered when the app is ready, in place of
Django's lookups of the same name; a list of up to ``MOST`` values stays as Django writes it.
"""

import json
from typing import Any, cast

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignObject
from django.db.models.fields.related_lookups import RelatedIn
from django.db.models.lookups import In
from django.db.models.sql.compiler import SQLCompiler

MOST = 1_000
ARRAYS = {int: "bigint[]", str: "text[]"}
"""What a list of these is for PostgreSQL; lists of anything else are short, and stay as Django writes them."""


class _Long:
    """Over one of Django's ``in`` lookups."""

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        lookup, usual = cast("In", self), cast("In", super())
        if not lookup.rhs_is_direct_value() or len(lookup.rhs) <= MOST:
            return usual.as_sql(compiler, connection)
        _marks, values = lookup.process_rhs(compiler, connection)
        kind = next((kind for kind in ARRAYS if all(isinstance(value, kind) for value in values)), None)
        if kind is None:
            return usual.as_sql(compiler, connection)
        plain = [kind(value) for value in values]  # psycopg has whole numbers of several sizes
        left, before = lookup.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{left} = ANY(%s::{ARRAYS[kind]})", [*before, plain]
        return f"{left} IN (SELECT value FROM json_each(%s))", [*before, json.dumps(plain)]  # noqa: S608  # a column


class LongIn(_Long, In):
    """``in`` on a column."""


class LongRelatedIn(_Long, RelatedIn):
    """``in`` on a relation."""


def register() -> None:
    """Let every model of the project ask this way."""
    Field.register_lookup(LongIn)
    ForeignObject.register_lookup(LongRelatedIn)
