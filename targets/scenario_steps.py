"""What each adjustment of a scenario does to its numbers. Pure of what is stored: they change ``Numbers`` in memory.

All three measures move alike. Levels above the one adjusted keep their numbers: their over-assignment tells.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.org.models import Period
from targets.allotting import COMPANY
from targets.choices import Reach, WhatIf
from targets.goals import Holder, OwnQuota, of_person, of_segment, of_team
from targets.ramps import Presence, Steps, capacity
from targets.rescaling import columns, fit, rescale, row, times
from targets.scenario_numbers import Numbers, Row
from targets.spreading import HUNDRED, CannotSpread

MOST_HIRES = 50


class CannotAdjust(RuleViolation):
    """The adjustment is incomplete, or there is nothing that it could change."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One question to a scenario; what a kind does not need stays empty. Fields as in ``ScenarioStep``.

    ``positions``: the keys of the open positions that new hires get. ``steps``: the ramp of a hire. ``policy``: how a
    part of a period counts.
    """

    kind: WhatIf
    reach: Reach = Reach.COMPANY
    team: int | None = None
    person: int | None = None
    receiver: int | None = None
    territory: int | None = None
    starts: Period | None = None
    percent: Decimal = Decimal(0)
    count: int = 1
    shared: bool = True
    positions: tuple[int, ...] = ()
    steps: Steps = ()
    policy: str = "season"


def apply(numbers: Numbers, asked: Adjustment) -> None:
    """Change the numbers as asked. Raises CannotAdjust, OwnQuota."""
    try:
        _VERBS[asked.kind](numbers, asked)
    except CannotSpread as error:
        raise CannotAdjust(_("There are no numbers there that could be adjusted so.")) from error


# Growth


def _growth(numbers: Numbers, asked: Adjustment) -> None:
    factor = 1 + Fraction(_percent(asked.percent, least=-HUNDRED)) / 100
    team = _team(asked) if asked.reach == Reach.TEAM else None
    for measure in numbers.measures:
        branch = numbers.branch(measure, team)
        if team is None:
            _scale_lines(numbers, measure, factor)
            _scale_territories(numbers, measure, factor)
        own = _signed(branch.leaves, factor) if team is None else row(branch.leaves, times(branch.amount, factor))
        numbers.put_all(measure, rescale(branch, own, factor, {}))


def _signed(leaves: Row, factor: Fraction) -> list[int]:
    """A row that may hold negative numbers, as the company's plan may."""
    if min(leaves, default=0) < 0:
        return [times(amount, factor) for amount in leaves]
    return row(leaves, times(sum(leaves), factor))


def _scale_lines(numbers: Numbers, measure: str, factor: Fraction) -> None:
    whole, segments = of_segment(), numbers.segments(measure)
    if numbers.has(measure, whole):
        numbers.put(measure, whole, numbers.leaves, _signed(numbers.row(measure, whole), factor))
    _scale(numbers, measure, segments, factor)


def _scale_territories(numbers: Numbers, measure: str, factor: Fraction) -> None:
    _scale(numbers, measure, numbers.territories(measure), factor)


def _scale(numbers: Numbers, measure: str, holders: list[Holder], factor: Fraction) -> None:
    """Holders side by side, each with its own proportions; together they grow as one."""
    rows = [numbers.row(measure, one) for one in holders]
    if not any(any(one) for one in rows):
        return
    if min(min(one) for one in rows) < 0:
        scaled = [[times(amount, factor) for amount in one] for one in rows]
    else:
        total = times(sum(map(sum, rows)), factor)
        years, sums = [sum(one) for one in rows], [sum(column) for column in zip(*rows, strict=True)]
        scaled = fit(rows, row(years, total), row(sums, total))
    for holder, new in zip(holders, scaled, strict=True):
        numbers.put(measure, holder, numbers.leaves, new)


# Over-assignment


