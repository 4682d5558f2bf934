"""Closing leaf periods: open → soft-closed (late lines wait) → closed (frozen) → opened again, with a reason.

A closing keeps the attainment rows of the period and a digest over them; closing again after a reopening also keeps
what differs from the closing before. Every step is in the audit log. Guards below the ORM refuse what the verbs
refuse (``targets.guards``). Rules: domain.md "Closing", reliability INV-29, INV-30.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from spm.org import audit, clock, retries
from spm.org.access import can_close_period, can_reopen_period
from spm.org.choices import AuditKind, PeriodLevel, PeriodState
from spm.org.clock import today
from spm.org.models import Period, User
from targets import rollup
from targets.models import Attainment, PeriodClosing, PeriodReopening, RollupRun
from targets.staleness import mark_stale

SOFT_CLOSE_AFTER = timedelta(days=5)
"""The monthly close: this long after its end a leaf period takes no more late lines by itself."""
CLOSE_AFTER = timedelta(days=20)
"""The quarterly close: this long after the end of a quarter its leaf periods are closed."""

HOLDERS = ("person_id", "team_id", "territory_id", "company_id")
AMOUNTS = ("actual", "overlay", "base", "overlay_base", "target", "quota_sum", "effect")
COUNTS = ("lines", "cost_missing")


class NotAllowed(RuleViolation):
    """Only an admin closes and reopens."""


class NotOver(RuleViolation):
    """The period has not ended yet."""


@retries.atomic
def soft_close(period: Period, *, by: User | None, reason: str = "") -> None:
    """From now on lines dated in this leaf period wait for a decision. ``by`` None: the scheduled close.

    Raises NotAllowed, NotOver, and NothingToDo when the period is not open.
    """
    leaf = _locked(period, by)
    if leaf.state != PeriodState.OPEN:
        raise NothingToDo(_("%(period)s is not open.") % {"period": leaf.title})
    _set_state(leaf, PeriodState.SOFT_CLOSED)
    audit.record(AuditKind.PERIOD_SOFT_CLOSE, actor=by, subject=leaf.label, reason=reason)


@retries.atomic
def close(period: Period, *, by: User | None, reason: str = "") -> PeriodClosing:
    """Freeze a leaf period: roll it up if it is stale, keep its rows and their digest. ``by`` None: the schedule.

    Raises NotAllowed, NotOver, and NothingToDo when it is closed already.
    """
    leaf = _locked(period, by)
    if leaf.state == PeriodState.CLOSED:
        raise NothingToDo(_("%(period)s is closed already.") % {"period": leaf.title})
    rollup.roll_up_together([leaf.pk], only_stale=True)
    rows = snapshot(leaf)
    before = PeriodClosing.objects.filter(period=leaf).order_by("-pk").first()
    closing = PeriodClosing.objects.create(
        period=leaf,
        closed_at=clock.now(),
        closed_by=by,
        digest=digest_of(rows),
        rows=rows,
        difference=difference(before.rows, rows) if before else [],
        reopening=PeriodReopening.objects.open().filter(period=leaf).order_by("-pk").first(),
    )
    _set_state(leaf, PeriodState.CLOSED)
    audit.record(AuditKind.PERIOD_CLOSE, actor=by, subject=leaf.label, reason=reason, digest=closing.digest)
    return closing


@retries.atomic
def reopen(period: Period, *, by: User, reason: str) -> PeriodReopening:
    """Open a closed (or soft-closed) leaf period again; lines and quotas may change until it is closed anew.

    Assignments and placements that changed while it was closed passed it by, so its credits are placed again too.
    Raises NotAllowed, NothingToDo when it is open, and RuleViolation without a reason.
    """
    if not can_reopen_period(by, period):
        raise NotAllowed(_("Only an admin can reopen a period."))
    if not reason.strip():
        raise RuleViolation(_("Say why the period is reopened."))
    leaf = _locked(period, by)
    if leaf.state == PeriodState.OPEN:
        raise NothingToDo(_("%(period)s is open.") % {"period": leaf.title})
    reopening = PeriodReopening.objects.create(
        period=leaf, reopened_at=clock.now(), reopened_by=by, reason=reason.strip()
    )
    _set_state(leaf, PeriodState.OPEN)
    mark_stale([leaf.pk], recredit=True)
    audit.record(AuditKind.PERIOD_REOPEN, actor=by, subject=leaf.label, reason=reason.strip(), reopening=reopening.pk)
    return reopening


def _locked(period: Period, by: User | None) -> Period:
    """The leaf as it stands, locked with its quarter and year, in the order in which a roll-up locks them."""
    if by is not None and not can_close_period(by, period):
        raise NotAllowed(_("Only an admin can close or reopen a period."))
    if period.level != PeriodLevel.MONTH:
        raise RuleViolation(_("Quarters and years close with their leaf periods."))
    (leaf,) = rollup.lock_with_parents([period.pk])
    if leaf.ends_on >= today():
        raise NotOver(_("%(period)s is not over yet.") % {"period": leaf.title})
    return leaf


def _set_state(leaf: Period, state: PeriodState) -> None:
    leaf.state = state
    leaf.save(update_fields=["state"])


def snapshot(leaf: Period) -> list[dict[str, Any]]:
    """The attainment rows of a leaf period as JSON holds them: keys, measure, amounts as plain decimals, counts."""
    rows = Attainment.objects.filter(period=leaf).values(*HOLDERS, "measure", *AMOUNTS, *COUNTS)
    plain = [{name: _plain(name, value) for name, value in row.items()} for row in rows]
    return sorted(plain, key=_identity)


def _plain(name: str, value: Any) -> Any:
    return str(value) if name in AMOUNTS and value is not None else value


def _identity(row: dict[str, Any]) -> tuple[Any, ...]:
    return (*(row[holder] or 0 for holder in HOLDERS), row["measure"])


def digest_of(rows: list[dict[str, Any]]) -> str:
    """SHA-256 over a snapshot, as 64 hex digits."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def difference(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that differ between two snapshots: ``{"before": row or None, "after": row or None}``, by holder."""
    old, new = ({_identity(row): row for row in rows} for rows in (before, after))
    keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return [{"before": old.get(key), "after": new.get(key)} for key in keys]


