"""What became of each row of a file, counted, and the rows kept that need a person's eye."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.imports import bulk, staging
from spm.imports.choices import RowOutcome
from spm.imports.differences import Differences
from spm.imports.kinds import Loader, Verdict
from spm.imports.models import ImportBatch, ImportRow
from spm.imports.staging import Staged, StagedRow
from spm.imports.states import still_open

COUNTS = ["new", "changed", "unchanged", "refused", "parked", "superseded"]
SHOWN = {RowOutcome.REFUSED, RowOutcome.PARKED}
NAMED = 20  # rows that a later one replaces, named in the notes; all of them are counted
KEY_LENGTH = 80  # characters of what such a row is about


class Tally:
    """Counts outcomes and keeps the rows that need a person's eye."""

    def __init__(self, batch: ImportBatch, staged: Staged, shown: Mapping[str, Any] | None = None) -> None:
        """``shown``: the differences of the preview that was looked at; None where there was none."""
        self.batch, self.staged = batch, staged
        self.counts: Counter[str] = Counter(refused=staged.refusals.count)
        self.kept: list[tuple[Any, ...]] = []
        self.differences = Differences(shown)
        self.replaced: list[str] = []  # the first rows that a later one replaces: number and what they are about

    def judge(self, loader: Loader, block: list[StagedRow]) -> list[Verdict]:
        """The verdicts on the rows of a block that count; superseded ones are counted here."""
        live = [item for item in block if not item.is_superseded]
        self.counts["superseded"] += len(block) - len(live)
        if len(self.replaced) < NAMED:
            self.replaced += [self._named(item) for item in block if item.is_superseded]
        verdicts = loader.judge([item.row for item in live])
        self.differences.gather(verdicts)
        for item, verdict in zip(live, verdicts, strict=True):
            self.counts[verdict.outcome.value] += 1
            if verdict.outcome in SHOWN:
                self.kept.append(self._values(item.row.number, verdict, item.cells))
        return verdicts

    def _named(self, item: StagedRow) -> str:
        """``7 (ana@example.com)``: the row as the spreadsheet numbers it, and the key it shares with a later one."""
        parts = (item.cells.get(name, "").strip() for name in self.staged.kind.key)
        return f"{item.row.number} ({' · '.join(part for part in parts if part)[:KEY_LENGTH]})"

    def _replaced_note(self) -> list[str]:
        """The sentence that names the replaced rows; none where every row stands for itself."""
        rows, more = self.replaced[:NAMED], self.counts["superseded"] - NAMED
        if not rows:
            return []
        told = _("Rows that a later row of the file about the same thing replaces: %(rows)s.") % {
            "rows": ", ".join(rows)
        }
        if more <= 0:
            return [told]
        others = ngettext("%(count)d more row is replaced.", "%(count)d more rows are replaced.", more)
        return [f"{told} {others % {'count': more}}"]

    def _values(self, number: int, verdict: Any, cells: dict[str, str]) -> tuple[Any, ...]:
        outcome = getattr(verdict, "outcome", RowOutcome.REFUSED)
        facts = getattr(verdict, "facts", None) or {}
        return (self.batch.pk, number, outcome.value, verdict.column[:120], verdict.value, verdict.reason, cells, facts)

    def keep_refusals(self) -> None:
        for block in self.staged.refusals.blocks():
            refusals = (staging.StagedRefusal(*item) for item in block)
            self.kept.extend(self._values(item.number, item, item.cells) for item in refusals)
            self.keep()

    def keep(self) -> None:
        """Store what has gathered."""
        fields = ["batch_id", "number", "outcome", "column", "value", "reason", "cells", "facts"]
        rows: Iterable[ImportRow] = (ImportRow(**dict(zip(fields, values, strict=True))) for values in self.kept)
        if self.kept:
            with still_open(self.batch):
                ImportRow.objects.bulk_create(rows, batch_size=bulk.MAX_IN)
        self.kept = []

    def close(self, loader: Loader) -> None:
        self.batch.read = self.staged.read
        for name in COUNTS:
            setattr(self.batch, name, self.counts[name])
        self.batch.notes = [*self.staged.notes, *self._replaced_note(), *loader.run.notes]
        self.batch.differences = self.differences.as_json()
