"""The same company in plain Python: lines, memberships, quotas and closed months as dictionaries, added up by hand."""

from collections import defaultdict
from decimal import Decimal

MONTHS = [f"2026-{month:02}" for month in (1, 2, 3, 4)]
ABOVE = {"2026-01": "2026-Q1", "2026-02": "2026-Q1", "2026-03": "2026-Q1", "2026-04": "2026-Q2"}

type Form = tuple[str | None, str, str, Decimal, Decimal | None]  # person, day, kind, amount, cost
type Before = dict[int, tuple[Form | None, Form | None, int | None]]  # what counted, what was gone, by which import
type Sums = dict[tuple[str, str, str], tuple[Decimal, Decimal | None]]


class Oracle:
    """``lines`` count; ``gone`` counts nowhere, and keeps the day of its last form. ``wrote``: which import did."""

    def __init__(self) -> None:
        self.lines: dict[int, Form] = {}
        self.gone: dict[int, Form] = {}
        self.wrote: dict[int, int | None] = {}
        self.imports: list[Before | None] = []  # what stood before each; None = taken back
        self.moves: dict[str, dict[str, str | None]] = defaultdict(dict)
        self.quotas: dict[tuple[str, str], int] = {}
        self.closed: dict[str, Sums] = {}

    # Steps. Each says whether it may be.

    def load(self, rows: dict[int, Form]) -> dict[str, int]:
        """What a file brings that stands in no closed month; the counts of its outcomes."""
        told = dict.fromkeys(("new", "changed", "unchanged", "parked", "refused"), 0)
        before: Before = {}
        for key, form in rows.items():
            stands = self.lines.get(key)
            if stands == form:
                told["unchanged"] += 1
            elif self._is_closed(form) or self._is_closed(stands or self.gone.get(key)):
                told["parked"] += 1
            else:
                told["changed" if stands else "new"] += 1
                before[key] = (stands, self.gone.pop(key, None), self.wrote.get(key))
                self.lines[key], self.wrote[key] = form, len(self.imports)
        self.imports.append(before)
        return told

    def vanish(self, key: int) -> None:
        if key in self.lines and not self._is_closed(self.lines[key]):
            self.gone[key], self.wrote[key] = self.lines.pop(key), None

    def undo(self, number: int) -> bool:
        """Not twice, not what a later step changed, not into or out of a closed month."""
        before = self.imports[number]
        if before is None or any(self.wrote[key] != number for key in before):
            return False
        forms = [form for key, (was, gone, _by) in before.items() for form in (self.lines.get(key), was, gone)]
        if any(map(self._is_closed, forms)):
            return False
        for key, (was, gone, by) in before.items():
            now = self.lines.pop(key)
            if was is None:
                self.gone[key] = gone or now
                self.wrote[key] = by if gone else number
            else:
                self.lines[key], self.wrote[key] = was, by
        self.imports[number] = None
        return True

    def plan(self, person: str, month: str, amount: int | None) -> bool:
        if self.quotas.get((person, month)) == amount:
            return True
        if month in self.closed:
            return False
        if amount is None:
            del self.quotas[person, month]
        else:
            self.quotas[person, month] = amount
        return True

    def close(self, month: str) -> bool:
        """The month keeps what it has now."""
        if month in self.closed:
            return False
        self.closed[month] = self._month(month)
        return True

    def reopen(self, month: str) -> bool:
        return self.closed.pop(month, None) is not None

    def _is_closed(self, form: Form | None) -> bool:
        return form is not None and form[1][:7] in self.closed

    # Sums

    def expected(self) -> Sums:
        """{(period, measure, holder): (actual, quota)} of months, quarters and the year; quota None = none."""
        sums: Sums = {}
        for month in MONTHS:
            for (period, measure, holder), both in self.closed.get(month, self._month(month)).items():
                for each in (period, ABOVE[period], "2026"):
                    _add(sums, (each, measure, holder), *both)
        return sums

    def _month(self, month: str) -> Sums:
        sums: Sums = {}
        for person, day, *line in self.lines.values():
            if day[:7] == month:
                for measure, value in _figures(*line):
                    for holder in self._holders(person, month):
                        _add(sums, (month, measure, holder), value, None)
        for (person, given), quota in self.quotas.items():
            for holder in self._holders(person, month) if given == month else ():
                _add(sums, (month, "revenue", holder), Decimal(0), Decimal(quota))
        return sums

    def _holders(self, person: str | None, month: str) -> list[str]:
        """Whom a line or quota of the person counts for: by the team on the last day of the month."""
        if person is None:
            return ["COMPANY"]
        started = {day: team for day, team in self.moves[person].items() if day <= f"{month}-31"}
        team = started[max(started)] if started else None
        return [person, "COMPANY", *([team, "Sales"] if team else [])]


def _figures(kind: str, amount: Decimal, cost: Decimal | None) -> list[tuple[str, Decimal]]:
    if kind == "booking":
        return [("bookings", amount)]
    return [("revenue", amount), ("margin", Decimal(0) if cost is None else amount - cost)]


def _add(sums: Sums, key: tuple[str, str, str], actual: Decimal, quota: Decimal | None) -> None:
    before, given = sums.get(key, (Decimal(0), None))
    sums[key] = (before + actual, given if quota is None else (given or Decimal(0)) + quota)
