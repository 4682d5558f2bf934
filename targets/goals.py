"""Plan lines, targets and quotas are set alike: an amount for a holder, a measure and a period of any level.

The amount of a quarter or year is spread over its leaf periods. What equals the stored amount is left alone and makes
no history; what would change a closed period or a frozen plan is refused. Amounts are whole minor units of the
company's currency; one given in another is converted at the plan rate of the year before it is spread. ``plans`` and
``quotas`` put this into the words of the business.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from spm.errors import PeriodClosed, RuleViolation
from spm.imports import bulk
from spm.imports.choices import RowOutcome
from spm.money import MAX_UNITS, UNITS_PER_ONE, ZERO, minor_unit, to_units, total
from spm.org import clock, retries
from spm.org.choices import PeriodLevel, PeriodState
from spm.org.models import Company, Period, User
from spm.ui.numbers import number
from targets import segments
from targets.choices import REASON_LENGTH, PlanKind, PlanState
from targets.lines import PERIOD, Verdict
from targets.models import CompanyPlan, OpenQuota, PlanLine, Quota, Target
from targets.rates import NoRate, exchanged, of_plan, plan_rates
from targets.reopenings import note_goals
from targets.seasonality import spread_over, weights_of
from targets.staleness import lock_periods, mark_stale

BLOCK = 1_000
MAX_AMOUNT = Decimal(MAX_UNITS) / UNITS_PER_ONE
UNCHANGED = Verdict(RowOutcome.UNCHANGED)

type GoalModel = type[PlanLine] | type[Target] | type[Quota] | type[OpenQuota]
type LeafKey = tuple[str, int | str, str, int]  # column and key of the holder, measure, leaf period

TABLES: Mapping[str, GoalModel] = {"planline": PlanLine, "target": Target, "quota": Quota, "openquota": OpenQuota}
NAMES: Mapping[GoalModel, str] = {model: name for name, model in TABLES.items()}
COLUMNS: Mapping[GoalModel, tuple[str, ...]] = {
    PlanLine: ("segment",),
    Target: ("team_id", "territory_id"),
    Quota: ("person_id",),
}
"""Where each table says whom or what a number is for; one of them is filled."""
HOLDERS: Mapping[GoalModel, tuple[str, ...]] = {**COLUMNS, OpenQuota: ("position_id",)}
"""The same with what scenarios alone have: the numbers of hires they plan."""
MODEL_OF: Mapping[str, GoalModel] = {column: model for model, columns in HOLDERS.items() for column in columns}


class BadAmount(RuleViolation):
    """Not a whole number of minor units, too large, or negative where nothing may be."""


class FrozenPlan(RuleViolation):
    """A baseline, or a revision that was approved, stays as it is."""


class LockedPlan(RuleViolation):
    """After the lock the working version changes by approved revisions alone."""


class SubmittedPlan(RuleViolation):
    """A company plan that waits for its approval stays as it was submitted."""


class OwnQuota(RuleViolation):
    """Nobody sets the number by which they are judged."""


class HeldNumber(RuleViolation):
    """The number is held: whoever wants to change it releases it first."""


class Holder(NamedTuple):
    """Who or what a goal is for: column of its table and value in it. A tuple: grids hash it by the thousand."""

    column: str
    key: int | str


def of_person(pk: int) -> Holder:
    return Holder("person_id", pk)


def of_team(pk: int) -> Holder:
    return Holder("team_id", pk)


def of_territory(pk: int) -> Holder:
    return Holder("territory_id", pk)


def of_position(pk: int) -> Holder:
    """A hire that a scenario plans."""
    return Holder("position_id", pk)


def of_segment(name: str = "") -> Holder:
    """The company as a whole, or one segment of it."""
    return Holder("segment", name)


def holder_of(row: Any) -> Holder:
    """Whom or what a plan line, target or quota is for."""
    column = next(name for name in HOLDERS[type(row)] if getattr(row, name) is not None)
    return Holder(column, getattr(row, column))


@dataclass(frozen=True, slots=True)
class Goal:
    """One amount as a form or file gives it. ``amount`` None takes the goal away; currency empty: the company's."""

    holder: Holder
    measure: str
    period: Period
    amount: Decimal | None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class LeafChange:
    """What a write did to one leaf period; None stands for no goal."""

    holder: Holder
    measure: str
    period: int
    before: Decimal | None
    after: Decimal | None


