"""Background work on uploaded files: preview, commit, undo. Each may run twice and ends in the same state."""

from django.utils import translation

from spm.errors import RuleViolation
from spm.imports import batches, progress
from spm.imports.models import ImportBatch
from spm.imports.states import AlreadyDone
from spm.jobs.registry import Running, handler


@handler(batches.JOB)
def run(job: Running) -> None:
    """The verb that the job names, on the batch it names; a file that cannot be used says so in its batch.

    In the language of whoever asked for it.
    """
    with translation.override(job.arguments.get("language") or translation.get_language()):
        _run(job)


def _run(job: Running) -> None:
    batch = ImportBatch.objects.get(pk=job.arguments["batch"])
    verb = job.arguments["verb"]
    try:
        if verb == "undo":
            job.progress(0, batch.loaded, progress.UNDOING)
            batches.undo(batch, job.job.created_by, job.confirm)
            return
        if verb == "preview":
            batches.preview(batch, job.progress)
        else:
            batches.commit(batch, job.job.created_by, job.progress, job.confirm)
    except AlreadyDone:
        return  # a twin of this job was faster
    except RuleViolation as refusal:
        if verb == "undo":  # the other verbs have told it themselves: in the batch, where its page shows it
            batch.reason = str(refusal)
            batch.save(update_fields=["reason"])
    job.progress(batch.read, batch.read, batch.reason or progress.READ)
