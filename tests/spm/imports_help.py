"""Loading small files in tests."""

import io

from spm.imports import batches, staging
from spm.imports.kinds import kind_named
from spm.imports.mappings import Mapping
from spm.imports.models import ImportBatch
from spm.jobs import runner


def upload(
    kind: str, text: str | bytes, *, filename: str = "file.csv", mapping: dict | None = None, **options
) -> ImportBatch:
    """A batch of one small file; leading blanks of lines are dropped, so that tests may indent."""
    if isinstance(text, str):
        text = "\n".join(line.strip() for line in text.strip().splitlines()).encode()
    return batches.upload(
        kind_named(kind), io.BytesIO(text), filename, mapping=Mapping.from_json(mapping or {}), **options
    )


def load(kind: str, text: str | bytes, **options) -> ImportBatch:
    """Upload and commit."""
    return batches.commit(upload(kind, text, **options))


def run_in_small_blocks(pk: int) -> None:
    """Run a job in this process with two rows to a block; for a child, which ends with it."""
    staging.BLOCK = 2
    runner.run(pk)


def told(batch: ImportBatch) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: count for name, count in batches.counts(batch).items() if count}
