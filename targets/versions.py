"""Versions of a year's numbers: kept under a name, compared side by side, and brought back.

A version is a whole copy of plan lines, targets and quotas. *Saved* ones and the baseline are frozen as they were
copied; the working version is the one in force. Revisions hold only what they change, so they are not versions here.
Amounts are whole minor units of the company's currency. Rules: ux.md, Targets; domain.md, Plan revisions.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Max, Sum
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from spm.errors import RuleViolation
from spm.money import ZERO
from spm.org import clock, retries
from spm.org.models import FiscalYear, Period, User
from targets import batches, policy
from targets.choices import REASON_LENGTH, BatchKind, PlanKind, PlanState
from targets.goals import (
    BLOCK,
    COLUMNS,
    Goal,
    GoalModel,
    Holder,
    LockedPlan,
    lock_plan,
    of_person,
    of_segment,
    of_team,
)
from targets.models import CompanyPlan, GoalBatch, PlanLine, Quota, Target

WHOLE = frozenset({PlanKind.WORKING, PlanKind.BASELINE, PlanKind.SCENARIO, PlanKind.SAVED})
"""The kinds that hold all numbers of a year, and can be compared."""
NAME_LENGTH = 100


class BadVersion(RuleViolation):
    """The version has no name, no numbers, or is not a whole copy of this year."""


# Keeping


@retries.atomic
def save_version(plan: CompanyPlan, name: str, by: User | None, *, reason: str = "") -> CompanyPlan:
    """Keep the numbers as they now stand, under a name, for ever: a frozen copy of kind *saved*.

    It remembers whether the plan was approved at that time. Raises BadVersion without a name or without a number.
    """
    copy = copy_plan(plan, PlanKind.SAVED, name, by, reason=reason)
    freeze(copy)
    return copy


@retries.atomic
def copy_plan(plan: CompanyPlan, kind: PlanKind, name: str, by: User | None, *, reason: str = "") -> CompanyPlan:
    """A whole copy of the plan's numbers as a version of another kind, under the kind's next number, not frozen.

    ``based_on`` names the plan copied. Raises BadVersion without a name or without a number.
    """
    name = name.strip()
    if not name or len(name) > NAME_LENGTH:
        raise BadVersion(_("Give the version a name of at most %(n)s characters.") % {"n": NAME_LENGTH})
    FiscalYear.objects.select_for_update(no_key=True).get(pk=plan.fiscal_year_id)
    source = lock_plan(plan)  # nobody writes a number of it while it is copied
    same_kind = CompanyPlan.objects.filter(fiscal_year=source.fiscal_year_id, kind=kind)
    newest: int = same_kind.aggregate(newest=Max("number"))["newest"] or 0
    copy = CompanyPlan.objects.create(
        fiscal_year=source.fiscal_year,
        kind=kind,
        number=newest + 1,
        name=name,
        reason=reason.strip()[:REASON_LENGTH],
        author=by,
        based_on=source,
        state=source.state if kind == PlanKind.SAVED else PlanState.DRAFT,
        decided_at=source.decided_at if kind == PlanKind.SAVED else None,
        decided_by=source.decided_by if kind == PlanKind.SAVED else None,
    )
    if not copy_rows(source, copy, by, reason):
        raise BadVersion(_("%(year)s has no numbers yet.") % {"year": source.fiscal_year.label})
    return copy


def copy_rows(source: CompanyPlan, copy: CompanyPlan, by: User | None, reason: str = "") -> int:
    """Hang a copy of every plan line, target and quota of ``source`` on ``copy``; how many there are."""
    count = 0
    models: tuple[Any, ...] = tuple(COLUMNS)
    for model in models:
        rows = list(model.objects.filter(plan=source).order_by("pk"))
        for row in rows:
            row.pk, row.plan = None, copy
        told = {"default_user": by, "default_change_reason": reason[:REASON_LENGTH], "default_date": clock.now()}
        bulk_create_with_history(rows, model, batch_size=BLOCK, **told)
        count += len(rows)
    return count


def freeze(plan: CompanyPlan) -> None:
    """From here on the guards of the database refuse every change of the version and its numbers."""
    plan.frozen_at = clock.now()
    plan.save(update_fields=["frozen_at"])


# Bringing back


@retries.atomic
def restore(
    version: CompanyPlan, by: User | None, *, reason: str = "", seen: int | str | None = None
) -> tuple[GoalBatch, int]:
    """Give the working version every number of this one, as one batch that ``batches.undo`` takes back.

    Numbers that the version does not have are taken away. Nobody sets their own quota: those of ``by`` stay as they
    are, and how many differ is returned beside the batch. ``seen``: the working version's revision number as the page
    had it. Raises BadVersion for a revision or the working version itself, LockedPlan after the lock, OutsidePolicy
    where the policy blocks, NothingToDo where all numbers are alike, and what ``batches.write_batch`` raises: Conflict,
    a closed period.
    """
    if version.kind not in WHOLE or version.kind == PlanKind.WORKING:
        raise BadVersion(_("Only a whole version other than the working one can be restored."))
    working = lock_plan(CompanyPlan.objects.working().get(fiscal_year=version.fiscal_year_id))
    if working.locked_at is not None:
        raise LockedPlan(_("%(year)s is locked. Request a revision.") % {"year": working.fiscal_year.label})
    goals, own = differences(version, working, by)
    with policy.kept(working):
        batch = batches.write_batch(
            working, goals, by=by, kind=BatchKind.RESTORE, reason=reason.strip() or title(version), seen=seen
        )
    return batch, own


def title(version: CompanyPlan) -> str:
    """How a version is called: by its name, else by its kind."""
    kind: Any = PlanKind(version.kind)
    return version.name or str(kind.label)


def differences(
    version: CompanyPlan, working: CompanyPlan, by: User | None
) -> tuple[list[tuple[GoalModel, Goal]], int]:
    """The leaf periods in which the two differ, as the version has them, and how many of ``by``'s own do."""
    periods = {leaf.pk: leaf for leaf in Period.objects.leaves().filter(fiscal_year=version.fiscal_year_id)}
    goals: list[tuple[GoalModel, Goal]] = []
    for model in COLUMNS:
        before, after = _numbers(model, working), _numbers(model, version)
        keys = sorted(before.keys() | after.keys(), key=str)
        goals += [
            (model, Goal(holder, measure, periods[period], after.get((holder, measure, period))))
            for holder, measure, period in keys
            if before.get((holder, measure, period)) != after.get((holder, measure, period))
        ]
    own = of_person(by.pk) if by else None
    kept = [(model, goal) for model, goal in goals if goal.holder != own]
    return kept, len(goals) - len(kept)


