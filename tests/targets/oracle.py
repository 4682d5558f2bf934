"""The same company in plain Python: lines, shares, dated facts, goals and closed months as dictionaries, added up by
hand.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

MONTHS = [f"2026-{month:02}" for month in (1, 2, 3, 4)]
ABOVE = {"2026-01": "2026-Q1", "2026-02": "2026-Q1", "2026-03": "2026-Q1", "2026-04": "2026-Q2"}
TERRITORIES = ("Region", "West", "East")  # of two taken on one day the first counts
COMPANY, UNASSIGNED = "COMPANY", "Unassigned"
ALWAYS = ""  # before every day


class Form(NamedTuple):
    """A line as a file brings it; ``person`` None is the House."""

    person: str | None
    day: str
    kind: str
    amount: Decimal
    cost: Decimal | None
    account: str | None
    territory: str | None


class Part(NamedTuple):
    """A share of a line; ``territory`` None is where the rules put it."""

    person: str | None
    territory: str | None
    share: Decimal
    is_overlay: bool


@dataclass(frozen=True)
class Line:
    """``is_gone`` counts nowhere, and keeps the day and the parts of its last form. ``wrote``: which import did."""

    form: Form
    is_gone: bool = False
    parts: tuple[Part, ...] = ()
    wrote: int | None = None


@dataclass(frozen=True)
class Row:
    """What a holder has in one period of one measure."""

    actual: Decimal = Decimal(0)
    overlay: Decimal = Decimal(0)
    lines: int = 0
    target: Decimal | None = None
    quota_sum: Decimal | None = None

    def __add__(self, other: "Row") -> "Row":
        return Row(
            self.actual + other.actual,
            self.overlay + other.overlay,
            self.lines + other.lines,
            _plus(self.target, other.target),
            _plus(self.quota_sum, other.quota_sum),
        )


type Sums = dict[tuple[str, str, str], Row]
"""(period, measure, holder) → row."""
type Dated = dict[str, str | None]
"""What holds from each day on, until the next."""


class Oracle:
    def __init__(self) -> None:
        self.lines: dict[int, Line] = {}
        self.imports: list[dict[int, Line | None] | None] = []  # what stood before each; None = taken back
        self.moves: dict[str, Dated] = defaultdict(dict)  # person → team
        self.placed_teams: dict[str, Dated] = {"North": {ALWAYS: "Sales"}, "South": {ALWAYS: "Sales"}}
        self.held: dict[str, Dated] = defaultdict(dict)  # territory → owner
        self.placed_accounts: dict[str, Dated] = defaultdict(dict)
        self.borders: dict[str, str | None] = {"West": "Region", "East": "Region"}  # territory → the one above, undated
        self.goals: dict[tuple[str, str], int] = {}  # (person, team, territory or the company; month)
        self.closed: dict[str, Sums] = {}

    # Steps. Each says whether it may be.

    def load(self, rows: dict[int, Form]) -> dict[str, int]:
        """What a file brings that stands in no closed month; the counts of its outcomes."""
        told = dict.fromkeys(("new", "changed", "unchanged", "parked", "refused"), 0)
        before: dict[int, Line | None] = {}
        for key, form in rows.items():
            stands = self.lines.get(key)
            is_live = stands is not None and not stands.is_gone
            if is_live and stands.form == form:
                told["unchanged"] += 1
            elif self._is_closed(form) or (stands and self._is_closed(stands.form)):
                told["parked"] += 1
            else:
                told["changed" if is_live else "new"] += 1
                before[key] = stands
                self.lines[key] = Line(form, False, stands.parts if stands else (), len(self.imports))
        self.imports.append(before)
        return told

    def share(self, key: int, parts: tuple[Part, ...]) -> str | None:
        """The outcome of a file that shares one line among these parts; None where it is refused."""
        stands = self.lines.get(key)
        if stands is None or stands.is_gone:
            return None
        outcome, before = "changed" if stands.parts else "new", {key: stands}
        if set(stands.parts) == set(parts):
            outcome, before = "unchanged", {}
        elif self._is_closed(stands.form):
            outcome, before = "parked", {}
        else:
            self.lines[key] = replace(stands, parts=parts, wrote=len(self.imports))
        self.imports.append(before)
        return outcome

    def vanish(self, key: int) -> None:
        stands = self.lines.get(key)
        if stands and not stands.is_gone and not self._is_closed(stands.form):
            self.lines[key] = replace(stands, is_gone=True, wrote=None)

    def undo(self, number: int) -> bool:
        """Not twice, not what a later step changed, not into or out of a closed month."""
        before = self.imports[number]
        if before is None or any(self.lines[key].wrote != number for key in before):
            return False
        forms = [line.form for key, was in before.items() for line in (self.lines[key], was) if line]
        if any(map(self._is_closed, forms)):
            return False
        for key, was in before.items():
            self.lines[key] = was or replace(self.lines[key], is_gone=True)
        self.imports[number] = None
        return True

    def give(self, holder: str, month: str, amount: int | None) -> bool:
        """A quota, a target or the plan."""
        if self.goals.get((holder, month)) == amount:
            return True
        if month in self.closed:
            return False
        if amount is None:
            del self.goals[holder, month]
        else:
            self.goals[holder, month] = amount
        return True

    def close(self, month: str) -> bool:
        """The month keeps what it has now."""
        if month in self.closed:
            return False
        self.closed[month] = self._month(month)
        return True

    def reopen(self, month: str) -> bool:
        return self.closed.pop(month, None) is not None

    def _is_closed(self, form: Form) -> bool:
        return form.day[:7] in self.closed

    # Sums

    def expected(self) -> Sums:
        """The rows of months, quarters and the year."""
        sums: Sums = {}
        for month in MONTHS:
            for (period, measure, holder), row in self.closed.get(month, self._month(month)).items():
                for each in (period, ABOVE[period], "2026"):
                    _add(sums, (each, measure, holder), row)
        return sums

    def judged(self) -> dict[tuple[str, str, str], Decimal | None]:
        """The number of each row: in a month the target, of teams and territories else what stands below; added up."""
        sums: dict[tuple[str, str, str], Decimal | None] = {}
        for month in MONTHS:
            for (period, measure, holder), row in self.closed.get(month, self._month(month)).items():
                is_node = holder in (*TERRITORIES, UNASSIGNED, "Sales", *self.placed_teams)
                number = row.quota_sum if row.target is None and is_node else row.target
                for each in (period, ABOVE[period], "2026"):
                    sums[each, measure, holder] = _plus(sums.get((each, measure, holder)), number)
        return sums

    def _month(self, month: str) -> Sums:
        sums: Sums = {}
        for line in self.lines.values():
            if line.form.day[:7] == month and not line.is_gone:
                for part in line.parts or (Part(line.form.person, None, Decimal(1), False),):
                    for measure, value in _figures(line.form, part.share):
                        for holder, row in self._credited(line.form, part, value):
                            _add(sums, (month, measure, holder), row)
        for (holder, given), amount in self.goals.items():
            for each, row in self._given(holder, month, Decimal(amount)) if given == month else ():
                _add(sums, (month, "revenue", each), row)
        return sums

    def _credited(self, form: Form, part: Part, value: Decimal) -> Iterator[tuple[str, Row]]:
        """An overlay counts for its person alone; above, it is there with nothing."""
        if part.person:
            yield part.person, Row(value, value if part.is_overlay else Decimal(0), 1)
        territory = part.territory or form.territory or self._place(part.person, form)
        above = [
            *self._up_the_land(territory),
            *self._up_the_teams(self._team(part.person, form.day[:7]), form.day[:7]),
        ]
        for holder in (*above, COMPANY):
            yield holder, Row() if part.is_overlay else Row(value, lines=1)

    def _given(self, holder: str, month: str, amount: Decimal) -> Iterator[tuple[str, Row]]:
        """The holder's target; what that means above it."""
        yield holder, Row(target=amount)
        if holder in TERRITORIES:
            for above in self._up_the_land(holder)[1:]:
                yield above, Row(quota_sum=amount)
                if (above, month) in self.goals:
                    return  # further up, what this one was given counts in its place
        elif holder != COMPANY:
            is_team = holder in ("Sales", *self.placed_teams)
            team = holder if is_team else self._team(holder, month)
            for above in (*self._up_the_teams(team, month)[is_team:], COMPANY):
                yield above, Row() if is_team else Row(quota_sum=amount)

    # Facts

    def _team(self, person: str | None, month: str) -> str | None:
        """The team on the last day of the month."""
        return _on(self.moves[person], f"{month}-31") if person else None

    def _up_the_teams(self, team: str | None, month: str) -> list[str]:
        chain = []
        while team:
            chain.append(team)
            team = _on(self.placed_teams.get(team, {}), f"{month}-31")
        return chain

    def _up_the_land(self, territory: str | None) -> list[str]:
        chain = []
        while territory:
            chain.append(territory)
            territory = self.borders.get(territory)
        return chain

    def _place(self, person: str | None, form: Form) -> str:
        """Where the account is placed on the day of the line, else what the person took last of what he holds."""
        placed = _on(self.placed_accounts[form.account], form.day) if form.account else None
        if placed or person is None:
            return placed or UNASSIGNED
        taken = []
        for territory in TERRITORIES:
            since = max((day for day in self.held[territory] if day <= form.day), default=None)
            if since is not None and self.held[territory][since] == person:
                taken.append((since, -TERRITORIES.index(territory), territory))
        return max(taken)[2] if taken else UNASSIGNED


def _on(dated: Dated, day: str) -> str | None:
    started = [since for since in dated if since <= day]
    return dated[max(started)] if started else None


def _figures(form: Form, share: Decimal) -> list[tuple[str, Decimal]]:
    amount, cost = form.amount * share, None if form.cost is None else form.cost * share
    if form.kind == "booking":
        return [("bookings", amount)]
    return [("revenue", amount), ("margin", Decimal(0) if cost is None else amount - cost)]


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if one is None else one if other is None else one + other


def _add(sums: Sums, key: tuple[str, str, str], row: Row) -> None:
    sums[key] = sums.get(key, Row()) + row
