"""What the pages of scenarios show: the list, the steps of one, and versions side by side.

Frozen dataclasses; amounts in company currency, ratios as Decimals (0.9 = 90 %), None = there is none. For admins.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.money import ZERO
from spm.org.clock import today
from spm.org.models import FiscalYear, User
from spm.ui.numbers import percent
from targets import as_last_year, judged, measures
from targets.allotting import COMPANY
from targets.as_last_year import Outlook
from targets.choices import PlanKind
from targets.cycles import cycle_of
from targets.goals import Holder, of_person, of_position, of_team
from targets.lacking import Lacking, lacking
from targets.models import CompanyPlan, GoalBatch, OpenPosition, PlanningCycle, ScenarioStep
from targets.ramps import read_ramps
from targets.scenario_numbers import Parts, Places, parts_of, read_places, sums_of
from targets.scenario_words import sentence

MOST_COMPARED = 4
type Leaves = tuple[int, ...] | None
"""Leaf periods; None: the whole year."""
BASES = (PlanKind.WORKING, PlanKind.BASELINE)
"""Kinds of version that scenarios are compared with."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One holder in one version. ``change``: against the version in the first column; ``expected``: as last year."""

    amount: Decimal | None
    change: Decimal | None
    expected: Decimal | None
    over: Decimal | None = None  # of a team or the company: what stands one level down ÷ amount − 1

    @property
    def reached(self) -> Decimal | None:
        """Attainment if everyone performs as last year."""
        return None if self.expected is None else measures.attainment(self.expected, self.amount)


@dataclass(frozen=True, slots=True)
class Line:
    """One holder in all versions compared, in the order of their columns."""

    holder: Holder
    name: str
    depth: int
    kind: str  # company, team, person, position
    cells: tuple[Cell, ...]

    @property
    def level(self) -> str:
        """The kind in words."""
        words = {"company": _("Company"), "team": _("Team"), "person": _("Person"), "position": _("Open position")}
        return words[self.kind]


@dataclass(frozen=True, slots=True)
class Column:
    """One version compared, with its totals. ``at_goal``: people who reach their number as last year."""

    plan: CompanyPlan
    title: str
    is_base: bool  # the others are compared with it: the working version or the baseline
    company: Cell
    quotas: Decimal
    positions: int
    people: int
    at_goal: int
    lacking: Lacking  # who has no number yet

    @property
    def is_half_made(self) -> bool:
        """Whether what quotas lack of the plan says no more than that people have no number yet."""
        return self.lacking.explains(self.over_of_quotas, ZERO)

    @property
    def over_of_quotas(self) -> Decimal | None:
        """What people and open positions carry together beyond the company plan, as the allocation says it."""
        return measures.over_assignment(self.quotas, self.company.amount)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Versions side by side, one measure. ``is_known``: something was sold last year."""

    measure: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    is_known: bool
    before: str  # label of last year


@dataclass(frozen=True, slots=True)
class StepLine:
    """One adjustment in words. ``count``: numbers changed."""

    step: ScenarioStep
    text: str
    count: int
    undone: bool


def read_steps(user: User, plans: Sequence[CompanyPlan]) -> list[ScenarioStep]:
    """Every step of these scenarios in order, those undone too."""
    rows = ScenarioStep.objects.visible_to(user).filter(plan__in=plans).order_by("pk")
    beside = ("batch__by", "batch__undone_by", "team", "person", "receiver", "territory", "starts")
    return list(rows.select_related(*beside))


def step_lines(steps: Sequence[ScenarioStep], scenario: CompanyPlan) -> list[StepLine]:
    """The adjustments of one scenario in words."""
    own = [step for step in steps if step.plan_id == scenario.pk]
    return [StepLine(step, sentence(step), len(step.batch.changes), _is_undone(step)) for step in own]


def _is_undone(step: ScenarioStep) -> bool:
    return hasattr(step.batch, "undone_by")


def since_copy(user: User, scenario: CompanyPlan, working: CompanyPlan) -> tuple[int, int]:
    """The working version's revision number when the scenario was copied, and how often it was changed since."""
    rows = GoalBatch.objects.visible_to(user).filter(plan=working)
    found = rows.aggregate(
        seen=Max("pk", filter=Q(at__lte=scenario.created_at)), since=Count("pk", filter=Q(at__gt=scenario.created_at))
    )
    return found["seen"] or 0, found["since"]


