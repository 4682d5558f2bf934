"""What the pages of imports show."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from spm.imports import access, refused_rows, workbooks
from spm.imports.choices import BatchState
from spm.imports.kinds import ImportKind, all_kinds, kind_named
from spm.imports.models import ImportBatch
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.org.models import User

FIRST_ROWS = 50
COUNT_LABELS: dict[str, str | Promise] = {
    "read": _("Read"),
    "new": _("New"),
    "changed": _("Changed"),
    "unchanged": _("Unchanged"),
    "refused": _("Refused"),
    "parked": _("Parked"),
    "superseded": _("Superseded"),
}


@dataclass(frozen=True)
class BatchPage:
    """One import as its page shows it."""

    batch: ImportBatch
    kind_label: str | Promise
    running: Job | None
    failure: str
    counts: list[tuple[str | Promise, int]]
    complaints: list[Any]
    rows: list[Any]
    more_rows: int
    can_load: bool
    can_load_good: bool
    can_undo: bool
    may_map: bool
    is_judged: bool


def batch_page(batch: ImportBatch, user: User) -> BatchPage:
    """Everything about ``batch``, with the job under way if there is one."""
    job = batch.job
    running = job if job and job.state in (JobState.WAITING, JobState.RUNNING) else None
    kept = batch.rows.order_by("number", "pk").values("number", "outcome", "column", "value", "reason")
    may_load = access.can_load(user, batch) and running is None
    return BatchPage(
        batch=batch,
        kind_label=kind_named(batch.kind).label,
        running=running,
        failure=job.error if job and job.state == JobState.FAILED else "",
        counts=[(label, getattr(batch, name)) for name, label in COUNT_LABELS.items()],
        complaints=refused_rows.grouped(batch),
        rows=list(kept[:FIRST_ROWS]),
        more_rows=max(batch.refused + batch.parked - FIRST_ROWS, 0),
        can_load=may_load and batch.state == BatchState.PREVIEWED and not batch.refused,
        can_load_good=may_load and bool(batch.refused) and batch.read > batch.refused and not batch.is_snapshot,
        can_undo=access.can_undo(user, batch) and running is None,
        may_map=may_load,
        is_judged=bool(batch.read),
    )


@dataclass(frozen=True)
class KindCard:
    """One kind of file, for the chooser and the upload page."""

    name: str
    label: str | Promise
    help: str | Promise
    columns: list[tuple[str, str, bool]]  # header, explanation, required


def kind_card(kind: ImportKind) -> KindCard:
    explained = [(column.name, workbooks.explanation(column), column.required) for column in kind.columns]
    return KindCard(kind.name, kind.label, kind.help, explained)


def kind_cards() -> list[KindCard]:
    """Every kind, in the order in which an empty company loads its files."""
    return [kind_card(kind) for kind in all_kinds()]


def kind_labels() -> dict[str, str | Promise]:
    return {kind.name: kind.label for kind in all_kinds()}
