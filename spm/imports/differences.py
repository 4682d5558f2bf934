"""What a file would change, number by number: gathered while rows are judged, kept with the batch, shown before Load.

Kept as JSON: the first MOST rows, how many there are, and the sums of all of them by group. Amounts are plain decimal
strings, null = no number. Until the load a mark of every row is kept as well, by which a number that somebody else
changed meanwhile is found, whatever the length of the file, and also where a year keeps its sum and moves its months.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.imports.kinds import Difference, ImportKind, Verdict
from spm.ui import numbers

MOST = 500  # rows kept; the count tells the others
NAMED = 5  # numbers told one by one where they changed before the load
MARKS = "marks"
MARK_BYTES, MARK_LENGTH = 6, 8  # one of 2 to the 48th, and its characters
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A number that changed between the preview and the load: as it was ``seen``, as it is ``now``, as the file has it.

    ``is_known``: whether what was seen is known; beyond the rows that are kept, a mark alone tells that it changed.
    """

    name: str
    group: str
    period: str
    seen: Decimal | None
    now: Decimal | None
    wanted: Decimal | None
    is_known: bool = True


class Differences:
    """The differences of one file, and those of them that are not what the preview showed.

    ``shown``: ``ImportBatch.differences`` of the preview that was looked at; None where nobody looked. A number that
    says meanwhile what the file says is no conflict; one that said it when it was shown is.
    """

    def __init__(self, shown: Mapping[str, Any] | None = None) -> None:
        self.count = 0
        self.rows: list[Difference] = []
        self.sums: dict[str, tuple[Decimal, Decimal]] = {}
        self.marks: list[str] = []
        self.overtaken: list[Overtaken] = []  # the first of them
        self.overtaken_count = 0
        self._shown = None if shown is None else _Shown(shown)

    def gather(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            if (one := verdict.difference) is not None:
                self._add(one, _mark(one))

    def _add(self, one: Difference, mark: str) -> None:
        self.count += 1
        self.marks.append(mark)
        if len(self.rows) < MOST:
            self.rows.append(one)
        before, after = self.sums.get(one.group, (ZERO, ZERO))
        self.sums[one.group] = before + (one.before or ZERO), after + (one.after or ZERO)
        if self._shown and mark not in self._shown.marks:
            self.overtaken_count += 1
            if len(self.overtaken) < NAMED:
                self.overtaken.append(self._shown.overtaken(one))

    def as_json(self) -> dict[str, Any]:
        """For ``ImportBatch.differences``; empty where the kind tells none."""
        if not self.count:
            return {}
        rows = [[one.name, one.group, one.period, _text(one.before), _text(one.after), one.holder] for one in self.rows]
        sums = [[group, _text(before), _text(after)] for group, (before, after) in self.sums.items()]
        return {"count": self.count, "rows": rows, "sums": sums, MARKS: "".join(self.marks)}


class _Shown:
    """What a preview showed."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        marks = kept.get(MARKS, "")
        self.marks = frozenset(marks[at : at + MARK_LENGTH] for at in range(0, len(marks), MARK_LENGTH))
        rows = map(_row, kept.get("rows", ()))
        self.befores = {(holder, group, period): before for _name, group, period, before, _after, holder in rows}
        self.is_whole = kept.get("count", 0) <= len(self.befores)

    def overtaken(self, one: Difference) -> Overtaken:
        """What the preview did not list stood there as the file has it, as long as it listed all there was."""
        key = one.holder or one.name, one.group, one.period
        seen = _amount(self.befores.get(key, _text(one.after)))
        is_known = self.is_whole or key in self.befores
        return Overtaken(one.name, one.group, one.period, seen, one.before, one.after, is_known)


def _mark(one: Difference) -> str:
    """Tells one stored state of one number from another, of all its parts: MARK_LENGTH characters."""
    said = [one.holder or one.name, one.group, one.period, _text(one.before), *map(_text, one.parts)]
    return b64encode(blake2b(json.dumps(said).encode(), digest_size=MARK_BYTES).digest()).decode()


def told_of(kind: ImportKind, found: Differences) -> str:
    """In words: how many numbers changed meanwhile, and the first of them with every value."""
    count = found.overtaken_count
    head = ngettext(
        "Nothing was loaded: %(n)s number has changed since this file was looked at. The table shows it as it is now; "
        "load again to put yours in its place.",
        "Nothing was loaded: %(n)s numbers have changed since this file was looked at. The table shows them as they "
        "are now; load again to put yours in their place.",
        count,
    ) % {"n": count}
    lines = [_line(kind, one) for one in found.overtaken]
    return " ".join([head, *lines, *(["…"] if count > len(lines) else [])])


def _line(kind: ImportKind, one: Overtaken) -> str:
    whose = ", ".join(str(part) for part in (one.name, kind.group_label(one.group), one.period) if part)
    amounts = {"whose": whose, "seen": _said(one.seen), "now": _said(one.now), "wanted": _said(one.wanted)}
    if not one.is_known:
        return _("%(whose)s: another number when looked at, %(now)s now, %(wanted)s in the file.") % amounts
    if one.seen == one.now:
        return _("%(whose)s: %(now)s then and now, spread otherwise over its months; %(wanted)s in the file.") % amounts
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
        for name, group, period, before, after, _holder in map(_row, lines)
    ]
    listed = len(kept["rows"])
    return Page(kept["count"], tuple(shown[:listed]), tuple(shown[listed:]))


def _row(kept: Sequence[Any]) -> tuple[Any, ...]:
    """A kept row with its holder; of one that has none, and of what was kept before there were any, the name."""
    name, group, period, before, after, *holder = kept
    return name, group, period, before, after, (holder and holder[0]) or name


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