def compare(
    user: User, year: FiscalYear, plans: Sequence[CompanyPlan], measure: str, steps: Sequence[ScenarioStep] = ()
) -> Comparison:
    """The versions in the order given, but a working one or a baseline first. ``steps``: by ``read_steps``."""
    plans = sorted(plans[:MOST_COMPARED], key=lambda plan: plan.kind not in BASES)
    cycle = cycle_of(year) or PlanningCycle(pk=0, fiscal_year=year)
    places = read_places(plans[0], user, today())
    sums = sums_of(plans, measure)
    people = {int(one.key) for own in sums.values() for one in own if one.column == "person_id"}
    outlook = as_last_year.read(cycle, measure, places, people, read_ramps(), today())
    positions = _positions(user, plans)
    expected = {
        plan.pk: as_last_year.of_scenario(
            outlook,
            [step for step in steps if step.plan_id == plan.pk and not _is_undone(step)],
            [one for one in positions if one.plan_id == plan.pk and of_position(one.pk) in sums[plan.pk]],
        )
        for plan in plans
    }
    parts = parts_of(plans, measure, places.calendar.leaves)
    table = _Table(plans, places, sums, expected, positions, _names(user, people), outlook, parts)
    return Comparison(measure, table.columns(), tuple(table.lines()), outlook.is_known, places.calendar.before_label)


def _names(user: User, people: set[int]) -> dict[int, str]:
    return dict(User.objects.visible_to(user).filter(pk__in=people).values_list("pk", "name"))


def _positions(user: User, plans: Sequence[CompanyPlan]) -> list[OpenPosition]:
    rows = OpenPosition.objects.visible_to(user).filter(plan__in=plans).order_by("plan", "number")
    return list(rows.select_related("starts"))