def refuse_amount(amount: Decimal, currency: str, *, negative: bool = False) -> None:
    """Raise BadAmount for what no line holds, a part of a minor unit, and below zero unless ``negative`` may be."""
    if not amount.is_finite() or abs(amount) > MAX_AMOUNT:
        raise BadAmount(
            _("%(amount)s is too large: it must stay below %(limit)s.")
            % {"amount": amount, "limit": number(MAX_AMOUNT)}
        )
    coin = minor_unit(currency)
    if amount % coin:
        raise BadAmount(
            _("%(amount)s is not a whole number of %(coin)s %(currency)s.")
            % {"amount": amount, "coin": coin, "currency": currency}
        )
    if amount < 0 and not negative:
        raise BadAmount(_("A target or quota is not negative: %(amount)s.") % {"amount": amount})


def lock_plan(plan: CompanyPlan) -> CompanyPlan:
    """The version as it now stands, locked against other writers of its numbers and against its lock.

    Without this a number could reach the working version after the lock has copied it, and miss the baseline. Must
    run inside ``atomic``, before ``lock_periods``. NO KEY UPDATE: rows may still be hung on it.
    """
    rows = CompanyPlan.objects.select_related("fiscal_year", "effective", "applying__effective")
    return rows.select_for_update(no_key=True, of=("self",)).get(pk=plan.pk)


