"""The baseline beside the numbers in force: what the lock gave each holder, and the steps that revisions made since.

Read from the frozen version's own rows and added up by the code of the roll-up. The callers lay these over figures
they have read by ``visible_to``; these functions know no users. Rules: domain.md, Plan revisions.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Subquery

from spm.market.models import Territory
from spm.money import from_units, to_units
from spm.org.models import Company, Period
from spm.org.trees import TeamTree, read_history
from targets import batches, frozen, judged, nodes
from targets.batches import Change
from targets.choices import Measure, PlanKind, Scope
from targets.models import CompanyPlan, GoalBatch, Quota, Target
from targets.nodes import NO_TEAM, Homes
from targets.summing import Sums

type Given = tuple[Decimal | None, Decimal | None]
"""The number given to a holder, and the quotas of the persons below; None = none."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the baseline gave in one measure, by (holder, leaf period)."""

    people: dict[tuple[int, int], Decimal] = field(default_factory=dict)
    teams: dict[tuple[int, int], Given] = field(default_factory=dict)
    company: dict[int, Given] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One approved revision of a year: from which day on, why, and what it changed."""

    revision: int
    number: int
    starts_on: date
    cause: str
    changes: tuple[Change, ...]


def locked_when() -> Subquery:
    """Of a period, when the numbers of its fiscal year were locked; NULL while they are not. No secret to anybody."""
    working = CompanyPlan.objects.working().filter(fiscal_year=OuterRef("fiscal_year"))
    return Subquery(working.values("locked_at")[:1])


def revisions_of_year() -> Subquery:
    """Of a period, how many approved revisions its fiscal year has; NULL where it has none. No secret to anybody."""
    approved = CompanyPlan.objects.approved_revisions().order_by().filter(fiscal_year=OuterRef("fiscal_year"))
    return Subquery(approved.values("fiscal_year").annotate(many=Count("pk")).values("many"))


def locked_years() -> frozenset[int]:
    """The fiscal years that have a baseline."""
    return frozenset(CompanyPlan.objects.filter(kind=PlanKind.BASELINE).values_list("fiscal_year", flat=True))


def numbers(measure: Measure, trees: Mapping[int, TeamTree]) -> Numbers:
    """The baseline's numbers of leaf periods, each with the tree of its last day; three queries."""
    given, found = nodes.given_by(PlanKind.BASELINE, list(trees)), Numbers()
    homes: Homes = defaultdict(dict)
    for person, leaf, amount in _quotas(trees, measure=measure).values_list("person", "period", "amount"):
        found.people[person, leaf] = amount
        home = homes[leaf, measure].setdefault(trees[leaf].team_of.get(person, NO_TEAM), Sums(quota_sum=0))
        home.quota_sum = (home.quota_sum or 0) + to_units(amount)
    for leaf, tree in trees.items():
        teams, whole = nodes.summed((leaf, measure), tree.parent, homes.get((leaf, measure), {}), given)
        found.teams.update({(team, leaf): _given(sums) for team, sums in teams.items()})
        if whole:
            found.company[leaf] = _given(whole)
    return found


def by_period(scope: Scope, measure: Measure) -> dict[tuple[int, int], Given]:
    """(holder, period of any level) → the quotas below and the number the holder is judged by, as they were locked.

    Of every year that has a baseline.
    """
    rows = Period.objects.leaves().filter(fiscal_year__plans__kind=PlanKind.BASELINE).select_related("parent")
    leaves = {leaf.pk: leaf for leaf in rows}
    if not leaves:
        return {}
    if scope == Scope.TERRITORY:
        given = _territories(measure, list(leaves))
    else:
        read = numbers(measure, frozen.trees_by_leaf(leaves.values(), read_history()))
        company = Company.objects.values_list("pk", flat=True).get()
        holders: dict[Scope, dict[tuple[int, int], Given]] = {
            Scope.PERSON: {key: (amount, None) for key, amount in read.people.items()},
            Scope.TEAM: read.teams,
            Scope.COMPANY: {(company, leaf): amounts for leaf, amounts in read.company.items()},
        }
        given = holders[scope]
    found: dict[tuple[int, int], Given] = {}
    for (holder, pk), (target, quota_sum) in given.items():
        amounts = (quota_sum, judged.quota_of(scope, target, quota_sum))
        quarter = leaves[pk].parent
        above = [key for key in (quarter.pk, quarter.parent_id) if key is not None] if quarter else []
        for period in (pk, *above):
            found[holder, period] = _sum(found.get((holder, period), (None, None)), amounts)
    return found


def _sum(one: Given, other: Given) -> Given:
    first, second = (a if b is None else b if a is None else a + b for a, b in zip(one, other, strict=True))
    return first, second


def _territories(measure: str, leaves: Collection[int]) -> dict[tuple[int, int], Given]:
    """Each territory's target, and what the nearest ones below it that have a target were given."""
    targets = of_territories(measure, leaves)
    parent = dict(Territory.objects.values_list("pk", "parent"))
    found: dict[tuple[int, int], Given] = {key: (amount, None) for key, amount in targets.items()}
    for (territory, leaf), amount in targets.items():
        above = parent.get(territory)
        while above is not None:
            found[above, leaf] = _sum(found.get((above, leaf), (None, None)), (None, amount))
            above = None if (above, leaf) in targets else parent.get(above)
    return found


def of_person(person: int, leaves: Collection[int]) -> dict[tuple[str, int], Decimal]:
    """(measure, leaf period) → the person's quota as it was locked; one query."""
    rows = _quotas(leaves, person=person).values_list("measure", "period", "amount")
    return {(measure, leaf): amount for measure, leaf, amount in rows}


def of_territories(measure: str, leaves: Collection[int]) -> dict[tuple[int, int], Decimal]:
    """(territory, leaf period) → its target as it was locked; one query."""
    rows = Target.objects.filter(plan__kind=PlanKind.BASELINE, period__in=leaves, measure=measure)
    found = rows.filter(territory__isnull=False).values_list("territory", "period", "amount")
    return {(territory, leaf): amount for territory, leaf, amount in found}


def steps(years: Collection[int], measure: str) -> list[Step]:
    """The approved revisions of these fiscal years that touch a measure, by their first day; one query."""
    written = GoalBatch.objects.filter(revision__fiscal_year__in=years).select_related("revision__effective")
    found = []
    for batch in written.order_by("revision__effective__starts_on", "revision__number"):
        revision = batch.revision
        changes = tuple(change for change in batches.changes_of(batch) if change.measure == measure)
        if revision and revision.effective and changes:
            found.append(Step(revision.pk, revision.number, revision.effective.starts_on, revision.cause, changes))
    return found


def _quotas(leaves: Collection[int], **of: object) -> Any:
    return Quota.objects.filter(plan__kind=PlanKind.BASELINE, period__in=list(leaves), **of)


def _given(sums: Sums) -> Given:
    target, quota_sum = sums.target, sums.quota_sum
    return (None if target is None else from_units(target), None if quota_sum is None else from_units(quota_sum))
