"""How much of each number is handed on: company plan → teams → people, over a year, for every measure at once.

Which number a team has is decided in each leaf period, by ``judged``: its target, or without one what stands below it.
A node's over-assignment is the sum one level down ÷ its number − 1, in the leaf periods in which it has a number: of
the company, which is judged by its plan alone, those that are planned (domain.md, Over-assignment). Teams stand in the
tree given.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum, Value

from spm.money import ZERO
from spm.org.choices import PeriodLevel
from spm.org.models import Period
from spm.org.trees import TeamTree
from spm.ui.fields import MoneyField, money
from targets import judged, measures
from targets.choices import PlanKind
from targets.goals import Holder
from targets.lacking import Lacking, lacking
from targets.models import CompanyPlan, PlanLine, Quota, Target

type Key = tuple[int, str]
"""(team or person, measure)."""
type Amounts = dict[int, Decimal]
"""Leaf period → amount; of quotas also WHOLE → the sum of the year, where nothing is decided leaf by leaf."""
type Leaves = frozenset[int] | None
"""Leaf periods of the year; None: all."""
type Part = tuple[int, str, int, str, int, Decimal]
"""(fiscal year, kind of holder, team or person, measure, leaf period or WHOLE, amount)."""
OF_COMPANY, OF_TEAM, OF_PERSON, OF_YEAR = "company", "team", "person", "year"
WHOLE = 0


@dataclass(frozen=True)
class Assigned:
    """The numbers of one version of the plan. Amounts in company currency."""

    tree: TeamTree
    lines: dict[str, Amounts]  # by measure
    targets: dict[Key, Amounts]
    quotas: dict[Key, Amounts]
    leaves: frozenset[int]  # of the year
    _of_team: dict[tuple[Key, Leaves], Decimal] = field(default_factory=dict)

    @property
    def plan(self) -> dict[str, Decimal]:
        """Measure → the company's number of the year."""
        return {measure: sum(amounts.values(), ZERO) for measure, amounts in self.lines.items()}

    def planned(self, measure: str) -> Leaves:
        """The leaf periods for which the company has a number."""
        found = frozenset(self.lines.get(measure, {}))
        return None if found >= self.leaves else found

    def target(self, team: int, measure: str) -> Decimal | None:
        """What was given to a team over the year; None: nothing."""
        given = self.targets.get((team, measure))
        return sum(given.values(), ZERO) if given else None

    def of_team(self, team: int, measure: str, leaves: Leaves = None) -> Decimal:
        """Its number: in each leaf period its target, or without one what stands below it."""
        key = (team, measure), leaves
        if key not in self._of_team:
            own, rest = judged.split(self.targets.get((team, measure), {}), self.leaves if leaves is None else leaves)
            below = self.below(team, measure, frozenset(rest) if own else leaves) if rest else ZERO
            self._of_team[key] = sum(own, ZERO) + below
        return self._of_team[key]

    def below(self, team: int, measure: str, leaves: Leaves = None) -> Decimal:
        """The sum one level down: its people's quotas and its teams' numbers."""
        people = self.reps(measure, self.tree.members.get(team, []), leaves)
        return people + self.over(self.tree.children.get(team, []), measure, leaves)

    def over(self, teams: Iterable[int], measure: str, leaves: Leaves = None) -> Decimal:
        """What these teams carry together."""
        return sum((self.of_team(team, measure, leaves) for team in teams), ZERO)

    def managers(self, teams: Iterable[int], measure: str, leaves: Leaves = None) -> Decimal:
        """What managers of people carry: the targets furthest down below ``teams``, each branch once."""
        total = ZERO
        for team in teams:
            lower = [child for child in self.tree.children.get(team, []) if self._has_target(child, measure)]
            below = self.managers(lower, measure, leaves) if lower else self.of_team(team, measure, leaves)
            total += below
        return total

    def reps(self, measure: str, people: Iterable[int] | None = None, leaves: Leaves = None) -> Decimal:
        """The quotas of these people, by default of all."""
        keys = [key for key in self.quotas if key[1] == measure] if people is None else [(pk, measure) for pk in people]
        return sum((_within(self.quotas.get(key, {}), leaves) for key in keys), ZERO)

    def ratio(self, team: int, measure: str) -> Decimal | None:
        """Over-assignment of a team; None where it was given nothing."""
        given = self.target(team, measure) is not None
        return measures.over_assignment(self.below(team, measure), self.of_team(team, measure)) if given else None

    def company_ratio(self, measure: str) -> Decimal | None:
        """Over-assignment below the company: root teams and people without a team ÷ the plan − 1."""
        homeless = {pk for pk, each in self.quotas if each == measure and pk not in self.tree.team_of}
        leaves = self.planned(measure)
        below = self.over(self.tree.roots, measure, leaves) + self.reps(measure, homeless, leaves)
        return measures.over_assignment(below, self.plan.get(measure))

    def lacking(self, teams: Iterable[int] | None, measure: str) -> Lacking:
        """Who of the people below ``teams`` has no number of the measure; None: of the whole company."""
        numbered = {pk for pk, each in self.quotas if each == measure}
        people = self.tree.team_of if teams is None else self.tree.people_in(self.tree.subtree(teams))
        homeless = numbered.difference(self.tree.team_of) if teams is None else ()
        return lacking({*people, *homeless}, set(self.tree.lead.values()), numbered)

    def _has_target(self, team: int, measure: str) -> bool:
        return any((each, measure) in self.targets for each in self.tree.subtree([team]))


