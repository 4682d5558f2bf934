"""Imported lines and their credits: judged, recorded, restated, taken back. In bulk, without model instances.

A line's identity is (source, normalised external id). A restated line keeps its old form as an ActualVersion with the
delta; a line that vanished from a full snapshot, or whose import was undone, stays as a tombstone without credits.
A line dated in a period that is not open is parked: told, not written. The same columns again are unchanged, and
nothing is written. The loaded credits of a line (``credits`` import) belong to its versions.

    with recording(source, batch) as recorder:   # one transaction: lock, write, mark the touched periods stale
        for block in blocks:                     # a few thousand lines each; ids distinct over the whole file
            verdicts = recorder.record(block)    # in the order of the block
        recorder.vanish(seen_keys)               # only for a full snapshot

    Recorder(source).judge(block)                # the same verdicts without writing, for the preview
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cached_property

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.errors import RuleViolation
from spm.imports import bulk
from spm.imports.choices import RowOutcome
from spm.imports.models import ImportBatch
from spm.money import to_units
from spm.org import clock
from spm.org.choices import PeriodState
from spm.org.models import Period
from targets import credit_rows, effects
from targets.choices import Changed, VersionReason
from targets.crediting import LeafPeriod, Resolver, Share, share_sum
from targets.lines import (
    COLUMNS,
    GIVEN_COLUMNS,
    PERIOD,
    RATE,
    Change,
    CreditSet,
    Line,
    Stored,
    Verdict,
    differing_in_zeros,
    former_shares,
    from_json,
    lost_zeros,
    padded_lengths,
    read_stored,
    stored_lines,
    to_json,
)
from targets.models import Actual, ActualVersion, Credit
from targets.rates import NoRate, Rates, TooLarge, Worth, worth_of
from targets.reopenings import note, under_way
from targets.staleness import lock_all_leaves, mark_stale, refuse_closed

UNCHANGED, NEW, CHANGED = Verdict(RowOutcome.UNCHANGED), Verdict(RowOutcome.NEW), Verdict(RowOutcome.CHANGED)
STATE_COLUMNS = ("version", "is_tombstone", "batch")
VERSION_COLUMNS = ("actual", "version", "values", "delta", "reason", "batch", "replaced_at")


@contextmanager
def recording(source: str, batch: ImportBatch | None = None) -> "Iterator[Recorder]":
    """One transaction of writes to the lines of ``source``; touched periods end up stale.

    It locks every leaf period, since a restated line may have stood anywhere.
    """
    with transaction.atomic():
        lock_all_leaves()
        recorder = Recorder(source, batch)
        yield recorder
        mark_stale(recorder.touched)


class Recorder:
    """Judges and writes the lines of one source. ``touched`` collects the leaf periods whose credits changed."""

    def __init__(self, source: str, batch: ImportBatch | None = None, resolver: Resolver | None = None) -> None:
        self.source = source
        self.batch = batch.pk if batch else None
        self.resolver = resolver or Resolver()
        self.rates = Rates()
        self.touched: set[int] = set()
        self.stored: dict[str, Stored] = {}  # what stood of the lines judged last, by normalised id

    @cached_property
    def reopened(self) -> dict[int, int]:
        return under_way()

    # Lines

    def judge(self, lines: Sequence[Line]) -> list[Verdict]:
        """What would become of each line: new, changed, unchanged, parked or refused. Writes nothing."""
        keys = [line.key for line in lines]
        self.stored = stored_lines(self.source, keys)
        others = self._others(self.stored, keys)
        return [
            lost_zeros(key, others[key]) if key in others else self._verdict(line, self.stored.get(key))
            for line, key in zip(lines, keys, strict=True)
        ]

    def _others(self, stored: dict[str, Stored], keys: Iterable[str]) -> dict[str, str]:
        """Of ids that are not in force: the one in force that differs in leading zeros alone."""
        standing = {key for key, was in stored.items() if not was.is_tombstone}
        return differing_in_zeros(self.source, [key for key in keys if key not in standing], self._padded)

    @cached_property
    def _padded(self) -> list[int]:
        return padded_lengths(self.source)

    def record(self, lines: Sequence[Line]) -> list[Verdict]:
        """Write the new and the changed lines of a block with their credits; the verdicts in the order given."""
        verdicts = self.judge(lines)
        judged = zip(lines, verdicts, strict=True)
        self.write_judged([line for line, verdict in judged if verdict in (NEW, CHANGED)])
        return verdicts

    def write_judged(self, lines: Sequence[Line]) -> None:
        """Write the lines that the last ``judge``, in this transaction, found new or changed, with their credits.

        A restated line keeps its loaded credits: same shares of the new amount. So does one that had vanished.
        """
        former = former_shares(self.stored.values())
        changes = [self._restated(line, self.stored.get(line.key), former) for line in lines]
        self._write(changes, VersionReason.RESTATED)

    def _restated(self, line: Line, stored: Stored | None, former: dict[int, tuple[Share, ...]]) -> Change:
        shares = former.get(stored.pk, stored.shares) if stored else ()
        return Change(stored, line, self._worth(line, stored), shares, batch=self.batch)

    def vanishing(self, seen: Collection[str]) -> int:
        """How many lines in force ``vanish`` would take out."""
        return sum(1 for stored in self._missing(seen) if not self._waits(stored.line.date))

    def vanish(self, seen: Collection[str]) -> int:
        """Full snapshot: make a tombstone of every line in force whose normalised id is not in ``seen``.

        Lines of periods that are not open stay. Returns how many went.
        """
        going = [stored for stored in self._missing(seen) if not self._waits(stored.line.date)]
        changes = [Change(stored, stored.line, stored.worth, is_tombstone=True, batch=self.batch) for stored in going]
        self._write(changes, VersionReason.VANISHED)
        return len(going)

    def _missing(self, seen: Collection[str]) -> list[Stored]:
        known = Actual.objects.in_force().filter(source=self.source).values_list("pk", "external_key")
        gone = [pk for pk, key in known.iterator() if key not in seen]
        blocks = bulk.chunks(gone)
        return [stored for block in blocks for stored in read_stored(Actual.objects.filter(pk__in=block))]

    # Credits

    def judge_credits(self, sets: Sequence[CreditSet]) -> list[Verdict]:
        """What would become of each set of credits. Writes nothing."""
        stored = stored_lines(self.source, [one.key for one in sets])
        others = self._others(stored, [one.key for one in sets])
        return [
            lost_zeros(one.key, others[one.key])
            if one.key in others
            else self._credit_verdict(one, stored.get(one.key))
            for one in sets
        ]

    def record_credits(self, sets: Sequence[CreditSet]) -> list[Verdict]:
        """Replace the credits of the lines named, each as a set; the verdicts in the order given.

        Refused: an unknown line, shares that do not sum to 1 (overlays aside), one person twice in a territory.
        """
        stored = stored_lines(self.source, [one.key for one in sets])
        verdicts = [self._credit_verdict(one, stored.get(one.key)) for one in sets]
        changes = [
            Change(was := stored[one.key], was.line, was.worth, one.shares, batch=self.batch)
            for one, verdict in zip(sets, verdicts, strict=True)
            if verdict in (NEW, CHANGED)
        ]
        self._write(changes, VersionReason.RESTATED)
        return verdicts

    def _credit_verdict(self, wanted: CreditSet, stored: Stored | None) -> Verdict:
        if stored is None or stored.is_tombstone:
            return Verdict(RowOutcome.REFUSED, _("No line in force has this id."))
        total = share_sum(wanted.shares)
        if total != 1:
            problem = _("The shares that count sum to %(sum)s, not to 1.") % {"sum": f"{total.normalize():f}"}
            return Verdict(RowOutcome.REFUSED, problem)
        if len({(part.person, part.territory, part.is_overlay) for part in wanted.shares}) < len(wanted.shares):
            return Verdict(RowOutcome.REFUSED, _("The same person stands twice in this set."))
        if set(wanted.shares) == set(stored.shares):
            return UNCHANGED
        return self._waits(stored.line.date) or (CHANGED if stored.shares else NEW)

    # Rules

    def _verdict(self, line: Line, stored: Stored | None) -> Verdict:
        alive = stored is not None and not stored.is_tombstone
        if stored and alive and stored.line == line:
            return UNCHANGED
        if self.resolver.leaf_on(line.date) is None:
            return Verdict(RowOutcome.REFUSED, _("No period of the calendar contains this date."))
        try:
            self._worth(line, stored)
        except (NoRate, TooLarge) as error:
            return Verdict(RowOutcome.REFUSED, str(error), "currency", RATE if isinstance(error, NoRate) else "")
        waits = self._waits(line.date) or (stored and self._waits_behind(stored))
        return waits or (CHANGED if alive else NEW)

    def _worth(self, line: Line, stored: Stored | None) -> Worth:
        """What the line counts for. One that stands and keeps its day and currency keeps its rate. Raises NoRate,
        TooLarge.
        """
        if line.currency == self.resolver.currency:
            return Worth(line.amount, line.cost)
        kept = stored.worth.rate if stored and stored.is_of(line.date, line.currency) else None
        rate = kept or self.rates.on(line.currency, line.date)
        worth = worth_of(line.amount, line.cost, rate, self.resolver.currency)
        effects.effect_of(line, worth, self.rates, self.resolver.currency)  # raises where it could not be stored
        return worth

    def _waits(self, day: date) -> Verdict | None:
        """The verdict *parked* where the period of ``day`` is not open."""
        leaf = self.resolver.leaf_on(day)
        return None if leaf is None or leaf.takes_lines else _parked(leaf)

    def _waits_behind(self, stored: Stored) -> Verdict | None:
        """*Parked* where the stored form may not be replaced: its period is not open, or, of a tombstone, which
        counts nowhere, is closed: its row stays as it is (INV-29).
        """
        if not stored.is_tombstone:
            return self._waits(stored.line.date)
        leaf = self.resolver.leaf_on(stored.line.date)
        return _parked(leaf) if leaf and leaf.state == PeriodState.CLOSED else None

    # Writing

    def write_undone(self, changes: Sequence[Change]) -> None:
        """Write lines back to what they were before an import. Raises PeriodClosed before anything is written."""
        days = {change.line.date for change in changes} | {was.line.date for one in changes if (was := one.stored)}
        leaves = {leaf.pk for day in days if (leaf := self.resolver.leaf_on(day))}
        refuse_closed(Period.objects.filter(pk__in=leaves).order_by("pk"))
        self._write(changes, VersionReason.UNDONE)

    def _write(self, changes: Sequence[Change], reason: VersionReason) -> None:
        """Versions, lines, credits; everything of one call in five statements or executemany runs."""
        old = [change for change in changes if change.stored]
        new = [change for change in changes if change.stored is None]
        self._keep_versions(old, reason)
        bulk.delete(Credit, "actual", [change.stored.pk for change in old if change.stored])
        _update_lines(old)
        keys = _insert_lines(self.source, new)
        written = [(change.stored.pk, change) for change in old if change.stored]
        written += zip(keys, new, strict=True)
        credit_rows.insert(written, self.resolver, self.rates)
        self._touch(changes)
        self._note(written)

    def _keep_versions(self, changes: Sequence[Change], reason: VersionReason) -> None:
        """``ActualVersion.batch`` is the import that replaced the old form, so that its undo finds it."""
        now = connection.ops.adapt_datetimefield_value(clock.now())
        rows = [
            (was.pk, was.version, json.dumps(to_json(was)), to_units(change.delta), reason.value, self.batch, now)
            for change in changes
            if (was := change.stored)
        ]
        bulk.insert(ActualVersion, VERSION_COLUMNS, rows)

    def _note(self, written: Iterable[tuple[int, Change]]) -> None:
        """Keep under its reopening what was written to a period that is open again: where it was, and where it is."""
        if not self.reopened:
            return
        rows = [
            (leaf.pk, key, change.stored.version + 1 if change.stored else 1)
            for key, change in written
            for leaf in {self.resolver.leaf_on(day) for day in change.days}
            if leaf
        ]
        note(Changed.LINE, rows, self.reopened)

    def _touch(self, changes: Sequence[Change]) -> None:
        for day in {day for change in changes for day in change.days}:
            leaf: LeafPeriod | None = self.resolver.leaf_on(day)
            if leaf:
                self.touched.add(leaf.pk)


def _parked(leaf: LeafPeriod) -> Verdict:
    told = _("%(period)s is closed for new lines.") % {"period": leaf.label}
    return Verdict(RowOutcome.PARKED, told, rule=PERIOD)


def _insert_lines(source: str, changes: Sequence[Change]) -> list[int]:
    """Insert new lines and return their keys, in the same order."""
    if not changes:
        return []
    keys = bulk.reserve(Actual, len(changes))
    rows = (
        (key, source, change.line.key, *change.line.row(change.worth), 1, change.is_tombstone, change.batch)
        for key, change in zip(keys, changes, strict=True)
    )
    bulk.insert(Actual, ("id", "source", "external_key", *COLUMNS, *GIVEN_COLUMNS, *STATE_COLUMNS), rows)
    return keys


def _update_lines(changes: Sequence[Change]) -> None:
    rows = [
        (was.pk, *change.line.row(change.worth), was.version + 1, change.is_tombstone, change.batch)
        for change in changes
        if (was := change.stored)
    ]
    bulk.update(Actual, (*COLUMNS, *GIVEN_COLUMNS, *STATE_COLUMNS), rows)


def undo(batch: ImportBatch) -> int:
    """Take back what ``batch`` wrote to lines and credits; return how many lines changed.

    Restated lines get their old form back, new ones become tombstones; both are versions of their own. Raises
    RuleViolation when a later import changed one of the lines, and PeriodClosed when one lies in a closed period.
    """
    with recording(batch.source, batch) as recorder:
        written = {version.actual_id: version for version in _replaced_by(batch)}
        _refuse_changed_later(batch)
        count = 0
        for block in bulk.chunks(_lines_written(batch, written)):
            stored = list(read_stored(Actual.objects.filter(pk__in=block)))
            changes = [_former(one, written.get(one.pk)) for one in stored]
            recorder.write_undone(changes)
            count += len(changes)
        return count


def _replaced_by(batch: ImportBatch) -> QuerySet[ActualVersion]:
    """The forms that ``batch`` replaced."""
    return ActualVersion.objects.filter(batch=batch).exclude(reason=VersionReason.UNDONE)


def _lines_written(batch: ImportBatch, written: dict[int, ActualVersion]) -> list[int]:
    made = Actual.objects.filter(batch=batch, is_tombstone=False).values_list("pk", flat=True)
    return sorted(set(made) | set(written))


def _refuse_changed_later(batch: ImportBatch) -> None:
    """A line still bears the batch that wrote its present form; an undo gives it back the one before."""
    touched = Q(versions__in=_replaced_by(batch)) | Q(versions__values__batch=batch.pk)
    later = Actual.objects.filter(touched).exclude(batch=batch).distinct().count()
    if later:
        said = ngettext(
            "%(count)d line of this import was changed by a later one.",
            "%(count)d lines of this import were changed by a later one.",
            later,
        )
        raise RuleViolation(said % {"count": later})


def _former(stored: Stored, version: ActualVersion | None) -> Change:
    """What a line was before the import: the form it replaced, or nothing."""
    if version is None:
        return Change(stored, stored.line, stored.worth, is_tombstone=True, batch=stored.batch)
    return from_json(version.values, stored)


def recredit(leaf: Period, resolver: Resolver | None = None) -> int:
    """Place the credits of a leaf period again by the dated facts as they now stand; return how many moved.

    For use after assignments, placements or their dates changed, inside the roll-up's transaction. Credits whose
    territory stood in a file stay.
    """
    resolver = resolver or Resolver()
    credits = Credit.objects.filter(date__range=(leaf.starts_on, leaf.ends_on), is_placed=False)
    rows = credits.filter(actual__territory=None).values_list("pk", "territory", "person", "actual__account", "date")
    moved = [
        (pk, wanted)
        for pk, territory, person, account, day in rows.iterator()
        if (wanted := resolver.territory_of(person, account, day)) != territory
    ]
    bulk.update(Credit, ("territory",), moved)
    note(Changed.CREDIT, [(leaf.pk, pk, None) for pk, _territory in moved], under_way() if moved else {})
    return len(moved)
