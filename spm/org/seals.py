"""Seals: the audit log keeps digests of history rows, so that a row altered past the triggers is named (INV-31).

A seal is one audit entry whose detail holds, for each history table, the columns read and blocks of rows
``[first id, last id, number of rows, digest]``. Rows are sealed once, in the order of their ids.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import batched
from typing import Any

from django.utils import timezone

from spm.org import audit
from spm.org.choices import AuditKind
from spm.org.guards import tracked_models
from spm.org.models import AuditEntry

BLOCK = 100  # rows under one digest: small enough to find the row by eye, large enough to keep the log small
SETTLED = timedelta(hours=1)
"""Rows are sealed at this age: no transaction lives that long, so no row can still appear among older ones."""


def seal_history() -> AuditEntry | None:
    """Seal every settled history row that no seal covers yet; None when there is nothing to seal."""
    detail = {}
    upto = _sealed_upto()
    for table, manager in _histories().items():
        columns = [field.attname for field in manager.model._meta.concrete_fields]
        blocks = [
            [rows[0][0], rows[-1][0], len(rows), _digest(row[1] for row in rows)]
            for rows in batched(_settled_rows(manager, columns, upto.get(table, 0)), BLOCK, strict=False)
        ]
        if blocks:
            detail[table] = {"columns": columns, "blocks": blocks}
    return audit.record(AuditKind.HISTORY_SEAL, actor=None, tables=detail) if detail else None


def broken_blocks() -> Iterator[tuple[str, int, int]]:
    """The sealed blocks that no longer match: (table, first id, last id)."""
    histories = _histories()
    for sealed in AuditEntry.objects.filter(kind=AuditKind.HISTORY_SEAL).order_by("pk").iterator():
        for table, seal in sealed.detail["tables"].items():
            manager = histories.get(table)
            # A column that a later release took away cannot be read any more; its rows are sealed by its migration.
            if manager is None or not _has_columns(manager, seal["columns"]):
                continue
            for first, last, number, digest in seal["blocks"]:
                rows = list(_rows(manager.filter(history_id__range=(first, last)), seal["columns"]))
                if len(rows) != number or _digest(row[1] for row in rows) != digest:
                    yield table, first, last


def _histories() -> dict[str, Any]:
    managers: list[Any] = [getattr(model, model._meta.simple_history_manager_attribute) for model in tracked_models()]
    return {manager.model._meta.db_table: manager for manager in managers}


def _has_columns(manager: Any, columns: list[str]) -> bool:
    return set(columns) <= {field.attname for field in manager.model._meta.concrete_fields}


def _sealed_upto() -> dict[str, int]:
    """The newest sealed id of each table."""
    upto: dict[str, int] = {}
    for detail in AuditEntry.objects.filter(kind=AuditKind.HISTORY_SEAL).values_list("detail", flat=True):
        for table, seal in detail["tables"].items():
            upto[table] = max(upto.get(table, 0), seal["blocks"][-1][1])
    return upto


def _settled_rows(manager: Any, columns: list[str], above: int) -> Iterator[tuple[int, str]]:
    young = manager.filter(history_date__gt=timezone.now() - SETTLED).order_by("history_id")
    first_young = young.values_list("history_id", flat=True).first()
    rows = manager.filter(history_id__gt=above)
    return _rows(rows if first_young is None else rows.filter(history_id__lt=first_young), columns)


def _rows(queryset: Any, columns: list[str]) -> Iterator[tuple[int, str]]:
    """Each row's id, and its values in a form that is the same on every database."""
    for values in queryset.order_by("history_id").values_list("history_id", *columns).iterator():
        yield values[0], json.dumps(values[1:], default=str)


def _digest(rows: Any) -> str:
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:32]
