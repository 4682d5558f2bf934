"""The kinds of import that say what is wanted: company plan, targets and quotas.

Managers load targets and quotas too: of the people and teams they lead; of others, and of whom nobody has heard, a row
is refused with the same sentence. Nobody loads their own quota.
"""

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from spm.errors import RuleViolation
from spm.imports import journal
from spm.imports.choices import RowOutcome
from spm.imports.kinds import (
    UNCHANGED,
    Column,
    ColumnType,
    Difference,
    ImportKind,
    Loader,
    Row,
    Verdict,
    refused,
    register,
)
from spm.imports.models import ImportBatch, ImportChange
from spm.imports.organisation import EMAIL, UNKNOWN_PERSON, UNKNOWN_TEAM
from spm.imports.records import Refused
from spm.imports.zeros import ZeroForms
from spm.keys import normalise
from spm.market.imports import UNKNOWN_TERRITORY
from spm.market.models import Territory
from spm.org.access import can_administer
from spm.org.models import FiscalYear, Period, Team, User
from spm.org.scopes import Scope, scope_of
from targets import access, holds, policy, segments, unloaded
from targets.batches import Change, set_all
from targets.choices import OTHER_MEASURE_WORDS, BatchKind, Measure
from targets.goals import (
    Goal,
    GoalModel,
    GoalSheet,
    Holder,
    lock_plan,
    of_person,
    of_segment,
    of_team,
    of_territory,
)
from targets.lines import Verdict as Judged
from targets.models import CompanyPlan, PlanLine, Quota, Target
from targets.plans import working_plan

BLOCK = 500
UNKNOWN_YEAR = gettext_lazy("There is no such fiscal year. Load periods first.")
MEASURE = Column(
    "measure",
    ColumnType.CHOICE,
    required=True,
    filled=True,
    choices=tuple(Measure.values),
    other_words=OTHER_MEASURE_WORDS,
    example="bookings",
)
PERIOD = Column(
    "period", required=True, filled=True, max_length=20, help=gettext_lazy("month, quarter or year"), example="2026-Q1"
)
AMOUNT = Column(
    "amount", ColumnType.AMOUNT, required=True, help=gettext_lazy("empty = leave it as it is"), example="250000"
)
CURRENCY = Column(
    "currency", ColumnType.CURRENCY, max_length=3, help=gettext_lazy("empty = the company's"), example="EUR"
)


