"""What a file would change, number by number: gathered while rows are judged, kept with the batch, shown before Load.

Kept as JSON: the first MOST rows, how many there are, and the sums of all of them by group. Amounts are plain decimal
strings, null = no number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise

from spm.imports.kinds import Difference, ImportKind, Verdict

MOST = 500  # rows kept; the count tells the others
ZERO = Decimal(0)


class Differences:
    """The differences of one file."""

    def __init__(self) -> None:
        self.count = 0
        self.rows: list[Difference] = []
        self.sums: dict[str, tuple[Decimal, Decimal]] = {}

    def gather(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            if (one := verdict.difference) is not None:
                self.count += 1
                if len(self.rows) < MOST:
                    self.rows.append(one)
                before, after = self.sums.get(one.group, (ZERO, ZERO))
                self.sums[one.group] = before + (one.before or ZERO), after + (one.after or ZERO)

    def as_json(self) -> dict[str, Any]:
        """For ``ImportBatch.differences``; empty where the kind tells none."""
        if not self.count:
            return {}
        rows = [[one.name, one.group, one.period, _text(one.before), _text(one.after)] for one in self.rows]
        sums = [[group, _text(before), _text(after)] for group, (before, after) in self.sums.items()]
        return {"count": self.count, "rows": rows, "sums": sums}


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the page: a number, or the sum of a group (``name`` and ``period`` empty)."""

    name: str
    group: str | Promise
    period: str
    before: Decimal | None
    after: Decimal | None

    @property
    def difference(self) -> Decimal:
        return (self.after or ZERO) - (self.before or ZERO)


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of an import shows; ``more``: rows that are not kept one by one."""

    count: int
    rows: tuple[Shown, ...]
    sums: tuple[Shown, ...]

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


def page_of(kind: ImportKind, kept: Mapping[str, Any]) -> Page | None:
    """``kept``: ``ImportBatch.differences``. None where there are none."""
    if not kept:
        return None
    lines = [*kept["rows"], *(["", group, "", before, after] for group, before, after in kept["sums"])]
    shown = [
        Shown(name, kind.group_label(group), period, _amount(before), _amount(after))
        for name, group, period, before, after in lines
    ]
    listed = len(kept["rows"])
    return Page(kept["count"], tuple(shown[:listed]), tuple(shown[listed:]))


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
