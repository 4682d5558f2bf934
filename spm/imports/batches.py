"""The life of one uploaded file: uploaded → previewed → committed or refused → perhaps undone.

Reading and parsing happen outside any transaction (``staging``). A commit judges and writes all rows inside one
transaction, in blocks; imports commit one after the other, so that what a loader has looked up is current. Killed at
any statement, nothing of the file is visible (reliability INV-15).
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from spm.errors import RuleViolation
from spm.imports import sources, staging
from spm.imports.choices import OPEN_STATES, BatchState
from spm.imports.differences import MARKS, Differences, told_of
from spm.imports.kinds import ImportKind, Loader, Run, kind_named
from spm.imports.mappings import Mapping
from spm.imports.models import ImportBatch, ImportContent
from spm.imports.progress import CHECKING, CHECKING_ALL, WRITING, WRITING_ALL, Progress, blocks_told, silent
from spm.imports.readers import read
from spm.imports.sheets import BadFile
from spm.imports.staging import Staged
from spm.imports.states import AlreadyDone, check_committed, check_open, still_open
from spm.imports.tallies import COUNTS, Tally
from spm.jobs.queue import enqueue
from spm.org import audit, clock, retries
from spm.org.choices import AuditKind
from spm.org.clock import company
from spm.org.models import Company, User

PIECE = 1 << 20  # bytes of one stored piece of an upload
TOLD = ["notes", "differences", "effects"]
JOB = "import"


class NoCompany(RuleViolation):
    """Nothing can be imported before the company exists."""


class _Overtaken(Exception):  # noqa: N818  # leaves the transaction; never reaches a caller
    """Numbers are not what the preview showed any more."""

    def __init__(self, found: Differences) -> None:
        super().__init__()
        self.found = found


class _RowsRefused(Exception):  # noqa: N818  # leaves the transaction; never reaches a caller
    """A row is refused and the good ones may not go alone."""


# Upload ---------------------------------------------------------------------------------------------------------------


def upload(  # noqa: PLR0913  # what there is to say about a file, by keyword
    kind: ImportKind,
    file: BinaryIO,
    filename: str,
    *,
    mapping: Mapping | None = None,
    source: str = "file",
    is_snapshot: bool = False,
    is_partial: bool = False,
    by: User | None = None,
) -> ImportBatch:
    """Store the bytes of a file as rows of a new batch. Raises BadFile where it is larger than the limit.

    ``source`` in the spelling it was first given in: *sap* is *SAP*.
    """
    _check_snapshot(kind, is_snapshot=is_snapshot, is_partial=is_partial)
    digest, size = hashlib.sha256(), 0
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            kind=kind.name,
            source=sources.known(source),
            filename=Path(filename).name[:255] or "file",
            sha256="",
            mapping=(mapping or Mapping()).to_json(),
            is_snapshot=is_snapshot,
            is_partial=is_partial,
            created_by=by,
        )
        for number, piece in enumerate(_pieces(file)):
            size += len(piece)
            if size > settings.IMPORT_MAX_BYTES:
                raise BadFile(_("The file is larger than %(most)d MB.") % {"most": settings.IMPORT_MAX_BYTES >> 20})
            digest.update(piece)
            ImportContent.objects.create(batch=batch, number=number, data=piece)
        batch.sha256, batch.size = digest.hexdigest(), size
        batch.save(update_fields=["sha256", "size"])
    return batch


def _check_snapshot(kind: ImportKind, *, is_snapshot: bool, is_partial: bool) -> None:
    if is_snapshot and not kind.takes_snapshots:
        raise RuleViolation(_("Files of the kind “%(kind)s” cannot be full snapshots.") % {"kind": kind.name})
    if is_snapshot and is_partial:
        # A refused row would look like one that is missing, and its line would be taken out.
        raise RuleViolation(_("A full snapshot is loaded whole or not at all."))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def headers_of(batch: ImportBatch) -> list[str]:
    """The headers of the file, for the mapping page. Raises BadFile."""
    file = staging.content_path(batch)
    return read(Path(file.name), batch.filename, Mapping.from_json(batch.mapping).read_options(batch.kind)).headers


# Preview --------------------------------------------------------------------------------------------------------------


def preview(batch: ImportBatch, progress: Progress = silent) -> ImportBatch:
    """Judge every row without writing any: counts, refused rows and notes end up in the batch.

    Raises RuleViolation, told in ``batch.reason`` too, where the file as a whole cannot be used.
    """
    started = monotonic()
    check_open(batch)
    with _told(batch):
        staged = staging.stage(batch, kind_named(batch.kind), _company().currency, progress)
        _judge_only(batch, staged, progress)
    batch.state, batch.reason = BatchState.PREVIEWED, ""
    _save_open(batch, started)
    return batch


def _judge_only(batch: ImportBatch, staged: Staged, tell: Progress) -> None:
    """Count outcomes and store the rows that need a person's eye, in short transactions of a block each.

    Raises AlreadyDone where a commit was faster: its rows stand.
    """
    loader = _loader(batch, staged)
    tally = Tally(batch, staged)
    with still_open(batch):
        batch.rows.all().delete()
    tell(0, staged.rows.count, CHECKING_ALL)
    tally.keep_refusals()
    _survey(loader, staged)
    for block in blocks_told(staged.blocks(), staged.rows.count, tell, CHECKING):
        tally.judge(loader, block)
        tally.keep()
    if batch.is_snapshot and (gone := loader.absent()):
        loader.run.notes.append(
            ngettext(
                "%(count)d stored line is missing from this snapshot and will be taken out.",
                "%(count)d stored lines are missing from this snapshot and will be taken out.",
                gone,
            )
            % {"count": gone}
        )
    tally.close(loader)


# Commit ---------------------------------------------------------------------------------------------------------------


@retries.atomic
def ask(batch: ImportBatch, verb: str, by: User | None, *, is_partial: bool = False) -> None:
    """Ask for ``verb`` (preview, commit, undo) as a job; its row feeds the progress bar.

    ``is_partial``: a commit without the refused rows. It holds for this asking alone. What the file is told to be
    wrong with is kept as words: in the language of whoever asks.
    """
    if verb == "undo":
        check_committed(batch)
    else:
        check_open(batch)
        batch.is_partial = is_partial
    arguments = {"batch": batch.pk, "verb": verb, "language": translation.get_language()}
    batch.job = enqueue(JOB, subject=batch.filename, arguments=arguments, by=by)
    batch.save(update_fields=["job", "is_partial"])


@retries.atomic
def ask_with_mapping(batch: ImportBatch, mapping: Mapping, by: User | None) -> None:
    """Read the file another way from now on, and ask for its preview. Raises AlreadyDone, and then leaves it as it is.

    The row is locked: a commit that is under way ends first.
    """
    check_open(ImportBatch.objects.select_for_update().get(pk=batch.pk))
    batch.mapping = mapping.to_json()
    batch.save(update_fields=["mapping"])
    ask(batch, "preview", by)


def commit_good_rows(batch: ImportBatch, by: User | None) -> None:
    """Ask for a commit without the refused rows."""
    check_open(batch)
    _check_snapshot(kind_named(batch.kind), is_snapshot=batch.is_snapshot, is_partial=True)
    ask(batch, "commit", by, is_partial=True)


def commit(
    batch: ImportBatch,
    by: User | None = None,
    progress: Progress = silent,
    confirm: Callable[[], None] | None = None,
) -> ImportBatch:
    """Load the file, all of it or nothing; with ``is_partial`` the good rows alone.

    The batch ends as COMMITTED, or as REFUSED with the reason and the refused rows; or it stays PREVIEWED, with a new
    preview and the reason, where numbers were changed since it was looked at. ``confirm`` is called inside the
    transaction last of all: a job that lost its lease stops there. Raises RuleViolation as ``preview`` does.
    """
    started = monotonic()
    check_open(batch)
    with _told(batch):
        staged = staging.stage(batch, kind_named(batch.kind), _company().currency, progress)
        try:
            if staged.refusals.count and not batch.is_partial:
                raise _RowsRefused
            progress(0, staged.rows.count, WRITING_ALL)
            _load(batch, staged, by, started, progress, confirm)
        except _RowsRefused:
            _refuse(batch, staged, started, progress)
        except _Overtaken as conflict:
            _show_again(batch, staged, started, progress, conflict.found)
    return batch


@retries.atomic
def _load(  # noqa: PLR0913  # all that a commit hands over, in one transaction
    batch: ImportBatch,
    staged: Staged,
    by: User | None,
    started: float,
    tell: Progress,
    confirm: Callable[[], None] | None,
) -> None:
    retries.take_time()
    _write(batch, staged, by, started, tell)
    if confirm:
        confirm()


def _write(batch: ImportBatch, staged: Staged, by: User | None, started: float, tell: Progress) -> None:
    lock_imports()
    current = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    check_open(current)
    shown = current.differences if current.state == BatchState.PREVIEWED else None
    loader, tally = _loader(batch, staged, by), Tally(batch, staged, shown)
    batch.rows.all().delete()
    tally.keep_refusals()
    _survey(loader, staged)
    loader.lock()
    for block in blocks_told(staged.blocks(), staged.rows.count, tell, WRITING):
        verdicts = tally.judge(loader, block)
        if tally.counts["refused"] and not batch.is_partial:
            raise _RowsRefused
        loader.write(verdicts)
        tally.keep()
    if tally.differences.overtaken_count:
        raise _Overtaken(tally.differences)
    loader.finish()
    tally.close(loader)
    batch.differences.pop(MARKS, None)  # nobody loads it again
    batch.state, batch.reason, batch.committed_at = BatchState.COMMITTED, "", clock.now()
    _save(batch, started)
    audit.record(
        AuditKind.IMPORT,
        actor=by,
        subject=batch.filename,
        kind_of_file=batch.kind,
        batch=batch.pk,
        sha256=batch.sha256,
        rows=counts(batch),
    )


def _refuse(batch: ImportBatch, staged: Staged, started: float, tell: Progress) -> None:
    """Nothing is loaded: say so, and list every row that is to blame."""
    _judge_only(batch, staged, tell)
    batch.state = BatchState.REFUSED
    batch.reason = ngettext(
        "Nothing was loaded: %(count)d row is refused.",
        "Nothing was loaded: %(count)d rows are refused.",
        batch.refused,
    ) % {"count": batch.refused}
    _save_open(batch, started)


def _show_again(batch: ImportBatch, staged: Staged, started: float, tell: Progress, found: Differences) -> None:
    """Nothing is loaded: preview what would change now, and say what was changed meanwhile."""
    _judge_only(batch, staged, tell)
    batch.state, batch.reason = BatchState.PREVIEWED, told_of(kind_named(batch.kind), found)
    _save_open(batch, started)


# Undo -----------------------------------------------------------------------------------------------------------------


@retries.atomic
def undo(batch: ImportBatch, by: User | None = None, confirm: Callable[[], None] | None = None) -> ImportBatch:
    """Put back everything the batch changed. Raises RuleViolation, and changes nothing, where that cannot be done."""
    retries.take_time()
    lock_imports()
    current = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    check_committed(current)
    kind_named(current.kind).undo(current, by)
    current.state, current.reason, current.undone_at, current.undone_by = BatchState.UNDONE, "", clock.now(), by
    current.save(update_fields=["state", "reason", "undone_at", "undone_by"])
    audit.record(AuditKind.IMPORT_UNDO, actor=by, subject=current.filename, kind_of_file=current.kind, batch=current.pk)
    if confirm:
        confirm()
    return current


# Parts ----------------------------------------------------------------------------------------------------------------


def counts(batch: ImportBatch) -> dict[str, int]:
    """The outcome of a batch in numbers; they add up to ``read`` (INV-14)."""
    return {name: getattr(batch, name) for name in ["read", *COUNTS]}


def lock_imports() -> None:
    """One import writes at a time: the company's row is the lock. On SQLite the transaction itself is."""
    Company.objects.select_for_update(no_key=True).filter(pk=1).first()


