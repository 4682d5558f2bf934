"""Which leaf periods have to be rolled up again, and the lock under which their rows change.

Every writer of credits, quotas, targets, plan lines, memberships or placements does the same four steps in one
transaction: atomic → ``lock_periods`` → write → ``mark_stale``. A roll-up takes the same locks, so it sees all of a
change or nothing of it (reliability INV-21, INV-23).
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from spm.errors import PeriodClosed
from spm.jobs.queue import enqueue
from spm.org.choices import PeriodLevel, PeriodState
from spm.org.models import Period
from targets.choices import RunState
from targets.models import RollupRun


def lock_periods(period_ids: Iterable[int]) -> list[Period]:
    """Lock these Period rows (of any level) in key order and return them as they now stand.

    Must run inside ``atomic``. NO KEY UPDATE: rows that merely point at a period may still be written by others. On
    SQLite the transaction itself is the lock (BEGIN IMMEDIATE), and the call only reads.
    """
    rows = Period.objects.filter(pk__in=sorted(set(period_ids))).order_by("pk")
    return list(rows.select_for_update(no_key=True))


def lock_all_leaves() -> list[Period]:
    """Lock every leaf period: for a bulk write that learns only on the way which periods it touches."""
    leaves = Period.objects.filter(level=PeriodLevel.MONTH).order_by("pk")
    return list(leaves.select_for_update(no_key=True))


def refuse_closed(periods: Iterable[Period]) -> None:
    """Raise PeriodClosed, naming the first closed period among these."""
    for period in periods:
        if period.state == PeriodState.CLOSED:
            raise PeriodClosed(_("%(period)s is closed. An admin can reopen it.") % {"period": period.title})


def mark_stale(period_ids: Iterable[int], *, recredit: bool = False) -> int:
    """Mark leaf periods to be rolled up, in the caller's transaction; return how many were not marked before.

    ``recredit``: the territories of their credits follow dated facts that changed, so the roll-up places the credits
    first. Closed periods must be refused (``refuse_closed``) or left out by the caller; they raise PeriodClosed here.
    """
    leaves = list(Period.objects.filter(pk__in=set(period_ids), level=PeriodLevel.MONTH).order_by("pk"))
    refuse_closed(leaves)
    waiting: dict[int, Any] = {run.period_id: run for run in RollupRun.objects.stale().filter(period__in=leaves)}
    if recredit:
        again = [run.pk for run in waiting.values() if not run.recredit]
        RollupRun.objects.filter(pk__in=again).update(recredit=True)
    now = timezone.now()
    fresh = [
        RollupRun(period=leaf, state=RunState.STALE, requested_at=now, recredit=recredit)
        for leaf in leaves
        if leaf.pk not in waiting
    ]
    RollupRun.objects.bulk_create(fresh)
    if fresh:  # whoever marked the others has asked already, and that roll-up waits for our locks
        enqueue("rollup")
    return len(fresh)


def mark_stale_since(day: date, *, recredit: bool = False) -> int:
    """Mark every leaf period that is not closed and ends on or after ``day``, e.g. after somebody moved team.

    Closed periods keep the totals they were closed with.
    """
    leaves = _lock_since(day)
    return mark_stale((leaf.pk for leaf in leaves if leaf.state != PeriodState.CLOSED), recredit=recredit)


def _lock_since(day: date) -> list[Period]:
    open_leaves = Period.objects.filter(~Q(state=PeriodState.CLOSED), level=PeriodLevel.MONTH, ends_on__gte=day)
    return lock_periods(open_leaves.values_list("pk", flat=True))


def on_facts_moving(*, since: date, **_: object) -> None:
    """Dated facts are about to change: their periods are locked before the rows of people, as in every other write."""
    _lock_since(since)


def on_facts_moved(*, since: date, recredit: bool, **_: object) -> None:
    """Dated facts of the organisation or the market changed: their totals follow, in the same transaction."""
    mark_stale_since(since, recredit=recredit)