class _Table:
    """Versions side by side, worked out once per holder."""

    def __init__(  # noqa: PLR0913, PLR0917  # all that a comparison is made of
        self,
        plans: Sequence[CompanyPlan],
        places: Places,
        sums: Mapping[int, Mapping[Holder, Decimal]],
        expected: Mapping[int, Mapping[Holder, Decimal]],
        positions: Sequence[OpenPosition],
        names: Mapping[int, str],
        outlook: Outlook,
        parts: Parts,
    ) -> None:
        self.plans, self.places, self.sums, self.expected = plans, places, sums, expected
        self.positions, self.names, self.outlook = positions, names, outlook
        self.parts = parts
        self.everybody = sorted(names, key=lambda pk: (names[pk].casefold(), pk))

    # Who stands where

    def people(self, team: int | None) -> list[Holder]:
        return [of_person(pk) for pk in self.everybody if self.places.home.get(pk) == team]

    def open_in(self, team: int | None) -> list[Holder]:
        holders = [of_position(one.pk) for one in self.positions if one.team_id == team]
        return [one for one in holders if any(one in own for own in self.sums.values())]

    def teams(self, team: int | None) -> list[int]:
        found = self.places.roots if team is None else self.places.children.get(team, [])
        names = self.places.history.teams
        return sorted(found, key=lambda pk: (names.get(pk, "").casefold(), pk))

    def holders(self, team: int | None) -> list[Holder]:
        """Everybody with a number below a team, all the way down."""
        below = [holder for child in self.teams(team) for holder in self.holders(child)]
        return [*self.people(team), *self.open_in(team), *below]

    # Sums

    def amount(self, plan: int, team: int, leaves: Leaves = None) -> Decimal:
        """A team's number; in leaf periods without one what stands below it (``judged``)."""
        own = self.sums[plan].get(of_team(team))
        if own is None or not self.parts:
            return self.below(plan, team, leaves) if own is None else own
        wanted = tuple(leaf.pk for leaf in self.places.calendar.leaves) if leaves is None else leaves
        given, rest = judged.split(self.parts[plan].get(of_team(team), {}), wanted)
        return sum(given, ZERO) + (self.below(plan, team, tuple(rest)) if rest else ZERO)

    def below(self, plan: int, team: int | None, leaves: Leaves = None) -> Decimal:
        """The sum one level down."""
        own = (self.number(plan, one, leaves) for one in (*self.people(team), *self.open_in(team)))
        return sum(own, ZERO) + sum((self.amount(plan, child, leaves) for child in self.teams(team)), ZERO)

    def number(self, plan: int, holder: Holder, leaves: Leaves) -> Decimal:
        """Of somebody who has no one below."""
        if leaves is None:
            return self.sums[plan].get(holder, ZERO)
        return sum(judged.split(self.parts[plan].get(holder, {}), leaves)[0], ZERO)

    def brought(self, plan: int, holders: Sequence[Holder]) -> Decimal | None:
        """What they bring together as last year; of those without a number too: they still sell."""
        if not self.outlook.is_known:
            return None
        return sum((self.expected[plan].get(one, ZERO) for one in holders), ZERO)

    # Lines

    def columns(self) -> tuple[Column, ...]:
        found = []
        for plan, company in zip(self.plans, self._company(), strict=True):
            own, brought = self.sums[plan.pk], self.expected[plan.pk]
            people = [one for one in own if one.column == "person_id" and own[one]]
            hits = [one for one in people if self.outlook.is_known and brought.get(one, ZERO) >= own[one]]
            opened = [one for one in own if one.column == "position_id"]
            title = plan.name if plan.kind == PlanKind.SCENARIO else str(PlanKind(plan.kind).label)
            is_base = plan.kind in BASES
            quotas = sum((own[one] for one in (*people, *opened)), ZERO)
            counts = len(opened), len(people), len(hits)
            found.append(Column(plan, title, is_base, company, quotas, *counts, self._lacking(own)))
        return tuple(found)

    def _lacking(self, own: Mapping[Holder, Decimal]) -> Lacking:
        numbered = {int(one.key) for one in own if one.column == "person_id"}
        return lacking({*self.places.home, *numbered}, self.places.leads, numbered)

    def _company(self) -> tuple[Cell, ...]:
        everybody = self.holders(None)
        cells = []
        for plan in self.plans:
            amount = self.sums[plan.pk].get(COMPANY)
            over = measures.over_assignment(self.below(plan.pk, None), amount)
            cells.append((amount, self.brought(plan.pk, everybody), over))
        return self._cells(cells)

    def lines(self, team: int | None = None, depth: int = 0) -> Iterator[Line]:
        """The company's own line first, then level by level: people, open positions, teams with theirs."""
        if team is None:
            yield Line(COMPANY, _("Whole company"), 0, "company", self._company())
        for holder in (*self.people(team), *self.open_in(team)):
            kind = "person" if holder.column == "person_id" else "position"
            cells = [(self.sums[p.pk].get(holder), self.brought(p.pk, [holder]), None) for p in self.plans]
            yield Line(holder, self._name(holder), depth, kind, self._cells(cells))
        for child in self.teams(team):
            inside = self.holders(child)
            if inside or any(of_team(child) in own for own in self.sums.values()):
                name = self.places.history.teams.get(child, "")
                yield Line(of_team(child), name, depth, "team", self._team(child, inside))
                yield from self.lines(child, depth + 1)

    def _team(self, team: int, inside: Sequence[Holder]) -> tuple[Cell, ...]:
        cells = []
        for plan in self.plans:
            amount, given = self.amount(plan.pk, team), of_team(team) in self.sums[plan.pk]
            over = measures.over_assignment(self.below(plan.pk, team), amount) if given else None
            cells.append((amount, self.brought(plan.pk, inside), over))
        return self._cells(cells)

    def _cells(self, found: Sequence[tuple[Decimal | None, Decimal | None, Decimal | None]]) -> tuple[Cell, ...]:
        has_base = self.plans[0].kind in BASES
        first = found[0][0] if has_base else None
        return tuple(
            Cell(amount, (amount or ZERO) - (first or ZERO) if has_base and index else None, expected, over)
            for index, (amount, expected, over) in enumerate(found)
        )

    def _name(self, holder: Holder) -> str:
        if holder.column == "person_id":
            return self.names[int(holder.key)]
        (one,) = (one for one in self.positions if one.pk == holder.key)
        return _("Open position %(n)s, from %(month)s") % {"n": one.number, "month": one.starts.title}


def lead(comparison: Comparison) -> str:
    """The answer in one sentence: what is reached if everyone performs as last year."""
    columns = comparison.columns
    if not comparison.is_known:
        return _("There is no year before to go by; the numbers stand side by side.")
    told = []
    for one in columns:
        words = {
            "name": one.title,
            "reached": percent(one.company.reached),
            "n": one.at_goal,
            "of": one.people,
        }
        said = ngettext(
            "%(name)s: %(reached)s of the plan, %(n)s of %(of)s people reaches their number",
            "%(name)s: %(reached)s of the plan, %(n)s of %(of)s people reach their number",
            one.at_goal,
        )
        told.append(said % words)
    return _("If everyone performs as in %(year)s – %(told)s.") % {"year": comparison.before, "told": "; ".join(told)}