class GoalSheet:
    """The goals of one kind in one plan: judged against what is stored, and written.

    Reads the fiscal year's periods and, per call, the stored rows of the periods concerned; never a query per goal.
    """

    def __init__(self, plan: CompanyPlan, model: GoalModel, *, by: User | None = None) -> None:
        self.plan, self.model, self.by = plan, model, by
        self.currency = Company.objects.values_list("currency", flat=True).get()
        self.weights = weights_of(plan.fiscal_year)
        self.stored: dict[LeafKey, Any] = {}
        self.held: Container[LeafKey] = ()  # ``holds.held_cells``: these stay; by default nothing does
        self.keeps_totals = False  # a total that stands already leaves its leaf periods as they are
        self.rates: dict[str, Decimal] | None = None  # read with the first goal in another currency
        self._read_periods()

    def _read_periods(self) -> None:
        self.periods = {period.pk: period for period in self.plan.fiscal_year.periods.order_by("starts_on")}
        self.leaves: dict[int, list[Period]] = {pk: [] for pk in self.periods}
        for leaf in self.periods.values():
            if leaf.level == PeriodLevel.MONTH:
                above: Period | None = leaf
                while above is not None:
                    self.leaves[above.pk].append(leaf)
                    above = self.periods[above.parent_id] if above.parent_id else None

    def judge(self, goals: Sequence[Goal]) -> list[Verdict]:
        """One verdict per goal, in order: new, changed, unchanged, parked (period closed), refused. Writes nothing."""
        goals = segments.spelled(self.plan, goals)
        self._read_stored(goals)
        seen: dict[LeafKey, Decimal | None] = {}
        verdicts = []
        for goal in goals:
            try:
                parts = self._parts(goal)
                self._refuse_twice(goal, parts, seen)
                verdicts.append(self._verdict(parts))
            except PeriodClosed as error:
                now = self._stored_amount((goal.holder.column, goal.holder.key, goal.measure, error.leaf))
                verdicts.append(Verdict(RowOutcome.PARKED, str(error), rule=PERIOD, before=now, leaf=error.leaf))
            except NoRate as error:
                verdicts.append(Verdict(RowOutcome.REFUSED, str(error), "currency"))
            except RuleViolation as error:
                verdicts.append(Verdict(RowOutcome.REFUSED, str(error)))
            else:
                seen.update(parts)
        return verdicts

    @retries.atomic
    def write(self, goals: Sequence[Goal], reason: str = "") -> list[LeafChange]:
        """Set all goals in one transaction and mark what changed to be rolled up; what changed is returned.

        Raises the RuleViolation of the first goal that is refused, and then writes none.
        """
        return self.store(self.prepare(goals), reason)

    def prepare(self, goals: Sequence[Goal]) -> dict[LeafKey, Decimal | None]:
        """Lock the plan and the periods, judge all goals and return what each leaf period is to hold.

        Must run inside ``atomic``. Raises the RuleViolation of the first goal that is refused.
        """
        self.plan = lock_plan(self.plan)
        goals = segments.spelled(self.plan, goals)
        lock_periods({leaf.pk for goal in goals for leaf in self.leaves.get(goal.period.pk, [])})
        self._read_periods()
        self._read_stored(goals)
        self.rates = None
        wanted: dict[LeafKey, Decimal | None] = {}
        for goal in goals:
            parts = self._parts(goal)
            self._refuse_twice(goal, parts, wanted)
            wanted.update(parts)
        return wanted

    def store(self, wanted: dict[LeafKey, Decimal | None], reason: str = "") -> list[LeafChange]:
        """Write what ``prepare`` gave, in its transaction; what changed is returned."""
        changes = [change for key, amount in wanted.items() if (change := self._change(key, amount))]
        self._store(changes, reason)
        if self.plan.kind == PlanKind.WORKING:
            mark_stale({change.period for change in changes})
        return changes

    def stored_amounts(self, leaf_ids: Iterable[int]) -> dict[LeafKey, Decimal]:
        """The goals of these leaf periods as they are stored."""
        rows = self.model._default_manager.filter(plan=self.plan, period__in=list(leaf_ids))
        return {self._key(row): row.amount for row in rows}

    # Judging

    def _read_stored(self, goals: Iterable[Goal]) -> None:
        leaf_ids = {leaf.pk for goal in goals for leaf in self.leaves.get(goal.period.pk, [])}
        holders = {goal.holder for goal in goals}
        rows = self.model._default_manager.filter(plan=self.plan, period__in=leaf_ids)
        if len(holders) == 1:
            (holder,) = holders
            rows = rows.filter(**{holder.column: holder.key})
        self.stored = {self._key(row): row for row in rows}

    def _key(self, row: Any) -> LeafKey:
        holder = holder_of(row)
        return holder.column, holder.key, row.measure, row.period_id

    def _parts(self, goal: Goal) -> dict[LeafKey, Decimal | None]:
        """The goal spread over its leaf periods; raises what is wrong with it."""
        self._refuse_goal(goal)
        leaves = self.leaves[goal.period.pk]
        keys = {leaf.pk: (goal.holder.column, goal.holder.key, goal.measure, leaf.pk) for leaf in leaves}
        now = {pk: self._stored_amount(key) for pk, key in keys.items()}
        amounts = self._amounts(goal, [leaf for leaf in leaves if keys[leaf.pk] not in self.held], now)
        for leaf in leaves:
            if amounts[leaf.pk] != now[leaf.pk]:
                self._refuse_leaf(leaf)
        return {keys[pk]: amount for pk, amount in amounts.items()}

    def _amounts(
        self, goal: Goal, free: Sequence[Period], now: Mapping[int, Decimal | None]
    ) -> dict[int, Decimal | None]:
        """What each leaf period is to hold; those that are not ``free`` stay as they are ``now``."""
        wanted = ZERO if goal.amount is None else self._own(goal.amount, goal.currency)
        if self.keeps_totals and goal.amount is not None and wanted == total(now.values()):
            return dict(now)
        amounts: dict[int, Decimal | None] = {**now, **dict.fromkeys(leaf.pk for leaf in free)}
        rest = wanted - (total(amounts.values()) or ZERO)
        if len(free) < len(now):
            self._refuse_held(goal, rest, has_free=bool(free))
        if goal.amount is None or not free:
            return amounts
        return amounts | spread_over(free, rest, self.currency, self.weights)

    def _refuse_held(self, goal: Goal, rest: Decimal, *, has_free: bool) -> None:
        """``rest``: what is left of the number beside the leaf periods that stay."""
        if rest and not has_free:
            raise HeldNumber(_("%(period)s is held. Release it to change it.") % {"period": goal.period.label})
        if rest < 0 and goal.amount is not None:
            words = {"amount": goal.amount, "period": goal.period.label}
            raise HeldNumber(_("The held numbers of %(period)s are more than %(amount)s.") % words)

    def _refuse_leaf(self, leaf: Period) -> None:
        if leaf.state == PeriodState.CLOSED:
            raise PeriodClosed(_("%(period)s is closed. An admin can reopen it.") % {"period": leaf.title}, leaf.pk)
        first = self.revised_from
        if first is not None and leaf.starts_on < first.starts_on:
            raise LockedPlan(
                _("The revision changes nothing before %(first)s: %(period)s stays.")
                % {"first": first.title, "period": leaf.title}
            )

    @property
    def revised_from(self) -> Period | None:
        """The first leaf period that may change: of a revision, or of a locked plan while one is being applied."""
        revision = self.plan if self.plan.kind == PlanKind.REVISION else self.plan.applying
        return revision.effective if revision else None

    def _refuse_goal(self, goal: Goal) -> None:
        if self.plan.frozen_at is not None:
            raise FrozenPlan(_("This version of the plan is frozen. Change the working version."))
        if self.plan.locked_at is not None and self.plan.applying_id is None:
            raise LockedPlan(_("%(year)s is locked. Request a revision.") % {"year": self.plan.fiscal_year.label})
        if self.model is PlanLine and self.plan.kind == PlanKind.WORKING and self.plan.state == PlanState.SUBMITTED:
            raise SubmittedPlan(_("The company plan waits for its approval. Take it back before you change it."))
        if self.model is OpenQuota and self.plan.kind != PlanKind.SCENARIO:
            raise RuleViolation(_("Open positions have numbers in scenarios alone."))
        if goal.period.pk not in self.leaves:
            raise RuleViolation(
                _("The period %(period)s is not part of the fiscal year %(year)s.")
                % {"period": goal.period.label, "year": self.plan.fiscal_year.label}
            )
        if self.by is not None and goal.holder == of_person(self.by.pk):
            raise OwnQuota(_("Nobody sets their own quota."))
        if goal.amount is not None:
            refuse_amount(goal.amount, goal.currency or self.currency, negative=self.model is PlanLine)

    def _own(self, amount: Decimal, currency: str) -> Decimal:
        """An amount in the company's currency, at the plan rate of the year. Raises NoRate, TooLarge."""
        if currency in ("", self.currency):
            return amount
        if self.rates is None:
            self.rates = plan_rates(self.plan.fiscal_year)
        return exchanged(amount, of_plan(self.rates, self.plan.fiscal_year, currency), self.currency)

    def _refuse_twice(self, goal: Goal, parts: Iterable[LeafKey], seen: Container[LeafKey]) -> None:
        if any(key in seen for key in parts):
            raise RuleViolation(
                _("%(period)s is given twice: as itself, or within its quarter or year.")
                % {"period": goal.period.title}
            )

    def _verdict(self, parts: dict[LeafKey, Decimal | None]) -> Verdict:
        before = [self._stored_amount(key) for key in parts]
        if before == list(parts.values()):
            return UNCHANGED
        outcome = RowOutcome.NEW if set(before) == {None} else RowOutcome.CHANGED
        leaves = tuple((key[-1], amount) for key, amount in parts.items())
        stored = tuple(before)
        return Verdict(outcome, before=total(before), after=total(parts.values()), parts=leaves, stored=stored)

    def _stored_amount(self, key: LeafKey) -> Decimal | None:
        row = self.stored.get(key)
        return row.amount if row else None

    # Writing

    def _change(self, key: LeafKey, amount: Decimal | None) -> LeafChange | None:
        before = self._stored_amount(key)
        column, holder, measure, period = key
        return None if before == amount else LeafChange(Holder(column, holder), measure, period, before, amount)

    def _store(self, changes: Sequence[LeafChange], reason: str) -> None:
        at: dict[str, Any] = {"default_date": clock.now(), "default_change_reason": reason[:REASON_LENGTH]}
        history: Any = self.model.history
        fresh, kept, gone = [], [], []
        for change in changes:
            row = self.stored.get((change.holder.column, change.holder.key, change.measure, change.period))
            if row is None:
                fresh.append(self._row(change))
            elif change.after is None:
                gone.append(row)
            else:
                row.amount = change.after
                kept.append(row)
        bulk_create_with_history(fresh, self.model, batch_size=BLOCK, default_user=self.by, **at)
        bulk.update(self.model, ["amount"], [(row.pk, to_units(row.amount)) for row in kept])
        history.bulk_history_create(kept, batch_size=BLOCK, update=True, default_user=self.by, **at)
        written = [(row.period_id, row.pk) for row in (*fresh, *kept, *gone)]
        for row in gone:
            row._history_user = self.by  # noqa: SLF001  # how simple-history is told who deletes
            row._change_reason, row._history_date = reason[:REASON_LENGTH], at["default_date"]  # noqa: SLF001
            row.delete()
        if self.plan.kind == PlanKind.WORKING:
            note_goals(self.model, written)

    def _row(self, change: LeafChange) -> Any:
        values = {change.holder.column: change.holder.key, "period_id": change.period}
        return self.model(plan=self.plan, measure=change.measure, amount=change.after, **values)