class GoalLoader(Loader):
    """Amounts for holders; judged and written by the sheet of each fiscal year's working plan."""

    model: ClassVar[GoalModel]
    subject: ClassVar[str]  # the column that names whom or what a row is for
    not_yours: ClassVar[str | Promise]

    def holder(self, values: dict[str, Any]) -> Holder:
        """Whom or what a row is for. Raises Refused."""
        raise NotImplementedError

    def name(self, holder: Holder) -> str:
        """How the page calls it."""
        raise NotImplementedError

    @cached_property
    def scope(self) -> Scope | None:
        """Whose numbers a manager sees; None: those of everybody (an admin, a command)."""
        by = self.run.by
        return None if by is None or can_administer(by) else scope_of(by)

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        """Raises OutsidePolicy where the policy blocks what the good rows make of the over-assignment."""
        verdicts: list[Verdict] = [UNCHANGED] * len(rows)
        years: dict[int, list[tuple[int, Goal]]] = defaultdict(list)
        for i, row in enumerate(rows):
            try:
                goal = self._goal(row.values)
            except Refused as refusal:
                verdicts[i] = refusal.verdict
                continue
            if goal.amount is not None:
                years[goal.period.fiscal_year_id].append((i, goal))
        for year, goals in years.items():
            for (i, _goal), verdict in zip(goals, self._judged(year, [goal for _i, goal in goals]), strict=True):
                verdicts[i] = verdict
        self._note_empty(sum(row.values["amount"] is None for row in rows))
        return verdicts

    def _note_empty(self, count: int) -> None:
        if count:
            text = ngettext(
                "%(n)s row without an amount changes nothing.", "%(n)s rows without an amount change nothing.", count
            )
            self.run.notes.append(text % {"n": count})

    def _judged(self, year: int, goals: list[Goal]) -> list[Verdict]:
        """What becomes of each goal; a plan that does not exist yet is made for the moment."""
        with transaction.atomic():
            sheet = self._sheet(year)
            goals = segments.spelled(sheet.plan, goals)
            settable = None if self.scope is None else access.settable(self._by, {goal.holder for goal in goals})
            judged = sheet.judge(goals)
            found = [self._told(goal, one, settable) for goal, one in zip(goals, judged, strict=True)]
            kept = [(goal, one) for goal, one, told in zip(goals, judged, found, strict=True) if told.difference]
            self._keep_policy(sheet.plan, kept)
            transaction.set_rollback(True)
        return found

    @property
    def _by(self) -> User:
        assert self.run.by is not None  # noqa: S101  # who has a scope is somebody
        return self.run.by

    @staticmethod
    def _keep_policy(plan: CompanyPlan, judged: Sequence[tuple[Goal, Judged]]) -> None:
        cycle = policy.blocking_cycle(plan)
        if cycle:
            moved = [(goal.holder, goal.measure, *part) for goal, one in judged for part in one.parts]
            policy.refuse_higher(cycle, policy.standing(cycle, plan), policy.standing_after(cycle, plan, moved))

    def _sheet(self, year: int) -> GoalSheet:
        plan = working_plan(FiscalYear.objects.get(pk=year), self.run.by)
        sheet = GoalSheet(plan, self.model, by=self.run.by)
        sheet.held, sheet.keeps_totals = holds.held_cells(plan, sheet.leaves), True
        return sheet

    def _goal(self, values: dict[str, Any]) -> Goal:
        period = self._periods.get(values["period"])
        if period is None:
            raise Refused("period", values["period"], _("No month, quarter or year of the calendar has this label."))
        holder = self.holder(values)
        return Goal(holder, values["measure"], period, values["amount"], values.get("currency") or "")

    @cached_property
    def _periods(self) -> dict[str, Period]:
        """Label → period; a leaf before a quarter before a year, as ``calendars.period_named``."""
        shortest_last = sorted(Period.objects.all(), key=lambda period: period.starts_on - period.ends_on)
        return {period.label: period for period in shortest_last} | {
            period.label: period for period in shortest_last if period.level == "month"
        }

    def _told(self, goal: Goal, verdict: Any, settable: Container[Holder] | None) -> Verdict:
        """``settable``: whose numbers the manager who loads may set; None: everybody's."""
        column, value = "amount", str(goal.amount)
        if verdict.column == "currency":
            column, value = "currency", goal.currency
        if verdict.outcome == RowOutcome.PARKED:
            column, value = "period", goal.period.label
        if not verdict.reason:
            column = value = ""
        if verdict.outcome not in (RowOutcome.NEW, RowOutcome.CHANGED):
            facts = unloaded.facts_of_goal(goal, verdict) if verdict.rule else None
            return Verdict(verdict.outcome, column, value, verdict.reason, facts=facts)
        if settable is not None and goal.holder not in settable:
            return refused(self.subject, self.name(goal.holder), self.not_yours)
        told = verdict.before, verdict.after, verdict.stored, f"{goal.holder.column} {goal.holder.key}"
        difference = Difference(self.name(goal.holder), goal.measure, goal.period.label, *told)
        return Verdict(verdict.outcome, payload=goal, difference=difference)

    def write(self, verdicts: Sequence[Verdict]) -> None:
        years: dict[int, list[Goal]] = defaultdict(list)
        for verdict in verdicts:
            if verdict.payload:
                years[verdict.payload.period.fiscal_year_id].append(verdict.payload)
        reason = _("From the file “%(file)s”") % {"file": self.run.batch.filename}
        for year, goals in sorted(years.items()):
            plan = lock_plan(working_plan(FiscalYear.objects.get(pk=year), self.run.by))
            with policy.kept(plan):
                changes = set_all(plan, self.model, goals, by=self.run.by, kind=BatchKind.IMPORT, reason=reason)
            ImportChange.objects.bulk_create(_remembered(self.run.batch, self.model, changes), batch_size=BLOCK)


