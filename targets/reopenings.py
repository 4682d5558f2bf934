"""What changed in a period that was open again: each change is kept under the id of the reopening (INV-30)."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Max

from targets.choices import Changed
from targets.models import PeriodReopening, PlanLine, Quota, ReopenedChange, Target

BLOCK = 1_000
GOALS: dict[Any, Changed] = {PlanLine: Changed.PLAN_LINE, Target: Changed.TARGET, Quota: Changed.QUOTA}

type Written = tuple[int, int, int | None]  # leaf period, key of the row, its state


def under_way() -> dict[int, int]:
    """Leaf period → the reopening under which it is open. To be read under the locks of the periods."""
    return dict(PeriodReopening.objects.open().order_by("pk").values_list("period_id", "pk"))


def note(what: Changed, written: Iterable[Written], reopened: dict[int, int]) -> None:
    """Keep the changes of leaf periods that are open again; the others leave no trace here."""
    rows = [
        ReopenedChange(reopening_id=reopened[leaf], what=what, row=row, state=state)
        for leaf, row, state in written
        if leaf in reopened
    ]
    ReopenedChange.objects.bulk_create(rows, batch_size=BLOCK)


def note_goals(model: Any, written: Sequence[tuple[int, int]]) -> None:
    """Keep what a write did to goals; ``written``: leaf period and key of each row, its history written already."""
    reopened = under_way()
    keys = [row for leaf, row in written if leaf in reopened]
    for start in range(0, len(keys), BLOCK):
        block = keys[start : start + BLOCK]
        newest = dict(model.history.filter(id__in=block).order_by().values_list("id").annotate(Max("history_id")))
        note(GOALS[model], [(leaf, row, newest[row]) for leaf, row in written if row in newest], reopened)
