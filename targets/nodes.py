"""The attainment rows of teams and the company for leaf periods, from the sums of their persons.

The same sums serve the baseline (``targets.baseline``), whose numbers stand on a version of their own.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Sum

from spm.money import UNITS_PER_ONE, to_units
from spm.org.models import Company, Period, TeamPlacement
from spm.org.trees import tree_as_of
from targets import summing
from targets.choices import PlanKind
from targets.models import PlanLine, Target
from targets.summing import Sums

COLUMNS = (
    "run",
    "period",
    "measure",
    "team",
    "company",
    "actual",
    "overlay",
    "base",
    "overlay_base",
    "target",
    "quota_sum",
    "lines",
    "cost_missing",
    "effect",
)

type Key = tuple[int, str]
"""(leaf period, measure)."""


type Homes = dict[Key, dict[int, Sums]]
"""What the persons of each home have, overlay credits left out; a home is a team or one of these two."""
NO_TEAM, HOUSE = 0, -1


class Trees:
    """Who stands under whom on each day asked for; days between two changes share one reading."""

    def __init__(self) -> None:
        self._changes = sorted(set(TeamPlacement.objects.order_by().values_list("starts_on", flat=True)))
        self._known: dict[int, dict[int, int | None]] = {}

    def on(self, day: date) -> dict[int, int | None]:
        """Team → parent, None for a root."""
        since = bisect_right(self._changes, day)
        if since not in self._known:
            self._known[since] = tree_as_of(day).parent
        return self._known[since]


@dataclass
class Given:
    """Targets and plan lines of one version: by (leaf period, measure), in ten-thousandths."""

    teams: dict[Key, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    company: dict[Key, int] = field(default_factory=dict)


def given_by(kind: PlanKind, leaves: Collection[Period] | Collection[int]) -> Given:
    """What the version of this kind gives teams and the company in these leaf periods; two queries."""
    given = Given()
    targets = Target.objects.filter(plan__kind=kind, period__in=leaves, team__isnull=False)
    for period, measure, team, amount in targets.values_list("period_id", "measure", "team_id", "amount"):
        given.teams[period, measure][team] = to_units(amount)
    lines = PlanLine.objects.filter(plan__kind=kind, period__in=leaves).counting().values_list("period_id", "measure")
    for period, measure, amount in lines.annotate(Sum("amount")).order_by():
        given.company[period, measure] = int(amount * UNITS_PER_ONE)  # a sum may be longer than one line may
    return given


def summed(
    key: Key, parent: Mapping[int, int | None], own: Mapping[int, Sums], given: Given
) -> tuple[dict[int, Sums], Sums | None]:
    """Every team of one leaf period and measure, and the company; ``own``: the sums of each home."""
    members = {team: sums for team, sums in own.items() if team not in (NO_TEAM, HOUSE)}
    teams = summing.teams(parent, members, given.teams.get(key, {}))
    beside = [own[place] for place in (NO_TEAM, HOUSE) if place in own]
    whole = summing.company(parent, teams, beside)
    if whole or key in given.company:
        whole = whole or Sums()
        whole.target = given.company.get(key)
    return teams, whole


def rows(leaves: Sequence[Period], runs: dict[int, int], homes: Homes) -> Iterator[tuple[Any, ...]]:
    """One tuple in the order of ``COLUMNS`` per team, and for the company; ``runs``: the run of each leaf period."""
    given, trees = given_by(PlanKind.WORKING, leaves), Trees()
    company = Company.objects.values_list("pk", flat=True).first()
    days = {leaf.pk: leaf.ends_on for leaf in leaves}
    for key in sorted({*homes, *given.teams, *given.company}):
        run = runs[key[0]]
        teams, whole = summed(key, trees.on(days[key[0]]), homes.get(key, {}), given)
        for team, sums in sorted(teams.items()):
            yield _row(run, key, sums, team=team)
        if company and whole:
            yield _row(run, key, whole, company=company)


def _row(run: int, key: Key, sums: Sums, *, team: int | None = None, company: int | None = None) -> tuple[Any, ...]:
    money = (sums.actual, 0, sums.base, 0, sums.target, sums.quota_sum)
    return (run, *key, team, company, *money, sums.lines, sums.cost_missing, sums.effect)
