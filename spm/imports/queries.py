"""What the pages of imports show."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from spm.imports import access, differences, new_teams, refused_rows, workbooks
from spm.imports.choices import BatchState
from spm.imports.kinds import ImportKind, all_kinds, kind_named
from spm.imports.models import ImportBatch
from spm.jobs.choices import JobState
from spm.jobs.models import Job
from spm.org.access import can_administer
from spm.org.models import User

FIRST_ROWS = 50
COUNT_LABELS: dict[str, str | Promise] = {
    "read": gettext_lazy("Read"),
    "new": gettext_lazy("New"),
    "changed": gettext_lazy("Changed"),
    "unchanged": gettext_lazy("Unchanged"),
    "refused": gettext_lazy("Refused"),
    "parked": gettext_lazy("Parked"),
    "superseded": gettext_lazy("Superseded"),
}


@dataclass(frozen=True)
class BatchPage:
    """One import as its page shows it."""

    batch: ImportBatch
    kind_label: str | Promise
    sentence: str
    running: Job | None
    failure: str
    counts: list[tuple[str | Promise, int]]
    complaints: list[Any]
    rows: list[Any]
    more_rows: int
    has_reasons: bool  # some rows share a complaint
    more_reasons: int
    missing_teams: list[str]
    changes: differences.Page | None
    can_load: bool
    can_load_good: bool
    can_undo: bool
    may_map: bool
    must_map: bool  # the file as a whole was refused: which column is which, or how it is written, may mend it
    may_upload_another: bool  # something is wrong with this one, and it is not loaded
    is_judged: bool
    is_loaded: bool
    without_access: int
    """After a file of people: how many people, of this file or not, cannot sign in yet."""


def batch_page(batch: ImportBatch, user: User) -> BatchPage:
    """Everything about ``batch``, with the job under way if there is one."""
    job = batch.job
    running = job if job and job.state in (JobState.WAITING, JobState.RUNNING) else None
    kept = batch.rows.order_by("number", "pk").values("number", "outcome", "column", "value", "reason")
    rows, complaints = list(kept[:FIRST_ROWS]), refused_rows.grouped(batch)
    is_cut = len(complaints) == refused_rows.MOST
    may_load = access.can_load(user, batch) and running is None
    return BatchPage(
        batch=batch,
        kind_label=kind_named(batch.kind).label,
        sentence=_sentence(batch) if running is None else "",
        running=running,
        failure=job.error if job and job.state == JobState.FAILED else "",
        counts=[(label, getattr(batch, name)) for name, label in COUNT_LABELS.items()],
        complaints=complaints,
        rows=rows,
        more_rows=max(batch.refused + batch.parked - FIRST_ROWS, 0),
        has_reasons=len(rows) > len(complaints),
        more_reasons=refused_rows.how_many_reasons(batch) - len(complaints) if is_cut else 0,
        changes=differences.page_of(kind_named(batch.kind), batch.differences),
        missing_teams=new_teams.missing(batch) if may_load and batch.refused else [],
        can_load=may_load and batch.state == BatchState.PREVIEWED and not batch.refused,
        can_load_good=may_load and _has_good_rows(batch),
        can_undo=access.can_undo(user, batch) and running is None,
        may_map=may_load,
        must_map=may_load and batch.state == BatchState.REFUSED and not batch.read,
        may_upload_another=may_load and (batch.state == BatchState.REFUSED or bool(batch.refused)),
        is_judged=bool(batch.read),
        is_loaded=batch.state == BatchState.COMMITTED,
        without_access=_without_access(batch, user),
    )


def _without_access(batch: ImportBatch, user: User) -> int:
    if batch.kind != "people" or batch.state != BatchState.COMMITTED or not can_administer(user):
        return 0
    waiting: int = User.objects.visible_to(user).without_access().count()
    return waiting


def _loadable(batch: ImportBatch) -> int:
    """Rows that a load would take: neither refused nor parked, nor replaced by a later row of the file."""
    return batch.new + batch.changed + batch.unchanged


def _has_good_rows(batch: ImportBatch) -> bool:
    """Some rows are refused, others can be loaded, or parked; a full snapshot is loaded whole or not at all."""
    return bool(batch.refused) and _loadable(batch) + batch.parked > 0 and not batch.is_snapshot


def _sentence(batch: ImportBatch) -> str:
    """What became of the file, or what loading it would do; "" where the reason beside it says it."""
    words = {"read": batch.read, "good": _loadable(batch), "refused": batch.refused}
    words |= {"new": batch.new, "changed": batch.changed, "unchanged": batch.unchanged}
    if not batch.read:
        return ""
    if batch.state == BatchState.COMMITTED:
        return _("Loaded: %(new)s new, %(changed)s changed, %(unchanged)s unchanged.") % words
    if batch.state == BatchState.UNDONE:
        return _("Taken back: everything is as it was before this import.")
    if not batch.refused:
        told = _(
            "Nothing is loaded yet. Loading makes %(new)s new, changes %(changed)s, leaves %(unchanged)s as they are."
        )
        return told % words
    if not words["good"]:
        return _("Nothing is loaded yet, and no row can be: the reasons are below.")
    return (
        _("Nothing is loaded yet. %(good)s of %(read)s rows can be loaded; the reasons of the others are below.")
        % words
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


def kind_cards(user: User) -> list[KindCard]:
    """Every kind that the user may load, in the order in which an empty company loads its files."""
    return [kind_card(kind) for kind in all_kinds() if access.can_use(user, kind)]


def kind_labels() -> dict[str, str | Promise]:
    return {kind.name: kind.label for kind in all_kinds()}
