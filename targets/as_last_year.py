"""What a year would bring if everyone performed as last year: the measure by which scenarios are compared.

Who was there through last year sells what they sold then, one-off deals left out. Who came since, and every open
position, sells the average of those of their team, less ramp and part of a year. It falls on the year by season, so
that leavers count to their last month. Amounts in company currency.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from spm.money import ZERO
from spm.org.models import ALWAYS, Period
from targets import last_year
from targets.allocation_facts import Calendar
from targets.choices import WhatIf
from targets.goals import Holder, of_person, of_position
from targets.last_year import LastYear
from targets.models import OpenPosition, PlanningCycle, ScenarioStep
from targets.ramps import Presence, Ramps, Steps, capacity
from targets.scenario_numbers import Places
from targets.spreading import HUNDRED, Capacity

type Row = tuple[Decimal, ...]
"""One amount per leaf period of the year."""


@dataclass(frozen=True)
class Outlook:
    """One measure. ``people``: what each brings; ``last``: what each brought last year; ``mean``: of a team's people.

    ``mean`` of None: of all people, for teams without anybody who was there through last year.
    """

    calendar: Calendar
    season: Row
    people: Mapping[int, Row]
    last: Mapping[int, LastYear]
    capacity: Mapping[int, Capacity]
    policy: str  # how a part of a period counts
    ramp: Steps  # of new hires
    mean: Mapping[int | None, Decimal] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether anything was sold in the year before."""
        return any(one.actual for one in self.last.values())

    def average(self, team: int | None) -> Decimal | None:
        return self.mean.get(team, self.mean.get(None))

    def share(self, capacity: Capacity) -> Decimal:
        """The share of a full year that is carried, by season."""
        return sum((weight * share for weight, share in zip(self.season, capacity.shares, strict=True)), ZERO)


def read(
    cycle: PlanningCycle, measure: str, places: Places, people: Iterable[int], ramps: Ramps, today: date
) -> Outlook:
    """Two queries. ``people``: of whom it is asked; ``ramps``: the schedules in force."""
    calendar, wanted = places.calendar, sorted(people)
    elapsed = last_year.elapsed(calendar.before, calendar.weights, today)
    last = last_year.read(cycle, measure, calendar.before, elapsed, wanted, deals_of=())
    carried = {
        person: capacity(calendar.leaves, presence, cycle.proration, *ramps.of(person, presence.first))
        for person, presence in places.presence.items()
    }
    season = _season(calendar)
    known = [person for person in wanted if person in last and _was_there(places.presence.get(person), calendar)]
    mean = _means(known, last, places.home)
    full = Capacity((Decimal(1),) * len(season))
    found = {}
    for person in wanted:
        average = mean.get(places.home.get(person), mean.get(None))
        year = last[person].adjusted if person in last else ZERO
        if person not in known and average is not None:
            year = average
        found[person] = _row(year, season, carried.get(person, full))
    ramp = ramps.steps.get(ramps.default or 0, ())
    return Outlook(calendar, season, found, last, carried, cycle.proration, ramp, mean)


def of_scenario(
    outlook: Outlook,
    steps: Sequence[ScenarioStep],
    positions: Iterable[OpenPosition],
) -> dict[Holder, Decimal]:
    """Holder → the year's amount, leavers and moved territories of the scenario's steps in force counted."""
    rows = {of_person(person): list(row) for person, row in outlook.people.items()}
    for step in steps:
        if step.kind == WhatIf.LEAVE and step.person_id is not None:
            _stop(rows, of_person(step.person_id), _after(outlook, step))
        elif step.kind == WhatIf.TERRITORY and step.person_id is not None and step.receiver_id is not None:
            _move(rows, of_person(step.person_id), of_person(step.receiver_id), step.percent, _after(outlook, step))
    for position in positions:
        average = outlook.average(position.team_id)
        if average is not None:
            rows[of_position(position.pk)] = list(_row(average, outlook.season, _new(outlook, position)))
    return {holder: sum(row, ZERO) for holder, row in rows.items()}


def _new(outlook: Outlook, position: OpenPosition) -> Capacity:
    first = position.starts.starts_on
    return capacity(outlook.calendar.leaves, Presence(first), outlook.policy, outlook.ramp, first)


def _season(calendar: Calendar) -> Row:
    """The weights of the leaf periods, which add up to 1."""
    season = calendar.season
    whole = sum(season, ZERO)
    even = Decimal(1) / len(season)
    return tuple(weight / whole if whole else even for weight in season)


def _was_there(presence: Presence | None, calendar: Calendar) -> bool:
    """Through all of last year."""
    if presence is None or presence.first is None or presence.first <= ALWAYS:
        return True
    return bool(calendar.before) and presence.first <= calendar.before[0].starts_on


def _means(people: Iterable[int], last: Mapping[int, LastYear], home: Mapping[int, int]) -> dict[int | None, Decimal]:
    sold: dict[int | None, list[Decimal]] = defaultdict(list)
    for person in people:
        if last[person].actual:
            sold[None].append(last[person].adjusted)
            if person in home:
                sold[home[person]].append(last[person].adjusted)
    return {team: sum(amounts, ZERO) / len(amounts) for team, amounts in sold.items()}


def _row(year: Decimal, season: Row, carried: Capacity) -> Row:
    return tuple(year * weight * share for weight, share in zip(season, carried.shares, strict=True))


def _after(outlook: Outlook, step: ScenarioStep) -> list[int]:
    """The places of the leaf periods from the step's first one on."""
    first: Period | None = step.starts
    leaves = outlook.calendar.leaves
    return [i for i, leaf in enumerate(leaves) if first is None or leaf.starts_on >= first.starts_on]


def _stop(rows: dict[Holder, list[Decimal]], person: Holder, after: Sequence[int]) -> None:
    for i in after if person in rows else ():
        rows[person][i] = ZERO


def _move(
    rows: dict[Holder, list[Decimal]], giver: Holder, receiver: Holder, percent: Decimal, after: Sequence[int]
) -> None:
    for i in after if giver in rows and receiver in rows else ():
        moved = rows[giver][i] * percent / HUNDRED
        rows[giver][i] -= moved
        rows[receiver][i] += moved