def _within(amounts: Amounts, leaves: Leaves) -> Decimal:
    """The sum over some leaf periods. Raises KeyError where the year is known as a whole only."""
    if leaves is None:
        return sum(amounts.values(), ZERO)
    if WHOLE in amounts:
        raise KeyError(WHOLE)
    return sum((amount for leaf, amount in amounts.items() if leaf in leaves), ZERO)


type Moved = tuple[Holder, str, int, Decimal | None]
"""A holder, a measure, a leaf period, and its number afterwards; None = no number."""


def with_changes(numbers: Assigned, changes: Iterable[Moved]) -> Assigned:
    """The same, read leaf by leaf, with some numbers changed; of the company the whole alone, of territories none."""
    tables: dict[str, dict[Any, Amounts]] = {
        "segment": {measure: dict(amounts) for measure, amounts in numbers.lines.items()},
        "team_id": {key: dict(amounts) for key, amounts in numbers.targets.items()},
        "person_id": {key: dict(amounts) for key, amounts in numbers.quotas.items()},
    }
    for holder, measure, leaf, after in changes:
        table = tables.get(holder.column)
        if table is None or (holder.column == "segment" and holder.key):
            continue
        key = measure if holder.column == "segment" else (int(holder.key), measure)
        amounts = table.setdefault(key, {})
        if after is not None:
            amounts[leaf] = after
        else:
            amounts.pop(leaf, None)
    lines, targets, quotas = ({key: amounts for key, amounts in table.items() if amounts} for table in tables.values())
    return Assigned(numbers.tree, lines, targets, quotas, numbers.leaves)


def read(plan: CompanyPlan, tree: TeamTree, *, by_leaf: bool = False) -> Assigned:
    """One query; a second one where some number covers a part of the year only. ``by_leaf``: quotas in any case."""
    return _numbers({plan.fiscal_year_id: tree}, {"plan": plan}, by_leaf=by_leaf)[plan.fiscal_year_id]


def read_working(trees: Mapping[int, TeamTree]) -> dict[int, Assigned]:
    """Fiscal year → the numbers of its working version, in the tree given for it; queries as for one."""
    return _numbers(trees, {"plan__kind": PlanKind.WORKING, "plan__fiscal_year__in": trees}, by_leaf=False)


