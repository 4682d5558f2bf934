"""What may still become of a batch: an open one is read, mapped and loaded; a loaded one is undone, once."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import gettext as _

from spm.errors import RuleViolation
from spm.imports.choices import OPEN_STATES, BatchState
from spm.imports.models import ImportBatch


class AlreadyDone(RuleViolation):
    """The batch is committed or undone; a file is loaded again by uploading it again."""


def check_open(batch: ImportBatch) -> None:
    """Raises AlreadyDone for a batch that is loaded, or was."""
    if batch.state not in OPEN_STATES:
        raise AlreadyDone(_("This file has been loaded already. Upload it again to load it again."))


def check_committed(batch: ImportBatch) -> None:
    """Raises AlreadyDone for a batch that is not loaded now."""
    if batch.state != BatchState.COMMITTED:
        raise AlreadyDone(_("Only an import that is loaded can be undone."))


@contextmanager
def still_open(batch: ImportBatch) -> Iterator[None]:
    """A transaction in which nobody else loads the batch. Raises AlreadyDone where it is loaded, before it begins."""
    with transaction.atomic():
        check_open(ImportBatch.objects.select_for_update().get(pk=batch.pk))
        yield