def _over(numbers: Numbers, asked: Adjustment) -> None:
    percent = _percent(asked.percent, least=-HUNDRED)
    found = False
    for measure in numbers.measures:
        team = _team(asked) if asked.reach == Reach.TEAM else None
        branch = numbers.branch(measure, team)
        over = _nodes(numbers, measure, asked, percent)
        if over and branch.amount > 0:
            numbers.put_all(measure, rescale(branch, branch.leaves, Fraction(1), over))
            found = True
    if not found:
        raise CannotAdjust(_("There is no number yet that could be given on."))


def _nodes(numbers: Numbers, measure: str, asked: Adjustment, percent: Decimal) -> Mapping[Any, Decimal]:
    """The nodes whose children get that much more: those that have a number and somebody below who has one."""
    teams = [one for one in numbers.now[measure] if one.column == "team_id"]
    if asked.reach == Reach.COMPANY:
        return {COMPANY: percent}
    wanted = teams if asked.reach == Reach.TEAMS else [one for one in teams if one.key == asked.team]
    return {one: percent for one in wanted if any(c.amount for c in numbers.branch(measure, int(one.key)).children)}


# People who come and go


def _hire(numbers: Numbers, asked: Adjustment) -> None:
    """The hires carry the average of the team's people × ramp; shared, those people carry that much less."""
    team, starts = _team(asked), _starts(numbers, asked)
    leaves = numbers.from_(starts)
    carried = capacity(leaves, Presence(starts.starts_on), asked.policy, asked.steps, starts.starts_on).shares
    found = False
    for measure in numbers.measures:
        people = [one for one in numbers.members(measure, team) if not numbers.stays(one)]
        rows = [numbers.row(measure, one, leaves) for one in people]
        if not any(any(one) for one in rows):
            continue
        found, sums = True, [sum(column) for column in zip(*rows, strict=True)]
        taken = [_taken(total, len(rows), asked, share) for total, share in zip(sums, carried, strict=True)]
        hired = columns([(1,) * len(leaves)] * len(asked.positions), taken)
        for position, own in zip(asked.positions, hired, strict=True):
            numbers.put(measure, Holder("position_id", position), leaves, own)
        if asked.shared:
            left = columns(rows, [total - gone for total, gone in zip(sums, taken, strict=True)])
            for person, new in zip(people, left, strict=True):
                numbers.put(measure, person, leaves, new)
    if not found:
        raise CannotAdjust(_("Nobody in this team has a number to take the average from."))


def _taken(total: int, people: int, asked: Adjustment, share: Decimal) -> int:
    """What all hires carry together of a leaf period in which these people carry ``total``."""
    heads = Fraction(share) * len(asked.positions)
    return times(total, heads / (people + heads) if asked.shared else heads / people)


def _leave(numbers: Numbers, asked: Adjustment) -> None:
    """The leaver's number goes from that period on; shared, the others of the team carry it."""
    person, starts = _other_than_self(numbers, asked.person), _starts(numbers, asked)
    leaves, found = numbers.from_(starts), False
    team = numbers.places.home.get(int(person.key))
    for measure in numbers.measures:
        gone = numbers.row(measure, person, leaves)
        if not any(gone):
            continue
        found = True
        numbers.put(measure, person, leaves, _taken_away(numbers, measure, person, leaves))
        if asked.shared:
            _share_out(numbers, measure, team, person, leaves, gone)
    if not found:
        raise CannotAdjust(_("This person has no number from then on."))


def _taken_away(numbers: Numbers, measure: str, person: Holder, leaves: list[Period]) -> list[int | None]:
    stored = numbers.now[measure][person]
    return [None if leaf.pk in stored else 0 for leaf in leaves]


def _share_out(  # noqa: PLR0913, PLR0917  # whose, of what, when and how much
    numbers: Numbers, measure: str, team: int | None, person: Holder, leaves: list[Period], gone: Row
) -> None:
    holders = [*numbers.members(measure, team), *numbers.positions(measure, team)]
    others = [one for one in holders if one != person and not numbers.stays(one)]
    if not others:
        raise CannotAdjust(_("There is nobody else in the team who could carry it."))
    rows = [numbers.row(measure, one, leaves) for one in others]
    sums = [sum(column) + more for column, more in zip(zip(*rows, strict=True), gone, strict=True)]
    for holder, new in zip(others, columns(rows, sums), strict=True):
        numbers.put(measure, holder, leaves, new)


