"""The generated company of the bench: at scale 1, 500 reps, 60 managers, 6 levels, 36 months, 1,000,000 actuals.

Repeatable: the same scale gives the same rows. Written in bulk and without history; nothing here goes near real data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from django.db import transaction

from spm.imports import bulk
from spm.market.models import Assignment, Territory
from spm.org import calendars
from spm.org.models import ALWAYS, Company, FiscalYear, Membership, Period, Team, TeamLead, TeamPlacement, User
from spm.periods import CalendarKind
from targets.choices import ActualKind, Measure, PlanKind
from targets.models import Actual, CompanyPlan, Credit, Quota

YEARS = (2024, 2025, 2026)
REPS, MANAGERS, LEVELS, ACTUALS = 500, 60, 6, 1_000_000
BLOCK = 20_000
LINE_COLUMNS = (
    "id",
    "source",
    "external_id",
    "external_key",
    "kind",
    "date",
    "person",
    "partner",
    "amount",
    "cost",
    "currency",
    "version",
    "is_tombstone",
)
CREDIT_COLUMNS = (
    "actual",
    "person",
    "territory",
    "kind",
    "date",
    "share",
    "is_overlay",
    "is_default",
    "is_placed",
    "amount",
    "cost",
)


@dataclass(frozen=True)
class Size:
    """How much of everything: ``scale`` 1 is the size of a large company, ``history`` the part of its lines it has."""

    scale: float
    history: float = 1

    @property
    def reps(self) -> int:
        return max(round(REPS * self.scale), 12)

    @property
    def managers(self) -> int:
        return max(round(MANAGERS * self.scale), LEVELS)

    @property
    def actuals(self) -> int:
        return round(ACTUALS * self.scale * self.history)


@dataclass(frozen=True)
class People:
    """Keys of the generated people and of the two territories each of them sells in."""

    reps: list[int]
    areas: list[int]

    def area(self, rep: int, random: Random) -> int:
        """The own territory in four lines of five, else the neighbour's."""
        at = rep if random.random() < 0.8 else rep + 1  # noqa: S311  # not a secret
        return self.areas[at % len(self.areas)]


def generate(scale: float, history: float = 1) -> Size:
    """Fill the (empty) database with a company of this scale; ``history``: with that part of its lines."""
    size, random = Size(scale, history), Random(7)  # noqa: S311  # repeatable, not a secret
    with transaction.atomic():
        Company.objects.create(pk=1, name="Bench", currency="EUR", fixed_today=date(2026, 12, 15))
        for year in YEARS:
            calendars.create_year(str(year), date(year, 1, 1), CalendarKind.MONTHS)
        people = _people(size, _teams(size))
        _quotas(people.reps)
    for start in range(0, size.actuals, BLOCK):
        with transaction.atomic():
            _lines(people, size, start, random)
    return size


def _teams(size: Size) -> list[int]:
    """A tree of ``LEVELS`` levels, each team led by a manager; the keys of all teams, the root first.

    At scale 1 the table of the root is as the goal asks for: more than fifty rows, eight teams and those below.
    """
    teams: list[int] = []
    regions = max(round(size.managers**0.5), 1)
    for number in range(size.managers):
        team = Team.objects.create(code=f"T{number:03}", name=f"Team {number:03}")
        above = _above(number, regions)
        lead = User.objects.create(email=f"manager{number}@bench.invalid", name=f"Manager {number}")
        TeamPlacement.objects.create(team=team, parent_id=None if above is None else teams[above])
        TeamLead.objects.create(team=team, person=lead)
        teams.append(team.pk)
    return teams


def _above(number: int, regions: int) -> int | None:
    """The place of the team above: one line goes down all levels, the other regions stand beside its second team."""
    if number < LEVELS:
        return number - 1 if number else None
    if number < LEVELS + regions - 1:
        return 0
    beside = number % regions
    return LEVELS + beside - 1 if beside else 1


def _people(size: Size, teams: list[int]) -> People:
    leaves = teams[len(teams) // 5 :]
    reps, areas = [], []
    for number in range(size.reps):
        rep = User.objects.create(email=f"rep{number}@bench.invalid", name=f"Rep {number}")
        area = Territory.objects.create(code=f"A{number:04}", name=f"Area {number:04}")
        Membership.objects.create(person=rep, team_id=leaves[number % len(leaves)])
        Assignment.objects.create(territory=area, person=rep, starts_on=ALWAYS)
        reps.append(rep.pk)
        areas.append(area.pk)
    return People(reps, areas)


def _quotas(reps: list[int]) -> None:
    """10,000.00 a month for every rep and measure."""
    for year in FiscalYear.objects.order_by("starts_on"):
        plan = CompanyPlan.objects.create(fiscal_year=year, kind=PlanKind.WORKING)
        leaves = list(Period.objects.leaves().filter(fiscal_year=year))
        Quota.objects.bulk_create(
            Quota(plan=plan, person_id=rep, measure=measure, period=leaf, amount=10_000)
            for leaf in leaves
            for rep in reps
            for measure in Measure.values
        )


def _lines(people: People, size: Size, start: int, random: Random) -> None:
    keys = bulk.reserve(Actual, min(BLOCK, size.actuals - start))
    made = list(_made(people, size, dict(enumerate(keys, start=start)), random))
    bulk.insert(Actual, LINE_COLUMNS, (line for line, _credit in made))
    bulk.insert(Credit, CREDIT_COLUMNS, (credit for _line, credit in made))


def _made(people: People, size: Size, keys: dict[int, int], random: Random) -> Iterator[tuple[tuple[Any, ...], ...]]:
    """Lines in the order of their dates, as a CRM exports them, each with its credit."""
    first, days = date(YEARS[0], 1, 1), (date(YEARS[-1] + 1, 1, 1) - date(YEARS[0], 1, 1)).days
    for number, key in keys.items():
        day = first + timedelta(days=number * days // size.actuals)
        kind = ActualKind.REVENUE.value if number % 2 else ActualKind.BOOKING.value
        amount, at = random.randrange(100_000, 50_000_000), random.randrange(len(people.reps))
        cost = amount * 6 // 10 if number % 10 else None
        rep, area, name = people.reps[at], people.area(at, random), f"l{number}"
        line = (key, "bench", name, name, kind, day, rep, "", amount, cost, "EUR", 1, False)
        yield line, (key, rep, area, kind, day, 1, False, True, False, amount, cost)
