"""Many numbers changed at once: one transaction, one ``GoalBatch``, one undo.

The newest batch of a plan is the revision number of its grids: who sends back the number seen hears which cells
somebody else has changed since, and nothing is written (reliability INV-32).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q, Subquery
from django.utils.translation import gettext as _

from spm.errors import NothingToDo, RuleViolation
from spm.org import retries
from spm.org.models import Period, User
from targets import holds, policy
from targets.choices import REASON_LENGTH, BatchKind
from targets.goals import NAMES, TABLES, Goal, GoalModel, GoalSheet, Holder, LeafChange, LeafKey, lock_plan
from targets.models import CompanyPlan, GoalBatch
from targets.staleness import lock_periods

BESIDE_HELD = frozenset({BatchKind.EDIT, BatchKind.PASTE, BatchKind.SPREAD, BatchKind.METHOD, BatchKind.IMPORT})
"""What leaves held numbers as they are; an undo, a version, a revision bring back exactly what they hold."""

type Goals = Sequence[tuple[GoalModel, Goal]]
type CellKey = tuple[str, str, int | str, str, int]  # table, column and key of the holder, measure, leaf period


class UnknownRevision(RuleViolation):
    """The revision number that came back was never given out for this plan."""


class CannotUndo(RuleViolation):
    """The batch is undone already, is itself an undo or an import, or its numbers have changed since."""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A cell that was changed since it was read: both values, None = no number."""

    model: GoalModel
    holder: Holder
    measure: str
    period: Period
    theirs: Decimal | None
    by: User | None
    at: datetime
    yours: Decimal | None


class Conflict(RuleViolation):
    """Some of the cells changed since they were read, by whomsoever; nothing was written. ``cells`` holds both."""

    def __init__(self, cells: Sequence[Overtaken]) -> None:
        super().__init__(_("These numbers have changed since you opened the page. Nothing was stored."))
        self.cells = tuple(cells)


@dataclass(frozen=True, slots=True)
class Change:
    """One leaf period of one holder as a batch changed it; None stands for no number."""

    model: GoalModel
    holder: Holder
    measure: str
    period: int
    before: Decimal | None
    after: Decimal | None

    @property
    def key(self) -> CellKey:
        return NAMES[self.model], self.holder.column, self.holder.key, self.measure, self.period


def newest(plan: CompanyPlan) -> int:
    """The revision number of the plan's grids: the id of its newest batch, 0 before the first."""
    found: int | None = GoalBatch.objects.filter(plan=plan).aggregate(newest=Max("pk"))["newest"]
    return found or 0


def changes_of(batch: GoalBatch) -> list[Change]:
    """What the batch changed, in the order in which it was written."""
    return [
        Change(TABLES[table], Holder(column, key), measure, period, _amount(before), _amount(after))
        for table, column, key, measure, period, before, after in batch.changes
    ]


@retries.atomic
def write_batch(
    plan: CompanyPlan,
    goals: Sequence[tuple[GoalModel, Goal]],
    *,
    by: User | None,
    kind: BatchKind,
    reason: str = "",
    seen: int | str | None = None,
) -> GoalBatch:
    """Set all goals in one transaction, all or none, and return the batch that one ``undo`` takes back.

    ``seen``: the plan's ``newest`` as the page had it, None where nobody read before writing. Raises Conflict for
    cells set to another value since, by whomsoever, UnknownRevision for a number never given out, NothingToDo
    when every number stands there already, and whatever ``GoalSheet.write`` raises.
    """
    return _write(lock_plan(plan), goals, GoalBatch(by=by, kind=kind, reason=reason[:REASON_LENGTH]), seen)


def set_all(
    plan: CompanyPlan,
    model: GoalModel,
    goals: Sequence[Goal],
    *,
    by: User | None,
    kind: BatchKind = BatchKind.EDIT,
    reason: str = "",
) -> list[Change]:
    """The same for the goals of one table, by whoever read nothing before; what changed, maybe nothing."""
    try:
        batch = write_batch(plan, [(model, goal) for goal in goals], by=by, kind=kind, reason=reason)
    except NothingToDo:
        return []
    return changes_of(batch)


@retries.atomic
def undo(batch: GoalBatch, *, by: User | None) -> GoalBatch:
    """Give every number of the batch the value it had before; the batch of that is returned.

    Raises CannotUndo, naming the first period, when one of the numbers has changed since, and OutsidePolicy where the
    policy blocks.
    """
    plan = lock_plan(batch.plan)
    if batch.kind == BatchKind.UNDO or GoalBatch.objects.filter(undoes=batch).exists():
        raise CannotUndo(_("This change has been undone already."))
    if batch.kind == BatchKind.IMPORT:
        raise CannotUndo(_("An import is taken back where it was loaded: under Setup, Imports."))
    changes = changes_of(batch)
    periods = Period.objects.in_bulk({change.period for change in changes})
    _refuse_changed_since(plan, changes, periods)
    goals = [(c.model, Goal(c.holder, c.measure, periods[c.period], c.before)) for c in changes]
    reason = _("Undone: %(reason)s") % {"reason": batch.reason} if batch.reason else _("Undone")
    undoing = GoalBatch(by=by, kind=BatchKind.UNDO, reason=reason[:REASON_LENGTH], undoes=batch)
    with policy.kept(plan):
        return _write(plan, goals, undoing, None)


def write_revision(
    working: CompanyPlan, revision: CompanyPlan, goals: Goals, *, by: User, seen: int | str | None
) -> GoalBatch:
    """Write what a revision holds into the working version that is being opened for it (``applying``).

    In the caller's transaction. Raises NothingToDo where all of it is in force already, and Conflict where a number
    was changed since ``seen``, by whomsoever: the "before" that was read is no longer the one that it replaces.
    """
    batch = GoalBatch(by=by, kind=BatchKind.REVISION, reason=revision.reason, revision=revision)
    return _write(lock_plan(working), goals, batch, seen)