def _numbers(trees: Mapping[int, TeamTree], where: Mapping[str, Any], *, by_leaf: bool) -> dict[int, Assigned]:
    found = {year: Assigned(tree, {}, {}, {}, frozenset()) for year, tree in trees.items()}
    leaves: dict[int, set[int]] = defaultdict(set)
    for year, kind, key, measure, leaf, amount in _parts(trees, where, by_leaf=by_leaf):
        if kind == OF_YEAR:
            leaves[year].add(leaf)
        elif kind == OF_COMPANY:
            found[year].lines.setdefault(measure, {})[leaf] = amount
        else:
            table = found[year].targets if kind == OF_TEAM else found[year].quotas
            table.setdefault((key, measure), {})[leaf] = amount
    found = {year: replace(one, leaves=frozenset(leaves[year])) for year, one in found.items()}
    apart = [] if by_leaf else [year for year, one in found.items() if _is_partial(one)]
    for year in apart:
        found[year].quotas.clear()
    rows = Quota.objects.filter(**where).filter(plan__fiscal_year__in=apart).order_by()
    columns = ("plan__fiscal_year", "person", "measure", "period", "amount")
    for year, person, measure, leaf, amount in rows.values_list(*columns) if apart else ():
        found[year].quotas.setdefault((person, measure), {})[leaf] = amount
    return found


def _is_partial(numbers: Assigned) -> bool:
    """Whether the company or a team was given a number for some leaf periods only."""
    given = (*numbers.lines.values(), *numbers.targets.values())
    return any(not numbers.leaves <= amounts.keys() for amounts in given)


def _parts(years: Iterable[int], where: Mapping[str, Any], *, by_leaf: bool) -> Iterable[Part]:
    """By leaf period what the plan and each team was given, by year or ``by_leaf`` the quotas of each person, in the
    versions of ``where``; and the leaf periods of ``years``.
    """
    parts = (
        (OF_COMPANY, PlanLine.objects.counting().filter(**where), Value(WHOLE), F("period")),
        (OF_TEAM, Target.objects.filter(team__isnull=False, **where), F("team"), F("period")),
        (OF_PERSON, Quota.objects.filter(**where), F("person"), F("period") if by_leaf else Value(WHOLE)),
    )
    first, *others = (
        rows.order_by()
        .annotate(holder_kind=Value(kind), holder=holder, leaf=leaf)
        .values_list("plan__fiscal_year", "holder_kind", "holder", "measure", "leaf")
        .annotate(sum=Sum("amount", output_field=MoneyField()))
        for kind, rows, holder, leaf in parts
    )
    own: Any = Period.objects.filter(fiscal_year__in=years, level=PeriodLevel.MONTH).order_by()
    told = {"kind": Value(OF_YEAR), "holder": Value(WHOLE), "measure": Value(""), "nothing": money(0)}
    united: Iterable[Part] = first.union(
        *others,
        own.annotate(**told).values_list("fiscal_year", "kind", "holder", "measure", "pk", "nothing"),
        all=True,
    )
    return united


def lacking_below(numbers: Assigned) -> dict[tuple[int | None, str], Lacking]:
    """(team or None for the company, measure) → who has no number below, of every node that has one."""
    found = {(None, measure): numbers.lacking(None, measure) for measure in numbers.lines}
    return found | {(team, measure): numbers.lacking([team], measure) for team, measure in numbers.targets}


def ratios(numbers: Assigned) -> dict[tuple[int | None, str], Decimal]:
    """(team or None for the company, measure) → its over-assignment, of every node that has a number."""
    nodes: dict[tuple[int | None, str], Decimal | None]
    nodes = {(None, measure): numbers.company_ratio(measure) for measure in numbers.lines}
    nodes |= {(team, measure): numbers.ratio(team, measure) for team, measure in numbers.targets}
    return {key: ratio for key, ratio in nodes.items() if ratio is not None}