def _loader(batch: ImportBatch, staged: Staged, by: User | None = None) -> Loader:
    run = Run(batch, _company(), by or batch.created_by, staged.headers, batch.source, batch.is_snapshot)
    return staged.kind.loader(run)


def _company() -> Company:
    found = company()
    if found is None:
        raise NoCompany(
            _(
                "Set up the company first: in the browser under Setup, Company, "
                "or by manage.py company --name … --currency …"
            )
        )
    return found


def _survey(loader: Loader, staged: Staged) -> None:
    for items in staged.refusals.blocks():
        loader.survey_refused([staging.StagedRefusal(*item).cells for item in items])
    for block in staged.blocks():
        loader.survey([item.row for item in block if not item.is_superseded])


def _save(batch: ImportBatch, started: float) -> None:
    batch.milliseconds = int((monotonic() - started) * 1000)
    batch.save(update_fields=["state", "reason", "read", *COUNTS, *TOLD, "milliseconds", "committed_at"])


def _save_open(batch: ImportBatch, started: float) -> None:
    """Write a verdict on a file that is not loaded. Raises AlreadyDone where a commit was faster: that one stands."""
    with still_open(batch):
        _save(batch, started)


class _told:  # noqa: N801  # used as a function
    """Write the reason for which a whole file cannot be used into its batch, and let the error go on."""

    def __init__(self, batch: ImportBatch) -> None:
        self.batch = batch

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RuleViolation) and not isinstance(error, AlreadyDone):
            self.batch.state, self.batch.reason = BatchState.REFUSED, str(error)
            ImportBatch.objects.filter(pk=self.batch.pk, state__in=OPEN_STATES).update(
                state=BatchState.REFUSED, reason=str(error)
            )
