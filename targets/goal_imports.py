"""The kinds of import that say what is wanted: seasonality, company plan, targets and quotas."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.errors import RuleViolation
from spm.imports import journal
from spm.imports.choices import RowOutcome
from spm.imports.kinds import (
    UNCHANGED,
    Column,
    ColumnType,
    ImportKind,
    Loader,
    Row,
    Verdict,
    changed,
    new,
    refused,
    register,
)
from spm.imports.models import ImportBatch, ImportChange
from spm.imports.organisation import EMAIL, UNKNOWN_PERSON, UNKNOWN_TEAM
from spm.imports.records import RecordKind, Refused
from spm.imports.zeros import ZeroForms
from spm.keys import normalise
from spm.market.imports import UNKNOWN_TERRITORY
from spm.market.models import Territory
from spm.org.models import FiscalYear, Period, Team, User
from targets.batches import Change, set_all
from targets.choices import BatchKind, Measure
from targets.goals import Goal, GoalModel, GoalSheet, Holder, of_person, of_segment, of_team, of_territory
from targets.models import CompanyPlan, PlanLine, Quota, SeasonalityProfile, SeasonalityWeight, Target
from targets.plans import working_plan
from targets.seasonality import set_profile

BLOCK = 500
MOST_DECIMALS = Decimal("0.000001")
UNKNOWN_YEAR = gettext_lazy("There is no such fiscal year. Load periods first.")
FISCAL_YEAR = Column("fiscal_year", max_length=20, example="2026")
MEASURE = Column(
    "measure", ColumnType.CHOICE, required=True, filled=True, choices=tuple(Measure.values), example="bookings"
)
PERIOD = Column(
    "period", required=True, filled=True, max_length=20, help=gettext_lazy("month, quarter or year"), example="2026-Q1"
)
AMOUNT = Column("amount", ColumnType.AMOUNT, required=True, filled=True, example="250000")
CURRENCY = Column(
    "currency", ColumnType.CURRENCY, max_length=3, help=gettext_lazy("empty = the company's"), example="EUR"
)


# Seasonality ----------------------------------------------------------------------------------------------------------


class SeasonalityLoader(Loader):
    """The rows of one profile add to its weights; the first profile of a year, or of all years, is the default."""

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        stored = {
            (normalise(name), number): weight
            for name, number, weight in SeasonalityWeight.objects.values_list("profile__name", "period_no", "weight")
        }
        verdicts = [self._verdict(row, stored) for row in rows]
        faults = self._faults([verdict.payload for verdict in verdicts if verdict.payload])
        for i, row in enumerate(rows):
            fault = faults.get(normalise(row.values["profile"]))
            if fault and verdicts[i].payload:
                verdicts[i] = refused("profile", row.values["profile"], fault)
        return verdicts

    def _verdict(self, row: Row, stored: dict[tuple[str, int], Decimal]) -> Verdict:
        values = row.values
        if values.get("fiscal_year") and values["fiscal_year"] not in self._years:
            return refused("fiscal_year", values["fiscal_year"], UNKNOWN_YEAR)
        weight = values["weight"]
        if weight < 0 or weight != weight.quantize(MOST_DECIMALS) or weight >= 10**6:
            return refused("weight", weight, _("A weight is a number from 0 to 999,999 with at most six decimals."))
        if not 0 < values["period_no"] < 1000:
            return refused("period_no", values["period_no"], _("Periods are numbered from 1 within their year."))
        before = stored.get((normalise(values["profile"]), values["period_no"]))
        if before is None:
            return new(row)
        return UNCHANGED if before == weight else changed(row)

    @cached_property
    def _years(self) -> dict[str, FiscalYear]:
        return {year.label: year for year in FiscalYear.objects.all()}

    def _faults(self, rows: Sequence[Row]) -> dict[str, str]:
        faults = {}
        with transaction.atomic():
            for key, wanted in _profiles(rows).items():
                try:
                    with transaction.atomic():
                        self._set(wanted)
                except RuleViolation as fault:
                    faults[key] = str(fault)
            transaction.set_rollback(True)
        return faults

    def _set(self, rows: Sequence[Row]) -> None:
        name, label = rows[0].values["profile"], rows[0].values.get("fiscal_year")
        known = next((one for one in SeasonalityProfile.objects.all() if normalise(one.name) == normalise(name)), None)
        year = self._years[label] if label else (known.fiscal_year if known else None)
        weights = dict(known.weights.values_list("period_no", "weight")) if known else {}
        weights |= {row.values["period_no"]: row.values["weight"] for row in rows}
        others = SeasonalityProfile.objects.filter(fiscal_year=year, is_default=True)
        is_default = known.is_default if known else not others.exists()
        set_profile(known.name if known else name, weights, fiscal_year=year, is_default=is_default)

    def write(self, verdicts: Sequence[Verdict]) -> None:
        before = journal.snapshot((SeasonalityProfile, SeasonalityWeight))
        for wanted in _profiles([verdict.payload for verdict in verdicts if verdict.payload]).values():
            self._set(wanted)
        journal.record_since(self.run.batch, before)


def _profiles(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each profile by its normal form, in a fixed order."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[normalise(row.values["profile"])].append(row)
    return dict(sorted(found.items()))


@register
class Seasonality(RecordKind):
    name = "seasonality"
    label = gettext_lazy("Seasonality")
    help = gettext_lazy("How a year's amount falls on its periods: any positive weights, only their proportion counts.")
    columns = (
        Column("profile", required=True, filled=True, max_length=100, example="Standard"),
        Column("fiscal_year", max_length=20, help=gettext_lazy("empty = all years"), example=""),
        Column("period_no", ColumnType.INTEGER, required=True, filled=True, example="1"),
        Column("weight", ColumnType.NUMBER, required=True, filled=True, example="7.5"),
    )
    key = ("profile", "period_no")
    loader = SeasonalityLoader
    order = 90


# Goals ----------------------------------------------------------------------------------------------------------------


class GoalLoader(Loader):
    """Amounts for holders; judged and written by the sheet of each fiscal year's working plan."""

    model: ClassVar[GoalModel]

    def holder(self, values: dict[str, Any]) -> Holder:
        """Whom or what a row is for. Raises Refused."""
        raise NotImplementedError

    def judge(self, rows: Sequence[Row]) -> list[Verdict]:
        verdicts: list[Verdict] = [UNCHANGED] * len(rows)
        years: dict[int, list[tuple[int, Goal]]] = defaultdict(list)
        for i, row in enumerate(rows):
            try:
                goal = self._goal(row.values)
                years[goal.period.fiscal_year_id].append((i, goal))
            except Refused as refusal:
                verdicts[i] = refusal.verdict
        for year, goals in years.items():
            for (i, goal), verdict in zip(goals, self._judged(year, [goal for _i, goal in goals]), strict=True):
                verdicts[i] = self._told(goal, verdict)
        return verdicts

    def _judged(self, year: int, goals: list[Goal]) -> Any:
        """The sheet's verdicts; a plan that does not exist yet is made for the moment."""
        with transaction.atomic():
            verdicts = self._sheet(year).judge(goals)
            transaction.set_rollback(True)
        return verdicts

    def _sheet(self, year: int) -> GoalSheet:
        return GoalSheet(working_plan(FiscalYear.objects.get(pk=year), self.run.by), self.model, by=self.run.by)

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

    def _told(self, goal: Goal, verdict: Any) -> Verdict:
        column, value = "amount", str(goal.amount)
        if verdict.column == "currency":
            column, value = "currency", goal.currency
        if verdict.outcome == RowOutcome.PARKED:
            column, value = "period", goal.period.label
        if not verdict.reason:
            column = value = ""
        wanted = verdict.outcome in (RowOutcome.NEW, RowOutcome.CHANGED)
        return Verdict(verdict.outcome, column, value, verdict.reason, goal if wanted else None)

    def write(self, verdicts: Sequence[Verdict]) -> None:
        years: dict[int, list[Goal]] = defaultdict(list)
        for verdict in verdicts:
            if verdict.payload:
                years[verdict.payload.period.fiscal_year_id].append(verdict.payload)
        for year, goals in sorted(years.items()):
            plan = working_plan(FiscalYear.objects.get(pk=year), self.run.by)
            changes = set_all(plan, self.model, goals, by=self.run.by, kind=BatchKind.IMPORT)
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

    def undo(self, batch: ImportBatch, by: User | None) -> None:
        years: dict[int, list[ImportChange]] = defaultdict(list)
        leaves = Period.objects.in_bulk({change.object_pk for change in batch.changes.all()})
        for change in batch.changes.all():
            years[leaves[change.object_pk].fiscal_year_id].append(change)
        for year, changes in sorted(years.items()):
            plan = CompanyPlan.objects.working().get(fiscal_year=year)
            sheet = GoalSheet(plan, self.loader.model, by=by)  # type: ignore[attr-defined]  # a GoalLoader
            now = [_goal_of(change, leaves, change.after) for change in changes]
            if any(verdict.outcome != RowOutcome.UNCHANGED for verdict in sheet.judge(now)):
                raise journal.ChangedSince(_("Some of these numbers have changed since this import."))
            back = [_goal_of(change, leaves, change.before) for change in changes]
            set_all(plan, sheet.model, back, by=by, kind=BatchKind.UNDO, reason=_("Import undone"))


