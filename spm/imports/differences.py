"""What a file would change, number by number: gathered while rows are judged, kept with the batch, shown before Load.

Kept as JSON: the first MOST rows, how many there are, and the sums of all of them by group. Amounts are plain decimal
strings, null = no number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.imports.kinds import Difference, ImportKind, Verdict
from spm.ui import numbers

MOST = 500  # rows kept; the count tells the others
NAMED = 5  # numbers told one by one where they changed before the load
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
class Overtaken:
    """A number that changed between the preview and the load: as it was ``seen``, as it is ``now``, as the file has it.

    ``name`` is empty for the sum of a group, where the file has more numbers than are kept one by one.
    """

    name: str
    group: str
    period: str
    seen: Decimal | None
    now: Decimal | None
    wanted: Decimal | None


def overtaken(kept: Mapping[str, Any], found: Differences) -> list[Overtaken]:
    """What somebody else changed since ``kept`` (``ImportBatch.differences``) was shown.

    A number that says meanwhile what the file says is no conflict; one that said it when it was shown is.
    """
    told = found.as_json()
    if max(kept.get("count", 0), told.get("count", 0)) > MOST:
        sums = {group: (before, after) for group, before, after in kept.get("sums", ())}
        return [
            Overtaken("", group, "", _amount(sums.get(group, (None, None))[0]), _amount(before), _amount(after))
            for group, before, after in told.get("sums", ())
            if group not in sums or Decimal(sums[group][0]) != Decimal(before)
        ]
    seen = {(name, group, period): before for name, group, period, before, _after in kept.get("rows", ())}
    return [
        # What the preview did not list stood there as the file has it.
        Overtaken(one.name, one.group, one.period, _amount(seen.get(key, _text(one.after))), one.before, one.after)
        for one in found.rows
        if (key := (one.name, one.group, one.period)) not in seen or _amount(seen[key]) != one.before
    ]


def told_of(kind: ImportKind, changed: Sequence[Overtaken]) -> str:
    """In words: how many numbers changed meanwhile, and the first of them with every value."""
    count = len(changed)
    head = ngettext(
        "Nothing was loaded: %(n)s number has changed since this file was looked at. The table shows it as it is now; "
        "load again to put yours in its place.",
        "Nothing was loaded: %(n)s numbers have changed since this file was looked at. The table shows them as they "
        "are now; load again to put yours in their place.",
        count,
    ) % {"n": count}
    lines = [_line(kind, one) for one in changed[:NAMED]]
    return " ".join([head, *lines, *(["…"] if count > NAMED else [])])


def _line(kind: ImportKind, one: Overtaken) -> str:
    whose = ", ".join(str(part) for part in (one.name or _("Total"), kind.group_label(one.group), one.period) if part)
    amounts = {"whose": whose, "seen": _said(one.seen), "now": _said(one.now), "wanted": _said(one.wanted)}
    return _("%(whose)s: %(seen)s when looked at, %(now)s now, %(wanted)s in the file.") % amounts


def _said(amount: Decimal | None) -> str:
    return numbers.NONE if amount is None else numbers.number(amount, numbers.decimals_of(amount))


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
