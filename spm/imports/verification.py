"""The invariants of imports that stored batches can show."""

from collections import Counter
from collections.abc import Iterator

from spm.imports.choices import BatchState, RowOutcome
from spm.imports.models import ImportBatch, ImportRow
from spm.imports.tallies import COUNTS
from spm.org.verification import Breach, invariant

LOADED = [BatchState.COMMITTED, BatchState.UNDONE]


@invariant("INV-14", "Every row read has an outcome: new, changed, unchanged, refused, parked or superseded.")
def rows_read_are_accounted_for() -> Iterator[Breach]:
    for pk, read, *counts in ImportBatch.objects.order_by("pk").values_list("pk", "read", *COUNTS).iterator():
        if read != sum(counts):
            yield Breach(f"{read} rows read, outcomes add to {sum(counts)}", (pk,))


@invariant("INV-14", "Every refused or parked row of a loaded file is listed, with its line and the reason.")
def rows_not_loaded_are_listed() -> Iterator[Breach]:
    listed: Counter[tuple[int, str]] = Counter()
    rows = ImportRow.objects.filter(batch__state__in=LOADED).values_list(
        "pk", "batch_id", "outcome", "number", "reason"
    )
    for pk, batch, outcome, number, reason in rows.iterator():
        listed[batch, outcome] += 1
        if number < 1 or not reason:
            yield Breach(f"a {outcome} row of import {batch} without line or reason", (pk,))
    for batch, *counts in (
        ImportBatch.objects.filter(state__in=LOADED).values_list("pk", "refused", "parked").iterator()
    ):
        for outcome, count in zip((RowOutcome.REFUSED.value, RowOutcome.PARKED.value), counts, strict=True):
            if listed[batch, outcome] != count:
                yield Breach(f"{count} rows {outcome}, {listed[batch, outcome]} of them listed", (batch,))
