"""Rows of files that wait: parked while their period is closed, or, of actuals, refused for want of a rate.

Where a number is explained, those of actuals stand beside the lines that do not count. A row of a line waits until the
same id of the same source is loaded by a later file that is not undone, one of credits until those of its line are; a
number waits as long as its closed period holds what it held then, whoever changes it. Of a refused file only the newest
of its source is looked at, since whoever loads a file anew mends its rows. What a row would have become is kept with it
(``ImportRow.facts``): keys, day and amount.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from django.db.models import BigIntegerField, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat

from spm.imports.choices import BatchState, RowOutcome
from spm.imports.models import ImportBatch, ImportRow
from spm.money import to_units
from spm.org.choices import PeriodState
from spm.org.models import User
from spm.org.scopes import scope_of
from targets.choices import PlanKind
from targets.crediting import Resolver
from targets.goals import COLUMNS, MODEL_OF, Goal
from targets.lines import PERIOD, RATE, Line, Verdict
from targets.models import Actual, ActualVersion

KIND, SHARES = "actuals", "credits"
HOLDER = {"segment": "segment"}  # column of a number's holder → where a row keeps it, if not as a key in "holder"
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


def facts_of_goal(goal: Goal, verdict: Verdict) -> dict[str, Any]:
    """What is kept of a number that is not loaded; ``before`` in ten-thousandths, absent where there was none."""
    said: dict[str, Any] = {"rule": verdict.rule, "measure": goal.measure, "leaf": verdict.leaf}
    said |= {"column": goal.holder.column, HOLDER.get(goal.holder.column, "holder"): goal.holder.key}
    if verdict.before is not None:
        said["before"] = to_units(verdict.before)
    return said | {"key": f"{goal.holder.column} {goal.holder.key} {goal.measure} {goal.period.pk}"}


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
    territories (none given: all), as far as ``user`` sees the person; the newest file first. One query.
    """
    first, last = leaves[0].starts_on.isoformat(), leaves[-1].ends_on.isoformat()
    rows = _waiting().filter(~_is_loaded()).filter(facts__date__gte=first, facts__date__lte=last)
    rows, scope = rows.annotate(person=Cast(KT("facts__person"), BigIntegerField())), scope_of(user)
    for keys in (scope.people, people):
        rows = rows if keys is None else rows.filter(person__in=list(keys))
    if territories:
        rows = rows.filter(facts__territory__in=list(territories))
    columns = ("facts", "cells", "number", "batch", "batch__source", "batch__filename")
    found = [_read(*row) for row in rows.order_by("-batch", "number").values_list(*columns)[:MOST]]
    return [replace(row, **_period(row, leaves)) for row in _newest(found)]


def waiting_count(batches: QuerySet[ImportBatch]) -> QuerySet[Any, Any]:
    """How many lines, sets of credits and numbers of these files wait for their period to open: one row with ``count``,
    none where nothing waits. A line that several files bring in vain waits once.
    """
    kind = F("batch__kind")
    rows = ImportRow.objects.filter(outcome=RowOutcome.PARKED, facts__rule=PERIOD, batch__in=batches)
    rows = rows.filter(batch__state=BatchState.COMMITTED).annotate(
        **{name: KT(f"facts__{name}") for name in ("key", "measure", "segment")},
        **{name: Cast(KT(f"facts__{name}"), BigIntegerField()) for name in ("holder", "leaf", "before")},
    )
    still = Q(~_is_loaded(), batch__kind=KIND) | Q(~_are_credited(), batch__kind=SHARES)
    for column in (name for columns in COLUMNS.values() for name in columns):
        still |= Q(_is_as_it_was(column), facts__column=column)
    subject = Concat(kind, Value(" "), "batch__source", Value(" "), "key", output_field=CharField())
    found = rows.filter(still).order_by().values("outcome").annotate(count=Count(subject, distinct=True))
    return found.values("count")


def _is_loaded() -> Exists:
    """Whether a later file that stands wrote the line of a row; rows bear ``key``."""
    lines = Actual.objects.filter(source=OuterRef("batch__source"), external_key=OuterRef("key"))
    return Exists(lines.filter(batch__gt=OuterRef("batch"), batch__state=BatchState.COMMITTED))


def _are_credited() -> Exists:
    """The same of the credits of a line: a file of them replaces a form of it."""
    of_line = {"actual__source": OuterRef("batch__source"), "actual__external_key": OuterRef("key")}
    since = {"batch__gt": OuterRef("batch"), "batch__state": BatchState.COMMITTED, "batch__kind": SHARES}
    return Exists(ActualVersion.objects.filter(**of_line, **since))


def _is_as_it_was(column: str) -> Q:
    """Whether the number of a row, whose holder stands in ``column``, is what it was when the row was parked."""
    of_row = {
        "measure": OuterRef("measure"),
        "period": OuterRef("leaf"),
        column: OuterRef(HOLDER.get(column, "holder")),
    }
    rows = MODEL_OF[column]._default_manager.filter(plan__kind=PlanKind.WORKING, **of_row)
    return Q(~Exists(rows), before__isnull=True) | Q(Exists(rows.filter(amount=OuterRef("before"))))


def _waiting() -> QuerySet[ImportRow]:
    loaded = ImportBatch.objects.filter(kind=KIND, state__in=(BatchState.COMMITTED, BatchState.REFUSED))
    newest = loaded.filter(source=OuterRef("batch__source")).order_by("-pk").values("pk")[:1]
    parked = Q(outcome=RowOutcome.PARKED, facts__rule=PERIOD, batch__state=BatchState.COMMITTED)
    refused = Q(outcome=RowOutcome.REFUSED, facts__rule=RATE, batch=Subquery(newest))
    return ImportRow.objects.filter(parked | refused, batch__kind=KIND).annotate(key=KT("facts__key"))


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


def _newest(rows: Iterable[Unloaded]) -> list[Unloaded]:
    """Of each line the first row alone, of the newest file."""
    newest: dict[tuple[str, str], Unloaded] = {}
    for row in rows:
        newest.setdefault((row.source, row.key), row)
    return list(newest.values())


def _period(row: Unloaded, leaves: Iterable[LeafState]) -> dict[str, Any]:
    leaf = next((leaf for leaf in leaves if leaf.starts_on <= row.date <= leaf.ends_on), None)
    return {"period": leaf.label, "is_open": leaf.state == PeriodState.OPEN} if leaf else {}