def _remembered(batch: ImportBatch, model: GoalModel, changes: Sequence[Change]) -> Iterator[ImportChange]:
    """One entry per leaf period; ``object_pk`` is the period's, since the row of the goal comes and goes."""
    for change in changes:
        said = {"column": change.holder.column, "key": change.holder.key, "measure": change.measure}
        yield ImportChange(
            batch=batch,
            model=model._meta.label,
            object_pk=change.period,
            before=None if change.before is None else said | {"amount": str(change.before)},
            after=said | {"amount": str(change.after)},
        )


class GoalKind(ImportKind):
    """Undone by setting every goal back to what it was."""

    def group_label(self, group: str) -> str | Promise:
        return Measure(group).label

    def undo(self, batch: ImportBatch, by: User | None) -> None:
        years: dict[int, list[ImportChange]] = defaultdict(list)
        leaves = Period.objects.in_bulk({change.object_pk for change in batch.changes.all()})
        for change in batch.changes.all():
            years[leaves[change.object_pk].fiscal_year_id].append(change)
        for year, changes in sorted(years.items()):
            plan = lock_plan(CompanyPlan.objects.working().get(fiscal_year=year))
            sheet = GoalSheet(plan, self.loader.model, by=by)  # type: ignore[attr-defined]  # a GoalLoader
            now = [_goal_of(change, leaves, change.after) for change in changes]
            _refuse_others(by, {goal.holder for goal in now})
            if any(verdict.outcome != RowOutcome.UNCHANGED for verdict in sheet.judge(now)):
                raise journal.ChangedSince(_("Some of these numbers have changed since this import."))
            back = [_goal_of(change, leaves, change.before) for change in changes]
            with policy.kept(plan):
                set_all(plan, sheet.model, back, by=by, kind=BatchKind.UNDO, reason=_("Import undone"))


def _refuse_others(by: User | None, holders: set[Holder]) -> None:
    """A manager who no longer leads some of these people takes nothing back."""
    if by is not None and not can_administer(by) and access.settable(by, holders) != holders:
        raise RuleViolation(_("Some of these numbers are no longer yours to set."))


def _goal_of(change: ImportChange, leaves: dict[int, Period], said: dict[str, Any] | None) -> Goal:
    amount = Decimal(said["amount"]) if said else None
    holder = Holder(change.after["column"], change.after["key"])
    return Goal(holder, change.after["measure"], leaves[change.object_pk], amount)


class CompanyPlanLoader(GoalLoader):
    model = PlanLine
    subject = "fiscal_year"
    not_yours = gettext_lazy("The company plan is for an admin to set.")

    def name(self, holder: Holder) -> str:
        return str(holder.key) or _("Whole company")

    def holder(self, values: dict[str, Any]) -> Holder:
        label = values["fiscal_year"]
        period = self._periods[values["period"]]
        if self._years.get(label) is None:
            raise Refused("fiscal_year", label, UNKNOWN_YEAR)
        if period.fiscal_year_id != self._years[label]:
            raise Refused("fiscal_year", label, _("The period %(label)s is in another year.") % {"label": period.label})
        return of_segment(values.get("segment") or "")

    @cached_property
    def _years(self) -> dict[str, int]:
        return dict(FiscalYear.objects.values_list("label", "pk"))


@register
class CompanyPlans(GoalKind):
    name = "company_plan"
    label = gettext_lazy("Company plan")
    help = gettext_lazy("The company's numbers per measure. A quarter or year is spread over its periods by season.")
    columns = (
        Column("fiscal_year", required=True, filled=True, max_length=20, example="2026"),
        MEASURE,
        PERIOD,
        Column("segment", max_length=120, help=gettext_lazy("empty = the whole company"), example=""),
        AMOUNT,
        CURRENCY,
    )
    key = ("measure", "period", "segment")
    loader = CompanyPlanLoader
    order = 100