def _numbers(model: GoalModel, plan: CompanyPlan) -> dict[tuple[Holder, str, int], Decimal]:
    rows = model._default_manager.filter(plan=plan).values_list(*COLUMNS[model], "measure", "period_id", "amount")
    return {(_holder(model, row[:-3]), row[-3], row[-2]): row[-1] for row in rows}


def _holder(model: GoalModel, values: tuple[Any, ...]) -> Holder:
    return next(
        Holder(column, value) for column, value in zip(COLUMNS[model], values, strict=True) if value is not None
    )


# Comparing


@dataclass(frozen=True, slots=True)
class Difference:
    """The year's number of one holder in two versions; None = no number."""

    holder: Holder
    name: str
    before: Decimal | None
    after: Decimal | None

    @property
    def difference(self) -> Decimal:
        return (self.after or ZERO) - (self.before or ZERO)

    @property
    def share(self) -> Decimal | None:
        """The difference ÷ the number before; None where there was none to compare with."""
        return self.difference / self.before if self.before else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions side by side, one measure, whole year. ``company``: the whole company first, then its segments.

    ``months``: the company's number of each leaf period, in order; its holder is the company.
    """

    measure: str
    before: CompanyPlan
    after: CompanyPlan
    company: tuple[Difference, ...]
    months: tuple[Difference, ...]
    teams: tuple[Difference, ...]
    people: tuple[Difference, ...]

    @property
    def changed(self) -> int:
        """How many holders have another number."""
        return sum(1 for one in (*self.company, *self.teams, *self.people) if one.before != one.after)


def compare(a: CompanyPlan, b: CompanyPlan, measure: str, viewer: User | None = None) -> Comparison:
    """What each holder has in ``a`` and in ``b``; six queries. With a ``viewer``: of teams and people they see.

    Raises BadVersion for versions of two years, and for a revision, which holds only what it changes.
    """
    if a.fiscal_year_id != b.fiscal_year_id or not {a.kind, b.kind} <= WHOLE:
        raise BadVersion(_("Two whole versions of one year can be compared."))
    lines = _of(PlanLine, (a, b), measure, viewer)
    totals = [(plan, "", _("Whole company"), amount) for plan, amount in _sums(lines.counting(), "plan_id")]
    months = _sums(lines.counting(), "plan_id", "period_id")
    segments = _sums(lines.exclude(segment=""), "plan_id", "segment", F("segment"))
    teams = _of(Target, (a, b), measure, viewer).filter(team__isnull=False)
    people = _of(Quota, (a, b), measure, viewer)
    return Comparison(
        measure,
        a,
        b,
        (*_beside(a, b, totals, of_segment), *_beside(a, b, segments, of_segment)),
        _months(a, b, months),
        _beside(a, b, _sums(teams, "plan_id", "team_id", F("team__name")), of_team),
        _beside(a, b, _sums(people, "plan_id", "person_id", F("person__name")), of_person),
    )


def _months(a: CompanyPlan, b: CompanyPlan, sums: Iterable[tuple[int, int, Decimal]]) -> tuple[Difference, ...]:
    """``sums``: plan, leaf period, amount. One line per leaf period of the year."""
    amounts = {(plan, leaf): amount for plan, leaf, amount in sums}
    leaves = Period.objects.leaves().filter(fiscal_year=a.fiscal_year_id).order_by("starts_on")
    return tuple(
        Difference(of_segment(), leaf.title, amounts.get((a.pk, leaf.pk)), amounts.get((b.pk, leaf.pk)))
        for leaf in leaves
    )


def _of(model: Any, plans: Iterable[CompanyPlan], measure: str, viewer: User | None) -> Any:
    rows = model.objects.all() if viewer is None else model.objects.visible_to(viewer)
    return rows.filter(plan__in=[plan.pk for plan in plans], measure=measure)


def _sums(rows: Any, *columns: Any) -> list[tuple[Any, ...]]:
    """The amounts added up over the year, per value of ``columns``."""
    return list(rows.order_by().values_list(*columns).annotate(sum=Sum("amount")))


def _beside(
    a: CompanyPlan, b: CompanyPlan, sums: Iterable[tuple[Any, ...]], holder: Callable[[Any], Holder]
) -> tuple[Difference, ...]:
    """``sums``: plan, key of the holder, name, amount. One line per holder, by name."""
    amounts: dict[tuple[str, Any], dict[int, Decimal]] = defaultdict(dict)
    for plan, key, name, amount in sums:
        amounts[name, key][plan] = amount
    ordered = sorted(amounts.items(), key=lambda one: (one[0][0].casefold(), one[0][1]))
    return tuple(Difference(holder(key), name, of.get(a.pk), of.get(b.pk)) for (name, key), of in ordered)