def close_due(day: date | None = None) -> tuple[int, int]:
    """The scheduled closes that are due on ``day``, missed ones included: (soft-closed, closed).

    Periods that were over before the first numbers came in are history: they are closed by hand, so that somebody who
    loads old years piece by piece is never locked out.
    """
    on = day or today()
    quarterly = _over(on - CLOSE_AFTER, "parent__ends_on").exclude(state=PeriodState.CLOSED)
    closed = sum(_closed_now(close, leaf) for leaf in quarterly)
    monthly = _over(on - SOFT_CLOSE_AFTER, "ends_on").filter(state=PeriodState.OPEN)
    soft = sum(_closed_now(soft_close, leaf) for leaf in monthly)
    return soft, closed


def _closed_now(verb: Callable[..., object], leaf: Period) -> bool:
    """Close one leaf period by the schedule; False where an admin, or another run, was there in between."""
    try:
        verb(leaf, by=None)
    except (NothingToDo, NotOver):
        return False
    return True


def _over(by: date, end: str) -> QuerySet[Period]:
    """Leaf periods whose ``end`` lies on or before ``by``, from the day on that this installation has had numbers.

    A period that was reopened is left alone: its admin closes it.
    """
    first = RollupRun.objects.order_by("pk").first()
    since = clock.day_of(first.requested_at) if first else date.max
    leaves: QuerySet[Period] = Period.objects.leaves().filter(**{f"{end}__lte": by}, ends_on__gte=since)
    return leaves.exclude(pk__in=PeriodReopening.objects.open().values("period")).order_by("pk")
