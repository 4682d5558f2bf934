"""How much of each number is handed on: company plan → teams → people, over a year, for every measure at once.

A node's over-assignment is the sum one level down ÷ its number − 1 (domain.md, Over-assignment). Teams stand in the
tree given; a team without a target passes on what stands below it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum, Value

from spm.money import ZERO
from spm.org.trees import TeamTree
from spm.ui.fields import MoneyField
from targets import measures
from targets.choices import PlanKind
from targets.goals import Holder
from targets.lacking import Lacking, lacking
from targets.models import CompanyPlan, PlanLine, Quota, Target

type Key = tuple[int, str]
"""(team or person, measure)."""
type YearSum = tuple[int, str, int, str, Decimal]
"""(fiscal year, kind of holder, team or person, measure, sum)."""
OF_COMPANY, OF_TEAM, OF_PERSON = "company", "team", "person"


@dataclass(frozen=True)
class Assigned:
    """The year's sums of one version of the plan. Amounts in company currency."""

    tree: TeamTree
    plan: dict[str, Decimal]  # by measure
    targets: dict[Key, Decimal]
    quotas: dict[Key, Decimal]
    _of_team: dict[Key, Decimal] = field(default_factory=dict)

    def teams(self, measure: str) -> list[int]:
        """Teams with a target above zero, by key."""
        return sorted(team for (team, each), amount in self.targets.items() if each == measure and amount)

    def of_team(self, team: int, measure: str) -> Decimal:
        """Its target; without one what stands below it."""
        if (team, measure) not in self._of_team:
            target = self.targets.get((team, measure))
            self._of_team[team, measure] = self.below(team, measure) if target is None else target
        return self._of_team[team, measure]

    def below(self, team: int, measure: str) -> Decimal:
        """The sum one level down: its people's quotas and its teams' targets."""
        people = sum((self.quotas.get((pk, measure), ZERO) for pk in self.tree.members.get(team, [])), ZERO)
        return people + self.over(self.tree.children.get(team, []), measure)

    def over(self, teams: Iterable[int], measure: str) -> Decimal:
        """What these teams carry together."""
        return sum((self.of_team(team, measure) for team in teams), ZERO)

    def managers(self, teams: Iterable[int], measure: str) -> Decimal:
        """What managers of people carry: the targets furthest down below ``teams``, each branch once."""
        total = ZERO
        for team in teams:
            lower = [child for child in self.tree.children.get(team, []) if self._has_target(child, measure)]
            total += self.managers(lower, measure) if lower else self.of_team(team, measure)
        return total

    def reps(self, measure: str, people: Iterable[int] | None = None) -> Decimal:
        """The quotas of these people, by default of all."""
        kept = None if people is None else set(people)
        rows = self.quotas.items()
        return sum((amount for (pk, each), amount in rows if each == measure and (kept is None or pk in kept)), ZERO)

    def ratio(self, team: int, measure: str) -> Decimal | None:
        """Over-assignment of a team; None without a target."""
        return measures.over_assignment(self.below(team, measure), self.targets.get((team, measure)))

    def company_ratio(self, measure: str) -> Decimal | None:
        """Over-assignment below the company: root teams and people without a team ÷ the plan − 1."""
        homeless = {pk for pk, each in self.quotas if each == measure and pk not in self.tree.team_of}
        below = self.over(self.tree.roots, measure) + self.reps(measure, homeless)
        return measures.over_assignment(below, self.plan.get(measure))

    def lacking(self, teams: Iterable[int] | None, measure: str) -> Lacking:
        """Who of the people below ``teams`` has no number of the measure; None: of the whole company."""
        numbered = {pk for pk, each in self.quotas if each == measure}
        people = self.tree.team_of if teams is None else self.tree.people_in(self.tree.subtree(teams))
        homeless = numbered.difference(self.tree.team_of) if teams is None else ()
        return lacking({*people, *homeless}, set(self.tree.lead.values()), numbered)

    def _has_target(self, team: int, measure: str) -> bool:
        return any((each, measure) in self.targets for each in self.tree.subtree([team]))


type Moved = tuple[Holder, str, Decimal | None, Decimal | None]
"""A holder, a measure, and part of the year's number before and after; None = no number."""


def with_sums(numbers: Assigned, sums: Iterable[Moved]) -> Assigned:
    """The same with some numbers changed; of the company the whole alone, of territories none."""
    plan, targets, quotas = dict(numbers.plan), dict(numbers.targets), dict(numbers.quotas)
    for holder, measure, before, after in sums:
        moved = (after or ZERO) - (before or ZERO)
        if holder.column == "segment" and not holder.key:
            plan[measure] = plan.get(measure, ZERO) + moved
        elif holder.column in ("team_id", "person_id"):
            table = targets if holder.column == "team_id" else quotas
            key = int(holder.key), measure
            table[key] = table.get(key, ZERO) + moved
    return Assigned(numbers.tree, plan, targets, quotas)


def read(plan: CompanyPlan, tree: TeamTree) -> Assigned:
    """One query."""
    return _assigned(tree, _sums(plan=plan))


def read_working(trees: Mapping[int, TeamTree]) -> dict[int, Assigned]:
    """Fiscal year → the sums of its working version, in the tree given for it; one query, whatever their number."""
    sums: dict[int, list[YearSum]] = {year: [] for year in trees}
    for row in _sums(plan__kind=PlanKind.WORKING, plan__fiscal_year__in=trees):
        sums[row[0]].append(row)
    return {year: _assigned(trees[year], rows) for year, rows in sums.items()}


def _assigned(tree: TeamTree, rows: Iterable[YearSum]) -> Assigned:
    found = Assigned(tree, {}, {}, {})
    for _year, kind, key, measure, amount in rows:
        if kind == OF_COMPANY:
            found.plan[measure] = amount
        else:
            (found.targets if kind == OF_TEAM else found.quotas)[key, measure] = amount
    return found


def _sums(**where: Any) -> Iterable[YearSum]:
    """The sums over a year of the plan, of each team and of each person, by measure, in the versions of ``where``."""
    parts = (
        (OF_COMPANY, PlanLine.objects.counting().filter(**where), Value(0)),
        (OF_TEAM, Target.objects.filter(team__isnull=False, **where), F("team")),
        (OF_PERSON, Quota.objects.filter(**where), F("person")),
    )
    first, *others = (
        rows.order_by()
        .annotate(holder_kind=Value(kind), holder=holder)
        .values_list("plan__fiscal_year", "holder_kind", "holder", "measure")
        .annotate(sum=Sum("amount", output_field=MoneyField()))
        for kind, rows, holder in parts
    )
    united: Iterable[YearSum] = first.union(*others, all=True)
    return united


def lacking_below(numbers: Assigned) -> dict[tuple[int | None, str], Lacking]:
    """(team or None for the company, measure) → who has no number below, of every node that has one."""
    found = {(None, measure): numbers.lacking(None, measure) for measure in numbers.plan}
    return found | {(team, measure): numbers.lacking([team], measure) for team, measure in numbers.targets}


def ratios(numbers: Assigned) -> dict[tuple[int | None, str], Decimal]:
    """(team or None for the company, measure) → its over-assignment, of every node that has a number."""
    nodes: dict[tuple[int | None, str], Decimal | None]
    nodes = {(None, measure): numbers.company_ratio(measure) for measure in numbers.plan}
    nodes |= {(team, measure): numbers.ratio(team, measure) for team, measure in numbers.targets}
    return {key: ratio for key, ratio in nodes.items() if ratio is not None}
