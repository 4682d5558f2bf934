"""Reads for the pages of versions: the list with totals, two side by side down the tree. As far as the user sees."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum

from spm.org.clock import today
from spm.org.models import FiscalYear, User
from spm.org.scopes import history_of
from spm.org.trees import TeamTree
from targets import versions
from targets.choices import Measure, PlanKind
from targets.goals import of_person, of_team
from targets.models import CompanyPlan, PlanLine
from targets.versions import Comparison, Difference

LISTED = (PlanKind.WORKING, PlanKind.BASELINE, PlanKind.SAVED)
"""Scenarios have a page of their own, and revisions hold only what they change."""


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of a year. ``totals``: the company's number of the year, measure by measure."""

    plan: CompanyPlan
    title: str
    totals: tuple[Decimal | None, ...]
    is_working: bool

    @property
    def by_measure(self) -> list[tuple[Measure, Decimal | None]]:
        return list(zip(Measure, self.totals, strict=True))


@dataclass(frozen=True, slots=True)
class HolderRow:
    """One holder of a comparison; ``indent``: how far down the tree."""

    difference: Difference
    indent: int
    is_group: bool


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """Two versions side by side: months of the company, and everybody down the tree."""

    found: Comparison
    before_title: str
    after_title: str
    rows: tuple[HolderRow, ...]


def listed(user: User, year: FiscalYear) -> list[VersionLine]:
    """The working version, then the others, newest first; two queries."""
    plans = CompanyPlan.objects.visible_to(user).filter(fiscal_year=year, kind__in=LISTED)
    rows = list(plans.select_related("author", "decided_by", "fiscal_year").order_by("-created_at", "-pk"))
    lines = PlanLine.objects.visible_to(user).counting().filter(plan__in=rows).order_by()
    sums = lines.values_list("plan_id", "measure").annotate(sum=Sum("amount"))
    totals = {(plan, measure): amount for plan, measure, amount in sums}
    rows.sort(key=lambda plan: plan.kind != PlanKind.WORKING)
    return [
        VersionLine(
            plan,
            versions.title(plan),
            tuple(totals.get((plan.pk, measure)) for measure in Measure),
            plan.kind == PlanKind.WORKING,
        )
        for plan in rows
    ]


def compared(user: User, a: CompanyPlan, b: CompanyPlan, measure: str) -> ComparisonPage:
    """Two versions of one year. Raises BadVersion."""
    found = versions.compare(a, b, measure, user)
    year = a.fiscal_year
    tree = history_of(user).as_of(min(max(today(), year.starts_on), year.ends_on))
    company = [HolderRow(one, min(place, 1), place == 0) for place, one in enumerate(found.company)]
    return ComparisonPage(found, versions.title(a), versions.title(b), (*company, *_down(found, tree)))


def _down(found: Comparison, tree: TeamTree) -> Iterator[HolderRow]:
    """Teams with their people and the teams below them; then whoever stands in no team shown."""
    known = {one.holder: one for one in (*found.teams, *found.people)}
    rest = dict(known)

    def below(team: int, depth: int) -> Iterator[HolderRow]:
        own = rest.pop(of_team(team), None)
        inside = depth
        if own is not None:
            yield HolderRow(own, depth, True)
            inside = min(depth + 1, 6)
        people = [rest.pop(of_person(pk)) for pk in tree.members.get(team, []) if of_person(pk) in rest]
        yield from (HolderRow(one, inside, False) for one in sorted(people, key=lambda one: one.name.casefold()))
        for child in sorted(tree.children.get(team, [])):
            yield from below(child, inside)

    for root in sorted(tree.roots):
        yield from below(root, 1)
    yield from (HolderRow(one, 1, False) for one in rest.values())


def counts(version: CompanyPlan, working: CompanyPlan, by: User) -> tuple[Mapping[str, int], int]:
    """How many numbers of each table a restore would change, and how many of the own quota it would leave."""
    goals, own = versions.differences(version, working, by)
    found = {"planline": 0, "target": 0, "quota": 0}
    for model, _goal in goals:
        found[model._meta.model_name or ""] += 1
    return found, own


def version_of(user: User, year: FiscalYear, key: int | None) -> CompanyPlan | None:
    """One of the versions of the list; None where the user sees none of this key."""
    plans = CompanyPlan.objects.visible_to(user).select_related("fiscal_year")
    return plans.filter(Q(kind__in=LISTED), fiscal_year=year, pk=key or 0).first()
