"""Rows of files of actuals that are no lines yet: parked while their period is closed, or refused for want of a rate.

Where a number is explained they stand beside the lines that do not count. A row waits until the same id of the same
source is loaded by a later file; of a refused file only the newest of its source is looked at, since whoever loads a
file anew mends its rows. What a row would have become is kept with it (``ImportRow.facts``): keys, day and amount.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from django.db.models import OuterRef, Q, QuerySet, Subquery

from spm.imports.choices import BatchState, RowOutcome
from spm.imports.models import ImportBatch, ImportRow
from spm.org.choices import PeriodState
from spm.org.models import User
from spm.org.scopes import scope_of
from targets.crediting import Resolver
from targets.lines import PERIOD, RATE, Line
from targets.models import Actual

KIND = "actuals"
MOST = 1_000  # the newest ones; a number that so many rows wait for is explained by any of them


@dataclass(frozen=True, slots=True)
class Unloaded:
    """One row. ``rule``: PERIOD or RATE. Amounts are in ``currency``; ``territory_id`` is where it would count.

    ``period``: label of the leaf period of its day, ``is_open``: whether that takes lines again.
    """

    external_id: str
    kind: str
    date: date
    person_id: int
    territory_id: int
    account: str
    amount: Decimal
    cost: Decimal | None
    currency: str
    rule: str
    source: str
    key: str
    batch: int
    filename: str
    number: int
    period: str = ""
    is_open: bool = False
    is_tombstone: bool = False


def facts_of(line: Line, rule: str, resolver: Resolver) -> dict[str, Any]:
    """What is kept of a line that is not loaded: plain values for ImportRow.facts."""
    return {
        "rule": rule,
        "key": line.key,
        "external_id": line.external_id,
        "kind": line.kind,
        "date": line.date.isoformat(),
        "person": line.person,
        "territory": line.territory or resolver.territory_of(line.person, line.account, line.date),
        "amount": str(line.amount),
        "cost": None if line.cost is None else str(line.cost),
        "currency": line.currency,
    }


class LeafState(Protocol):
    """A leaf period, as the calendar of a page or its row has it."""

    @property
    def label(self) -> str: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...
    @property
    def state(self) -> str: ...


def unloaded(
    user: User, leaves: Sequence[LeafState], people: Collection[int] | None, territories: Collection[int]
) -> list[Unloaded]:
    """Rows dated within ``leaves`` (without gap, in order) that concern these people (None: everybody) and these
    territories (none given: all), as far as ``user`` sees the person; the newest file first. At most two queries.
    """
    first, last = leaves[0].starts_on.isoformat(), leaves[-1].ends_on.isoformat()
    rows = _waiting().filter(facts__date__gte=first, facts__date__lte=last)
    scope = scope_of(user)
    for keys in (scope.people, people):
        rows = rows if keys is None else rows.filter(facts__person__in=list(keys))
    if territories:
        rows = rows.filter(facts__territory__in=list(territories))
    columns = ("facts", "cells", "number", "batch", "batch__source", "batch__filename")
    found = [_read(*row) for row in rows.order_by("-batch", "number").values_list(*columns)[:MOST]]
    return [replace(row, **_period(row, leaves)) for row in _standing(found)] if found else []


def _waiting() -> QuerySet[ImportRow]:
    loaded = ImportBatch.objects.filter(kind=KIND, state__in=(BatchState.COMMITTED, BatchState.REFUSED))
    newest = loaded.filter(source=OuterRef("batch__source")).order_by("-pk").values("pk")[:1]
    parked = Q(outcome=RowOutcome.PARKED, facts__rule=PERIOD, batch__state=BatchState.COMMITTED)
    refused = Q(outcome=RowOutcome.REFUSED, facts__rule=RATE, batch=Subquery(newest))
    return ImportRow.objects.filter(parked | refused, batch__kind=KIND)


def _read(facts: dict[str, Any], cells: dict[str, str], number: int, *batch: Any) -> Unloaded:
    key, source, filename = batch
    return Unloaded(
        external_id=facts["external_id"],
        kind=facts["kind"],
        date=date.fromisoformat(facts["date"]),
        person_id=facts["person"],
        territory_id=facts["territory"],
        account=cells.get("account_id", ""),
        amount=Decimal(facts["amount"]),
        cost=None if facts["cost"] is None else Decimal(facts["cost"]),
        currency=facts["currency"],
        rule=facts["rule"],
        source=source,
        key=facts["key"],
        batch=key,
        filename=filename,
        number=number,
    )


def _standing(rows: Iterable[Unloaded]) -> list[Unloaded]:
    """Of each line the newest row alone, and none that a later file has loaded since."""
    newest: dict[tuple[str, str], Unloaded] = {}
    for row in rows:
        newest.setdefault((row.source, row.key), row)
    lines = Actual.objects.filter(source__in={row.source for row in newest.values()}, batch__isnull=False)
    known = lines.filter(external_key__in={row.key for row in newest.values()})
    loaded = {(source, key): batch for source, key, batch in known.values_list("source", "external_key", "batch")}
    return [row for one, row in newest.items() if loaded.get(one, 0) < row.batch]


def _period(row: Unloaded, leaves: Iterable[LeafState]) -> dict[str, Any]:
    leaf = next((leaf for leaf in leaves if leaf.starts_on <= row.date <= leaf.ends_on), None)
    return {"period": leaf.label, "is_open": leaf.state == PeriodState.OPEN} if leaf else {}