class TargetLoader(GoalLoader):
    model = Target
    subject = "key"
    not_yours = gettext_lazy("Managers set the targets of the teams below their own.")

    def holder(self, values: dict[str, Any]) -> Holder:
        key = normalise(values["key"])
        if values["scope"] == "team":
            team = self._teams.get(key)
            if self.scope is not None and (team is None or team.pk not in self.scope.leads):
                raise Refused("key", values["key"], self.not_yours)
            if team is None:
                raise Refused("key", values["key"], self._zeros["team"].sentence(key, UNKNOWN_TEAM))
            return of_team(team.pk)
        if self.scope is not None:
            raise Refused("scope", values["scope"], _("The targets of territories are for an admin to set."))
        if key not in self._territories:
            raise Refused("key", values["key"], self._zeros["territory"].sentence(key, UNKNOWN_TERRITORY))
        return of_territory(self._territories[key].pk)

    def name(self, holder: Holder) -> str:
        return self._names[holder]

    @cached_property
    def _names(self) -> dict[Holder, str]:
        names = {of_team(team.pk): team.name for team in self._teams.values()}
        return names | {of_territory(one.pk): one.name for one in self._territories.values()}

    @cached_property
    def _teams(self) -> dict[str, Team]:
        return {team.key: team for team in Team.objects.all()}

    @cached_property
    def _territories(self) -> dict[str, Territory]:
        return {territory.key: territory for territory in Territory.objects.real()}

    @cached_property
    def _zeros(self) -> dict[str, ZeroForms]:
        return {"team": ZeroForms(self._teams), "territory": ZeroForms(self._territories)}


@register
class Targets(GoalKind):
    name = "targets"
    label = gettext_lazy("Targets")
    help = gettext_lazy("The numbers given to teams and territories.")
    columns = (
        Column("scope", ColumnType.CHOICE, required=True, filled=True, choices=("team", "territory"), example="team"),
        Column(
            "key",
            required=True,
            filled=True,
            is_code=True,
            help=gettext_lazy("code of the team or territory"),
            example="North",
        ),
        MEASURE,
        PERIOD,
        AMOUNT,
        CURRENCY,
    )
    key = ("scope", "key", "measure", "period")
    loader = TargetLoader
    for_managers = True
    order = 110


class QuotaLoader(GoalLoader):
    model = Quota
    subject = "email"
    not_yours = gettext_lazy("Managers set the numbers of the people they lead.")

    def holder(self, values: dict[str, Any]) -> Holder:
        found = self._people.get(normalise(values["email"]))
        if self.scope is not None and (found is None or not self._is_theirs(found[0])):
            raise Refused("email", values["email"], self.not_yours)
        if found is None:
            raise Refused("email", values["email"], UNKNOWN_PERSON)
        return of_person(found[0])

    def _is_theirs(self, person: int) -> bool:
        """Of a manager: the own number is refused with its own sentence."""
        return person == self._by.pk or (self.scope is not None and person in (self.scope.people or ()))

    def name(self, holder: Holder) -> str:
        return self._names[int(holder.key)]

    @cached_property
    def _names(self) -> dict[int, str]:
        return dict(self._people.values())

    @cached_property
    def _people(self) -> dict[str, tuple[int, str]]:
        """Normal form of the e-mail → (key, name)."""
        return {key: (pk, name) for key, pk, name in User.objects.people().values_list("email_key", "pk", "name")}


@register
class Quotas(GoalKind):
    name = "quotas"
    label = gettext_lazy("Quotas")
    help = gettext_lazy("The numbers of people.")
    columns = (EMAIL, MEASURE, PERIOD, AMOUNT, CURRENCY)
    key = ("email", "measure", "period")
    loader = QuotaLoader
    for_managers = True
    order = 120