def _goal_of(change: ImportChange, leaves: dict[int, Period], said: dict[str, Any] | None) -> Goal:
    amount = Decimal(said["amount"]) if said else None
    holder = Holder(change.after["column"], change.after["key"])
    return Goal(holder, change.after["measure"], leaves[change.object_pk], amount)


class CompanyPlanLoader(GoalLoader):
    model = PlanLine

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

    def holder(self, values: dict[str, Any]) -> Holder:
        key = normalise(values["key"])
        if values["scope"] == "team":
            if key not in self._teams:
                raise Refused("key", values["key"], self._zeros["team"].sentence(key, UNKNOWN_TEAM))
            return of_team(self._teams[key])
        if key not in self._territories:
            raise Refused("key", values["key"], self._zeros["territory"].sentence(key, UNKNOWN_TERRITORY))
        return of_territory(self._territories[key])

    @cached_property
    def _teams(self) -> dict[str, int]:
        return dict(Team.objects.values_list("key", "pk"))

    @cached_property
    def _territories(self) -> dict[str, int]:
        return dict(Territory.objects.real().values_list("key", "pk"))

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
    order = 110


class QuotaLoader(GoalLoader):
    model = Quota

    def holder(self, values: dict[str, Any]) -> Holder:
        key = normalise(values["email"])
        if key not in self._people:
            raise Refused("email", values["email"], UNKNOWN_PERSON)
        return of_person(self._people[key])

    @cached_property
    def _people(self) -> dict[str, int]:
        return dict(User.objects.people().values_list("email_key", "pk"))


@register
class Quotas(GoalKind):
    name = "quotas"
    label = gettext_lazy("Quotas")
    help = gettext_lazy("The numbers of people.")
    columns = (EMAIL, MEASURE, PERIOD, AMOUNT, CURRENCY)
    key = ("email", "measure", "period")
    loader = QuotaLoader
    order = 120