def own_and_since(plan: CompanyPlan, viewer: User, since: datetime) -> tuple[GoalBatch | None, list[GoalBatch]]:
    """(the viewer's newest batch that can be undone, those by others from ``since`` on, newest first): one query.

    None where the own newest that is neither undone nor an undo nor a revision is an import, which is taken back where
    it was loaded: an older change stands below it, and one who presses Undo means what they did last.
    """
    done = GoalBatch.objects.filter(plan=plan, by=viewer, undone_by=None)
    newest_own = done.exclude(kind__in=(BatchKind.UNDO, BatchKind.REVISION)).order_by("-pk").values("pk")[:1]
    of_others = Q(at__gte=since, by__isnull=False) & ~Q(by=viewer)
    rows = GoalBatch.objects.filter(Q(pk=Subquery(newest_own)) | of_others, plan=plan).select_related("plan", "by")
    own, others = None, []
    for row in rows.order_by("-pk"):
        if row.by_id != viewer.pk:
            others.append(row)
        elif row.kind != BatchKind.IMPORT:
            own = row
    return own, others


def _write(
    plan: CompanyPlan, goals: Sequence[tuple[GoalModel, Goal]], batch: GoalBatch, seen: int | str | None
) -> GoalBatch:
    by_model: dict[GoalModel, list[Goal]] = defaultdict(list)
    for model, goal in goals:
        by_model[model].append(goal)
    sheets = {model: GoalSheet(plan, model, by=batch.by) for model in by_model}
    if batch.kind in BESIDE_HELD:
        for sheet in sheets.values():
            sheet.held = holds.held_cells(plan, sheet.leaves)
            sheet.keeps_totals = batch.kind == BatchKind.IMPORT
    # All at once and in key order: table by table, two writers could wait for each other.
    lock_periods({leaf.pk for model, goal in goals for leaf in sheets[model].leaves.get(goal.period.pk, [])})
    wanted = {model: sheet.prepare(by_model[model]) for model, sheet in sheets.items()}
    if seen is not None:
        _refuse_overtaken(plan, _known(plan, seen), wanted)
    reason = batch.reason
    rows = [_row(model, change) for model, sheet in sheets.items() for change in sheet.store(wanted[model], reason)]
    if not rows:
        raise NothingToDo(_("These numbers stand there already."))
    batch.plan, batch.changes = plan, rows
    batch.save()
    return batch


def _row(model: GoalModel, change: LeafChange) -> list[Any]:
    """One entry of ``GoalBatch.changes``; ``changes_of`` reads it."""
    amounts = (None if amount is None else f"{amount:f}" for amount in (change.before, change.after))
    return [NAMES[model], change.holder.column, change.holder.key, change.measure, change.period, *amounts]


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _known(plan: CompanyPlan, seen: int | str) -> int:
    """``seen`` as a revision number this plan has had; raises UnknownRevision."""
    text = str(seen)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
    if number == 0 or (number > 0 and GoalBatch.objects.filter(plan=plan, pk=number).exists()):
        return number
    raise UnknownRevision(_("This page does not know which numbers it shows. Load it again; nothing was stored."))


def _refuse_overtaken(
    plan: CompanyPlan, seen: int, wanted: Mapping[GoalModel, Mapping[LeafKey, Decimal | None]]
) -> None:
    """One's own changes count too: a second window would else overwrite unseen what the first one has saved."""
    since: dict[CellKey, tuple[GoalBatch, Change]] = {}
    for batch in GoalBatch.objects.filter(plan=plan, pk__gt=seen).select_related("by").order_by("pk"):
        since.update({change.key: (batch, change) for change in changes_of(batch)})
    mine = {(NAMES[model], *key): amount for model, parts in wanted.items() for key, amount in parts.items()}
    overtaken = [
        (batch, change, mine[key])
        for key, (batch, change) in since.items()
        if key in mine and mine[key] != change.after
    ]
    if overtaken:
        periods = Period.objects.in_bulk({change.period for _batch, change, _yours in overtaken})
        raise Conflict([_overtaken(*one, periods) for one in overtaken])


def _overtaken(batch: GoalBatch, change: Change, yours: Decimal | None, periods: Mapping[int, Period]) -> Overtaken:
    period = periods[change.period]
    return Overtaken(change.model, change.holder, change.measure, period, change.after, batch.by, batch.at, yours)


def stands(plan: CompanyPlan, changes: Iterable[Change], periods: Mapping[int, Period]) -> bool:
    """Whether every number is what these changes made it: one query for each table."""
    return next(_changed_since(plan, changes, periods), None) is None


def _refuse_changed_since(plan: CompanyPlan, changes: Iterable[Change], periods: Mapping[int, Period]) -> None:
    if (change := next(_changed_since(plan, changes, periods), None)) is not None:
        words = {"period": periods[change.period].title}
        raise CannotUndo(_("%(period)s has changed again since; it is not undone.") % words)


def _changed_since(plan: CompanyPlan, changes: Iterable[Change], periods: Mapping[int, Period]) -> Iterator[Change]:
    """Compare with what is stored, not with later batches: an import may have set the number too."""
    by_model: dict[GoalModel, list[Change]] = defaultdict(list)
    for change in changes:
        by_model[change.model].append(change)
    for model, own in by_model.items():
        stored = GoalSheet(plan, model).stored_amounts(periods)
        for change in own:
            key: LeafKey = (change.holder.column, change.holder.key, change.measure, change.period)
            if stored.get(key) != change.after:
                yield change