# Territories


def _territory(numbers: Numbers, asked: Adjustment) -> None:
    """A share of the giver's number goes to the receiver, and along with it those of their teams that differ."""
    giver, receiver = _other_than_self(numbers, asked.person), _other_than_self(numbers, asked.receiver)
    if giver == receiver:
        raise CannotAdjust(_("Choose somebody else to take the territory over."))
    share = Fraction(_percent(asked.percent, least=Decimal(0), most=HUNDRED)) / 100
    leaves, found = numbers.from_(_starts(numbers, asked)), False
    for measure in numbers.measures:
        own = numbers.row(measure, giver, leaves)
        moved = row(own, times(sum(own), share)) if any(own) else []
        if not any(moved):
            continue
        found = True
        _move(numbers, measure, giver, leaves, [-amount for amount in moved])
        _move(numbers, measure, receiver, leaves, moved)
        above, beside = (_teams_above(numbers, measure, one) for one in (giver, receiver))
        for team in [one for one in above if one not in beside]:
            _move(numbers, measure, team, leaves, [-amount for amount in moved])
        for team in [one for one in beside if one not in above]:
            _move(numbers, measure, team, leaves, moved)
    if not found:
        raise CannotAdjust(_("There is no number that would move with the territory."))


def _teams_above(numbers: Numbers, measure: str, person: Holder) -> list[Holder]:
    """The teams with a number above a person."""
    above = numbers.places.ancestors(numbers.places.home.get(int(person.key)))
    return [of_team(team) for team in above if numbers.has(measure, of_team(team))]


def _move(numbers: Numbers, measure: str, holder: Holder, leaves: list[Period], moved: list[int]) -> None:
    if holder.column == "team_id":  # in months without a target what stands below it counts, which has moved already
        given = numbers.now[measure].get(holder, {})
        both = [pair for pair in zip(leaves, moved, strict=True) if given.get(pair[0].pk) is not None]
        leaves, moved = [leaf for leaf, _more in both], [more for _leaf, more in both]
    now = numbers.row(measure, holder, leaves)
    new = [have + more for have, more in zip(now, moved, strict=True)]
    if min(new, default=0) < 0:
        raise CannotAdjust(_("The number of the team is smaller than what would leave it."))
    numbers.put(measure, holder, leaves, new)


# What was asked


def _percent(percent: Decimal, *, least: Decimal, most: Decimal = HUNDRED * 10) -> Decimal:
    if not percent.is_finite() or not least <= percent <= most:
        words = {"least": f"{least:f}".replace("-", "−"), "most": f"{most:f}"}
        raise CannotAdjust(_("The percent lies between %(least)s and %(most)s.") % words)
    return percent


def _team(asked: Adjustment) -> int:
    if asked.team is None:
        raise CannotAdjust(_("Choose a team."))
    return asked.team


def _other_than_self(numbers: Numbers, person: int | None) -> Holder:
    if person is None:
        raise CannotAdjust(_("Choose a person."))
    if numbers.stays(of_person(person)):
        raise OwnQuota(_("Nobody sets their own quota."))
    return of_person(person)


def _starts(numbers: Numbers, asked: Adjustment) -> Period:
    """The leaf period from which it counts; an open one of this year."""
    if asked.starts is None or asked.starts.pk not in {leaf.pk for leaf in numbers.leaves}:
        raise CannotAdjust(_("Choose an open month of the year."))
    return asked.starts


_VERBS: Mapping[WhatIf, Callable[[Numbers, Adjustment], None]] = {
    WhatIf.GROWTH: _growth,
    WhatIf.OVER: _over,
    WhatIf.HIRE: _hire,
    WhatIf.LEAVE: _leave,
    WhatIf.TERRITORY: _territory,
}
