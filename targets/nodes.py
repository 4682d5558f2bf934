"""The attainment rows of teams, territories and the company for leaf periods, from the sums of their parts."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Sum

from spm.market.models import Territory
from spm.money import to_units
from spm.org.models import Company, Membership, Period, TeamPlacement, User
from spm.org.trees import TeamTree, tree_as_of
from targets import summing
from targets.models import PlanLine, Target
from targets.summing import Sums

COLUMNS = (
    "run",
    "period",
    "measure",
    "team",
    "territory",
    "company",
    "actual",
    "overlay",
    "base",
    "overlay_base",
    "target",
    "quota_sum",
    "lines",
    "cost_missing",
)

type Key = tuple[int, str]
"""(leaf period, measure)."""
type ByHolder = dict[int, Sums]


def _sums() -> ByHolder:
    return defaultdict(Sums)


@dataclass
class Parts:
    """What is summed up the trees, overlay credits left out: by (leaf period, measure), then by holder."""

    persons: dict[Key, ByHolder] = field(default_factory=lambda: defaultdict(_sums))
    territories: dict[Key, ByHolder] = field(default_factory=lambda: defaultdict(_sums))


class Trees:
    """The team tree of each day asked for; days between two changes share one reading."""

    def __init__(self) -> None:
        changes = {day for model in (TeamPlacement, Membership) for day in _starts(model)}
        self._changes = sorted(changes)
        self._known: dict[int, TeamTree] = {}

    def on(self, day: date) -> TeamTree:
        since = bisect_right(self._changes, day)
        if since not in self._known:
            self._known[since] = tree_as_of(day)
        return self._known[since]


def _starts(model: type[TeamPlacement | Membership]) -> Iterator[date]:
    yield from model.objects.order_by().values_list("starts_on", flat=True).distinct()


@dataclass
class Given:
    """Targets and plan lines in force: by (leaf period, measure), then by holder, in ten-thousandths."""

    teams: dict[Key, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    territories: dict[Key, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    company: dict[Key, int] = field(default_factory=dict)


def _given(leaves: Sequence[Period]) -> Given:
    given = Given()
    targets = Target.objects.in_force().filter(period__in=leaves)
    for period, measure, team, territory, amount in targets.values_list(
        "period_id", "measure", "team_id", "territory_id", "amount"
    ):
        holders = given.teams if team else given.territories
        holders[period, measure][team or territory] = to_units(amount)
    lines = PlanLine.objects.in_force().filter(period__in=leaves).values_list("period_id", "measure")
    for period, measure, amount in lines.annotate(Sum("amount")).order_by():
        given.company[period, measure] = to_units(amount)
    return given


def rows(leaves: Sequence[Period], runs: dict[int, int], parts: Parts) -> Iterator[tuple[Any, ...]]:
    """One tuple in the order of ``COLUMNS`` per node; ``runs`` gives the run of each leaf period."""
    given, trees, house = _given(leaves), Trees(), User.objects.house().pk
    parent = dict(Territory.objects.values_list("pk", "parent_id"))
    company = Company.objects.values_list("pk", flat=True).first()
    days = {leaf.pk: leaf.ends_on for leaf in leaves}
    keys = {*parts.persons, *parts.territories, *given.teams, *given.territories, *given.company}
    for key in sorted(keys):
        run, tree, persons = runs[key[0]], trees.on(days[key[0]]), dict(parts.persons.get(key, {}))
        house_sums = [persons.pop(house)] if house in persons else []
        teams = summing.teams(tree, persons, given.teams.get(key, {}))
        for team, sums in sorted(teams.items()):
            yield _row(run, key, sums, team=team)
        areas = summing.territories(parent, parts.territories.get(key, {}), given.territories.get(key, {}))
        for territory, sums in sorted(areas.items()):
            yield _row(run, key, sums, territory=territory)
        whole = summing.company(tree, persons, teams, house_sums)
        if company and (whole or key in given.company):
            total = whole or Sums()
            total.target = given.company.get(key)
            yield _row(run, key, total, company=company)


def _row(
    run: int, key: Key, sums: Sums, *, team: int | None = None, territory: int | None = None, company: int | None = None
) -> tuple[Any, ...]:
    money = (sums.actual, 0, sums.base, 0, sums.target, sums.quota_sum)
    return (run, *key, team, territory, company, *money, sums.lines, sums.cost_missing)
